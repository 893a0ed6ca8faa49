"""What is to be known of a run before its figures are believed: saturation, and contradictions."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sebs.cli.main import run as sebs
from sebs.faas.result import ExecutionResult
from sebs.invoke.watching import watched
from sebs.results.manifest import Manifest
from sebs.results.processor_use import ProcessorUse
from sebs.results.run import Run

MANIFEST = Manifest(experiment="invoke", deployment="local", benchmark="b")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = Run.create(tmp_path, MANIFEST)
    result = ExecutionResult(request_id="one", environment_id="one")
    result.times.client = 1000
    made.record({"id": "1"}, result)
    return made


def test_what_is_used_in_full_is_said_and_what_is_not_is_not() -> None:
    full = ProcessorUse.between(1.0, 0.95, 1.0, 2)
    assert (full.process_full_s, full.machine_full_s) == (1.0, 0.0)
    busy = ProcessorUse.between(2.0, 0.1, 3.9, 2)
    assert (busy.process_full_s, busy.machine_full_s) == (0.0, 2.0)
    both = full.plus(busy)
    first, second = both.told()
    assert first.startswith("The client was saturated during 1 of 3 s")
    assert second.startswith("The client's machine was saturated during 2 of 3 s: all 2 processors")
    assert both.process_s == pytest.approx(1.05)
    assert both.machine_s == pytest.approx(4.9)
    assert not list(ProcessorUse.between(1.0, 0.89, 1.89, 2).told())
    assert not list(ProcessorUse.between(100.0, 1.0, 1.0, 2).plus(full).told())
    assert not list(ProcessorUse().told())


def test_a_client_that_computes_is_saturated_and_its_run_says_so(run, capfd) -> None:
    with watched(run):
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            pass
    run.finish()
    use = ProcessorUse.deserialize(Run.load(run.directory).manifest.processors)
    # A last moment that is too short to be told from the kernel's ticks is left out.
    assert use.seconds >= 1.3
    assert use.process_s > 0
    # Where others keep it from a processor of its own, the machine is what is saturated.
    assert list(use.told())
    assert sebs(["results", "show", str(run.directory)]) == 0
    assert "saturated during" in capfd.readouterr().out
    assert sebs(["report", str(run.directory)]) == 0
    assert "saturated during" in capfd.readouterr().out
    assert sebs(["results", "show", str(run.directory), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["processors"] == use.serialize()


def test_a_client_that_waits_is_not_saturated_and_times_add_up(run) -> None:
    for _ in range(2):
        with watched(run):
            time.sleep(0.6)
    use = ProcessorUse.deserialize(run.manifest.processors)
    assert use.seconds >= 1.0
    assert use.process_full_s == 0


def test_who_does_not_record_notes_nothing(run) -> None:
    run.finish()
    before = (run.directory / "manifest.json").read_bytes()
    with watched(Run.load(run.directory)):
        time.sleep(0.2)
    assert (run.directory / "manifest.json").read_bytes() == before


def test_where_function_and_platform_disagree_on_cold_starts_it_is_shown(run, capfd) -> None:
    run.findings = {"cold_start_disagreements": ["one"], "missing": ["two", "three"]}
    run.remarks = ["The budget is spent."]
    run.finish()
    for command in ("results", "show"), ("report",):
        assert sebs([*command, str(run.directory)]) == 0
        shown = " ".join(capfd.readouterr().out.split())
        assert "Function and platform disagree on whether 1 invocation was cold" in shown
        assert "The platform's log has nothing of 2 invocations." in shown
    assert "The budget is spent." in shown


_KILLED = """
import os, signal, sys, threading, time
from pathlib import Path

from sebs.faas.result import ExecutionResult
from sebs.invoke import watching
from sebs.results.run import Run

watching._NOTED_EVERY = 0.3
run = Run.load(Path(sys.argv[1]))
result = ExecutionResult(request_id="two", environment_id="one")
result.times.client = 1000
before = run.manifest.processors["seconds"]
with watching.watched(run):
    run.record({"id": "2"}, result)
    kept = run.manifest
    while len(kept.sessions) < 2 or kept.processors["seconds"] < before + 1:
        time.sleep(0.05)
        # What is not written yet does not survive.
        kept = Run.load(run.directory).manifest
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_session_that_was_killed_keeps_its_time_and_what_the_processors_did(run) -> None:
    with watched(run):
        time.sleep(0.6)
    before = run.manifest
    run.close()
    killed = subprocess.run([sys.executable, "-c", _KILLED, run.directory], check=False)
    assert killed.returncode == -signal.SIGKILL
    resumed = Run.load(run.directory)
    result = ExecutionResult(request_id="three", environment_id="one")
    result.times.client = 1000
    with watched(resumed):
        resumed.record({"id": "3"}, result)
        time.sleep(0.6)
    resumed.finish()
    manifest = Run.load(run.directory).manifest
    first, second, third = manifest.sessions
    assert before.sessions == [first]
    assert first["begun"] < first["ended"] <= second["begun"]
    assert second["ended"] - second["begun"] >= 0.9
    assert second["ended"] <= third["begun"] < third["ended"]
    assert manifest.processors["seconds"] >= before.processors["seconds"] + 1 + 0.4
