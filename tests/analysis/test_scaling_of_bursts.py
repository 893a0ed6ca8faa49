"""Bursts: known moments and latencies are recovered, and what went wrong is counted beside them."""

from __future__ import annotations

from typing import Any

import pytest

from sebs.analysis.report.scaling import environments_started
from sebs.analysis.scaling import THROTTLES, scalings_of
from sebs.analysis.scaling_told import conclude_scaling
from sebs.errors import InvalidSampleError
from sebs.experiments.scalability import Scalability
from sebs.results.manifest import Manifest
from sebs.results.results import Results

#: When a burst was to begin, µs since 1970, and how long the function takes, µs.
BEGIN, TAKES = 1_700_000_000_000_000, 500_000


def results(rows: list[dict[str, Any]]) -> Results:
    manifest = Manifest(
        experiment="scalability",
        deployment="local",
        parameters={"tolerated-lateness": 0.1},
        factors=Scalability.FACTORS,
    )
    return Results(manifest, rows)


def row(place: int, served_ms: int, **changed: Any) -> dict[str, Any]:
    """Return an invocation of a burst of 10 whose handler was entered so long after its begin."""
    served = BEGIN + served_ms * 1000
    return {
        "id": f"{changed.get('repetition', 1)}-{changed.get('inter_arrival', 0.0)}-{place}",
        "repetition": 1,
        "burst_size": 10,
        "inter_arrival": 0.0,
        "intended": BEGIN,
        "late": 200,
        "begin": BEGIN + 200,
        "http_startup": 300,
        "end": served + TAKES + 2000,
        "client": served + TAKES + 1800 - BEGIN,
        "benchmark_time": TAKES,
        "entered": served,
        "environment_id": f"e{place}-{changed.get('repetition', 1)}",
        "start": "cold",
        "failure": False,
        **changed,
    }


def burst(repetition: int = 1, apart_ms: int = 10) -> list[dict[str, Any]]:
    return [row(place, apart_ms * place, repetition=repetition) for place in range(1, 11)]


def test_the_time_to_environments_is_recovered() -> None:
    rows = [each for repetition in range(1, 8) for each in burst(repetition, 10 * repetition)]
    (found,) = scalings_of(results(rows))
    assert (found.bursts, found.n, found.reached.value) == (7, 70, 10)
    # The k-th environment of burst r serves after 10 * r * k ms: the median burst is the fourth.
    assert found.half is not None
    assert found.most is not None
    assert found.all is not None
    assert found.half.value == pytest.approx(0.200)
    assert found.most.value == pytest.approx(0.360)
    assert found.all.value == pytest.approx(0.400)
    assert (found.half.low, found.half.high) == pytest.approx((0.050, 0.350))
    assert found.curve == pytest.approx([0.040 * k for k in range(1, 11)])
    assert found.cold_share == 1


def test_the_latency_runs_from_the_intended_sending() -> None:
    rows = [{**each, "late": 50_000, "begin": BEGIN + 50_000} for each in burst()]
    (found,) = scalings_of(results(rows))
    (cold,) = found.tails
    # Entered after 10, 20, ... ms, 500 ms of work, 2 ms back: however late it was sent.
    assert cold.quantiles[0].value == pytest.approx(0.055 + 0.502)
    assert found.latest_s == pytest.approx(0.05)
    assert found.behind == 0


def test_cold_and_warm_are_apart_and_an_environment_counts_once() -> None:
    rows = burst()
    for place in (7, 8, 9):
        rows[place] |= {"environment_id": "e1-1", "start": "warm"}
    (found,) = scalings_of(results(rows))
    assert found.reached.value == 7
    assert found.cold_share == pytest.approx(0.7)
    assert [(tail.start, tail.quantiles[0].n) for tail in found.tails] == [("cold", 7), ("warm", 3)]
    assert found.all is not None
    assert found.all.value == pytest.approx(0.07)


@pytest.mark.parametrize(
    ("clock_ms", "served_ms"),
    [
        (-60_000, 0.5),  # a clock that is behind: not before the request was sent
        (60_000, 12.0),  # one that is ahead: not after the answer less the work
        (None, 12.0),
        (7, 7.0),
    ],
)
def test_a_clock_that_goes_wrong_is_not_believed(clock_ms, served_ms) -> None:
    begun = None if clock_ms is None else BEGIN + clock_ms * 1000
    (found,) = scalings_of(results([row(1, 10, entered=begun)]))
    assert found.all is not None
    assert found.all.value * 1000 == pytest.approx(served_ms)


