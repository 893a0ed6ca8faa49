"""``sebs results`` as a user types it, with polars and without."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cli_line import CommandLine

from sebs.cli.main import run as sebs_command
from sebs.faas.result import ExecutionResult
from sebs.results.manifest import Manifest
from sebs.results.run import Run

TABLE = (
    "memory,type,is_cold,exec_time,connection_time,client_time,provider_time,mem_used\n"
    "128,cold,true,5000,0.02,90000,6000,41.5\n128,warm,false,4000,0.02,7000,5000,40\n"
)
BEGIN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


class WithoutPolars(CommandLine):
    """A command line where polars is not installed."""

    def command(self, *arguments: object) -> list[str]:
        program, option, code, *rest = super().command(*arguments)
        return [program, option, f"import sys; sys.modules['polars'] = None; {code}", *rest]


@pytest.fixture(params=["with polars", "without polars"])
def _polars(request, monkeypatch) -> None:
    if request.param == "without polars":
        monkeypatch.setitem(sys.modules, "polars", None)


@pytest.fixture
def made(tmp_path: Path) -> Run:
    manifest = Manifest(experiment="invoke", deployment="local", benchmark="010.sleep", planned=4)
    run = Run.create(tmp_path / "runs", manifest)
    for number in range(3):
        result = ExecutionResult.from_times(BEGIN, BEGIN + timedelta(milliseconds=number + 1))
        result.environment_id = "one"
        result.stats.cold_start = number == 0
        run.record({"id": str(number)}, result)
    run.close()
    return run


def test_runs_are_listed_and_what_is_broken_is_named(made, capfd) -> None:
    directory = made.directory.parent
    (directory / "empty").mkdir()
    assert sebs_command(["results", "list", str(directory), "--json"]) == 0
    printed = capfd.readouterr()
    [listed] = json.loads(printed.out)
    assert listed["run_directory"] == str(made.directory)
    assert (listed["state"], listed["benchmark"]) == ("interrupted", "010.sleep")
    assert printed.err.startswith("Left out: There is no run in ")
    assert printed.err.endswith("empty': it has no manifest.json.\n")
    assert sebs_command(["results", "list", str(directory)]) == 0
    assert made.directory.name in capfd.readouterr().out


def test_a_directory_that_is_not_there_is_an_error(tmp_path, capfd) -> None:
    assert sebs_command(["results", "list", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capfd.readouterr().err


def test_a_run_is_no_directory_of_runs_and_the_other_way_round(made, capfd) -> None:
    assert sebs_command(["results", "list", str(made.directory)]) == 2
    assert f"sebs results show {made.directory}" in capfd.readouterr().err
    assert sebs_command(["results", "show", str(made.directory.parent)]) == 2
    assert f"sebs results list {made.directory.parent}" in capfd.readouterr().err


@pytest.mark.parametrize("name", ["manifest.json", "journal.jsonl", "invocations.parquet"])
def test_a_file_of_a_run_means_the_run(name, made, capfd) -> None:
    assert sebs_command(["results", "show", str(made.directory / name), "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["run_directory"] == str(made.directory)


def test_a_broken_manifest_says_where_the_invocations_are(made, capfd) -> None:
    (made.directory / "manifest.json").write_text('{"version": 3')
    assert sebs_command(["results", "show", str(made.directory)]) == 1
    told = capfd.readouterr().err
    assert "manifest.json' is no whole JSON" in told
    assert "journal.jsonl beside it" in told


def test_a_table_opens_in_a_spreadsheet(made, capfd) -> None:
    assert sebs_command(["results", "export", str(made.directory), "--format", "csv"]) == 0
    [title, *rows] = list(csv.reader(io.StringIO(capfd.readouterr().out)))
    table = [dict(zip(title, row, strict=True)) for row in rows]
    assert [row["begin"] for row in table] == ["2026-01-02T03:04:05.000000Z"] * 3
    assert table[2]["end"] == "2026-01-02T03:04:05.003000Z"
    assert [row["client"] for row in table] == ["1000", "2000", "3000"]
    assert table[0]["failure"] == "false"


def state_of(run: Run, capfd: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """Return what the list and the document of a run say of it."""
    assert sebs_command(["results", "list", str(run.directory.parent), "--json"]) == 0
    [listed] = json.loads(capfd.readouterr().out)
    assert sebs_command(["results", "show", str(run.directory), "--json"]) == 0
    return listed["state"], json.loads(capfd.readouterr().out)["state"]


def test_a_run_is_running_only_while_somebody_records_it(tmp_path, capfd) -> None:
    manifest = Manifest(experiment="invoke", deployment="local", planned=4)
    with Run.create(tmp_path / "runs", manifest) as run:
        assert state_of(run, capfd) == ("running", "running")
        run.record({"id": "1"}, ExecutionResult.from_times(BEGIN, BEGIN))
        assert state_of(run, capfd) == ("running", "running")
    assert state_of(run, capfd) == ("interrupted", "interrupted")
    run.finish()
    assert state_of(run, capfd) == ("finished", "finished")


def test_a_killed_recorder_leaves_an_interrupted_run(tmp_path, capfd) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom sebs.results.run import Run\n"
        "from sebs.results.manifest import Manifest\n"
        "run = Run.create(Path(sys.argv[1]), Manifest(experiment='invoke', deployment='local'))\n"
        "print(run.directory, flush=True)\ntime.sleep(600)\n"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path / "runs")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as recorder:
        run = Run.load(Path(recorder.stdout.readline().strip()))
        assert state_of(run, capfd) == ("running", "running")
        recorder.kill()
    assert state_of(run, capfd) == ("interrupted", "interrupted")


@pytest.mark.parametrize(
    ("experiment", "benchmark", "begins"),
    [
        ("invoke", "010.sleep", "010.sleep-local-2"),
        ("perf-cost", "010.sleep", "perf-cost-010.sleep-local-2"),
        ("network-ping-pong", "", "network-ping-pong-local-2"),
        ("invoke", "../arn:aws:x", ".._arn_aws_x-local-2"),
    ],
)
def test_a_run_is_called_by_its_experiment(experiment, benchmark, begins, tmp_path) -> None:
    manifest = Manifest(experiment=experiment, deployment="local", benchmark=benchmark)
    with Run.create(tmp_path, manifest) as run:
        assert run.directory.parent == tmp_path
        assert run.directory.name.startswith(begins)


def test_runs_are_not_kept_in_a_file(tmp_path, capfd) -> None:
    (tmp_path / "result.csv").write_text(TABLE)
    (tmp_path / "runs").write_text("")
    arguments = ["results", "import", str(tmp_path / "result.csv"), "--output-dir"]
    assert sebs_command([*arguments, str(tmp_path / "runs")]) == 2
    assert str(tmp_path / "runs") in capfd.readouterr().err


@pytest.mark.usefixtures("_polars")
def test_a_run_is_shown_whole_or_not(made, capfd) -> None:
    made.judge("1", "too small")
    for _ in ("open", "finished"):
        assert sebs_command(["results", "show", str(made.directory)]) == 0
        shown = capfd.readouterr().out
        assert "Interrupted: 3 of 4 invocations were made." in shown
        assert "1 outputs are wrong:\n  1: too small" in shown
        rows = [line.split() for line in shown.splitlines() if line.strip().startswith("warm")]
        assert rows[0][:3] == ["warm", "2", "2.00"]
        assert rows[-1][:3] == ["warm", "median", "2.50"]
        made.finish()
    table = made.directory / "invocations.parquet"
    assert table.exists() == (sys.modules.get("polars", True) is not None)


@pytest.mark.usefixtures("_polars")
def test_a_file_is_imported_and_stays_as_it_is(tmp_path, capfd) -> None:
    source = tmp_path / "result.csv"
    source.write_text(TABLE)
    imported = ["results", "import", str(source), "--output-dir", str(tmp_path / "runs"), "--json"]
    assert sebs_command(imported) == 0
    directory = json.loads(capfd.readouterr().out)["run_directory"]
    assert source.read_text() == TABLE
    assert sebs_command(["results", "export", directory]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["experiment"] == "perf-cost"
    summary = document["summary"]
    assert summary["cold"]["client"]["median"] == 90_000
    assert summary["warm"]["provider"] == {"n": 1, "min": 5000, "median": 5000, "max": 5000}


def imported(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], *options: str, text: str = TABLE
) -> Manifest:
    """Import a table, and return the run's manifest."""
    source = tmp_path / "result.csv"
    source.write_text(text)
    os.utime(source, (BEGIN.timestamp(), BEGIN.timestamp()))
    arguments = ["results", "import", str(source), "--output-dir", str(tmp_path / "runs")]
    assert sebs_command([*arguments, *options, "--json"]) == 0
    return Run.load(Path(json.loads(capfd.readouterr().out)["run_directory"])).manifest


