"""Reports: what they say, and the pages and pictures that they become."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sebs.analysis.prices import Tariff, price_book
from sebs.analysis.report.drawing import alone, png_of
from sebs.analysis.report.figure import KINDS, milliseconds
from sebs.analysis.report.invocations import invocations, thinned
from sebs.analysis.report.page import draw, page
from sebs.analysis.report.report import make_report
from sebs.analysis.report.section import Section
from sebs.cli.main import run
from sebs.errors import PriceUnknownError
from sebs.results.manifest import Manifest
from sebs.results.results import Results
from sebs.results.schema import Column

BEGIN = 1_700_000_000_000_000


def rows_of(
    count: int = 60, memory: int = 128, factor: float = 1.0, **common: Any
) -> list[dict[str, Any]]:
    """Two environments; one invocation in 40 cold, one in 50 failed."""
    times = np.random.default_rng(memory).lognormal(9, 0.2, count).astype(int)
    made = []
    for number, each in enumerate(times):
        cold, failed = number % 40 == 0, number % 50 == 9
        client = int(each * factor) + (200_000 if cold else 0)
        begin = BEGIN + number * 300_000
        row = {
            "id": f"{number}",
            "start": "unanswered" if failed else "cold" if cold else "warm",
            "failure": failed,
            "memory": memory,
            "environment_id": "" if failed else f"environment {number // 40}",
            "begin": begin,
            "end": begin + client,
            "client": client,
            "http_startup": 100,
            "http_first_byte_return": client - 50,
            "benchmark_time": int(each * factor) - 500,
            "provider": int(each * factor) - 200,
            **({"initialization": 150_000} if cold else {}),
        }
        made.append({**row, **common})
    return made


def results_of(rows: list[dict[str, Any]], **manifest: Any) -> Results:
    told = {"benchmark": "110.dynamic-html", "size": "test", **manifest}
    return Results(Manifest(experiment="invoke", deployment="aws", **told), rows)


def unpriced(results: Results, architecture: str | None) -> Tariff:
    raise PriceUnknownError("There are no prices of 'aws'.")


def priced(results: Results, architecture: str | None) -> Tariff:
    return Tariff.of_user(0.00001, 0.0, 1.0)


def eviction_results() -> Results:
    factor = Column("delta_t", "number", "s", "seconds of idling")
    rows = [
        {
            "id": f"{seconds}-{number}",
            "start": "warm" if number < 32 * 2.0 ** -(seconds // 380) else "cold",
            "memory": 128,
            "repetition": 0,
            "delta_t": float(seconds),
            "client": 1000,
            "begin": BEGIN,
            "end": BEGIN + 1000,
        }
        for seconds in range(60, 1600, 60)
        for number in range(32)
    ]
    return results_of(rows, factors=(factor,))


def overhead_results() -> Results:
    factors = (Column("received", "time", "UTC", "when the function had the payload"),)
    rows = [
        {
            "id": f"{size}",
            "start": "warm",
            "payload_bytes": size,
            "begin": BEGIN,
            "end": BEGIN + 90_000,
            "http_startup": 0,
            "client": 90_000,
            "received": BEGIN + 20_000 + size // 100,
        }
        for size in (1_000, 500_000, 1_000_000, 3_000_000)
    ]
    return results_of(rows, factors=factors)


@lru_cache
def whole_report() -> list[Section]:
    """A report with every figure that there is."""
    runs = [
        ("run <b>& one", results_of(rows_of())),
        ("run two", results_of(rows_of(memory=512, factor=0.5))),
        ("kinds", results_of(several_kinds(), size="large")),
        ("idling", eviction_results()),
        ("sending", overhead_results()),
    ]
    return make_report(runs, priced)


@lru_cache
def whole_page() -> str:
    sections = whole_report()
    drawn = {(s.name, figure.name): draw(figure) for s in sections for figure in s.figures}
    return page("A report <of> & everything", sections, drawn)


def test_every_figure_is_there_with_words_and_numbers() -> None:
    sections = whole_report()
    figures = [figure for section in sections for figure in section.figures]
    assert {figure.name for figure in figures} == {
        "distribution",
        "timeline",
        "phases",
        "environments",
        "memory",
        "pareto",
        "eviction",
        "overhead",
    }
    for figure in figures:
        assert figure.words
        assert figure.table.rows
        assert all(len(row) == len(figure.table.columns) for row in figure.table.rows)


def test_words_count_failures_and_say_what_an_interval_covers() -> None:
    section = make_report([("one", results_of(rows_of()))], unpriced)[0]
    assert "60 invocations: 2 cold, 56 warm, 2 failed" in section.words[0]
    assert "too few for an interval" in section.words[1]
    assert "95% interval" in section.words[2]
    assert re.search(r"coverage 9[5-9]\.\d%", section.words[2])


def test_a_mean_has_an_interval_only_where_it_can_be_believed() -> None:
    rows = [
        {"id": f"{kind}-{number}", "kind": kind, "start": "warm", "client": time}
        for kind, times in (
            ("warm", [1000 + number % 7 for number in range(60)]),
            ("sequential", [1000] * 59 + [100_000]),
        )
        for number, time in enumerate(times)
    ]
    section = make_report([("one", results_of(rows))], unpriced)[0]
    columns = section.summary.columns
    means = {row[0]: row[columns.index("mean [ms]")] for row in section.summary.rows}
    assert means["warm"].startswith("1.00 ± 0.000")
    assert means["sequential"] == "2.65"
    variations = {row[0]: row[columns.index("variation")] for row in section.summary.rows}
    assert (variations["warm"], variations["sequential"]) == ("0%", "482%")
    assert any(
        each.startswith("1 of the 2 means are shown without an interval") for each in section.words
    )


def test_without_a_price_it_is_said_and_none_is_guessed() -> None:
    both = [row for size in (128, 256) for row in rows_of(memory=size)]
    memory = make_report([("one", results_of(both))], unpriced)[-1]
    assert "No cost is known. There are no prices of 'aws'." in memory.words
    assert [figure.name for figure in memory.figures] == ["memory"]


def test_of_one_memory_size_without_a_price_nothing_is_said() -> None:
    run = ("one", results_of(rows_of()))
    assert [section.name for section in make_report([run], unpriced)] == ["run-1"]
    assert [section.name for section in make_report([run], priced)] == ["run-1", "memory-1"]


def test_a_size_that_is_not_sold_is_named_and_the_others_are_priced() -> None:
    def azure(results: Results, architecture: str | None) -> Tariff:
        return price_book().tariff("azure", "westeurope", "x64")

    sold = price_book().tariff("azure", "westeurope", "x64").plan.memory.sizes[0]
    both = [row for size in (128, sold) for row in rows_of(memory=size)]
    words = make_report([("one", results_of(both))], azure)[-1].words
    assert any(f"A million warm invocations with {sold} MB cost" in each for each in words)
    assert any("No cost of 128 MB is known. 128 MB are not sold" in each for each in words)
    neither = [row for size in (128, 256) for row in rows_of(memory=size)]
    words = make_report([("one", results_of(neither))], azure)[-1].words
    assert [each[:22] for each in words[:2]] == ["No cost of 128 MB is k", "No cost of 256 MB is k"]


def test_the_front_has_what_nothing_beats() -> None:
    runs = [
        (f"{size}", results_of(rows_of(memory=size, client=time, provider=time)))
        for size, time in ((128, 10_000), (256, 6_000), (512, 6_000), (1024, 5_000))
    ]
    pareto = next(f for f in make_report(runs, priced)[-1].figures if f.name == "pareto")
    front = {row[0]: row[-1] for row in pareto.table.rows}
    # The cheapest, one in between, one that is as fast and dearer, the fastest.
    assert front == {"128": "yes", "256": "yes", "512": "no", "1024": "yes"}


def numbers_of(spec: Any, key: str) -> Iterator[Any]:
    """Yield what a specification has under a key, wherever it is."""
    if isinstance(spec, dict):
        yield from ([spec[key]] if key in spec else [])
        for value in spec.values():
            yield from numbers_of(value, key)
    elif isinstance(spec, list):
        for value in spec:
            yield from numbers_of(value, key)


def several_kinds() -> list[dict[str, Any]]:
    made = [rows_of(memory=128, kind="warm"), rows_of(memory=128, kind="burst", factor=9.0)]
    made += [rows_of(memory=256, kind="sequential"), rows_of(memory=256, kind="burst", factor=5.0)]
    return [
        {**row, "id": f"{at}-{row['id']}", "begin": row["begin"] + at * 10**8}
        for at, rows in enumerate(made)
        for row in rows
    ]


def test_what_differs_is_in_no_common_figure() -> None:
    rows = several_kinds()
    rows += [{**rows[0], "id": "other", "client": 10**9, "wanted": False}]
    report = make_report([("one", results_of(rows))], priced)
    told, cost = report
    assert "1 more were only made to prepare others" in told.words[0]
    assert "in the table" in told.words[1]
    figures = {figure.name: figure for section in report for figure in section.figures}
    named = ["128 MB, warm", "128 MB, burst", "256 MB, burst", "256 MB, sequential"]
    for name in ("distribution", "phases"):
        assert {row[0] for row in figures[name].table.rows} == set(named)
    warm = {row[0]: row[6] for row in figures["distribution"].table.rows if row[1] == "warm"}
    for name, kind, memory in zip(
        named, ("warm", "burst", "burst", "sequential"), (128, 128, 256, 256), strict=True
    ):
        times = [
            row["client"]
            for row in rows
            if (row["kind"], row["memory"], row["start"]) == (kind, memory, "warm")
            and row["client"] < 10**9
        ]
        assert warm[name] == milliseconds(float(np.median(times)))
    by_memory = {(row[0], row[1]) for row in figures["memory"].table.rows}
    assert by_memory == {
        ("128", "warm"), ("128", "burst"), ("256", "sequential"), ("256", "burst")
    }  # fmt: skip
    slices = figures["timeline"].table
    assert slices.columns[:3] == ["from [s]", "invocations", "start"]
    assert any("of the kind 'warm'" in sentence for sentence in cost.words)
    counts = [int(row[told.summary.columns.index("n")]) for row in told.summary.rows]
    assert [len(times) for times in told.samples] == [count for count in counts if count]


def test_architectures_have_sections_of_their_own_and_their_own_prices() -> None:
    asked = []

    def pricing(results: Results, architecture: str | None) -> Tariff:
        asked.append(architecture)
        return Tariff.of_user(0.00001 if architecture == "x64" else 0.000008, 0.0, 1.0)

    rows = [
        {**row, "id": f"{architecture}-{memory}-{row['id']}"}
        for architecture in ("x64", "arm64")
        for memory in (128, 256)
        for row in rows_of(memory=memory, architecture=architecture)
    ]
    sections = make_report([("one", results_of(rows))], pricing)
    titles = [section.title for section in sections[1:]]
    assert [title.rpartition(" ")[2] for title in titles] == ["x64", "arm64"]
    assert asked == ["x64", "arm64"]
    assert all(f.name in ("memory", "pareto") for s in sections[1:] for f in s.figures)
    costs = [s.figures[0].table.rows[0][5] for s in sections[1:]]
    assert float(costs[1]) == pytest.approx(0.8 * float(costs[0]), rel=0.02)


@pytest.mark.parametrize(
    "rows", [rows_of(), rows_of(30, start="warm", initialization=None), several_kinds()]
)
def test_no_axis_begins_below_zero(rows: list[dict[str, Any]]) -> None:
    for section in make_report([("one", results_of(rows))], priced):
        for figure in section.figures:
            spec = figure.draw(720)
            for domain in numbers_of(spec, "domain"):
                assert all(isinstance(end, str) or end >= 0 for end in domain)
            for scale in numbers_of(spec, "scale"):
                assert "padding" not in scale or scale["type"] == "log"


def test_phases_add_up_to_what_was_measured() -> None:
    section = make_report([("one", results_of(rows_of()))], unpriced)[0]
    phases = next(figure for figure in section.figures if figure.name == "phases")
    cold = {row[1]: float(row[2] or "nan") for row in phases.table.rows if row[0] == "cold"}
    # 200 ms were added to cold ones, 150 of them to start the environment.
    assert cold["starting the environment"] == 150
    assert cold["platform and network"] == pytest.approx(50 + 0.5 - 0.05 - 0.1, abs=0.1)
    assert "starting the environment" not in {r[1] for r in phases.table.rows if r[0] == "warm"}


def test_models_are_those_of_the_run() -> None:
    words = {f.name: f.words for s in whole_report() for f in s.figures}
    assert re.search(r"evicted every 37\d|evicted every 380", words["eviction"])
    assert "20.0 ms (95 % interval 20.0 to 20.0) until" in words["overhead"]
    assert re.search(r"10.0 ms \(.* to 10.0\) more for every MB", words["overhead"])
    assert "Nothing tells how far the clocks" in words["overhead"]


def test_thinning_keeps_what_is_rare() -> None:
    frame = invocations(results_of(rows_of(4000)))
    few = thinned(frame, 300)
    for kind in ("cold", "failed"):
        assert (few["kind"] == kind).sum() == (frame["kind"] == kind).sum()
    assert few.height < 350
    assert few["at"].to_list() == sorted(few["at"].to_list())


@pytest.mark.parametrize(
    "rows",
    [
        [],
        rows_of(1),
        rows_of(3, failure=True, start="unanswered", client=None),
        rows_of(3, start="unknown", environment_id=None),
        rows_of(30, client=5000, begin=BEGIN, end=BEGIN),
        rows_of(3, begin=None, end=None, benchmark_time=None),
    ],
    ids=["none", "one", "all failed", "unknown", "identical", "no clock"],
)
def test_runs_that_say_little_are_told_and_drawn(rows: list[dict[str, Any]]) -> None:
    sections = make_report([("odd", results_of(rows))], unpriced)
    for figure in (figure for section in sections for figure in section.figures):
        assert "NaN" not in draw(figure).wide
    assert f"{len(rows)} invocations" in sections[0].words[0]


class Reader(HTMLParser):
    """Collects what a page refers to and has."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_a_page_refers_to_nothing_outside_of_it_and_escapes_what_it_is_told() -> None:
    text = whole_page()
    reader = Reader()
    reader.feed(text)
    assert not {tag for tag, _ in reader.tags} & {"script", "link", "img", "iframe", "b"}
    assert all((a.get("href") or "#").startswith("#") for _, a in reader.tags)
    assert set(re.findall(r"url\(([^)]{1,2})", text)) <= {"#r", "#m"}
    identifiers = [attrs["id"] for _, attrs in reader.tags if "id" in attrs]
    assert len(identifiers) == len(set(identifiers))
    assert "run &lt;b&gt;&amp; one" in text


