"""Benchmarks made on the spot, and a platform's package step."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from benchmark_doubles import INPUT, NAME, Make, PackageStep, write_tree

from sebs.benchmark import Benchmark
from sebs.cache import Cache
from sebs.config import SeBSConfig
from sebs.experiments.config import ExperimentConfig
from sebs.faas.function import Runtime
from sebs.sebs_types import Language


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A directory with one benchmark, which has nested files and needs nothing installed."""
    config = {"timeout": 10, "memory": 128, "languages": ["python", "nodejs"]}
    write_tree(
        tmp_path / "suite" / NAME,
        {
            "config.json": json.dumps(config),
            "input.py": INPUT,
            "python/function.py": "def handler(event):\n    return {'result': event}\n",
            "python/lib/deep/helper.py": "VALUE = 1\n",
            "python/.hidden": "dot",
            "nodejs/function.js": "exports.handler = (event) => ({result: event});\n",
        },
    )
    return tmp_path / "suite"


@pytest.fixture
def source(suite: Path) -> Path:
    return suite / NAME


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def make(suite: Path, cache: Cache, tmp_path: Path) -> Make:
    """Makes the benchmark; the language, version and everything else can be changed."""

    def benchmark(
        name: str = NAME,
        language: Language = Language.PYTHON,
        version: str = "3.11",
        wrappers: Sequence[Path] = (),
        **experiment: Any,
    ) -> Benchmark:
        config = ExperimentConfig(Runtime(language, version), **experiment)
        return Benchmark(
            name,
            "platform",
            config,
            SeBSConfig(),
            str(tmp_path / "out"),
            cache,
            benchmarks_dirs=[suite],
            wrappers=wrappers,
        )

    return benchmark


@pytest.fixture
def step() -> PackageStep:
    return PackageStep()