def test_a_file_without_a_time_begins_when_it_was_written(tmp_path, capfd) -> None:
    manifest = imported(tmp_path, capfd)
    assert (manifest.begun, manifest.ended) == (BEGIN.timestamp(), BEGIN.timestamp())
    assert manifest.details["begun_from"] == "modification time of result.csv"
    assert sebs_command(["results", "list", str(tmp_path / "runs")]) == 0
    assert "2026-01-02 03:04:05 (file)" in capfd.readouterr().out


def test_a_file_that_says_when_its_invocations_began_begins_with_them(tmp_path, capfd) -> None:
    header = "payload_size,repetition,is_cold,connection_time,start_timestamp,finish_timestamp"
    rows = "1,0,True,0.1,1700000009.5,1700000010,r\n1,1,False,0.1,1700000001.25,1700000002,s\n"
    manifest = imported(tmp_path, capfd, text=f"{header},request_id\n{rows}")
    assert (manifest.begun, manifest.ended) == (1700000001.25, 1700000009.5)
    assert "begun_from" not in manifest.details


def test_what_a_file_does_not_say_is_told(tmp_path, capfd) -> None:
    told = {
        "--platform": "aws", "--region": "us-east-1", "--benchmark": "110.dynamic-html",
        "--size": "test", "--language": "python", "--language-version": "3.9",
        "--architecture": "arm64", "--memory": "128",
    }  # fmt: skip
    manifest = imported(tmp_path, capfd, *(each for pair in told.items() for each in pair))
    assert (manifest.deployment, manifest.region, manifest.benchmark, manifest.size) == (
        "aws", "us-east-1", "110.dynamic-html", "test",
    )  # fmt: skip
    [run] = (tmp_path / "runs").iterdir()
    assert run.name.startswith("perf-cost-110.dynamic-html-aws-")
    assert sebs_command(["analyze", "cost", str(run), "--json"]) == 0
    prices = json.loads(capfd.readouterr().out)["prices"]
    assert (prices["region"], prices["architecture"]) == ("us-east-1", "arm64")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--memory", "256"], ["memory is 128 by the file, and 256"]),
        (["--platform", "awss"], ["'awss'", "Did you mean aws?"]),
        (["--architecture", "mips"], ["mips"]),
        (["--memory", "0"], ["--memory"]),
    ],
)
def test_what_is_told_wrongly_imports_nothing(options, words, tmp_path, capfd) -> None:
    source = tmp_path / "result.csv"
    source.write_text(TABLE)
    arguments = ["results", "import", str(source), "--output-dir", str(tmp_path / "runs")]
    assert sebs_command([*arguments, *options]) == 2
    told = capfd.readouterr().err
    for word in words:
        assert word in told
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("text", ["", "memory,type\n1,warm\n", TABLE + "128,warm\n", "{"])
def test_what_is_broken_is_not_imported(tmp_path, text, capfd) -> None:
    source = tmp_path / "strange.csv"
    source.write_text(text)
    arguments = ["results", "import", str(source), "--output-dir", str(tmp_path / "runs")]
    assert sebs_command(arguments) != 0
    assert "strange.csv" in capfd.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_table_without_polars_says_what_to_install(made, monkeypatch, capfd) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    assert sebs_command(["results", "export", str(made.directory), "--format", "csv"]) != 0
    assert "sebs-faas[analysis]" in capfd.readouterr().err


def test_a_benchmark_is_measured_without_polars_and_its_run_keeps_the_configuration(sebs) -> None:
    line = WithoutPolars(sebs.root)
    secret = {"aws": {"credentials": {"access_key": "AKIAEXAMPLE", "secret_key": "swordfish-42"}}}
    (line.root / "c.json").write_text(
        json.dumps({"deployment": {"name": "local", **secret}, "experiments": {"repetitions": 2}})
    )
    done = line.invoke("--config", "c.json", "--memory", 256, "--json")
    assert done.code == 0, done.err
    assert done.document["summary"]["cold"]["n"] == 1
    assert sorted(path.name for path in line.only_run().iterdir()) == [
        "journal.jsonl",
        "manifest.json",
    ]
    text = (line.only_run() / "manifest.json").read_text()
    kept = json.loads(text)["configuration"]
    assert (kept["experiments"]["memory"], kept["experiments"]["repetitions"]) == (256, 2)
    assert kept["deployment"]["aws"]["credentials"].keys() == {"access_key", "secret_key"}
    assert "swordfish" not in text + done.out
