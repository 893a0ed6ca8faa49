"""Trials are shown as such: how many environments idled for so long, and how many stayed."""

from __future__ import annotations

import json

import pytest

from sebs.cli.main import run as sebs

TABLE = (
    "Memory,FunctionTime,Invocations,DeltaT,WarmContainers\n"
    "128,1,8,600,2\n128,1,20,60,20\n128,1,8,60,7\n"
)


@pytest.fixture(params=["file", "run", "table"])
def source(request, tmp_path, capfd) -> str:
    """Return where the trials are: a file, a run that it was made, or what was exported of that."""
    path = tmp_path / "trials.csv"
    path.write_text(TABLE)
    if request.param == "file":
        return str(path)
    assert sebs(["results", "import", str(path), "--output-dir", str(tmp_path / "runs")]) == 0
    [run] = (tmp_path / "runs").iterdir()
    if request.param == "run":
        return str(run)
    table = str(tmp_path / "table.csv")
    assert sebs(["results", "export", str(run), "--format", "csv", "-o", table]) == 0
    return table


def test_trials_are_counted_by_how_long_they_idled(source, capfd) -> None:
    capfd.readouterr()
    assert sebs(["results", "show", source]) == 0
    shown = capfd.readouterr().out
    rows = [line.split() for line in shown.splitlines()]
    assert ["60", "2", "28", "27"] in rows
    assert ["600", "1", "8", "2"] in rows
    assert rows.index(["60", "2", "28", "27"]) < rows.index(["600", "1", "8", "2"])
    assert "3 trials of 36 environments in all: 29 were still warm." in shown
    assert "unknown" not in shown
    assert " on \n" not in shown


def test_a_report_counts_trials_and_shows_no_invocations(source, tmp_path, capfd) -> None:
    page = tmp_path / "report.html"
    assert sebs(["report", source, "-o", str(page)]) == 0
    told = page.read_text()
    assert "3 trials of 36 environments in all, 29 of which were still warm." in told
    assert "nobody knows" not in told
    assert "median [ms]" not in told


def test_the_document_says_how_many_environments_there_were(source, capfd) -> None:
    capfd.readouterr()
    assert sebs(["results", "show", source, "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["trials"] == {"n": 3, "environments": 36, "warm": 29}


def test_trials_that_differ_in_memory_are_apart(tmp_path, capfd) -> None:
    (tmp_path / "trials.csv").write_text(TABLE + "256,1,8,60,8\n")
    assert sebs(["results", "show", str(tmp_path / "trials.csv")]) == 0
    rows = [line.split() for line in capfd.readouterr().out.splitlines()]
    assert ["128", "60", "2", "28", "27"] in rows
    assert ["256", "60", "1", "8", "8"] in rows


def test_invocations_are_no_trials(tmp_path, capfd) -> None:
    text = (
        "memory,type,is_cold,exec_time,connection_time,client_time,provider_time,mem_used\n"
        "128,warm,False,1,1,1,1,1\n"
    )
    (tmp_path / "result.csv").write_text(text)
    assert sebs(["results", "show", str(tmp_path / "result.csv"), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["trials"] is None
