"""``sebs results`` as a user types it, with polars and without."""

from __future__ import annotations

import json
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
    assert (listed["state"], listed["benchmark"]) == ("running", "010.sleep")
    assert "Left out" in printed.err
    assert "empty" in printed.err
    assert sebs_command(["results", "list", str(directory)]) == 0
    assert made.directory.name in capfd.readouterr().out


def test_a_directory_that_is_not_there_is_an_error(tmp_path, capfd) -> None:
    assert sebs_command(["results", "list", str(tmp_path / "nowhere")]) == 1
    assert "nowhere" in capfd.readouterr().err


@pytest.mark.usefixtures("_polars")
def test_a_run_is_shown_whole_or_not(made, capfd) -> None:
    made.judge("1", "too small")
    for _ in ("open", "finished"):
        assert sebs_command(["results", "show", str(made.directory)]) == 0
        shown = capfd.readouterr().out
        assert "Interrupted: 3 of 4 invocations were made." in shown
        assert "1 outputs are wrong:\n  too small" in shown
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
