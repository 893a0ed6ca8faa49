"""The bundled benchmarks, and their handlers in each language."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from suite_doubles import Fed, Handler, node_handler, python_process_handler

from sebs.benchmark.dependencies import PYTHON_PACKAGES
from sebs.local.storage import STORAGE_VARIABLE
from sebs.sebs_types import Language

#: One environment: the package's directory, and a list of events from standard input.
RECOGNIZER = """
import json, sys
sys.path[:0] = sys.argv[1:]
from function.function import handler
print(json.dumps([handler(event) for event in json.load(sys.stdin)]))
"""


@pytest.fixture
def fed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Fed]:
    """Gives a bundled benchmark its data directory and its storage."""
    monkeypatch.setenv(STORAGE_VARIABLE, str(tmp_path / "storage"))
    return lambda name: Fed(name, tmp_path)


@pytest.fixture
def python_handler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Fed], Handler]]:
    """Packages a benchmark and imports its handler as the platforms do: from a package."""
    before = set(sys.modules)

    def load(benchmark: Fed) -> Handler:
        package = benchmark.package(Language.PYTHON, tmp_path / "python" / "function")
        monkeypatch.syspath_prepend(package / PYTHON_PACKAGES)
        monkeypatch.syspath_prepend(package.parent)
        handler: Handler = importlib.import_module("function.function").handler
        return handler

    yield load
    for name in set(sys.modules) - before:
        origin = getattr(sys.modules[name], "__file__", None)
        if name.partition(".")[0] == "function" or str(tmp_path) in str(origin):
            del sys.modules[name]


@pytest.fixture
def python_process(tmp_path: Path) -> Callable[[Fed], Handler]:
    """Packages a benchmark whose dependencies must not come into this process."""

    def load(benchmark: Fed) -> Handler:
        package = benchmark.package(Language.PYTHON, tmp_path / "python" / "function")
        return python_process_handler(package, dict(os.environ))

    return load


@pytest.fixture
def recognize(tmp_path: Path, scratch: Path) -> Callable[[Fed, list[Any]], list[Any]]:
    """Gives all events to one environment: onnxruntime is loaded once by a process."""

    def run(benchmark: Fed, events: list[Any]) -> list[Any]:
        package = tmp_path / "python" / "function"
        if not package.exists():
            benchmark.package(Language.PYTHON, package)
        done = subprocess.run(
            [sys.executable, "-c", RECOGNIZER, package / PYTHON_PACKAGES, package.parent],
            input=json.dumps(events).encode(),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        assert list(scratch.iterdir()) == []
        return list(json.loads(done.stdout))

    return run


@pytest.fixture
def nodejs_handler(tmp_path: Path) -> Callable[[Fed], Handler]:
    """Packages a benchmark for Node.js."""

    def load(benchmark: Fed) -> Handler:
        package = benchmark.package(Language.NODEJS, tmp_path / "nodejs" / "function")
        return node_handler(package / "function.js", dict(os.environ))

    return load


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory for temporary files, of this process and of those that it starts."""
    directory = tmp_path / "scratch"
    directory.mkdir()
    monkeypatch.setenv("TMPDIR", str(directory))
    monkeypatch.setattr("tempfile.tempdir", None)
    return directory
