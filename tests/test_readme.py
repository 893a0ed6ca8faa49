"""The README tells the truth: its script runs, its configuration is valid, its commands exist."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sebs import config
from sebs.cli.main import COMMANDS
from sebs.experiments.registry import BUILT_IN

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.registry
def test_the_script_runs_as_it_stands(tmp_path) -> None:
    script = next(block for block in blocks("python") if "SeBS(" in block)
    assert len([line for line in script.splitlines() if line and "import" not in line]) == 10
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == ["True"] + ["False"] * 4
    assert all(int(line[1]) > 0 and "compute_time" in line[3] for line in lines)


def test_the_configuration_is_valid(tmp_path) -> None:
    [text] = blocks("json")
    assert json.loads(text)
    file = tmp_path / "config.json"
    file.write_text(text)
    assert config.load(file, platforms=["local"]).experiments["memory"] == 512


def test_the_commands_exist_and_none_is_missing() -> None:
    table = README.partition("## Commands")[2].partition("## Configuration")[0]
    assert set(re.findall(r"`sebs (\w+)", table)) == set(COMMANDS)


def test_every_experiment_is_named() -> None:
    table = README.partition("## Experiments")[2].partition("## Configuration")[0]
    assert set(re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE)) == set(BUILT_IN)
    assert "docs/experiments.md" in table


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
