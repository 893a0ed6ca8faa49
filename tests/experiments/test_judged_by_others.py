"""A run that was made is judged by another objective: nothing is measured anew, nothing kept."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from sebs.cli.main import run
from sebs.experiments.memory_tuning import MemoryTuning
from sebs.experiments.scalability import Scalability
from sebs.faas.result import ExecutionResult
from sebs.results.manifest import Manifest
from sebs.results.run import Run

BEGIN = datetime(2026, 1, 2, tzinfo=timezone.utc)


def record(
    output: Path,
    experiment: type[MemoryTuning | Scalability],
    parameters: dict[str, Any],
    made: Iterable[tuple[dict[str, Any], int]],
) -> str:
    """Record a run of an experiment: what was asked for, and the client times, µs."""
    manifest = Manifest(
        experiment=experiment.NAME,
        deployment="local",
        region="local",
        parameters={"benchmark": "901.increment", "architectures": ["x64"], **parameters},
        constants={"architecture": "x64"},
        factors=experiment.FACTORS,
    )
    with Run.create(output, manifest) as begun:
        for number, (point, client) in enumerate(made):
            result = ExecutionResult(environment_id=f"e{number}")
            result.times.client = result.provider_times.execution = client
            result.times.client_begin = BEGIN
            result.times.client_end = BEGIN + timedelta(microseconds=client)
            begun.record({"id": str(number), **point}, result)
        begun.finish()
        return str(begun.directory)


@pytest.fixture
def tuned(tmp_path: Path) -> str:
    """With twice the memory it takes half the time, for a step of billing more; no more of that."""
    medians = {128: 100_000, 256: 50_000, 1024: 25_000}
    made = [
        ({"memory": memory, "kind": "warm", "payload": "test"}, median + each)
        for memory, median in medians.items()
        for each in range(20)
    ]
    parameters = {
        **{"memory-sizes": list(medians), "objective": "balanced", "weight": 0.5},
        "prices": {"provider": "aws", "region": "us-east-1"},
    }
    return record(tmp_path, MemoryTuning, parameters, made)


def concluded(capfd: pytest.CaptureFixture[str], directory: str, *others: str) -> dict[str, Any]:
    options = [option for other in others for option in ("--set", other)]
    assert run(["experiment", "process", directory, "--offline", "--json", *options]) == 0
    conclusion: dict[str, Any] = json.loads(capfd.readouterr().out)["conclusion"]
    return conclusion


def test_memory_sizes_are_weighed_otherwise(tuned, capfd) -> None:
    before = (Path(tuned) / "manifest.json").read_bytes()

    def recommended(*others: str) -> tuple[str, float, int]:
        found = concluded(capfd, tuned, *others)
        return found["objective"], found["weight"], found["payloads"][0]["recommended"]

    assert recommended() == ("balanced", 0.5, 256)
    assert recommended("objective=cost") == ("cost", 0.5, 128)
    assert recommended("objective=speed") == ("speed", 0.5, 1024)
    assert recommended("weight=1") == ("balanced", 1, 1024)
    assert (Path(tuned) / "manifest.json").read_bytes() == before


def test_prices_and_a_machine_may_be_others(tuned, capfd) -> None:
    there = 'prices={"provider": "aws", "region": "af-south-1"}'
    found = concluded(capfd, tuned, there, "vm-hourly=0.01")
    assert found["vm_hourly"] == 0.01
    pairs = zip(
        *(each["payloads"][0]["sizes"] for each in (found, concluded(capfd, tuned))), strict=True
    )
    for dearer, cheaper in pairs:
        assert dearer["cost_per_million"] > cheaper["cost_per_million"]
        assert dearer["break_even_per_hour"] > 0
        assert dearer["median_s"] == cheaper["median_s"]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ("objective=best", ["memory-tuning.objective", "'balanced'"]),
        ("weight=2", ["memory-tuning.weight"]),
        ("repetitions=9", ["no other repetitions", "objective, prices, vm-hourly, weight"]),
        ("objective", ["objective=cost"]),
    ],
)
def test_what_cannot_be_judged_by_is_refused(other, words, tuned, capfd) -> None:
    assert run(["experiment", "process", tuned, "--offline", "--set", other]) == 2
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    for word in words:
        assert word in captured.err


def test_another_lateness_is_tolerated(tmp_path, capfd) -> None:
    intended = int(BEGIN.timestamp() * 1e6) - 1000
    point = {"kind": "burst", "repetition": 1, "burst_size": 2, "inter_arrival": 0.0}
    made = [({**point, "intended": intended, "late": 1000}, 5000)] * 2
    directory = record(tmp_path, Scalability, {"tolerated-lateness": 0.1}, made)

    def valid(*others: str) -> list[bool]:
        return [burst["valid"] for burst in concluded(capfd, directory, *others)["bursts"]]

    assert valid() == [True]
    assert valid("tolerated-lateness=0.0009") == [False]
