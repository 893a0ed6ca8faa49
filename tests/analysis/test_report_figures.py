"""What single figures of a report draw and say: in order, exact, and nothing that is refuted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sebs.analysis.idling import models_of
from sebs.analysis.prices import Tariff
from sebs.analysis.report.figure import KINDS, Figure, axis, scale_of
from sebs.analysis.report.report import Section, make_report
from sebs.results.manifest import Manifest
from sebs.results.results import Results
from sebs.results.schema import Column

BEGIN = 1_700_000_000_000_000


def priced(results: Results, architecture: str | None) -> Tariff:
    return Tariff.of_user(0.00001, 0.0, 1.0)


def results_of(rows: list[dict[str, Any]], **manifest: Any) -> Results:
    told = {"benchmark": "110.dynamic-html", "size": "test", "experiment": "invoke", **manifest}
    return Results(Manifest(deployment="local", **told), rows)


def row_of(number: int, at_s: float = 0.0, client: int = 10_000, **more: Any) -> dict[str, Any]:
    begin = BEGIN + round(at_s * 1e6)
    return {
        "id": f"{number}",
        "start": "warm",
        "memory": 128,
        "environment_id": "one",
        "begin": begin,
        "end": begin + client,
        "client": client,
        "http_startup": 100,
        "http_first_byte_return": client - 50,
        "benchmark_time": client - 500,
        "provider": client - 300,
        **more,
    }


def figures_of(results: Results) -> dict[str, Figure]:
    sections: list[Section] = make_report([("the run", results)], priced)
    return {figure.name: figure for section in sections for figure in section.figures}


def numbers_of(spec: Any, key: str) -> Iterator[Any]:
    """Yield what a specification has under a key, wherever it is."""
    if isinstance(spec, dict):
        yield from ([spec[key]] if key in spec else [])
        for value in spec.values():
            yield from numbers_of(value, key)
    elif isinstance(spec, list):
        for value in spec:
            yield from numbers_of(value, key)


def test_phases_follow_one_another_where_the_first_panel_lacks_one() -> None:
    cold = {"start": "cold", "client": 90_000, "initialization": 50_000}
    rows = [row_of(at, at, memory=128) for at in range(8)]
    rows += [row_of(at, at, memory=256, **cold) for at in range(8, 16)]
    figure = figures_of(results_of(rows))["phases"]
    assert [row[:2] for row in figure.table.rows[:2]] == [["128 MB", "warm"]] * 2
    spec = figure.draw(720)
    orders = {tuple(order) for order in numbers_of(spec["spec"], "sort")}
    assert orders == {
        ("connecting", "starting the environment", "platform and network", "function", "receiving")
    }


@pytest.mark.parametrize(
    ("fresh", "connecting", "between"),
    [(None, "8.00", "31.9"), (True, "8.00", "31.9"), (False, None, "40.0")],
)
def test_only_a_new_connection_is_connected(
    fresh: bool | None, connecting: str | None, between: str
) -> None:
    told: dict[str, Any] = {"client": 100_000, "http_startup": 8_000, "benchmark_time": 60_000}
    rows = [row_of(at, at, **told, fresh_connection=fresh) for at in range(8)]
    table = figures_of(results_of(rows))["phases"].table
    found = {row[-2]: row[-1] for row in table.rows}
    assert found.get("connecting") == connecting
    assert found["platform and network"] == between


def test_what_a_mean_needs_for_an_interval_is_the_rule_in_use() -> None:
    # 28 that are hardly skewed: more than 8, and yet too few.
    rows = [row_of(at, at, client=10_000 + 100 * at + (at == 27)) for at in range(28)]
    [section] = make_report([("the run", results_of(rows))], priced)[:1]
    assert section.summary is not None
    assert not any("±" in str(cell) for row in section.summary.rows for cell in row)
    words = " ".join(section.words)
    assert "that takes more than 28 times, and 25 · skewness² more." in words


def sizes_that_differ_by_chance() -> list[dict[str, Any]]:
    """Medians descend with the memory, but the intervals of all overlap; 1024 MB is faster."""
    number = itertools.count()
    return [
        row_of(next(number), at, memory=memory, client=client + 400 * at, provider=9_000)
        for memory, client in ((128, 10_000), (256, 9_900), (512, 9_800), (1024, 1_000))
        for at in range(20)
    ]


def test_the_front_has_only_what_is_shown_to_be_faster() -> None:
    pareto = figures_of(results_of(sizes_that_differ_by_chance()))["pareto"]
    front = {row[0]: row[-1] for row in pareto.table.rows}
    assert front == {"128": "yes", "256": "no", "512": "no", "1024": "yes"}
    assert "No other is shown to be faster than each that costs no more." in pareto.words
    # Four intervals that hold at once.
    assert "98.8% each" in pareto.words
    drawn = next(values for values in numbers_of(pareto.draw(720), "values"))
    assert all(point["low"] < point["ms"] < point["high"] for point in drawn)


def test_a_run_of_memory_tuning_has_one_figure_of_time_against_cost() -> None:
    rows = [
        {**row, "payload": "test", "kind": "warm", "architecture": "x64", "memory_used": 70}
        for row in sizes_that_differ_by_chance()
    ]
    asked = {
        "objective": "balanced",
        "weight": 0.5,
        "prices": {"provider": "aws", "region": "us-east-1"},
    }
    results = results_of(
        rows,
        experiment="memory-tuning",
        parameters=asked,
        factors=(Column("payload", "text", "", "the payload"),),
    )
    figures = figures_of(results)
    assert "tuning" in figures
    assert "memory" in figures
    assert "pareto" not in figures
    assert "98.8% each" in figures["tuning"].words


def overhead_results(constant: int, curve: int = 0) -> Results:
    """Payloads take 10 ms a megabyte and so many microseconds more, and some for its square."""
    rows = [
        {
            **row_of(at, at, 90_000, http_startup=0),
            "payload_bytes": size,
            "received": BEGIN
            + at * 1_000_000
            + constant
            + size // 100
            + at % 3 * 500
            - 500
            + round(curve * (size / 1e6) ** 2),
        }
        for at, size in enumerate((1_000, 500_000, 1_000_000, 3_000_000) * 4)
    ]
    factors = (Column("received", "time", "UTC", "when the function had the payload"),)
    return results_of(rows, factors=factors)


@pytest.mark.parametrize(("constant", "said"), [(0, True), (20_000, False)])
def test_an_intercept_that_may_be_nothing_is_no_finding(constant: int, said: bool) -> None:
    words = figures_of(overhead_results(constant))["overhead"].words
    assert ("The intercept of warm ones is not shown to differ from 0." in words) is said
    assert "95 % interval" in words
    assert "R² = " in words
    assert "how far the clocks" in words


def drawn_overhead(constant: int, curve: int = 0) -> tuple[float, dict[str, Any]]:
    """Return where the axis of times begins, and the layers by their mark."""
    spec = figures_of(overhead_results(constant, curve))["overhead"].draw(720)
    layers = {layer["mark"]["type"]: layer for layer in spec["layer"]}
    return spec["encoding"]["y"]["scale"]["domain"][0], layers


def test_the_band_of_an_overhead_line_is_that_of_its_mean() -> None:
    rows = drawn_overhead(20_000)[1]["area"]["data"]["values"]
    size = np.array((1_000, 500_000, 1_000_000, 3_000_000) * 4)
    took = (20_000 + size // 100 + np.arange(16) % 3 * 500 - 500) / 1000
    # The textbook's matrices: the variance of x · b is s² · x (X'X)^-1 x'.
    design = np.column_stack([np.ones(16), size / 1e6])
    inverse = np.linalg.inv(design.T @ design)
    fitted = inverse @ design.T @ took
    variance = ((took - design @ fitted) ** 2).sum() / 14
    at = np.array([row["mb"] for row in rows])
    assert (at[0], at[-1], len(at) > 10) == (0, 3, True)
    points = np.column_stack([np.ones(len(at)), at])
    half = stats.t.ppf(0.975, 14) * np.sqrt(
        variance * np.einsum("ij,jk,ik->i", points, inverse, points)
    )
    # Seconds since 1970 have a resolution of 0.24 µs.
    for end, expected in (("low", points @ fitted - half), ("high", points @ fitted + half)):
        assert [row[end] for row in rows] == pytest.approx(list(expected), abs=2.4e-4)


def test_an_overhead_line_differs_in_dashes_and_is_cut_at_zero() -> None:
    begin, layers = drawn_overhead(600, curve=9_000)
    assert layers["area"]["data"]["values"][0]["low"] < 0
    assert begin == 0
    assert layers["line"]["encoding"]["strokeDash"]["field"] == "kind"
    assert layers["line"]["mark"]["clip"]
    assert layers["area"]["mark"]["clip"]
    # What arrives before it is sent, as clocks have it, is seen.
    assert drawn_overhead(-3_000)[0] < -3


@pytest.mark.parametrize(
    ("ends", "labelled"),
    [
        ((7.0, 900.0), [10, 20, 50, 100, 200, 500]),
        ((0.25, 5.0), [0.5, 1, 2, 5]),
        ((1.0, 30_000.0), [1, 10, 100, 1_000, 10_000]),
    ],
)
def test_a_logarithmic_axis_is_labelled_from_end_to_end(
    ends: tuple[float, float], labelled: list[float]
) -> None:
    encoding = axis("ms", "client time [ms]", scale_of(*ends))
    assert encoding["scale"]["domain"] == list(ends)
    assert encoding["axis"]["values"] == pytest.approx(labelled)


def idled(shares: dict[float, int], memory: int = 128) -> Results:
    """Of 32 environments, so many were warm after so many seconds."""
    factors = (Column("delta_t", "number", "s", "seconds of idling"),)
    rows = [
        {
            **row_of(number, at, memory=memory),
            "id": f"{at}-{number}",
            "start": "warm" if number < warm else "cold",
            "repetition": 0,
            "delta_t": at,
        }
        for at, warm in shares.items()
        for number in range(32)
    ]
    return results_of(rows, experiment="eviction-model", factors=factors)


def test_the_band_is_between_the_multiples_of_the_ends_of_the_period() -> None:
    at = (1, 60, 120, 240, 360, 390, 480, 720, 780, 1130, 1150, 2000, 86_400)
    results = idled({float(s): int(32 * 2.0 ** -(s // 380)) for s in at})
    [fitted] = models_of(results)
    model = fitted.model
    low, high = model.period_low_s, model.period_high_s
    assert high is not None
    assert model.period_s is not None
    steps = next(
        values
        for drawn in numbers_of(figures_of(results)["eviction"].draw(720), "data")
        if "least" in (values := drawn["values"])[0]
    )
    corners = [step["s"] for step in steps]
    assert corners == sorted(set(corners))
    for k in range(1, 11):
        for period, name in ((low, "least"), (model.period_s, "share"), (high, "most")):
            step = steps[corners.index(k * period)]
            assert step[name] == pytest.approx(100 * 2.0**-k)
            assert steps[corners.index(k * period) - 1][name] == pytest.approx(200 * 2.0**-k)
    # Between two bands every period gives the same.
    shaded = [
        (here["s"], there["s"])
        for here, there in itertools.pairwise(steps)
        if here["least"] < here["most"]
    ]
    assert all(
        any(k * low <= begin and end <= k * high for k in range(1, 11))
        for begin, end in shaded
        if end < 10 * low
    )


def test_a_model_that_is_refuted_is_not_drawn() -> None:
    figure = figures_of(idled({1.0: 32, 3.0: 32, 9.0: 32, 11.0: 0, 15.0: 0, 30.0: 0}))["eviction"]
    # Whoever reads one sentence reads that; no period stands anywhere.
    assert figure.words.startswith("128 MB: No half-life describes the eviction (the best one has")
    assert "all were warm after up to 9 s, and none from 11 s on" in figure.words
    assert "every" not in figure.words
    assert "The model is not drawn: what was observed contradicts it." in figure.words
    assert {row[-1] for row in figure.table.rows} == {None}
    assert not any(
        "least" in row for values in numbers_of(figure.draw(720), "values") for row in values
    )


def test_what_each_mark_is_stands_in_the_picture() -> None:
    figure = figures_of(idled({60.0: 32, 390.0: 16, 720.0: 16, 800.0: 8}))["eviction"]
    for width in (720, 320):
        text = " ".join(figure.draw(width)["title"]["text"])
        assert "Points: what was observed." in text
        assert "Steps: the model." in text
        assert "Shaded:" in text


def test_the_colour_of_cold_starts_is_that_of_no_warm_kind() -> None:
    number = itertools.count()
    rows = [
        row_of(next(number), at, memory=memory, kind=kind)
        for memory in (128, 256)
        for kind in ("warm", "burst", "sequential")
        for at in range(8)
    ]
    drawn = figures_of(results_of(rows))["memory"].draw(720)["vconcat"][0]
    scale = drawn["encoding"]["color"]["scale"]
    assert len(scale["domain"]) == len(set(scale["range"])) == 3
    assert KINDS["cold"][0] not in scale["range"]
    assert KINDS["warm"][0] == scale["range"][0]


def test_names_of_neighbours_are_on_different_sides() -> None:
    pareto = figures_of(results_of(sizes_that_differ_by_chance()))["pareto"]
    named = {
        layer["encoding"]["y"]["field"]: [point["memory"] for point in layer["data"]["values"]]
        for layer in pareto.draw(320)["layer"]
        if layer["mark"]["type"] == "text"
    }
    # From the cheapest to the dearest.
    assert named == {"high": [128, 512], "low": [256, 1024]}
