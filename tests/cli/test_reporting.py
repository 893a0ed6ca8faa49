"""``sebs report`` as a user types it, where something is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sebs.cli.main import WRONG_USAGE, run
from sebs.results.manifest import Manifest
from sebs.results.run import Run


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
