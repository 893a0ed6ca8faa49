"""``sebs report`` as a user types it, where something is missing."""

from __future__ import annotations

import sys

import pytest

from sebs.cli.main import WRONG_USAGE, run


def test_without_polars_it_says_how_to_get_it(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)

    assert run(["report", str(tmp_path)]) == WRONG_USAGE

    assert "pip install 'sebs-faas[analysis]'" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--figures", "figures"]])
def test_a_report_is_of_a_run(arguments, capsys) -> None:
    assert run(["report", *arguments]) == WRONG_USAGE

    assert "RUNS" in capsys.readouterr().err
