"""The page on results has every column as the schema has it, and its scripts run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sebs.faas.result import ExecutionResult
from sebs.results.manifest import Manifest
from sebs.results.run import Run
from sebs.results.schema import ANSWERED, ASKED, FORMAT_VERSION

PAGE = (Path(__file__).parents[2] / "docs" / "results.md").read_text(encoding="utf-8")
SCRIPTS = [
    script
    for script in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    if "pandas" not in script  # it is no dependency
]


def test_every_column_is_told_as_the_schema_has_it() -> None:
    columns = PAGE.partition("## Columns")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*) \|$", columns, re.MULTILINE)
    wanted = [(each.name, each.type, each.unit, each.meaning) for each in (*ASKED, *ANSWERED)]
    assert told == wanted


def test_the_version_is_this_one() -> None:
    assert f"this is {FORMAT_VERSION}, and" in PAGE


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_scripts_run(script, tmp_path, capsys) -> None:
    run = Run.create(tmp_path, Manifest(experiment="invoke", deployment="local", benchmark="b"))
    result = ExecutionResult()
    result.times.client = 4711
    run.record({"id": "1", "memory": 128}, result)
    run.finish()
    exec(script.replace("RUN", str(run.directory)), {})
    assert "4711" in capsys.readouterr().out


def test_there_are_scripts() -> None:
    assert len(SCRIPTS) == 2
