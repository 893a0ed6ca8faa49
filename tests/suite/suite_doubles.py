"""Bundled benchmarks as a platform sees them: fed, packaged, run and judged.

The storage is the local platform's, with its wrappers, and no gateway between test and function.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from sebs.benchmark.dependencies import PYTHON_PACKAGES, Target
from sebs.benchmark.feeding import prepare
from sebs.benchmark.inputs import InputModule
from sebs.benchmark.recipe import Recipe
from sebs.benchmark.source import find_benchmark
from sebs.cache import Cache
from sebs.faas.plain_config import PlainConfig
from sebs.faas.resources import SystemResources
from sebs.local import Local
from sebs.local.nosql import LocalNoSQL
from sebs.local.storage import LocalStorage
from sebs.sebs_types import Language

ARCHITECTURE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x64"

Handler = Callable[[dict[str, Any]], Any]

#: Storage takes its time, as in a cloud, and the process ends as soon as it has the answer, so what
#: the function does not wait for is not done.
NODE_RUNNER = """
const fs = require('fs');
const { setTimeout: delay } = require('timers/promises');
const { rename } = fs.promises;
fs.promises.rename = (from, to) => delay(100).then(() => rename(from, to));
require(process.argv[1]).handler(JSON.parse(fs.readFileSync(0))).then((answer) => {
  fs.writeFileSync(1, JSON.stringify(answer));
  process.exit();
});
"""

#: Imports the function as the platforms do: from a package.
PYTHON_RUNNER = """
import importlib, json, sys
sys.path[:0] = sys.argv[1:]
answer = importlib.import_module("function.function").handler(json.load(sys.stdin))
json.dump(answer, sys.stdout)
"""


class Services(SystemResources):
    """A deployment's object storage, and its tables."""

    def __init__(self, directory: Path) -> None:
        cache = Cache(directory / "cache")
        section = {
            "name": "local",
            "region": "local",
            "resources": {"resources_id": "suite", "storage_buckets": {}},
        }
        config = PlainConfig.deserialize(section, cache, None)
        super().__init__(config, cache, None)
        root = directory / "storage"
        self.storage = LocalStorage(root, config.region, cache, config.resources)
        self.nosql = LocalNoSQL(directory / "tables", config.region, cache, config.resources)

    def get_storage(self, replace_existing: bool | None = None) -> LocalStorage:
        return self.storage

    def get_nosql_storage(self) -> LocalNoSQL:
        return self.nosql


class Fed:
    """A bundled benchmark and what it is fed from.

    Args:
        name: The benchmark.
        directory: Where its data and its objects are.
    """

    def __init__(self, name: str, directory: Path) -> None:
        self.source = find_benchmark(name)
        self.data_dir = directory / "data"
        self._directory = directory
        self._inputs = InputModule(self.source.path)

    @cached_property
    def services(self) -> Services:
        return Services(self._directory)

    @property
    def storage(self) -> LocalStorage:
        return self.services.storage

    def event(self, size: str) -> dict[str, Any]:
        return prepare(
            self.source.name,
            self._inputs,
            self.data_dir,
            size,
            self.services,
            replace_existing=False,
        )

    def judge(
        self, event: dict[str, Any], output: Any, language: str = "python", stored: bool = True
    ) -> str | None:
        return self._inputs.validate(
            self.data_dir,
            event,
            json.loads(json.dumps(output)),
            language=language,
            architecture=ARCHITECTURE,
            storage=self.storage if stored else None,
        )

    def package(self, language: Language, directory: Path) -> Path:
        """Fill a directory as a build does."""
        version = "20"
        if language is Language.PYTHON:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
        target = Target(language, version, ARCHITECTURE)
        directory.mkdir(parents=True)
        Recipe(self.source, "platform", target, "default", Local.wrappers(language)).assemble(
            directory
        )
        return directory


def node_handler(function: Path, environment: dict[str, str]) -> Handler:
    """Return a call of a Node.js function, each in a process of its own."""
    return _process_handler(["node", "-e", NODE_RUNNER, str(function)], environment)


def python_process_handler(package: Path, environment: dict[str, str]) -> Handler:
    """Return a call of a Python function, each in a process of its own.

    For dependencies that a process can have in one version only, once: NumPy, which tests use too.
    """
    paths = [str(package / PYTHON_PACKAGES), str(package.parent)]
    return _process_handler([sys.executable, "-I", "-c", PYTHON_RUNNER, *paths], environment)


def _process_handler(command: list[str], environment: dict[str, str]) -> Handler:
    def call(event: dict[str, Any]) -> Any:
        done = subprocess.run(
            command,
            input=json.dumps(event).encode(),
            capture_output=True,
            env=environment,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    return call
