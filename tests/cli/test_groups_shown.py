"""``sebs results show`` of a run in which invocations differ: a row a group, and what is beside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sebs.cli.main import run as sebs
from sebs.cli.measuring import outcome
from sebs.faas.result import ExecutionResult
from sebs.results.manifest import Manifest
from sebs.results.run import Run

MANIFEST = Manifest(
    experiment="perf-cost", deployment="local", benchmark="b", constants={"architecture": "x64"}
)


def result(client: int, *, cold: bool = False, failed: bool = False) -> ExecutionResult:
    made = ExecutionResult(request_id=f"{client}", environment_id="one")
    made.times.client, made.stats.cold_start = client, cold
    if failed:
        made.fail("refused")
    return made


@pytest.fixture
def made(tmp_path: Path) -> Run:
    run = Run.create(tmp_path, MANIFEST)
    for memory in (128, 256):
        for number in range(8):
            point = {"memory": memory, "kind": "sequential"}
            cold = memory == 256 and number == 3
            time = memory * 1000 + number * 100
            run.record({"id": f"{memory}-{number}", **point}, result(time, cold=cold))
            burst = {"id": f"{memory}-burst-{number}", **point, "kind": "burst"}
            run.record(burst, result(50 * time))
    unwanted = {"id": "128-unwanted", "memory": 128, "kind": "burst", "wanted": False}
    run.record(unwanted, result(10**9, failed=True))
    run.finish()
    return run


def test_each_group_is_a_row_with_its_interval(made, capfd) -> None:
    assert sebs(["results", "show", str(made.directory)]) == 0
    shown = capfd.readouterr().out
    rows = {tuple(line.split()[:3]): line.split()[3:] for line in shown.splitlines()}
    # The 1st and the 8th of 8 enclose the median with 99.2 %, a closer pair with 93 %.
    assert rows["warm", "128", "sequential"][:6] == ["8", "0", "128", "128", "to", "129"]
    assert rows["warm", "256", "sequential"][:3] == ["7", "0", "256"]
    assert rows["cold", "256", "sequential"][:4] == ["1", "0", "256", "-"]
    assert rows["warm", "128", "burst"][:3] == ["8", "1", "6418"]
    assert "1 of the invocations in sequence (memory 256) began cold" in shown
    assert "further invocations are in no figure" not in shown
    assert "1 of 33 invocations failed; 1 of them were made again, or given up:" in shown
    assert "\n  1: refused\n" in shown
    assert "Interrupted" not in shown


def test_json_has_the_intervals_of_each_group_too(made, capfd) -> None:
    assert sebs(["results", "show", str(made.directory), "--json"]) == 0
    groups = json.loads(capfd.readouterr().out)["groups"]
    found = {(each["start"], *each["levels"].values()): each["client_estimate"] for each in groups}
    sequential = found["warm", 128, "sequential"]
    assert (sequential["median_low"], sequential["median_high"]) == (128_000, 128_600)
    assert sequential["median_coverage"] == pytest.approx(246 / 2**8)  # X(1) to X(7) of 8
    assert sequential["mean"] == pytest.approx(128_350)
    assert sequential["mean_low"] < 128_350 < sequential["mean_high"]
    assert sequential["coefficient_of_variation"] == pytest.approx(245 / 128_350, rel=0.01)
    cold = found["cold", 256, "sequential"]
    assert (cold["median_low"], cold["mean_low"]) == (None, None)
    assert cold["mean_warning"]


def test_a_report_in_the_terminal_sketches_the_times_of_each_group(made, capfd) -> None:
    assert sebs(["report", str(made.directory)]) == 0
    lines = capfd.readouterr().out.splitlines()
    sketched = [line for line in lines if set(line) & set("▁▂▃▄▅▆▇█")]
    assert len([line for line in sketched if "MB, " in line]) == 5


def test_what_failed_and_was_made_again_is_a_failure_of_the_run(made, capfd) -> None:
    assert outcome(made, unfetched=False) == 1
    assert sebs(["results", "show", str(made.directory), "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["unwanted"] == {"n": 1, "failures": 1}
    assert document["failures"] == 1
    assert document["failure_reasons"] == {"refused": 1}
    assert document["summary"]["warm"] == {"n": 31, "failures": 1}
    levels = [(each["start"], *each["levels"].values()) for each in document["groups"]]
    assert len(levels) == len(set(levels)) == 5


def test_what_succeeded_and_was_not_asked_for_is_no_failure(tmp_path, capfd) -> None:
    run = Run.create(tmp_path, MANIFEST)
    run.record({"id": "1", "memory": 128}, result(1))
    run.record({"id": "2", "memory": 128, "wanted": False}, result(2))
    run.finish()
    assert outcome(run, unfetched=False) == 0
    assert sebs(["results", "show", str(run.directory)]) == 0
    assert "1 further invocations are in no figure" in capfd.readouterr().out


def test_of_many_reasons_the_commonest_are_told(tmp_path, capfd) -> None:
    run = Run.create(tmp_path, MANIFEST)
    for number in range(15):
        failed = result(1)
        failed.fail(f"reason {min(number, 12)}")
        run.record({"id": f"{number}", "memory": 128}, failed)
    run.finish()
    assert sebs(["results", "show", str(run.directory)]) == 0
    told = capfd.readouterr().out.partition("15 of 15 invocations failed:\n")[2].splitlines()
    assert told[0] == "  3: reason 12"
    assert told[10] == "  and 3 other reasons"
