"""601.cpu, 602.memory-bandwidth, 603.disk: what is computed is checked, wherever it ran."""

from __future__ import annotations

import copy
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SIZES = ("test", "small", "large")
CPU, MEMORY, DISK = "601.cpu", "602.memory-bandwidth", "603.disk"

EVENTS = {
    CPU: {
        "test": {"seed": 42, "operations": 100_000, "loop_size": 48, "matrix_size": 256},
        "small": {"seed": 42, "operations": 1_000_000, "loop_size": 128, "matrix_size": 1024},
        "large": {"seed": 42, "operations": 10_000_000, "loop_size": 256, "matrix_size": 2048},
    },
    MEMORY: {
        "test": {"elements": 1_000_000, "repetitions": 10},
        "small": {"elements": 4_000_000, "repetitions": 10},
        "large": {"elements": 16_000_000, "repetitions": 10},
    },
    DISK: {
        "test": {"seed": 42, "size": 8 << 20, "accesses": 64},
        "small": {"seed": 42, "size": 64 << 20, "accesses": 256},
        "large": {"seed": 42, "size": 256 << 20, "accesses": 1024},
    },
}


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("size", SIZES)
def test_the_event_says_how_much(fed: Any, name: str, size: str) -> None:
    assert fed(name).event(size) == EVENTS[name][size]


@pytest.mark.registry
@pytest.mark.parametrize("name", [CPU, MEMORY])
def test_every_size_is_right(fed: Any, python_handler: Any, name: str) -> None:
    benchmark = fed(name)
    handler = python_handler(benchmark)
    for size in SIZES:
        event = benchmark.event(size)
        output = handler(event)
        assert benchmark.judge(event, output) is None
        measured = output["measurement"]
        assert all(isinstance(value, int) and value > 0 for value in measured.values())
        parts = [time for key, time in measured.items() if key.endswith("_time")]
        assert max(parts) == measured["compute_time"]


@pytest.mark.parametrize("size", SIZES)
def test_the_disk_is_written_read_and_left_clean(
    fed: Any, python_handler: Any, scratch: Path, size: str
) -> None:
    benchmark = fed(DISK)
    event = benchmark.event(size)
    output = python_handler(benchmark)(event)
    assert list(scratch.iterdir()) == []
    assert benchmark.judge(event, output) is None
    assert all(isinstance(value, int) for value in output["measurement"].values())


