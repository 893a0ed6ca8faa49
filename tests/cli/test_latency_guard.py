"""The workflow for GitHub does what its page says: its commands run, in a repository."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli_line import CONFIG, INPUT

DOCS = Path(__file__).parents[2] / "docs"
WORKFLOW = DOCS / "examples" / "latency-guard.yml"

HANDLER = """
import time

def handler(event):
    time.sleep({seconds})
    return {{"result": event["number"] + 1}}
"""

#: A loaded machine must not make a difference where there is none.
SETTINGS = {"BENCHMARK": "901.increment", "REPETITIONS": "10", "TOLERATED": "100%"}


@dataclass(frozen=True)
class Job:
    """How a job ended.

    Attributes:
        failed: Name of the step that failed, if one did.
        summary: What it wrote to its summary.
        output: What its steps wrote.
    """

    failed: str | None
    summary: str
    output: str


class Runner:
    """Runs a job's steps as GitHub does: those that check out with git, commands with bash."""

    def __init__(self, root: Path) -> None:
        self.workspace = root / "it's a workspace"
        self.workspace.mkdir()
        self.repository = root / "repository"
        self.repository.mkdir()
        self._git("init", "--quiet", "--initial-branch", "main")
        self.document: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))

    def _git(self, *arguments: object) -> str:
        identity = ("-c", "user.name=nobody", "-c", "user.email=nobody@invalid")
        command = ["git", *identity, *map(str, arguments)]
        done = subprocess.run(
            command, cwd=self.repository, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, seconds: float | None) -> str:
        """Commit the benchmark, whose handler takes so long, or a repository without it."""
        directory = self.repository / "benchmarks" / SETTINGS["BENCHMARK"]
        (self.repository / "README").write_text(f"{seconds}")
        if seconds is not None:
            (directory / "python").mkdir(parents=True, exist_ok=True)
            (directory / "config.json").write_text(CONFIG)
            (directory / "input.py").write_text(INPUT)
            (directory / "python/function.py").write_text(HANDLER.format(seconds=seconds))
        self._git("add", ".")
        self._git("commit", "--quiet", "--allow-empty", "--message", "A version")
        return self._git("rev-parse", "HEAD")

    def run(self, base: str, head: str) -> Job:
        """Run the job for a pull request."""
        [job] = self.document["jobs"].values()
        summary = self.workspace / "summary.md"
        summary.touch()
        programs = str(Path(sys.executable).parent)
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("SEBS_")},
            **self.document["env"],
            **SETTINGS,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "SEBS_CACHE_DIR": str(self.workspace / "cache"),
            "GITHUB_STEP_SUMMARY": str(summary),
        }
        failed, output = None, ""
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                is_base = "base.sha" in step["with"].get("ref", "")
                place = self.workspace / step["with"]["path"]
                self._git("worktree", "add", "--detach", place, base if is_base else head)
            if "run" not in step or (failed and "!cancelled()" not in step.get("if", "")):
                continue
            assert "${{" not in step["run"], "what a pull request says must not become commands"
            assert self.document["defaults"]["run"]["shell"] == "bash"
            shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
            done = subprocess.run(
                shell,
                cwd=self.workspace,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=300,
                check=False,
            )
            output += done.stdout
            if done.returncode:
                failed = failed or step["name"]
        return Job(failed, summary.read_text(encoding="utf-8"), output)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_a_head_that_is_slower_fails(runner: Runner) -> None:
    job = runner.run(runner.commit(0.02), runner.commit(0.5))

    assert job.failed == "Compare them", job.output
    assert "::error::901.increment is slower by more than 100%" in job.output
    assert job.summary.count("head: slower") == 2
    assert "The runs differ in benchmark hash" in job.summary
    assert (runner.workspace / "report.html").stat().st_size > 10_000
    kept = yaml.safe_load(WORKFLOW.read_text())["jobs"]["latency"]["steps"][-1]["with"]["path"]
    assert all((runner.workspace / each).exists() for each in kept.split())


def test_a_head_that_is_not_slower_passes(runner: Runner) -> None:
    version = runner.commit(0.05)
    job = runner.run(version, version)

    assert job.failed is None, job.output
    assert job.summary.count("```text") == 2
    assert len(list((runner.workspace / "results").glob("*/901.increment-local-*"))) == 3


def test_a_benchmark_that_is_new_passes(runner: Runner) -> None:
    job = runner.run(runner.commit(None), runner.commit(0.01))

    assert job.failed is None, job.output
    assert job.summary == "901.increment is new: there is nothing to compare it with.\n"
    assert (runner.workspace / "report.html").exists()


def test_a_head_that_answers_wrongly_fails_when_it_is_measured(runner: Runner) -> None:
    base = runner.commit(0.01)
    path = runner.repository / "benchmarks/901.increment/python/function.py"
    path.write_text("def handler(event):\n    return {'result': 0}\n")
    runner._git("commit", "--quiet", "--all", "--message", "Wrong")
    job = runner.run(base, runner._git("rev-parse", "HEAD"))

    assert job.failed == "Measure the base, the head, and the base again", job.output


def test_the_page_explains_every_variable(runner: Runner) -> None:
    page = (DOCS / "github-action.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]+) \|", page, re.MULTILINE)

    assert set(re.findall(r"`([A-Z]+)`", " ".join(rows))) == set(runner.document["env"])


def test_it_asks_for_nothing_but_reading(runner: Runner) -> None:
    # YAML reads `on` as true.
    assert runner.document[True] == "pull_request"
    assert runner.document["permissions"] == {"contents": "read"}
    assert "secrets." not in WORKFLOW.read_text(encoding="utf-8")
