"""Memory sizes compared: known times and prices are recovered, and only what is shown is said."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sebs.analysis.report.tuning import tuning as figure
from sebs.analysis.tuning import (
    Estimate,
    Size,
    Tuning,
    front_of,
    recommended,
    scores_of,
    tunings_of,
)
from sebs.analysis.tuning_told import conclude_tuning, verdict
from sebs.errors import InvalidSampleError
from sebs.experiments.memory_tuning import MemoryTuning
from sebs.results.caveats import caveats
from sebs.results.manifest import Manifest
from sebs.results.results import Results

AWS = {"provider": "aws", "region": "us-east-1"}

#: AWS Lambda in us-east-1, x64: USD of a GB-second and of a request.
GB_SECOND, REQUEST = 1.66667e-5, 2e-7


def results(
    medians_ms: dict[int, float], n: int = 60, spread: float = 0.02, **asked: Any
) -> Results:
    """Return warm invocations whose client and provider times have these medians."""
    generator = random.Random(7)
    rows = [
        {
            "id": f"{memory}-{number}",
            "memory": memory,
            "architecture": "x64",
            "payload": "test",
            "kind": "warm",
            "start": "warm",
            "failure": False,
            "client": round(median * 1000 * generator.uniform(1 - spread, 1 + spread)),
            "provider": round(median * 1000 * generator.uniform(1 - spread, 1 + spread)),
        }
        for memory, median in medians_ms.items()
        for number in range(n)
    ]
    return of_rows(rows, **asked)


def of_rows(rows: list[dict[str, Any]], **asked: Any) -> Results:
    parameters = {"objective": "balanced", "weight": 0.5, **asked}
    manifest = Manifest(
        experiment="memory-tuning",
        deployment="local",
        region="local",
        parameters=parameters,
        factors=MemoryTuning.FACTORS,
    )
    return Results(manifest, rows)


def failed(memory: int, number: int) -> dict[str, Any]:
    return {
        **{"id": f"{memory}-unwanted-{number}", "memory": memory, "architecture": "x64"},
        **{"payload": "test", "kind": "warm", "start": "unanswered", "failure": True},
        "wanted": False,
    }


def chosen(found: Results) -> int:
    (payload,) = conclude_tuning(found).document["payloads"]
    return int(payload["recommended"])


def test_known_times_and_costs_are_recovered() -> None:
    truth = {128: 400.0, 256: 200.0, 512: 100.0, 1024: 95.0}
    (tuning,) = tunings_of(results(truth, prices=AWS, **{"vm-hourly": 0.0116}))
    for size in tuning.sizes:
        assert size.time is not None
        assert size.cost is not None
        assert size.time.value * 1000 == pytest.approx(truth[size.memory], rel=0.01)
        per_million = (size.memory / 1024 * truth[size.memory] / 1000 * GB_SECOND + REQUEST) * 1e6
        assert size.cost.value == pytest.approx(per_million, rel=0.02)
        assert size.break_even_per_hour == pytest.approx(0.0116 / per_million * 1e6, rel=0.02)
    assert tuning.front[-1] == 1024
    assert tuning.confidence == pytest.approx(1 - 0.05 / 4)


def test_twice_the_memory_in_half_the_time_is_faster_for_the_same_money() -> None:
    truth = {128: 400.0, 256: 200.0, 512: 160.0}
    assert chosen(results(truth, prices=AWS, objective="cost")) == 256
    (tuning,) = tunings_of(results(truth, prices=AWS))
    assert tuning.front == [256, 512]
    assert chosen(results(truth, prices=AWS, objective="speed")) == 512
    words = " ".join(conclude_tuning(results(truth, prices=AWS, objective="cost")).words)
    assert (
        "Take 256 MB for the payload test (for cost). 256 MB takes 50% less time than 128 MB"
        in words
    )
    assert "and is not shown to cost more" in words
    assert "512 MB takes 20% less time than 256 MB" in words
    # 0.5 GB in 0.16 s against 0.25 GB in 0.2 s, the price of a request beside: 48 %.
    assert re.search("costs 4[789]% more", words)


@pytest.mark.parametrize("asked", [{}, {"prices": AWS}])
@pytest.mark.parametrize("objective", ["speed", "cost", "balanced"])
def test_where_no_difference_is_shown_the_smallest_is_taken(objective, asked) -> None:
    found = results({128: 50.0, 256: 50.0, 512: 50.0}, spread=0.3, objective=objective, **asked)
    assert chosen(found) == 128
    conclusion = conclude_tuning(found)
    assert "No size is shown to be faster than 128 MB" in " ".join(conclusion.words)
    assert [row[-1] for row in conclusion.rows[1:]] == ["not shown to be faster than 128 MB"] * 2


def test_without_prices_the_fastest_is_taken_and_the_cost_is_unknown() -> None:
    conclusion = conclude_tuning(results({128: 400.0, 256: 200.0}, objective="cost"))
    (payload,) = conclusion.document["payloads"]
    assert payload["recommended"] == 256
    assert "no prices of the provider 'local'" in payload["unpriced"]
    assert {size["cost_per_million"] for size in payload["sizes"]} == {None}
    assert "Take 256 MB for the payload test (for speed, since no cost is known)" in " ".join(
        conclusion.words
    )


def test_the_weight_decides_between_fast_and_cheap() -> None:
    truth = {128: 100.0, 1024: 50.0}
    (tuning,) = tunings_of(results(truth, prices=AWS))
    assert tuning.front == [128, 1024]
    assert recommended(tuning, "balanced", 0.99).memory == 1024
    assert recommended(tuning, "balanced", 0.01).memory == 128
    cheap, dear = (0.125 * 0.1 * GB_SECOND + REQUEST, 0.05 * GB_SECOND + REQUEST)
    scores = scores_of(tuning, 0.25)
    assert scores[128] == pytest.approx(0.25 + 0.75 * cheap / dear, rel=0.02)
    assert scores[1024] == pytest.approx(0.25 * 0.5 + 0.75, rel=0.02)


def test_a_size_that_does_not_work_is_named_and_not_taken() -> None:
    rows = [dict(row) for row in results({256: 200.0, 512: 100.0}).rows()]
    rows += [failed(128, number) for number in range(5)]
    conclusion = conclude_tuning(of_rows(rows))
    (payload,) = conclusion.document["payloads"]
    assert payload["recommended"] == 512
    assert payload["front"] == [256, 512]
    assert conclusion.words[0] == (
        "With 128 MB not one warm invocation with the payload test succeeded, and 5 failed."
    )
    assert conclusion.rows[0][-1] == "does not work"


def test_too_few_invocations_show_nothing_and_say_so() -> None:
    conclusion = conclude_tuning(results({128: 400.0, 256: 100.0}, n=5))
    assert conclusion.document["payloads"][0]["recommended"] == 128
    assert "with 2 sizes 7 of each are the least" in " ".join(conclusion.words)


def test_payloads_have_sizes_of_their_own() -> None:
    light = [dict(row) for row in results({128: 5.0, 512: 5.0}, spread=0.3).rows()]
    heavy = [
        {**row, "id": f"heavy-{row['id']}", "payload": "heavy"}
        for row in results({128: 400.0, 512: 100.0}).rows()
    ]
    conclusion = conclude_tuning(of_rows([*light, *heavy]))
    found = {each["payload"]: each["recommended"] for each in conclusion.document["payloads"]}
    assert found == {"test": 128, "heavy": 512}
    assert "call for different sizes" in conclusion.words[-1]


def test_nothing_that_succeeded_gives_no_conclusion() -> None:
    with pytest.raises(InvalidSampleError, match="not a single warm invocation"):
        conclude_tuning(of_rows([failed(128, 1), failed(256, 1)]))
    with pytest.raises(InvalidSampleError, match="not a single invocation"):
        conclude_tuning(of_rows([]))


def test_the_figure_has_each_size_and_says_which_one_to_take() -> None:
    drawn = figure(results({128: 400.0, 256: 200.0, 512: 198.0}, prices=AWS))
    assert drawn is not None
    assert "Take 256 MB" in drawn.words
    assert len(drawn.table.rows) == 3
    labels = {
        point["label"]
        for layer in drawn.draw(720)["vconcat"][0]["layer"]
        for point in layer["data"]["values"]
    }
    assert labels == {"128 MB", "256 MB", "512 MB"}
    assert figure(Results(Manifest(experiment="invoke", deployment="local"))) is None


ESTIMATES = st.tuples(st.floats(1, 100), st.floats(0, 20), st.floats(0, 20)).map(
    lambda parts: Estimate(parts[0], max(0.1, parts[0] - parts[1]), parts[0] + parts[2])
)
SIZES = st.lists(st.tuples(ESTIMATES, ESTIMATES), min_size=1, max_size=8)


@given(SIZES)
def test_no_size_is_shown_to_be_faster_than_the_last_or_cheaper_than_the_first(pairs) -> None:
    sizes = {
        memory: Size(memory, 9, 0, time, cost, 1.0, None, None, 0)
        for memory, (time, cost) in enumerate(pairs, start=1)
    }
    front = [sizes[memory] for memory in front_of(list(sizes.values()))]
    for size in sizes.values():
        assert not size.time.shown_below(front[-1].time)
        assert not size.expense.shown_below(front[0].expense)
    for cheaper, dearer in pairwise(front):
        assert dearer.time.shown_below(cheaper.time)
        assert dearer.expense.value > cheaper.expense.value


def sized(memory: int, time: float, cost: float) -> Size:
    """Return a size whose time and cost are known to 1 %."""
    estimates = [Estimate(value, value * 0.99, value * 1.01) for value in (time, cost)]
    return Size(memory, 9, 0, *estimates, 1.0, None, None, 0)


@pytest.mark.parametrize("rounding", [0.0, 1e-16, -1e-16])
def test_of_sizes_that_cost_the_same_only_the_fastest_is_on_the_front(rounding) -> None:
    same = 0.2 + rounding
    sizes = [sized(128, 4, 0.1), sized(256, 2, 0.2), sized(512, 1, same), sized(1024, 0.9, 0.3)]
    assert front_of(sizes) == [128, 512, 1024]
    assert front_of(sizes[1:3]) == [512]
    tuning = Tuning("x64", "p", 0.95, sizes[1:3], [512], "")
    assert verdict(tuning, sizes[1]) == "slower than 512 MB, and not cheaper"


@given(st.lists(st.tuples(ESTIMATES, st.integers(1, 3)), min_size=1, max_size=8))
def test_the_front_has_no_size_that_another_is_faster_than_for_no_more(pairs) -> None:
    sizes = [
        replace(sized(memory, 1, cost), time=time)
        for memory, (time, cost) in enumerate(pairs, start=1)
    ]
    front = front_of(sizes)
    for size in sizes:
        for other in sizes:
            dominated = (
                other.time.shown_below(size.time) and other.expense.value <= size.expense.value
            )
            assert not (dominated and size.memory in front)


@pytest.mark.parametrize(("known", "told"), [(False, True), (True, False), (None, False)])
def test_where_memory_sets_no_speed_the_recommendation_says_what_it_is_worth(known, told) -> None:
    found = results({128: 200.0, 256: 100.0}, **{"memory-sizes": [128, 256]})
    details = {} if known is None else {"memory_sets_speed": known}
    found.manifest = replace(found.manifest, details=details)
    conclusion = conclude_tuning(found)
    assert ("says nothing about another platform" in " ".join(conclusion.words)) is told
    assert conclusion.document["memory_sets_speed"] is known
    assert ("does not change how fast" in " ".join(caveats(found))) is told
    one = replace(found.manifest, parameters={**found.manifest.parameters, "memory-sizes": [128]})
    found.manifest = one
    assert not list(caveats(found))
