"""``sebs experiment`` as it is typed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from cli_line import CommandLine

KINDS = ["cold", "warm", "burst", "sequential"]
SECTION = {
    "benchmark": "901.increment",
    "input-size": "test",
    "repetitions": 4,
    "concurrent-invocations": 2,
    "memory-sizes": [128, 192],
}


@pytest.fixture
def sebs(tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path)
    line.write_benchmark()
    return line


def command(sebs: CommandLine, *further: object, **changed: object) -> list[object]:
    config = {"experiments": {"perf-cost": SECTION | changed}}
    path = sebs.root / "config.json"
    path.write_text(json.dumps(config))
    place = ("--benchmarks-dir", sebs.benchmarks, "--output-dir", sebs.results)
    return ["experiment", "invoke", "perf-cost", "--config", path, *place, *further]


def rows(run: Path) -> list[dict[str, object]]:
    lines = map(json.loads, (run / "journal.jsonl").read_text().splitlines())
    return [line for line in lines if "id" in line]


def wanted() -> set[str]:
    return {
        f"{memory}-x64-{kind}-{n}" for memory in (128, 192) for kind in KINDS for n in range(1, 5)
    }


def check(run: Path) -> None:
    ids = Counter(row["id"] for row in rows(run))
    assert set(ids.values()) == {1}
    assert wanted() <= set(ids)
    starts = {row["kind"]: {row["start"]} for row in rows(run) if "unwanted" not in str(row["id"])}
    assert starts["cold"] == {"cold"}
    assert starts["warm"] == {"warm"}


def test_it_lists_them(sebs) -> None:
    assert [each["name"] for each in sebs("experiment", "list", "--json").document] == ["perf-cost"]


def test_a_run_that_is_killed_goes_on(sebs) -> None:
    for lines in (0, 3, 9, 17, 28):
        resume = ("--resume", sebs.only_run()) if sebs.results.exists() else ()
        kill_at(sebs, command(sebs, *resume), lines)
    done = sebs(*command(sebs, "--resume", sebs.only_run()))
    assert done.code == 0, done.err
    check(sebs.only_run())


def kill_at(sebs: CommandLine, arguments: list[object], lines: int) -> None:
    process = subprocess.Popen(
        sebs.command(*arguments),
        cwd=sebs.root,
        env=sebs.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        journals = list(sebs.results.glob("*/journal.jsonl"))
        manifests = list(sebs.results.glob("*/manifest.json"))
        if manifests and len(journals[0].read_bytes().splitlines() if journals else ()) >= lines:
            break
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def test_a_run_of_something_else_is_not_resumed(sebs) -> None:
    assert sebs(*command(sebs, repetitions=1, experiments=["warm"])).code == 0
    done = sebs(*command(sebs, "--resume", sebs.only_run(), repetitions=2))
    assert done.code == 2
    assert "another parameters" in done.err


@pytest.mark.parametrize("changed", [{"repetitions": 0}, {"experiments": ["tepid"]}, {"sise": 1}])
def test_wrong_parameters_are_named(sebs, changed) -> None:
    done = sebs(*command(sebs, **changed))
    assert done.code == 2
    assert f"experiments.perf-cost.{next(iter(changed))}" in done.err
