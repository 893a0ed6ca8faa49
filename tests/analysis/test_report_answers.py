"""What a report begins and ends with: what follows from a run, and how it was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sebs.analysis.conclusions import CONCLUDING, conclusion_of
from sebs.analysis.prices import Tariff
from sebs.analysis.report.invocations import invocations, series_of
from sebs.analysis.report.page import page
from sebs.analysis.report.report import make_report
from sebs.analysis.report.section import Section
from sebs.analysis.sessions import duration, interruptions
from sebs.cli.main import run
from sebs.errors import PriceUnknownError
from sebs.experiments import registry
from sebs.results.manifest import Manifest
from sebs.results.results import Results
from sebs.results.run import Run
from sebs.results.schema import Column

BEGIN = 1_700_000_000

#: What the client's processors did, but for how long that was looked at.
IDLE = {"process_s": 0.1, "machine_s": 0.1, "processors": 4}


def unpriced(results: Results, architecture: str | None) -> Tariff:
    raise PriceUnknownError("There are no prices of 'local'.")


def priced(results: Results, architecture: str | None) -> Tariff:
    return Tariff.of_user(0.00001, 0.0, 1.0)


def rows(count: int, at: float = 0.0, **point: Any) -> list[dict[str, Any]]:
    """Warm invocations of 10 ms, one a second."""
    return [
        {
            "id": f"{at}-{number}-{point}",
            "start": "warm",
            "failure": False,
            "memory": 128,
            "architecture": "x64",
            "kind": "warm",
            "begin": int((BEGIN + at + number) * 10**6),
            "end": int((BEGIN + at + number) * 10**6) + 10_000,
            "client": 10_000 + number,
            "provider": 9_000,
            **point,
        }
        for number in range(count)
    ]


def results_of(made: list[dict[str, Any]], **manifest: Any) -> Results:
    told = {"experiment": "perf-cost", "deployment": "local", "benchmark": "010.sleep", **manifest}
    return Results(Manifest(**told), made)


def section_of(results: Results) -> Section:
    return make_report([("a run", results)], unpriced)[0]


def test_every_experiment_has_its_conclusion_and_it_is_the_same_everywhere() -> None:
    assert CONCLUDING.keys() == registry.BUILT_IN.keys()
    results = results_of(rows(20))
    told = conclusion_of(results, priced)
    assert told is not None
    concluded = registry.load("perf-cost").process(results)
    assert told.document["cells"] == concluded.document["cells"]


def test_a_report_begins_with_what_follows_from_a_run() -> None:
    section = section_of(results_of(rows(20)))
    assert section.answer[0] == "Median client time with 128 MB on x64: warm 10.0 ms."
    assert "No price of x64 is known: There are no prices of 'local'." in section.answer[1]
    text = page("title", [section], {(section.name, f.name): Drawn for f in section.figures})
    order = ["What follows", section.answer[0], "What was measured", section.words[0]]
    places = [text.index(each) for each in [*order, "How this was measured"]]
    assert places == sorted(places)


def test_prices_that_are_asked_for_are_those_of_the_answer() -> None:
    answer = make_report([("a run", results_of(rows(20)))], priced)[0].answer
    assert any(each.startswith("A million warm invocations with 128 MB") for each in answer)
    assert not any("No price" in each for each in answer)


def test_that_nothing_can_be_concluded_is_said_once() -> None:
    section = section_of(results_of(rows(3, failure=True, start="unanswered")))
    assert section.answer == [
        "Nothing can be concluded: There is not a single invocation that succeeded."
    ]


class Drawn:
    wide = narrow = "<svg/>"


def test_how_a_run_was_measured_is_told() -> None:
    made = [*rows(4), *rows(1, at=5, failure=True, error="late"), *rows(2, at=7, wanted=False)]
    made += rows(2, at=9, wanted=False, failure=True, error="broken")
    results = results_of(
        made,
        region="here",
        benchmark_hash="0123456789abcdef",
        planned=9,
        seed=7,
        begun=BEGIN,
        ended=BEGIN + 9,
        sebs_version="9.8.7",
        python="3.11.7",
        machine={"processors": 8, "processor": "A chip", "memory_mb": 2048, "system": "Linux 6"},
        parameters={"repetitions": 5, "delta-t": [1.0, 2.5], "prices": {"provider": "aws"}},
        constants={"language": "python", "trigger": "http"},
        details={"function": {"scaling": {"clock": "real"}, "container": None}},
        processors={"seconds": 8.0, "process_full_s": 0.0, "machine_full_s": 2.0, **IDLE},
    )
    method = section_of(results).method
    assert method is not None
    assert dict(method.rows) == {
        "begun": "14 November 2023, 22:13:20 UTC",
        "ended": "14 November 2023, 22:13:29 UTC",
        "platform": "local",
        "region": "here",
        "clock": "real",
        "sandbox": "process",
        "client's machine": "8 processors of A chip, 2 GB of memory",
        "its system": "Linux 6",
        "client saturated": "its process 0%, its machine 25% of 8 s",
        "sebs": "9.8.7",
        "Python of the client": "3.11.7",
        "benchmark": "010.sleep (package 0123456789ab)",
        "language": "python",
        "memory [MB]": "128",
        "architecture": "x64",
        "trigger": "http",
        "experiment": "perf-cost",
        "seed": "7",
        "parameter repetitions": "5",
        "parameter delta-t": "1, 2.5",
        "parameter prices": "provider aws",
        "invocations": "9 planned, 7 made, 3 of them failed (2 were made again, or given up); 2 "
        "more that no figure has",
        "reasons for failures": "2: broken; 1: late",
    }


def test_words_and_figures_have_what_failed_and_was_made_again() -> None:
    made = [*rows(8), *rows(3, at=8, wanted=False, failure=True), *rows(2, at=11, wanted=False)]
    section = section_of(results_of(made, planned=10))
    assert (
        "11 invocations: 0 cold, 8 warm, 3 failed. Failed ones are in no figure of times; 3 of "
        "them were made again, or given up. 2 more were planned and not made. 2 more were only "
        "made to prepare others, or began otherwise; they are in no figure."
    ) in section.words[0]
    assert section.summary is not None
    assert [row[-1] for row in section.summary.rows] == [None, "3"]
    [timeline] = [figure for figure in section.figures if figure.name == "timeline"]
    assert "8 warm, 3 failed" in timeline.words


@pytest.mark.parametrize(("clock", "said"), [("virtual", True), ("real", False)])
def test_a_virtual_clock_is_said_beside_the_answer(clock: str, said: bool) -> None:
    details = {"function": {"scaling": {"clock": clock}}}
    answer = section_of(results_of(rows(9), details=details)).answer
    assert any("idled on a virtual clock" in each for each in answer) is said


def watched(seconds: float) -> dict[str, Any]:
    return {
        "processors": {"seconds": seconds, "process_full_s": 0.0, "machine_full_s": 0.0, **IDLE}
    }


@pytest.mark.parametrize(
    ("gaps", "manifest", "found"),
    [
        # Watched in both sessions, and not between them.
        ([600], watched(20), [600]),
        ([600, 30], watched(30), [600, 30]),
        # What the first session was watched for is lost where it was killed.
        ([600], watched(10), [600]),
        # One who waits is there, however long it takes.
        ([600], watched(620), []),
        ([8], watched(20), []),
        # Where nobody looked only a pause that dwarfs everything else tells.
        ([600], {}, [600]),
        ([60], {}, []),
        # It was to idle for as long, which a session that was killed did, too.
        ([600], {**watched(10), "parameters": {"delta-t": [1.0, 590.0]}}, []),
    ],
)
def test_interruptions_are_pauses_in_which_nobody_watched(
    gaps: list[float], manifest: dict[str, Any], found: list[float]
) -> None:
    made, at = rows(10), 9.0
    for gap in gaps:
        at += gap
        made += rows(10, at=at)
        at += 9.0
    results = results_of(made, begun=BEGIN, ended=BEGIN + at, **manifest)
    assert interruptions(results) == pytest.approx(found, abs=0.1)
    answer = " ".join(section_of(results).answer)
    assert ("was interrupted and resumed" in answer) is bool(found)
    if found == [600]:
        assert "in 2 sessions, 10 minutes apart" in answer


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(45, "45 seconds"), (118, "2 minutes"), (600, "10 minutes"), (9000, "2 hours")],
)
def test_durations_are_told_as_people_do(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_runs_that_measured_the_same_size_stay_apart() -> None:
    first, second, larger = rows(9), rows(9, at=99, client=90_000), rows(9, memory=256)
    apart = make_report([("one", results_of(first)), ("two", results_of(second))], priced)
    titles = [section.title for section in apart[2:]]
    assert [title.rpartition(", ")[2] for title in titles] == ["one", "two"]
    together = make_report([("one", results_of(first)), ("two", results_of(larger))], priced)
    assert [section.title for section in together[2:]] == [
        "Memory and cost: 010.sleep on local x64"
    ]


def test_without_warm_invocations_nobody_is_sent_to_fetch_metrics() -> None:
    cold = [each for size in (128, 256) for each in rows(9, start="cold", memory=size)]
    words = make_report([("one", results_of(cold))], priced)[-1].words
    assert words == ["Costs are those of warm invocations, and there are none here."]


def test_few_times_have_a_mean_without_an_interval() -> None:
    table = section_of(results_of(rows(2))).summary
    assert table is not None
    assert table.rows[0][table.columns.index("mean [ms]")] == "10.0"


SIZED = (
    Column("padding_bytes", "integer", "B", "size"),
    Column("inter_arrival", "number", "s", "apart"),
)


def test_labels_say_everything_once() -> None:
    made = [
        row
        for size in (5_000_000, 1_000_800, 17_100, 10)
        for row in rows(2, padding_bytes=size, inter_arrival=0.05 if size == 10 else 0.0)
    ]
    names = [each.name for each in series_of(invocations(results_of(made, factors=SIZED)))]
    assert names == [
        "10 B of padding, 0.05 s apart: warm",
        "17.1 kB of padding, 0 s apart: warm",
        "1.0008 MB of padding, 0 s apart: warm",
        "5 MB of padding, 0 s apart: warm",
    ]


def test_what_repeats_another_column_is_in_no_label() -> None:
    payload = (Column("payload", "text", "", "name of the input"),)
    made = [
        row
        for size in ("test", "small")
        for start in ("cold", "warm")
        for row in rows(2, size=size, payload=size, kind=start, start=start)
    ]
    frame = invocations(results_of(made, factors=payload))
    assert [each.name for each in series_of(frame)] == [
        "payload test: cold",
        "payload test: warm",
        "payload small: cold",
        "payload small: warm",
    ]
    # Which kind was asked for is to be read where an invocation failed.
    made += rows(1, at=9, size="test", payload="test", failure=True, start="unanswered")
    frame = invocations(results_of(made, factors=payload))
    assert series_of(frame)[0].name in ("cold, payload test", "warm, payload test")


def test_the_terminal_begins_and_ends_likewise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = Manifest(experiment="perf-cost", deployment="local", benchmark="010.sleep")
    with Run.create(tmp_path, manifest) as made:
        made.finish()
    assert run(["report", str(made.directory)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == made.directory.name
    assert lines[1].startswith("Nothing can be concluded")
    assert "How this was measured" in lines
