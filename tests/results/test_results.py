"""A run gives back what was recorded, as objects and as a table, whatever ended it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from sebs.errors import ResultFormatError, UsageError
from sebs.faas.result import ExecutionResult
from sebs.results.document import Overview
from sebs.results.manifest import Manifest
from sebs.results.reading import import_results, read_results, survey
from sebs.results.results import Results
from sebs.results.run import Run
from sebs.results.schema import Column
from sebs.results.summary import summarize

FROZEN = Path(__file__).parent / "data" / "version_1"
BEGIN = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc)
DELTA = Column("delta_t", "number", "s", "how long environments idled")
MANIFEST = Manifest(
    experiment="eviction-model",
    deployment="local",
    benchmark="010.sleep",
    constants={"memory": 128},
    factors=(DELTA,),
    configuration={"deployment": {"aws": {"credentials": {"secret_key": "swordfish-42"}}}},
)


def result(number: int) -> ExecutionResult:
    made = ExecutionResult.from_times(BEGIN, BEGIN + timedelta(milliseconds=number + 1))
    made.request_id = f"request {number}"
    made.environment_id = "one"
    made.output = {"result": number, "measurement": {"half": "\ud800"}}
    made.stats.cold_start = number == 0
    made.billing.billed_time = number
    return made


@pytest.fixture
def run(tmp_path) -> Run:
    made = Run.create(tmp_path, MANIFEST)
    for number in range(5):
        made.record({"id": str(number), "delta_t": number / 2}, result(number))
    return made


def test_what_was_recorded_comes_back(run) -> None:
    read = Run.load(run.directory)
    assert [each.result for each in read.invocations()] == [result(each) for each in range(5)]
    assert read.recorded() == set("01234")
    table = read.frame().collect()
    assert table["delta_t"].to_list() == [0, 0.5, 1, 1.5, 2]
    assert table["memory"].to_list() == [128] * 5
    assert table["start"].to_list() == ["cold"] + ["warm"] * 4
    assert table["begin"][0] == BEGIN
    run.finish()
    assert Run.load(run.directory).manifest.state == "finished"
    assert Run.load(run.directory).frame().collect().equals(table)


def test_the_table_is_left_as_soon_as_the_journal_has_more(run) -> None:
    run.finish()
    run.amend("1", {"provider": 77})
    run.judge("2", "too small")
    run.judge("3", "too large")
    run.judge("3", None)
    table = Run.load(run.directory).frame().collect()
    assert table["provider"].to_list() == [None, 77, None, None, None]
    assert table["valid"].to_list() == [None, None, False, True, None]
    assert table["rejection"].to_list() == [None, None, "too small", None, None]
    objects = run.invocations()
    assert objects[1].result.provider_times.execution == 77
    assert [each.rejection for each in objects] == table["rejection"].to_list()
    run.finish()
    assert Run.load(run.directory).frame().collect().equals(table)


def test_a_torn_line_costs_no_other_one(run) -> None:
    run.close()
    with (run.directory / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"id":"5","cli')
    read = Run.load(run.directory)
    assert read.frame().collect()["id"].to_list() == list("01234")
    read.record({"id": "5"}, result(5))
    assert read.frame().collect()["id"].to_list() == list("012345")


@pytest.mark.parametrize(
    "point",
    [{}, {"id": 7}, {"id": "0"}, {"id": "9", "colour": "red"}, {"id": "9", "delta_t": 1e999}],
)
def test_a_point_that_cannot_be_is_refused(run, point) -> None:
    with pytest.raises(ResultFormatError):
        run.record(point, result(9))
    assert run.recorded() == set("01234")


def test_halves_of_characters_lose_no_invocation(run) -> None:
    odd = result(5)
    odd.fail("half \ud800 of one")
    run.record({"id": "5"}, odd)
    read = Run.load(run.directory)
    assert read.rows()[5]["error"] == "half ? of one"
    assert read.invocations()[5].result.output == odd.output
    assert read.frame().collect()["error"][5] == "half ? of one"


def test_nothing_that_is_null_is_in_the_journal(run) -> None:
    run.record({"id": "5", "delta_t": None, "memory": None}, result(5))
    assert "null" not in (run.directory / "journal.jsonl").read_text()


def test_what_looks_like_no_number_may_be_in_a_text(run) -> None:
    odd = result(5)
    odd.fail("NaN or -Infinity")
    run.record({"id": "5"}, odd)
    assert Run.load(run.directory).rows()[5]["error"] == "NaN or -Infinity"


def test_one_process_records(run) -> None:
    with pytest.raises(UsageError, match="Another process"):
        Run.load(run.directory).record({"id": "9"}, result(9))


def test_no_secret_is_kept(run) -> None:
    assert "swordfish" not in (run.directory / "manifest.json").read_text()


@pytest.mark.parametrize("read", [Run.invocations, Run.frame, Run.summary])
@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('{"id":"8","client":-1}', "client is -1"),
        ('{"id":"8","client":"soon"}', "client is 'soon'"),
        ('{"id":"8","benchmark_time":-3}', "benchmark_time is -3"),
        ('{"amends":"1","provider":-3}', "provider is -3"),
        ('{"id":"8","memory_used":NaN}', "memory_used is nan"),
        ('{"id":"8","memory_used":1e999}', "memory_used is inf"),
        ('{"id":"8","delta_t":"NaN"}', "delta_t is 'NaN'"),
        ('{"id":"8","colour":"red"}', "'colour'"),
        ('{"client":8}', "no invocation"),
        ('{"amends":"8","client":1}', "no invocation"),
        ('{"amends":{"id":"1"},"client":1}', "no invocation"),
        ('{"id":"8","begin":-1}', "begin is -1"),
        ('{"id":"8","begin":999999999999999999}', "begin is 999999999999999999"),
        ("[1]", "no journal record"),
    ],
)
def test_a_wrong_journal_is_named_with_its_line(run, line, named, read) -> None:
    run.close()
    with (run.directory / "journal.jsonl").open("a") as journal:
        journal.write(line + "\n")
    with pytest.raises(ResultFormatError, match="Line 6") as caught:
        read(Run.load(run.directory))
    assert named in str(caught.value)


def test_a_clock_that_was_set_back_measured_nothing(run, caplog) -> None:
    odd = result(5)
    odd.times.benchmark = -3
    run.record({"id": "5"}, odd)
    run.finish()
    assert "benchmark_time of 5 is -3" in caplog.text
    read = Run.load(run.directory).invocations()[5].result.times
    assert (read.benchmark, read.client) == (0, odd.times.client)


def test_what_a_journal_tells_twice_counts_once(run) -> None:
    run.close()
    with (run.directory / "journal.jsonl").open("a") as journal:
        journal.write('{"id":"2","client":99}\n')
    read = Run.load(run.directory)
    assert read.frame().collect()["id"].to_list() == list("01234")
    assert [each.result for each in read.invocations()] == [result(each) for each in range(5)]


def test_what_is_no_run_is_named_where_runs_are_listed(run) -> None:
    (run.directory.parent / "notes").mkdir()
    (run.directory.parent / "a file").touch()
    regression = run.directory.parent / "regression"
    regression.mkdir()
    (regression / "manifest.json").write_text('{"version": 1, "cases": []}')
    manifests, faults = survey(run.directory.parent)
    assert [path for path, _ in manifests] == [run.directory]
    assert ["notes" in fault for fault in faults] == [True, False]
    assert "is a regression" in faults[1]


@pytest.mark.parametrize("interrupted", [False, True])
def test_the_first_version_stays_readable(tmp_path, interrupted) -> None:
    directory = tmp_path / "old"
    shutil.copytree(FROZEN, directory)
    if interrupted:
        (directory / "result.json").unlink()
    old = read_results(directory)
    invocations = old.invocations()
    assert [each.result.stats.cold_start for each in invocations] == [True, False, False, False]
    assert [each.valid for each in invocations] == [None if interrupted else True] * 4
    assert invocations[0].result.times.client == 1_023_177
    table = old.frame().collect()
    assert table["memory"].to_list() == [128] * 4
    new = import_results(old, tmp_path / "new")
    assert new.frame().collect().equals(table)
    manifests, faults = survey(tmp_path / "new")
    assert [path for path, _ in manifests] == [new.directory]
    assert not faults


SECOND_VERSION = Path(__file__).parent / "data" / "version_2"


@pytest.mark.parametrize("interrupted", [False, True])
def test_the_second_version_stays_readable_and_its_ids_say_what_was_unwanted(
    tmp_path, interrupted
) -> None:
    directory = tmp_path / "old"
    shutil.copytree(SECOND_VERSION, directory)
    if interrupted:
        (directory / "invocations.parquet").unlink()
    old = read_results(directory)
    rows, table = old.rows(), old.frame().collect()
    assert [row["id"] for row in rows if "wanted" in row] == [
        f"{memory}-warm-unwanted-{number}" for memory in (128, 192) for number in (1, 2)
    ]
    assert table["wanted"].to_list() == [row.get("wanted") for row in rows]
    assert table.columns == list(old.manifest.columns)
    assert old.wanted().collect().height == 8
    summary = old.summary()
    assert (summary.total, summary.unwanted, summary.retried) == (8, 4, 0)
    assert summary == summarize(rows, old.manifest)
    with pytest.raises(ResultFormatError, match="only read"):
        Run.load(directory)
    new = import_results(old, tmp_path / "new")
    assert new.frame().collect().equals(table)
    assert Run.load(new.directory).manifest.version == 3


def test_what_was_not_asked_for_is_in_no_figure_and_counted_where_it_failed(tmp_path) -> None:
    run = Run.create(tmp_path, replace(MANIFEST, planned=3, factors=()))
    run.record({"id": "1"}, result(1))
    run.record({"id": "2", "wanted": False}, result(2))
    failed = result(3)
    failed.fail("refused")
    run.record({"id": "3", "wanted": False}, failed)
    run.judge("1", None)
    run.judge("2", "too small")
    for again in (run.finish, lambda: None):
        summary = run.summary()
        assert summary == summarize(run.rows(), run.manifest)
        assert (summary.total, summary.failed, summary.judged) == (2, 1, 1)
        assert (summary.unwanted, summary.retried) == (1, 1)
        assert summary.reasons == {"refused": 1}
        assert not summary.rejections
        again()
    assert run.wanted().collect()["id"].to_list() == ["1"]
    assert run.counted().collect()["id"].to_list() == ["1", "3"]
    assert run.frame().collect()["wanted"].to_list() == [None, False, False]
    document = Overview(run).serialize()
    assert document["unwanted"] == {"n": 2, "failures": 1}
    assert document["failures"] == 1
    assert document["failure_reasons"] == {"refused": 1}
    assert document["interrupted"]
    assert document["validation"]["valid"] is True
    assert Overview(run).missing == 2


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1]", "{}", '{"version": 99, "invocations": []}', '{"times": {"client": NaN}}'],
)
def test_a_file_that_is_no_result_is_named(tmp_path, text) -> None:
    path = tmp_path / "strange.json"
    path.write_text(text)
    with pytest.raises(ResultFormatError, match=r"strange\.json"):
        read_results(path).invocations()


def test_a_document_of_sebs_is_read(tmp_path) -> None:
    one = {
        "output": {"container_id": "c"},
        "times": {"client": 5, "benchmark": 4, "http_startup": 0.002},
        "stats": {"cold_start": False, "failure": False, "memory_used": None},
        "billing": {"_memory": 512, "_billed_time": 7, "_gb_seconds": 9},
    }
    path = tmp_path / "experiments.json"
    config = {"deployment": {"name": "aws", "region": "us-east-1"}, "experiments": {}}
    path.write_text(json.dumps({"_invocations": {"f": {"r": one}}, "config": config}))
    row = read_results(path).frame().collect().row(0, named=True)
    assert (row["platform"], row["benchmark"], row["memory"]) == ("aws", "f", 512)
    assert (row["start"], row["environment_id"], row["http_startup"]) == ("warm", "c", 2000)


def document(**one: object) -> dict[str, object]:
    """Return a document of SeBS with one invocation, changed in these keys."""
    stored = {
        "request_id": "r",
        "times": {"client": 5, "client_begin": "2023-11-14 23:13:20.000001"},
        "stats": {"cold_start": False, "failure": False},
    }
    return {"_invocations": {"f": {"r": {**stored, **one}}}, "config": {}}


def read_document(tmp_path: Path, stored: dict[str, object]) -> Results:
    path = tmp_path / "stored.json"
    path.write_text(json.dumps(stored).replace("Infinity", "1e999"))
    return read_results(path)


@pytest.mark.parametrize(
    ("told", "zone", "hour", "by"),
    [
        ({"output": {"begin": "1700000001.5"}}, "UTC+01:00", 22, "the functions' clocks"),
        ({"begin_time": 1699999999.0}, "UTC+01:00", 22, "at which the run began"),
        # So far from UTC is nothing.
        ({"begin_time": 1600000000.0}, "UTC", 23, "nothing tells"),
        ({}, "UTC", 23, "nothing tells"),
    ],
)
def test_the_zone_of_a_local_time_is_told_by_what_there_is(tmp_path, told, zone, hour, by) -> None:
    output = {key: told[key] for key in told if key == "output"}
    rest = {key: told[key] for key in told if key != "output"}
    results = read_document(tmp_path, {**document(**output), **rest})
    assert results.manifest.details["client_zone"] == zone
    [remark] = results.manifest.remarks
    assert by in remark
    assert results.frame().collect()["begin"][0].hour == hour
    [single] = document(**output)["_invocations"]["f"].values()
    assert read_document(tmp_path, single).rows()[0]["begin"] % 3_600_000_000 == 800_000_001


def test_zero_is_no_time(tmp_path) -> None:
    stored = document(times={"client": 5, "client_begin": 0, "client_end": 0})
    [row] = read_document(tmp_path, stored).rows()
    assert not {"begin", "end"} & row.keys()


@pytest.mark.parametrize(
    ("stored", "named"),
    [
        (document(times={"client": 1e999}), "Invocation 1.*client is inf"),
        (document(times={"client": 10**30}), "Invocation 1.*client is 10{30}"),
        (document(times={"client_begin": 1e20}), r"Invocation 1.*1e\+20 is no time"),
        (document(stats={"memory_used": 10**400}), "Invocation 1.*too large"),
        (document(times=[1]), "Invocation 1.*times is"),
        (document(output=[1]), "Invocation 1.*output is"),
        (document(billing={"_memory": "much"}), "Invocation 1.*_memory is 'much'"),
        ({"_invocations": {"f": [1]}}, "invocations of 'f' that are no object"),
        ({"_invocations": {"f": {"r": 5}}}, "Invocation 1.*is 5"),
        ({"_invocations": {"f": {}}}, "not a single invocation"),
        ({"_invocations": {}}, "not a single invocation"),
        ({**document(), "begin_time": "x"}, "begin_time is 'x'"),
        ({**document(), "end_time": 1e999}, "end_time is inf"),
        ({**document(), "statistics": {"failures": 7}}, "failures is 7"),
        ({"1": [[7]]}, "Repetition 1 of 1 s.*has 7"),
        ({"1": [7]}, "Repetition 1 of 1 s.*is none"),
    ],
)
def test_what_cannot_be_in_a_document_is_named(tmp_path, stored, named) -> None:
    with pytest.raises(ResultFormatError, match=named) as caught:
        read_document(tmp_path, stored)
    assert "stored.json" in str(caught.value)


def test_a_document_that_is_too_deep_is_refused(tmp_path) -> None:
    (tmp_path / "deep.json").write_text("[" * 100_000)
    with pytest.raises(ResultFormatError, match=r"deep\.json"):
        read_results(tmp_path / "deep.json")


def test_what_was_imported_in_part_is_gone(run, tmp_path, monkeypatch) -> None:
    runs = tmp_path / "imported"
    monkeypatch.setattr(Run, "finish", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        import_results(run, runs)
    assert not list(runs.iterdir())


@pytest.mark.parametrize(
    "key",
    ["begun", "ended", "experiment", "details", "sessions", "processors", "constants", "planned"],
)
def test_a_manifest_that_cannot_be_is_named(run, key) -> None:
    path = run.directory / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: [{"x": 1}]}))
    with pytest.raises(ResultFormatError, match=rf"manifest\.json.*{key}"):
        Run.load(run.directory)


def test_a_table_that_is_not_what_was_written_is_left_for_the_journal(run, caplog) -> None:
    run.finish()
    before = Run.load(run.directory).frame().collect()
    table = run.directory / "invocations.parquet"
    data = bytearray(table.read_bytes())
    data[len(data) // 3] ^= 1
    table.write_bytes(data)
    assert Run.load(run.directory).frame().collect().equals(before)
    assert "not what was written" in caplog.text
