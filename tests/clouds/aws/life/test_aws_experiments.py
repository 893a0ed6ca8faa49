"""Experiments against AWS's stand-in, as a user runs them, interrupts them and goes on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aws_rig import ACCOUNT
from aws_servers import Server
from command_line import PROGRAM, CommandLine

#: Tiny, by both ways that answer at once.
SECTIONS = {
    "memory-tuning": {
        "benchmark": "010.sleep",
        "memory-sizes": [128, 256],
        "events": {"short": {"sleep": 0}},
        "repetitions": 7,
        "prices": {"provider": "aws", "region": "us-east-1"},
    },
    "scalability": {"burst-sizes": [2], "repetitions": 1, "function-time": 0.3},
    "network-ping-pong": {"invocations": 2, "repetitions": 20, "protocol": "tcp"},
    "perf-cost": {
        "benchmark": "010.sleep",
        "input-size": "none",
        "experiments": ["cold"],
        "repetitions": 5,
        "concurrent-invocations": 1,
    },
}


@pytest.fixture
def sebs(tmp_path: Path, ministack: Server) -> CommandLine:
    made = CommandLine(tmp_path, ministack)
    made.configure(resources={"resources_id": f"experiment-{uuid.uuid4().hex[:8]}"})
    made.patience = 1.0
    return made


def asked(sebs: CommandLine, name: str, trigger: str) -> list[str]:
    """The command that runs an experiment."""
    document = json.loads((sebs.root / "sebs.json").read_text())
    document["experiments"] |= {"trigger": trigger, name: SECTIONS[name]}
    (sebs.root / "sebs.json").write_text(json.dumps(document))
    return ["experiment", "invoke", name, "--config", "sebs.json", "--output-dir", "results"]


def rows(sebs: CommandLine) -> list[dict[str, Any]]:
    [journal] = (sebs.root / "results").glob("*/journal.jsonl")
    lines = map(json.loads, journal.read_text().splitlines())
    return [line for line in lines if "start" in line]


def measured(sebs: CommandLine, name: str, trigger: str) -> Any:
    out, _ = sebs(*asked(sebs, name, trigger), "--json")
    document = json.loads(out)
    assert document["validation"] == {"checked": True, "valid": True, "reasons": {}}
    assert document["metrics"]["found"] == len(rows(sebs))
    return document["conclusion"]


def test_memory_sizes_are_told_apart_or_not(sebs: CommandLine) -> None:
    [payload] = measured(sebs, "memory-tuning", "http")["payloads"]
    assert payload["payload"] == "short"
    assert payload["recommended"] in (128, 256)
    assert [(each["memory"], each["n"]) for each in payload["sizes"]] == [(128, 7), (256, 7)]
    assert all(each["cost_per_million"] > 0.2 for each in payload["sizes"])


def test_a_burst_gets_an_environment_each_and_its_run_says_where_it_was(
    sebs: CommandLine,
) -> None:
    conclusion = measured(sebs, "scalability", "library")
    [burst] = conclusion["bursts"]
    assert (burst["burst_size"], burst["environments"], burst["cold_share"]) == (2, 2, 1)
    assert all(row["intended"] < row["entered"] for row in rows(sebs))
    # Its metrics are found again without the file that says region and endpoint.
    [run] = (sebs.root / "results").iterdir()
    elsewhere = {"AWS_REGION": "eu-west-1", "AWS_SECRET_ACCESS_KEY": "none"}
    out, _ = sebs(
        "experiment", "process", str(run), "--json", AWS_ACCESS_KEY_ID=ACCOUNT, **elsewhere
    )
    document = json.loads(out)
    assert document["conclusion"] == conclusion
    assert document["metrics"]["found"] == 2


def test_messages_go_from_the_function_and_back(sebs: CommandLine) -> None:
    pooled = measured(sebs, "network-ping-pong", "http")["pooled"]
    assert (pooled["n"], pooled["lost"]) == (40, 0)
    assert pooled["least_s"] > 0


def test_a_function_that_is_deleted_ends_it_and_it_goes_on_with_a_new_one(
    sebs: CommandLine,
) -> None:
    command, functions = asked(sebs, "perf-cost", "library"), sebs.server.client("lambda")
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(patience=1.0), *command],
        cwd=sebs.root,
        env=sebs.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    journals = (sebs.root / "results").glob
    while process.poll() is None and not any(path.stat().st_size for path in journals("*/*.jsonl")):
        time.sleep(0.01)
    name = rows(sebs)[0]["function"]
    functions.delete_function(FunctionName=name)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"There is no function {name}" in told
    [run] = (sebs.root / "results").iterdir()
    assert " invocations were not made; the others are kept." in told
    assert told.count(f"--resume {run}") == 2  # at the beginning, and at the end
    sebs(*command, "--resume", str(run), code=int(any(row["failure"] for row in rows(sebs))))
    ids = Counter(row["id"] for row in rows(sebs))
    assert set(ids.values()) == {1}
    assert {f"128-x64-cold-{number}" for number in range(1, 6)} <= ids.keys()
