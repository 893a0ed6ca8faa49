"""``sebs analyze iaas``: a platform's times against those of a machine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from sebs.cli.main import run
from sebs.faas.result import ExecutionResult
from sebs.results.manifest import Manifest
from sebs.results.run import Run

TIMES = [1000, 1010, 1020, 1030, 1040, 1050, 1060]


def record(output: Path, times: dict[int | None, Sequence[int]], **more: Any) -> str:
    """Record warm times, µs, by memory size, and a cold one each that is no part of it.

    Args:
        output: Where runs are.
        times: Provider times, and those of the benchmark.
        more: Of the manifest; ``metrics``, whether provider times are known; ``kinds``, kinds of
            invocations to times of theirs, which each size has instead.
    """
    metrics = more.pop("metrics", True)
    kinds = more.pop("kinds", None)
    manifest = {"deployment": "local", "benchmark": "b", "size": "test", **more}
    with Run.create(output, Manifest(experiment="invoke", **manifest)) as made:
        for (memory, of_size), kind in product(times.items(), kinds or [None]):
            measured = of_size if kind is None else kinds[kind]
            for number, time in enumerate([*measured, 10**6]):
                result = ExecutionResult(environment_id="e")
                result.times.client, result.times.benchmark = time + 500, time
                if metrics:
                    result.provider_times.execution = time
                result.stats.cold_start = number == len(measured)
                point = {"id": f"{memory}-{kind}-{number}", "architecture": "x64"}
                asked_for = {"memory": memory, "kind": kind}
                point |= {name: value for name, value in asked_for.items() if value is not None}
                made.record(point, result)
        made.finish()
        return str(made.directory)


def asked(capfd: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run(["analyze", "iaas", *arguments, "--json"]) == 0
    return json.loads(capfd.readouterr().out)


def test_the_ratio_is_that_of_the_medians_at_each_memory_size(tmp_path, capfd) -> None:
    twice = {256: [2 * time for time in TIMES], 128: [3 * time for time in TIMES]}
    platform = record(tmp_path, twice, deployment="aws", region="us-east-1")
    machine = record(tmp_path, {1024: TIMES})
    found = asked(capfd, platform, machine)
    assert (found["n_machine"], found["machine_time"]) == (7, "provider")
    assert found["median_machine_s"] == pytest.approx(0.00103)
    assert [each["memory"] for each in found["by_memory"]] == [128, 256]
    assert [each["ratio"] for each in found["by_memory"]] == pytest.approx([3.0, 2.0])
    for each in found["by_memory"]:
        assert each["ratio_low"] <= each["ratio"] <= each["ratio_high"]
        assert each["n"] == 7
    assert run(["analyze", "iaas", platform, machine]) == 0
    assert "3.000" in capfd.readouterr().out


def test_where_the_machine_has_no_log_it_is_the_time_of_the_benchmark(tmp_path, capfd) -> None:
    machine = record(tmp_path, {1024: TIMES}, metrics=False)
    found = asked(capfd, record(tmp_path, {128: TIMES}), machine)
    assert found["machine_time"] == "benchmark"
    assert found["by_memory"][0]["ratio"] == pytest.approx(1.0)


def test_times_of_the_benchmark_of_several_sizes_are_not_pooled(tmp_path, capfd) -> None:
    machine = record(tmp_path, {128: TIMES, 256: [2 * time for time in TIMES]}, metrics=False)
    assert run(["analyze", "iaas", record(tmp_path, {128: TIMES}), machine]) == 2
    assert "memory sizes 128, 256 MB" in capfd.readouterr().err


@pytest.mark.parametrize("metrics", [False, True])
def test_a_burst_on_the_machine_is_not_pooled_with_warm_invocations(
    metrics, tmp_path, capfd
) -> None:
    slow = [9 * time for time in TIMES]
    kinds = {"burst": slow, "warm": TIMES}
    machine = record(tmp_path, {128: TIMES}, kinds=kinds, metrics=metrics)
    found = asked(capfd, record(tmp_path, {128: TIMES}), machine)
    assert found["n_machine"] == 7
    assert found["by_memory"][0]["ratio"] == pytest.approx(1.0)


def test_a_machine_whose_memory_nobody_says_has_times_all_the_same(tmp_path, capfd) -> None:
    machine = record(tmp_path, {None: TIMES}, metrics=False)
    found = asked(capfd, record(tmp_path, {128: TIMES}), machine)
    assert (found["n_machine"], found["machine_time"]) == (7, "benchmark")


def test_too_little_data_gives_no_ratio(tmp_path, capfd) -> None:
    machine = record(tmp_path, {1024: TIMES[:5]})
    platform = record(tmp_path, {128: TIMES})
    assert asked(capfd, platform, machine)["by_memory"][0]["ratio"] is None
    assert run(["analyze", "iaas", platform, machine]) == 0
    assert "Fewer than 6 invocations" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("machine", "code", "message"),
    [
        ({"times": {128: TIMES}, "size": "large"}, 2, "size: test and large"),
        ({"times": {128: TIMES}, "benchmark": "c"}, 2, "benchmark: b and c"),
        ({"times": {128: TIMES, 256: TIMES}}, 2, "memory sizes 128, 256 MB"),
        ({"times": {128: []}}, 1, "no warm invocation"),
    ],
)
def test_what_says_nothing_is_refused(tmp_path, capfd, machine, code, message) -> None:
    of = record(tmp_path, machine.pop("times"), **machine)
    assert run(["analyze", "iaas", record(tmp_path, {128: TIMES}), of]) == code
    assert message in capfd.readouterr().err


def test_other_sizes_are_compared_where_that_is_forced(tmp_path, capfd) -> None:
    machine = record(tmp_path, {128: TIMES}, size="large")
    assert asked(capfd, record(tmp_path, {128: TIMES}), machine, "--force")["by_memory"]
