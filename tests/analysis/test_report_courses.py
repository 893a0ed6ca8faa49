"""How runs went, as it is drawn: pauses, what was not asked for, and which is shown of many."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

from sebs.analysis.report.courses import timeline
from sebs.analysis.report.drawing import alone, png_of, svg_of
from sebs.analysis.report.environments import environments
from sebs.analysis.report.figure import Figure
from sebs.analysis.report.invocations import invocations
from sebs.analysis.report.page import draw
from sebs.analysis.report.stretches import stretches
from sebs.results.manifest import Manifest
from sebs.results.results import Results

BEGIN = 1_700_000_000_000_000


def row_of(at_s: float, environment: str = "one", start: str = "warm", **more: Any) -> Any:
    client = more.get("client", 10_000)
    begin = BEGIN + round(at_s * 1e6)
    return {
        "id": f"{at_s} {environment} {start}",
        "start": start,
        "environment_id": environment,
        "begin": begin,
        "end": begin + client,
        "client": client,
        **more,
    }


def results_of(rows: list[dict[str, Any]]) -> Results:
    manifest = Manifest(experiment="invoke", deployment="local", benchmark="110.dynamic-html")
    return Results(manifest, rows)


def timeline_of(rows: list[dict[str, Any]]) -> Figure:
    figure = timeline(invocations(results_of(rows)))
    assert figure is not None
    return figure


def environments_of(rows: list[dict[str, Any]]) -> Figure:
    results = results_of(rows)
    figure = environments(results, invocations(results))
    assert figure is not None
    return figure


def found(*spans: tuple[float, float]) -> list[tuple[float, float]]:
    series = [pl.Series(ends, dtype=pl.Float64) for ends in zip(*spans, strict=True)]
    return [(each.begin, each.end) for each in stretches(*series)]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(0, 1)], 1),
        ([(0, 7), (623, 634)], 2),
        # Both pauses are most of what they tear apart.
        ([(0, 7), (300, 310), (900, 910)], 3),
        # An invocation that was under way all the time is no pause.
        ([(0, 630), (1, 7), (623, 634)], 1),
        # Too short to hide anything, or no more than there is around it.
        ([(0, 0.1), (5, 5.1)], 1),
        ([(0, 20), (40, 60)], 1),
        ([(0, 100), (180, 280)], 1),
        # Every so often is no pause, but how the run goes.
        ([(1000 * at, 1000 * at + 1) for at in range(9)], 1),
        # Nobody looks at more panels than these.
        ([(10.0**at, 10.0**at + 1) for at in range(2, 9)], 4),
    ],
)
def test_a_pause_tears_a_figure_apart_where_it_would_be_most_of_it(
    spans: list[tuple[float, float]], expected: int
) -> None:
    assert len(found(*spans)) == expected


def test_stretches_begin_and_end_with_their_invocations_in_whichever_order_they_are() -> None:
    assert found((623, 624), (0, 7), (630, 634), (1, 2)) == [(0, 7), (623, 634)]


def resumed() -> list[dict[str, Any]]:
    return [row_of(at) for at in (0.0, 1.0, 2.0, 7.0, 623.0, 625.0, 634.0)]


def test_sessions_have_panels_of_their_own_and_slices_that_begin_with_what_is_in_them() -> None:
    figure = timeline_of(resumed())
    panels = figure.draw(720)["vconcat"]
    assert [panel["title"]["text"] for panel in panels] == [
        "From the first invocation on",
        "10 minutes later",
    ]
    for panel, (first, last) in zip(panels, ((0, 7), (623, 634)), strict=True):
        begin, end = panel["encoding"]["x"]["scale"]["domain"]
        assert begin < first < last < end
        assert end - begin < 13
        assert all(begin < point["at"] < end for point in panel["data"]["values"])
    assert {row[0] for row in figure.table.rows} == {"0", "2.00", "7.00", "623", "634"}
    assert "2 panels" in figure.words
    assert "NaN" not in draw(figure).narrow


def test_a_run_without_a_pause_has_one_panel() -> None:
    assert "vconcat" not in timeline_of([row_of(at) for at in range(20)]).draw(720)


def test_an_environment_that_was_kept_over_a_pause_is_in_both_panels() -> None:
    panels = environments_of([*resumed(), row_of(630, "two", "cold")]).draw(720)["vconcat"]
    lines = [panel["layer"][0]["data"]["values"] for panel in panels]
    assert [[line["environment"] for line in each] for each in lines] == [[1], [1, 2]]


def points_of(figure: Figure) -> list[dict[str, Any]]:
    values: list[dict[str, Any]] = figure.draw(720)["layer"][1]["data"]["values"]
    return values


def test_what_was_not_asked_for_started_its_environment() -> None:
    rows = [row_of(-2.0, start="cold", wanted=False), row_of(0.0), row_of(1.0)]
    figure = environments_of(rows)
    assert [point["kind"] for point in points_of(figure)] == ["not asked for", "warm", "warm"]
    [life] = figure.draw(720)["layer"][0]["data"]["values"]
    assert life["from"] == -2
    assert "1 invocations are none of those asked for" in figure.words
    assert dict(zip(figure.table.columns, figure.table.rows[0], strict=True)) == {
        "environment": "1",
        "first [s]": "-2.00",
        "last [s]": "1.01",
        "invocations": "3",
        "cold": "1",
        "not asked for": "1",
    }
    svg = svg_of(figure.draw(720))
    assert "not asked for" in svg


def test_a_cold_start_lies_above_what_waited_for_it() -> None:
    figure = environments_of([row_of(0.0), row_of(0.001, start="cold"), row_of(0.5)])
    assert points_of(figure)[-1]["kind"] == "cold"
    [life] = figure.draw(720)["layer"][0]["data"]["values"]
    assert life["from"] == pytest.approx(0.001)
    assert "1 were sent before the one that started their environment: they waited" in figure.words


def test_of_many_environments_those_drawn_are_spread_over_the_run() -> None:
    figure = environments_of([row_of(float(at), f"e{at}", "cold") for at in range(80)])
    drawn = [int(row[0] or 0) for row in figure.table.rows]
    assert (len(drawn), drawn[0], drawn[-1]) == (40, 1, 80)
    assert max(b - a for a, b in pairwise(drawn)) <= 3
    assert figure.title == "Execution environments (40 of 80)"
    assert "40 of the environments are drawn, evenly" in figure.words


def test_a_file_of_its_own_says_what_it_shows_and_of_what() -> None:
    plain = svg_of(timeline_of(resumed()).draw(720))
    made = alone(plain, "Timeline", "perf-cost <of> & one " + "long-name " * 20)
    whole = ElementTree.fromstring(made)
    texts = ["".join(each.itertext()) for each in whole if each.tag.endswith("text")]
    assert texts[0] == "Timeline"
    assert texts[1].startswith("perf-cost <of> & one long-name")
    # What is too long for a line has several, and nothing lies above the figure.
    assert len(texts) > 2
    inner = next(each for each in whole if each.tag.endswith("svg"))
    lowest = max(float(each.get("y", 0)) for each in whole if each.tag.endswith("text"))
    assert float(inner.get("y", 0)) > lowest
    assert float(whole.get("height", 0)) == float(inner.get("height", 0)) + float(inner.get("y", 0))
    assert png_of(made).startswith(b"\x89PNG")
    assert not re.search("currentColor", made)