def test_failures_are_counted_and_in_no_latency() -> None:
    rows = burst()
    refused = {"failure": True, "environment_id": None, "start": "unanswered"}
    refused |= {"benchmark_time": None, "entered": None}
    rows[8] |= {**refused, "error": "Throttled: All 64 environments are busy"}
    rows[9] |= {**refused, "error": "HandlerError: no"}
    conclusion = conclude_scaling(results(rows))
    (found,) = conclusion.document["bursts"]
    assert (found["failed"], found["throttled"], found["environments"]) == (2, 1, 8)
    assert sum(tail["n"] for tail in found["latency"]) == 8
    assert "2 of 10 invocations failed, of these 1 were refused" in " ".join(conclusion.words)


def test_bursts_that_nothing_served_are_in_no_median_and_told_of() -> None:
    failed = {"failure": True, "environment_id": None, "start": "unanswered", "error": "no"}
    failed |= {"benchmark_time": None, "entered": None}
    dead = [{**each, **failed} for repetition in (2, 3) for each in burst(repetition)]
    results_of = results([*burst(1), *dead])
    (found,) = scalings_of(results_of)
    assert found.all is not None
    assert (found.bursts, found.all.n, found.reached.value) == (3, 1, 0)
    # Most bursts reached not even one.
    assert found.curve == []
    words = " ".join(conclude_scaling(results_of).words)
    assert "all after 0.1 s (one burst)." in words
    assert "in 2 of 3 bursts no environment is known to have served" in words


@pytest.mark.parametrize(
    ("error", "throttled"),
    [
        ("InvocationStatusError: HTTP 429.", True),
        ("InvocationStatusError: Invoking f: TooManyRequestsException: Rate Exceeded.", True),
        ("Throttled: All 64 environments are busy and 0 requests wait", True),
        ("InvocationTimeoutError: no answer within 4290 ms", False),
    ],
)
def test_a_throttle_is_told_by_its_words(error, throttled) -> None:
    assert bool(THROTTLES.search(error)) == throttled


def test_a_generator_that_falls_behind_is_told_of() -> None:
    rows = [*burst(1), *burst(2)]
    rows[3]["late"] = 150_000
    conclusion = conclude_scaling(results(rows))
    assert conclusion.document["bursts"][0]["behind"] == 1
    assert conclusion.document["bursts"][0]["valid"] is False
    assert conclude_scaling(results(burst())).document["bursts"][0]["valid"] is True
    assert "in 1 of 2 bursts this machine fell behind" in " ".join(conclusion.words)
    assert "A median of fewer than 6 bursts has no interval." in conclusion.words


def test_what_most_bursts_never_reached_is_in_no_curve() -> None:
    short = [row(place, 10 * place, repetition=3) for place in range(1, 6)]
    shorter = [row(place, 10 * place, repetition=2) for place in range(1, 5)]
    (found,) = scalings_of(results([*burst(1), *shorter, *short]))
    assert found.curve == pytest.approx([0.01, 0.02, 0.03, 0.04, 0.05])


def test_an_interrupted_burst_is_in_no_figure() -> None:
    rows = [*burst(1), *({**each, "wanted": False} for each in burst(2, 500))]
    (found,) = scalings_of(results(rows))
    assert (found.bursts, found.n) == (1, 10)


def test_nothing_complete_gives_no_conclusion() -> None:
    with pytest.raises(InvalidSampleError, match="not a single burst"):
        conclude_scaling(results([]))


def test_the_figure_has_a_panel_for_each_way_of_sending() -> None:
    rows = [
        *burst(1),
        *({**each, "id": f"x{each['id']}", "inter_arrival": 0.5} for each in burst()),
    ]
    drawn = environments_started(results(rows))
    assert drawn is not None
    panels = drawn.draw(720)["vconcat"]
    titles = [panel["title"]["text"] for panel in panels]
    assert titles == ["all sent at once", "one every 0.5 s"]
    assert len(drawn.table.rows) == 2
    last = panels[0]["data"]["values"][-1]
    assert last["environments"] == 10
    assert environments_started(Results(Manifest(experiment="i", deployment="local"))) is None
