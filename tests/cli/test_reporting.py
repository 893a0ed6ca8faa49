"""``sebs report`` as a user types it, where something is missing."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import pytest

from sebs.cli.main import WRONG_USAGE, run
from sebs.faas.result import ExecutionResult
from sebs.results.manifest import Manifest
from sebs.results.run import Run
from sebs.utils import write_atomically


def test_without_polars_it_says_how_to_get_it(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)

    assert run(["report", str(tmp_path)]) == WRONG_USAGE

    assert "pip install 'sebs-faas[analysis]'" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--figures", "figures"]])
def test_a_report_is_of_a_run(arguments, capsys) -> None:
    assert run(["report", *arguments]) == WRONG_USAGE

    assert "RUNS" in capsys.readouterr().err


@pytest.fixture
def run_directory(tmp_path: Path) -> str:
    manifest = Manifest(experiment="invoke", deployment="local", benchmark="010.sleep")
    with Run.create(tmp_path / "runs", manifest) as made:
        made.finish()
    return str(made.directory)


@pytest.mark.parametrize("name", ["r.pdf", "r", "r.png", "html"])
def test_a_page_is_html_and_nothing_else(name, run_directory, tmp_path, capsys) -> None:
    page = tmp_path / name

    assert run(["report", run_directory, "-o", str(page)]) == WRONG_USAGE

    assert not page.exists()
    told = capsys.readouterr().err
    assert str(page) in told
    assert "--figures" in told


def test_figures_go_where_a_directory_can_be_made(run_directory, tmp_path, capsys) -> None:
    (tmp_path / "file").touch()
    for impossible in ("/proc/x", str(tmp_path / "file" / "x"), str(tmp_path / "file")):
        assert run(["report", run_directory, "--figures", impossible]) == WRONG_USAGE
        assert f"The directory '{impossible}' cannot be made" in capsys.readouterr().err
    assert run(["report", run_directory, "--figures", "/proc"]) == WRONG_USAGE
    assert "The directory '/proc' takes no file: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("/proc/r.html", "cannot be written: "),
        ("/sys/r.html", "cannot be written: "),
        ("{}/nowhere/at/all/r.html", "there is no directory"),
        ("{}/file/r.html", "there is no directory"),
        ("{}/pages.html", "is a directory. Name a file in it."),
        ("{}", "is a directory. Name a file in it."),
    ],
)
def test_a_page_goes_where_a_file_can_be_made(place, told, run_directory, tmp_path, capsys) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "pages.html").mkdir()
    before = sorted(tmp_path.rglob("*"))
    page, figures = place.format(tmp_path), str(tmp_path / "figures")

    assert run(["report", run_directory, "-o", page, "--figures", figures]) == WRONG_USAGE

    refused = capsys.readouterr().err
    assert refused.startswith(f"Error: {page!r} ")
    assert told in refused
    assert " Name " in refused or " Make it first" in refused
    assert sorted(tmp_path.rglob("*")) == before


_TABLE = """\
memory,type,is_cold,exec_time,connection_time,client_time,provider_time,mem_used
128,warm,False,90000,0.03,95000,90000,70
"""


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch, capsys) -> None:
    def full(stream) -> None:
        stream.write(b"a part")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("sebs.utils.flush_to_disk", full)
    (tmp_path / "result.csv").write_text(_TABLE)
    (tmp_path / "r.html").write_text("of yesterday")
    (tmp_path / "figures").mkdir()
    page, figures = ["-o", str(tmp_path / "r.html")], ["--figures", str(tmp_path / "figures")]
    for where in (page, figures):
        assert run(["report", str(tmp_path / "result.csv"), *where]) == WRONG_USAGE
        refused = capsys.readouterr().err
        assert str(where[1]) in refused
        assert "cannot be written: No space left on device. Name a file" in refused
    assert (tmp_path / "r.html").read_text() == "of yesterday"
    assert {path.name for path in tmp_path.rglob("*")} == {"figures", "r.html", "result.csv"}


def test_what_is_not_written_is_named_as_it_was_asked_for(tmp_path) -> None:
    page = tmp_path / "nowhere" / "r.html"
    with pytest.raises(FileNotFoundError) as refused:
        write_atomically(page, b"")
    assert str(refused.value) == f"[Errno 2] No such file or directory: {str(page)!r}"


def test_what_is_exported_replaces_nothing_unasked(run_directory, tmp_path, capsys) -> None:
    export = ["results", "export", run_directory, "-o", str(tmp_path / "r.json")]
    assert run(export) == 0
    assert capsys.readouterr().out == f"Written: {tmp_path / 'r.json'}\n"
    (tmp_path / "r.json").write_text("mine")
    assert run(export) == WRONG_USAGE
    assert "--force" in capsys.readouterr().err
    assert (tmp_path / "r.json").read_text() == "mine"
    assert run([*export, "--force"]) == 0
    assert (tmp_path / "r.json").read_text() != "mine"
    assert run(["results", "export", run_directory, "-o", str(tmp_path)]) == WRONG_USAGE
    # What was exported is no configuration.
    exported = str(tmp_path / "r.json")
    assert run(["config", "show", "--config", exported]) == WRONG_USAGE
    assert "is a file of results, and no configuration" in capsys.readouterr().err
    manifest = f"{run_directory}/manifest.json"
    assert run(["config", "show", "--config", manifest]) == WRONG_USAGE
    assert "is a file of results, and no configuration" in capsys.readouterr().err


def test_a_directory_of_directories_of_runs_is_told_in_a_line(
    run_directory, tmp_path, capsys
) -> None:
    for name in ("one", "two"):
        manifest = Manifest(experiment="invoke", deployment="local")
        Run.create(tmp_path / name, manifest).finish()
    assert run(["results", "list", str(tmp_path)]) == 0
    told = capsys.readouterr().err.splitlines()
    assert told == [
        f"Left out: 3 directories hold runs of their own; see: sebs results list {tmp_path / 'one'}"
    ]


def test_every_function_of_a_run_is_named(tmp_path, capsys) -> None:
    details = {"function": {"name": "f0"}}
    manifest = Manifest(experiment="memory-tuning", deployment="local", details=details)
    with Run.create(tmp_path, manifest) as made:
        for number in range(7):
            result = ExecutionResult(request_id=f"{number}", environment_id="e")
            made.record({"id": f"{number}", "function": f"f{number}"}, result)
        made.finish()
    assert run(["results", "show", str(made.directory)]) == 0
    assert "Functions: f0, f1, f2, f3, f4 and 2 more\n" in capsys.readouterr().out


def test_runs_with_other_parameters_are_not_compared_unasked(tmp_path, capsys) -> None:
    runs = []
    for protocol, repetitions in (("udp", 5), ("tcp", 9)):
        parameters = {"protocol": protocol, "repetitions": repetitions}
        manifest = Manifest(experiment="x", deployment="local", parameters=parameters)
        with Run.create(tmp_path, manifest) as made:
            made.finish()
        runs.append(str(made.directory))
    assert run(["compare", *runs]) == WRONG_USAGE
    told = capsys.readouterr().err
    assert "parameter protocol: udp and tcp" in told
    assert "repetitions" not in told
    run(["compare", *runs, "--force"])
    assert "The runs differ in parameter protocol: udp and tcp." in capsys.readouterr().out


def test_the_exit_codes_of_comparing_stand_one_below_the_other(capsys) -> None:
    assert run(["compare", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "\n  Exit codes:\n    0  HEAD is not shown" in shown
    assert "\\b" not in shown


@pytest.mark.parametrize(
    "arguments",
    [["report", "-o", "{}/r.html"], ["results", "export", "--output", "{}/r.json"]],
)
def test_a_directory_that_is_missing_is_named(arguments, run_directory, tmp_path, capsys) -> None:
    nowhere = tmp_path / "nowhere"

    given = [argument.format(nowhere) for argument in arguments]
    assert run([*given, run_directory]) == WRONG_USAGE

    told = capsys.readouterr().err
    assert f"there is no directory {str(nowhere)!r}" in told
    assert ".tmp" not in told
