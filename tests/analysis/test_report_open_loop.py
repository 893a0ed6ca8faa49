"""In an open loop every time of a report runs from the intended sending, as its answer's do."""

from __future__ import annotations

import pytest

from sebs.analysis.prices import Tariff
from sebs.analysis.report.figure import Figure
from sebs.analysis.report.report import make_report
from sebs.analysis.report.section import Section
from sebs.experiments.scalability import Scalability
from sebs.results.manifest import Manifest
from sebs.results.results import Results

BEGIN = 1_700_000_000_000_000

#: How much later than intended every invocation was sent, and how long it took from then on, µs.
LATE, TOOK = 60_000, 500_000

#: The latency in words and tables.
LATENCY = "560"


def priced(results: Results, architecture: str | None) -> Tariff:
    return Tariff.of_user(0.00001, 0.0, 1.0)


def report_of(experiment: str = "scalability") -> list[Section]:
    rows = [
        {
            "id": f"{repetition}-{place}",
            "repetition": repetition,
            "memory": memory,
            "kind": "burst",
            "burst_size": 5,
            "inter_arrival": 0.0,
            "intended": BEGIN + repetition * 1_000_000,
            "late": LATE,
            "begin": BEGIN + repetition * 1_000_000 + LATE,
            "end": BEGIN + repetition * 1_000_000 + LATE + TOOK,
            "client": TOOK,
            "http_startup": 300,
            "http_first_byte_return": TOOK - 50,
            "benchmark_time": 400_000,
            "provider": 400_000,
            "environment_id": f"e{place}-{repetition}",
            "start": "warm",
            "failure": False,
        }
        for repetition, memory in enumerate((128, 256) * 4)
        for place in range(5)
    ]
    manifest = Manifest(
        experiment=experiment,
        benchmark="010.sleep",
        deployment="local",
        parameters={"tolerated-lateness": 0.1},
        factors=Scalability.FACTORS if experiment == "scalability" else (),
    )
    return make_report([("a run", Results(manifest, rows))], priced)


def figures_of(sections: list[Section]) -> dict[str, Figure]:
    return {figure.name: figure for section in sections for figure in section.figures}


def test_answer_table_and_figures_have_the_same_latency() -> None:
    sections = report_of()
    first, figures = sections[0], figures_of(sections)
    assert first.answers is not None
    assert first.summary is not None
    assert {row[4] for row in first.answers.rows} == {f"{LATENCY} ({LATENCY} to {LATENCY})"}
    medians = first.summary.columns.index("median [ms]")
    assert {row[medians] for row in first.summary.rows} == {LATENCY}
    assert {float(time) for times in first.samples for time in times} == {LATE + TOOK}
    quantiles = {row[-1] for row in figures["distribution"].table.rows}
    assert quantiles == {LATENCY}
    assert {row[-1] for row in figures["timeline"].table.rows} == {LATENCY}
    assert {row[2] for row in figures["memory"].table.rows} == {LATENCY}


def test_the_phases_add_up_to_the_latency() -> None:
    rows = figures_of(report_of())["phases"].table.rows
    of_one = rows[: len(rows) // 2]
    assert of_one[0][-2] == "sent late"
    assert of_one[0][-1] == "60.0"
    assert sum(float(str(row[-1])) for row in of_one) == pytest.approx(560, abs=0.5)


def test_what_the_times_run_from_is_said() -> None:
    words = " ".join(report_of()[0].words)
    assert "Times run from when an invocation was to be sent, up to 60.0 ms before it was." in words


def test_in_a_closed_loop_times_run_from_the_sending() -> None:
    sections = report_of("perf-cost")
    assert {float(time) for times in sections[0].samples for time in times} == {TOOK}
    assert not any("to be sent" in word for word in sections[0].words)
    assert "sent late" not in {row[-2] for row in figures_of(sections)["phases"].table.rows}