def test_a_disk_that_is_full_is_an_error_and_left_clean(
    fed: Any, python_handler: Any, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark = fed(DISK)
    handler = python_handler(benchmark)
    monkeypatch.setattr("os.writev", lambda disk, parts: 4096)
    with pytest.raises(OSError, match="a part of block 0 only"):
        handler(benchmark.event("test"))
    assert list(scratch.iterdir()) == []


def test_another_content_is_noticed_when_it_is_read(
    fed: Any, python_handler: Any, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark = fed(DISK)
    handler = python_handler(benchmark)
    monkeypatch.setattr("os.readv", lambda disk, buffers: 1 << 20)
    with pytest.raises(OSError, match="block 1 is not what was written"):
        handler(benchmark.event("test"))


# --- the verdict ---


def judge_of(name: str) -> ModuleType:
    """Return a benchmark's ``input.py``, to compute with what it computes with."""
    from sebs.benchmark.source import find_benchmark

    path = find_benchmark(name).path / "input.py"
    spec = importlib.util.spec_from_file_location(f"judge_{path.parent.name[:3]}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def test_the_closed_forms_are_those_of_the_sums() -> None:
    from math import cos, fsum, sin, sqrt

    judge = judge_of(CPU)
    for number in (10, 1000, 100_000):
        numbers = range(1, number + 1)
        waves, roots = fsum(sin(i) * cos(i) for i in numbers), fsum(map(sqrt, numbers))
        assert judge.waves(number) == pytest.approx(waves, abs=1e-9)
        assert judge.roots(number) == pytest.approx(roots, rel=1e-9)


def test_the_projection_is_that_of_the_product() -> None:
    judge, size = judge_of(CPU), 5
    left, right = (judge.noise(42, side, size * size) for side in ("left", "right"))
    rows, columns = (judge.noise(42, side, size) for side in ("rows", "columns"))
    total = sum(
        rows[i] * left[size * i + k] * right[size * k + j] * columns[j]
        for i in range(size)
        for j in range(size)
        for k in range(size)
    )
    assert judge.projection(42, size) == total % 2_147_483_647


#: Right results of size test.
RESULTS: dict[str, dict[str, Any]] = {
    CPU: {
        "waves": -0.017452684148019017,
        "roots": 21082008.973917928,
        "loop": 447148529,
        "matrix": 1896124621,
    },
    MEMORY: {
        "a": [576650390625.0, 576650390625.0],
        "b": [115330078125.0, 115330078125.0],
        "c": [153773437500.0, 153773437500.0],
    },
    DISK: {
        "pieces": "559f6a437bbc599978483abe8774c9b5f8d1fdbbc35c73219c20a62a42130b16",
        "file": "6c183eb79932de072b73f5de6b6e37d061299e66c05796f900e9a024befa99e7",
    },
}
ARRAY = 1_000_000 * 8
MEASUREMENTS: dict[str, dict[str, float]] = {
    CPU: {"float_time": 1, "loop_time": 2, "matrix_time": 3, "compute_time": 6},
    MEMORY: {
        "copy_time": 1, "scale_time": 1, "add_time": 1, "triad_time": 1, "compute_time": 40,
        "copy_size": 2 * ARRAY, "scale_size": 2 * ARRAY,
        "add_size": 3 * ARRAY, "triad_size": 5 * ARRAY,
    },
    DISK: {
        "write_time": 1, "sync_time": 1, "read_time": 1, "random_read_time": 1,
        "random_write_time": 1, "write_size": 8 << 20, "read_size": 8 << 20, "cached_size": 0,
        "random_read_size": 64 * 4096, "random_write_size": 64 * 4096,
    },
}  # fmt: skip


def right(name: str) -> dict[str, Any]:
    return copy.deepcopy({"result": RESULTS[name], "measurement": MEASUREMENTS[name]})


@pytest.mark.parametrize("name", EVENTS)
def test_the_right_output_passes(fed: Any, name: str) -> None:
    benchmark = fed(name)
    assert benchmark.judge(benchmark.event("test"), right(name)) is None


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        (CPU, {"waves": -0.017452}, "waves should be"),
        (CPU, {"waves": float("inf")}, "waves should be"),
        (CPU, {"roots": 21082008.97 - 316.2}, "roots should be"),
        (CPU, {"roots": "21082008.97"}, "roots should be"),
        (CPU, {"loop": 447148528}, "loop should be 447148529, and is 447148528"),
        (CPU, {"matrix": 0}, "matrix should be"),
        (CPU, {"matrix": None}, "matrix should be"),
        (MEMORY, {"a": [0.0, 576650390625.0]}, "the least and the largest"),
        (MEMORY, {"b": [115330078125.0, 115330078126.0]}, "the least and the largest"),
        (MEMORY, {"c": [153773437500.0]}, "the least and the largest"),
        (MEMORY, {"d": 0}, "the least and the largest"),
        (DISK, {"pieces": RESULTS[DISK]["file"]}, "the digests should be"),
        (DISK, {"file": "0" * 64}, "the digests should be"),
        (DISK, {"file": None}, "the digests should be"),
    ],
)
def test_another_result_is_noticed(fed: Any, name: str, change: Any, reason: str) -> None:
    benchmark, output = fed(name), right(name)
    output["result"].update(change)
    assert reason in str(benchmark.judge(benchmark.event("test"), output))


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("output", [None, [], "", {}, {"result": None}, {"result": []}])
def test_an_output_that_is_none_is_noticed(fed: Any, name: str, output: Any) -> None:
    benchmark = fed(name)
    assert "should be" in str(benchmark.judge(benchmark.event("test"), output))


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        (CPU, {"matrix_time": -1}, "matrix_time should be"),
        (CPU, {"compute_time": None}, "compute_time should be"),
        (CPU, {"compute_time": float("inf")}, "compute_time should be"),
        (CPU, {"loop_time": 0}, "loop_time should be more than 0"),
        (CPU, {"compute_time": 5}, "compute_time should be 6 at least"),
        *((MEMORY, {f"{name}_time": 0}, "more than 0") for name in ("copy", "scale", "triad")),
        (MEMORY, {"compute_time": 39}, "compute_time should be 40 at least"),
        (DISK, {"random_read_time": 0}, "random_read_time should be more than 0"),
        (DISK, {"write_time": float("nan")}, "write_time should be"),
        (MEMORY, {"triad_time": True}, "triad_time should be"),
        (MEMORY, {"triad_size": 3 * ARRAY}, "triad_size should be 40000000"),
        (DISK, {"read_size": 0}, "read_size should be"),
        (DISK, {"random_write_size": 4096}, "random_write_size should be"),
        (DISK, {"cached_size": (8 << 20) + 1}, "cached_size should be 8388608 at most"),
    ],
)
def test_measurements_that_cannot_be_are_noticed(
    fed: Any, name: str, change: Any, reason: str
) -> None:
    benchmark, output = fed(name), right(name)
    event = benchmark.event("test")
    output["measurement"].update(change)
    assert reason in str(benchmark.judge(event, output))
    del output["measurement"]
    assert "the measurement should be an object" in str(benchmark.judge(event, output))
