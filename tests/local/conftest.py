"""A local platform of a test's own, used through the facade as a script does it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sebs import Benchmark, Function, Local, SeBS
from sebs.local.client import GatewayClient
from sebs.local.launch import published

NAME = "910.probe"
CONFIG = {"timeout": 10, "memory": 128, "languages": ["python", "nodejs"]}
INPUT = """
def buckets_count():
    return (0, 0)

def generate_input(data_dir, size, bucket, inputs, outputs, upload, nosql):
    return {"number": 1}
"""
#: Return the event, without what the wrappers put into it.
PYTHON = """
def handler(event):
    del event['request-id'], event['income-timestamp']
    return {'result': event}
"""
NODEJS = """
exports.handler = async ({'request-id': _, 'income-timestamp': __, ...event}) => ({result: event});
"""


class Workshop:
    """A directory with a benchmark, a cache and the platform; programs come and go."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.cache = root / "cache"
        self.home = self.cache / "local"
        self.source = root / "benchmarks" / NAME
        self._programs: list[tuple[SeBS, Local]] = []
        self.write("config.json", json.dumps(CONFIG))
        self.write("input.py", INPUT)
        self.write("python/function.py", PYTHON)
        self.write("nodejs/function.js", NODEJS)

    def write(self, name: str, text: str) -> None:
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def platform(self, **section: Any) -> Local:
        """Return an initialized platform, in a program of its own."""
        program = SeBS(
            self.cache, self.root / "results", benchmarks_dirs=[self.root / "benchmarks"]
        )
        system = program.get_deployment({"name": "local", "local": section})
        assert isinstance(system, Local)
        self._programs.append((program, system))
        system.initialize(quiet=True)
        return system

    def benchmark(self, system: Local, language: str = "python", **experiment: Any) -> Benchmark:
        program = next(program for program, made in self._programs if made is system)
        runtime = {"language": language, "version": None}
        config = program.get_experiment_config({"runtime": runtime, **experiment})
        return program.get_benchmark(NAME, system, config)

    def function(self, system: Local, name: str | None = None, **experiment: Any) -> Function:
        return system.get_function(self.benchmark(system, **experiment), name)

    @property
    def gateway_pid(self) -> int | None:
        gateway = published(self.home)
        return None if gateway is None else gateway.pid

    def close(self) -> None:
        while self._programs:
            self._programs.pop()[0].shutdown()


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    made = Workshop(tmp_path / 'it\'s a "place" of ü')
    yield made
    made.close()


@pytest.fixture
def mutations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every control request of this process that may change something."""
    calls: list[str] = []
    original = GatewayClient.request

    def request(self: GatewayClient, method: str, path: str, body: Any = None) -> Any:
        if method != "GET":
            calls.append(f"{method} {path}")
        return original(self, method, path, body)

    monkeypatch.setattr(GatewayClient, "request", request)
    return calls


def alive(pid: int) -> bool:
    """Return whether any thread of a process runs: with the last one its sockets are closed."""
    return any(_runs(stat) for stat in Path(f"/proc/{pid}/task").glob("*/stat"))


def _runs(stat: Path) -> bool:
    try:
        return stat.read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def gone() -> Callable[[int], None]:
    """Waits until a process has ended."""

    def wait(pid: int) -> None:
        deadline = time.monotonic() + 20
        while alive(pid):
            assert time.monotonic() < deadline, f"{pid} does not end"
            time.sleep(0.02)

    return wait


@pytest.fixture
def program_environment() -> dict[str, str]:
    """Variables for a Python program that a test starts."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
