"""Runs with many levels, such as a dozen memory sizes: everything is drawn, and can be read."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from sebs.analysis.performance import conclude_performance
from sebs.analysis.prices import Tariff
from sebs.analysis.report.figure import Figure
from sebs.analysis.report.page import NARROW, WIDE, draw, page
from sebs.analysis.report.report import make_report
from sebs.analysis.report.section import Section
from sebs.analysis.samples import times_of
from sebs.results.manifest import Manifest
from sebs.results.results import Results

BEGIN = 1_700_000_000_000_000

#: As they are measured, which is not the order in which they are shown.
SIZES = (10240, 128, 192, 1024, 256, 384, 512, 3008, 768, 1536, 1769, 2048)
NAMES = [f"{size} MB" for size in sorted(SIZES)]

#: The kinds of perf-cost, and how theirs begin.
KINDS = {"warm": "warm", "sequential": "warm", "cold": "cold", "burst": "cold"}


def priced(results: Results, architecture: str | None) -> Tariff:
    return Tariff.of_user(0.00001, 0.0, 1.0)


def rows_of(
    kinds: Sequence[str], sizes: Sequence[int] = SIZES, n: int = 20
) -> Iterator[dict[str, Any]]:
    number = itertools.count()
    for memory, kind in itertools.product(sizes, kinds):
        random = np.random.default_rng(memory + len(kind))
        cold = KINDS[kind] == "cold"
        for took in random.lognormal(9, 0.3, n).astype(int):
            at = next(number)
            started = 150_000 if cold else None
            client = int(took) + (started or 0)
            yield {
                "id": f"{at}",
                "kind": kind,
                "start": KINDS[kind],
                "memory": memory,
                "architecture": "x64",
                "environment_id": f"{at // 10}",
                "begin": BEGIN + at * 10_000,
                "end": BEGIN + at * 10_000 + client,
                "client": client,
                "provider": client,
                "http_startup": 100,
                "initialization": started,
                "http_first_byte_return": client - 50,
                "benchmark_time": int(took) // 2,
            }


def results_of(rows: Iterator[dict[str, Any]]) -> Results:
    told: dict[str, Any] = {"benchmark": "110.dynamic-html", "size": "test"}
    return Results(Manifest(experiment="invoke", deployment="aws", **told), list(rows))


@lru_cache
def report_of(*kinds: str, sizes: Sequence[int] = SIZES, n: int = 20) -> list[Section]:
    return make_report([("a run", results_of(rows_of(kinds, sizes, n)))], priced)


def figure_of(sections: list[Section], name: str) -> Figure:
    return next(f for section in sections for f in section.figures if f.name == name)


def panels_of(figure: Figure, width: int = WIDE) -> dict[str, list[list[dict[str, Any]]]]:
    """Return the rows of data of each layer, by the title of its panel."""
    return {
        panel["title"]["text"]: [layer["data"]["values"] for layer in panel["layer"]]
        for panel in figure.draw(width)["concat"]
    }


@pytest.mark.parametrize("name", ["distribution", "phases"])
def test_every_size_has_a_row_in_the_panel_of_its_kind_and_start(name: str) -> None:
    figure = figure_of(report_of(*KINDS), name)
    panels = panels_of(figure)
    assert list(panels) == ["warm", "sequential: warm", "cold", "burst: cold"]
    for spec, layers in zip(figure.draw(WIDE)["concat"], panels.values(), strict=True):
        # The numbers beside the rows, and the order of the rows.
        assert [row["level"] for row in layers[-2]] == NAMES
        assert spec["layer"][0]["encoding"]["y"]["sort"] == NAMES
    assert "are drawn" not in figure.words


def test_panels_stand_beside_each_other_and_on_a_phone_one_beneath_the_other() -> None:
    for name in ("distribution", "phases"):
        figure = figure_of(report_of("cold", "warm"), name)
        assert (figure.draw(WIDE)["columns"], figure.draw(NARROW)["columns"]) == (2, 1)


def test_what_began_the_same_way_shares_an_axis() -> None:
    for name in ("distribution", "phases"):
        figure = figure_of(report_of(*KINDS), name)
        scales = {
            panel["title"]["text"]: panel["layer"][0]["encoding"]["x"]["scale"]
            for panel in figure.draw(WIDE)["concat"]
        }
        assert scales["warm"] == scales["sequential: warm"] != scales["cold"]
        assert scales["cold"] == scales["burst: cold"]
        assert "share an axis" in figure.words
    assert "share an axis" not in figure_of(report_of("cold", "warm"), "distribution").words


@pytest.mark.parametrize(("n", "marks"), [(20, 20), (50, 50), (51, 50), (1000, 50)])
def test_marks_are_the_invocations_or_equal_shares_of_them(n: int, marks: int) -> None:
    sizes = SIZES[:5]
    figure = figure_of(report_of("cold", "warm", sizes=sizes, n=n), "distribution")
    rows = list(rows_of(("cold", "warm"), sizes, n))
    points, medians, *_ = panels_of(figure)["warm"]
    for memory in sizes:
        times = [r["client"] / 1000 for r in rows if (r["memory"], r["kind"]) == (memory, "warm")]
        drawn = [point["ms"] for point in points if point["level"] == f"{memory} MB"]
        expected = sorted(times) if n <= 50 else np.percentile(times, np.arange(1, 100, 2))
        assert len(drawn) == marks
        assert drawn == pytest.approx(list(expected))
        [median] = [each["ms"] for each in medians if each["level"] == f"{memory} MB"]
        assert median == pytest.approx(np.median(times))


def test_the_words_say_between_what_the_medians_lie() -> None:
    figure = figure_of(report_of("cold", "warm"), "distribution")
    medians = {row[0]: row[6] for row in figure.table.rows if row[1] == "warm"}
    least, *_, most = sorted(medians, key=lambda level: float(medians[level] or "nan"))
    told = f"warm {medians[least]} ms ({least}) to {medians[most]} ms ({most})"
    assert told in figure.words


def test_phases_of_a_row_follow_one_another_to_its_total() -> None:
    figure = figure_of(report_of(*KINDS), "phases")
    for title, layers in panels_of(figure).items():
        *bars, totals, _ = layers
        for total in totals:
            spans = [span for bar in bars for span in bar if span["level"] == total["level"]]
            assert spans[0]["from"] == 0
            assert all(a["to"] == b["from"] for a, b in itertools.pairwise(spans))
            assert spans[-1]["to"] == pytest.approx(float(total["label"]), rel=0.01)
            started = {"starting the environment"} & {span["phase"] for span in spans}
            assert bool(started) is title.endswith("cold")


def test_phases_that_touch_differ_in_more_than_colour() -> None:
    layers = figure_of(report_of(*KINDS), "phases").draw(WIDE)["concat"][2]["layer"]
    sizes = [layer["mark"]["size"] for layer in layers if layer["mark"]["type"] == "bar"]
    assert len(sizes) == 5
    assert all(one != other for one, other in itertools.pairwise(sizes))


def test_more_levels_than_there_are_rows_are_drawn_evenly_and_that_is_said() -> None:
    sizes = tuple(range(128, 128 + 64 * 40, 64))
    for name in ("distribution", "phases"):
        figure = figure_of(report_of("cold", "warm", sizes=sizes), name)
        rows = [row["level"] for row in panels_of(figure)["warm"][-2]]
        assert (len(rows), rows[0], rows[-1]) == (30, "128 MB", f"{sizes[-1]} MB")
        assert "60 of 80 rows are drawn; the table has all." in figure.words
        assert {row[0] for row in figure.table.rows} == {f"{size} MB" for size in sizes}


def test_medians_are_in_the_order_of_what_was_asked_for() -> None:
    results = results_of(rows_of(tuple(KINDS)))
    asked = list(itertools.product(sorted(SIZES), KINDS))
    cells = conclude_performance(results, priced).document["cells"]
    assert [(cell["memory"], cell["kind"]) for cell in cells] == asked
    groups = times_of(results, "client").groups
    assert [(memory, kind) for _, memory, kind in groups] == asked
    summary = report_of(*KINDS)[0].summary
    assert summary is not None
    assert [row[0] for row in summary.rows] == [f"{memory} MB, {kind}" for memory, kind in asked]


def test_sentences_on_few_sizes_are_in_the_same_order() -> None:
    words = conclude_performance(results_of(rows_of(tuple(KINDS), (1024, 128))), priced).words
    assert [word.split(" on ")[0] for word in words[:2]] == [
        "Median client time with 128 MB",
        "Median client time with 1024 MB",
    ]
    places = [words[0].index(kind) for kind in (": warm", ", sequential", ", cold", ", burst")]
    assert places == sorted(places)


@lru_cache
def many_page() -> str:
    sections = report_of(*KINDS)
    drawn = {(s.name, figure.name): draw(figure) for s in sections for figure in s.figures}
    return page("A run with many levels", sections, drawn)


#: JavaScript: pairs of texts in a figure that lie on each other.
TOUCHING = """figure => {
  const texts = [...figure.querySelectorAll('text')]
    .filter(each => each.textContent.trim() && each.getBoundingClientRect().width)
    .map(each => [each.textContent, each.getBoundingClientRect()]);
  return texts.flatMap(([one, a], at) => texts.slice(at + 1)
    .filter(([_, b]) => a.left < b.right - 1 && b.left < a.right - 1
                     && a.top < b.bottom - 4 && b.top < a.bottom - 4)
    .map(([other, _]) => [one, other]));
}"""


@pytest.mark.browser
@pytest.mark.parametrize("width", [1200, 360])
def test_a_browser_shows_every_letter_of_many_levels(
    opened: Callable[[str, int, str], tuple[Any, list[str]]], width: int
) -> None:
    tab, faults = opened(many_page(), width, "light")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    for name in ("distribution", "phases", "memory", "pareto"):
        figure = tab.locator(f"figure[id$='-{name}']")
        assert figure.evaluate(TOUCHING) == [], name
        # Nothing is made smaller to fit, so letters are as large as those of the page's tables.
        picture = figure.locator("svg:visible")
        assert picture.bounding_box()["width"] == pytest.approx(
            float(picture.get_attribute("width")), abs=1
        )
        assert "…" not in figure.locator("[role=img]:visible").inner_text()
    for name in ("distribution", "phases"):
        figure = tab.locator(f"figure[id$='-{name}']")
        assert figure.locator("svg:visible text", has_text="10240 MB").count() == 4
        # A screenful on a desk; on a phone the panels of four kinds are scrolled through.
        assert figure.locator("svg:visible").bounding_box()["height"] < (
            800 if width > 360 else 1600
        )
    assert faults == []