def test_files_of_figures_are_whole_and_need_no_page() -> None:
    figure = whole_report()[0].figures[0]
    svg = alone(draw(figure).wide)
    assert "currentColor" not in svg
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert png_of(svg).startswith(b"\x89PNG")


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * part for w, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("paper", ["#ffffff", "#14171a"])
def test_colours_stand_out_on_both_papers(paper: str) -> None:
    # WCAG 2.2, 1.4.11: graphical objects have a contrast of 3 : 1.
    for colour, _, _ in KINDS.values():
        if colour.startswith("#"):
            light, dark = sorted((luminance(colour), luminance(paper)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 3


TABLE = """\
memory,type,is_cold,exec_time,connection_time,client_time,provider_time,mem_used
128,cold,True,900000,0.03,950000,900000,70
128,warm,False,90000,0.03,95000,90000,70
128,warm,False,91000,0.03,96000,91000,70
"""


def test_the_command_tells_in_the_terminal_and_writes_pages_and_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "result.csv"
    source.write_text(TABLE)
    assert run(["report", str(source)]) == 0
    told = capsys.readouterr().out
    assert "3 invocations: 1 cold, 2 warm, 0 failed" in told
    assert "Distribution of client times" in told
    target, figures = tmp_path / "report.html", tmp_path / "figures"
    place = ["--provider", "aws", "--region", "us-east-1"]
    assert run(["report", str(source), "-o", str(target), "--figures", str(figures), *place]) == 0
    assert "A million warm invocations with 128 MB cost" in target.read_text()
    assert {path.suffix for path in figures.iterdir()} == {".svg", ".png"}


def test_what_is_no_run_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "empty.csv", tmp_path / "report.html"
    source.write_text("")
    assert run(["report", str(source), "-o", str(target)]) == 1
    assert "is empty" in capsys.readouterr().err
    assert not target.exists()


#: JavaScript: the tables that are wider than their place.
WIDER = (
    "[...document.querySelectorAll('.table')]"
    ".filter(each => each.offsetParent && each.scrollWidth > each.clientWidth)"
)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("width", "scheme"), [(1000, "light"), (1000, "dark"), (360, "light"), (360, "dark")]
)
def test_a_browser_shows_every_figure_without_network(
    opened: Callable[[str, int, str], tuple[Any, list[str]]], width: int, scheme: str
) -> None:
    tab, faults = opened(whole_page(), width, scheme)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    if width == 1000:
        assert tab.evaluate(f"{WIDER}.map(each => each.getAttribute('aria-label'))") == []
    figures = tab.locator("figure")
    assert figures.count() == sum(len(section.figures) for section in whole_report())
    for number in range(figures.count()):
        pictures = figures.nth(number).locator("[role=img]:visible")
        assert pictures.count() == 1
        assert pictures.first.get_attribute("aria-label")
        box = pictures.locator("svg").bounding_box()
        assert 250 < box["width"] <= width
        assert box["height"] > 80
        assert pictures.locator("path").count() > 5
    back = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert back == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 26)")
    ink = tab.evaluate("getComputedStyle(document.querySelector('figure text')).fill")
    assert ink == ("rgb(27, 31, 36)" if scheme == "light" else "rgb(230, 233, 236)")
    if kept := os.environ.get("SEBS_ARTEFACTS"):
        Path(kept).mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=Path(kept) / f"report-{width}-{scheme}.png", full_page=True)
    assert faults == []


@pytest.mark.browser
def test_on_a_phone_the_first_column_stays_while_a_table_is_scrolled(
    opened: Callable[[str, int, str], tuple[Any, list[str]]],
) -> None:
    tab, _ = opened(whole_page(), 360, "light")
    table = tab.locator("#run-1 .table").first
    first, second = table.locator("td").first, table.locator("tbody th").first
    before = first.bounding_box()["x"]
    assert before < 180
    stays = second.bounding_box()["x"]
    assert table.evaluate("each => { each.scrollLeft = 60; return each.scrollLeft }") == 60
    assert first.bounding_box()["x"] == pytest.approx(before - 60)
    assert second.bounding_box()["x"] == pytest.approx(stays)


@pytest.mark.browser
def test_everything_is_reached_with_the_keyboard(
    opened: Callable[[str, int, str], tuple[Any, list[str]]],
) -> None:
    tab, _ = opened(whole_page(), 360, "light")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    wanted = tab.locator("summary").count()
    reached = 0
    for _ in range(200):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.tagName") == "SUMMARY":
            reached += 1
            tab.keyboard.press("Enter")
            if reached == wanted:
                break
    assert reached == wanted
    assert tab.locator("details[open] table:visible").count() == wanted
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
