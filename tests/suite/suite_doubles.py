"""Bundled benchmarks as a platform sees them: fed, packaged, run and judged."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sebs.benchmark.dependencies import Target
from sebs.benchmark.inputs import InputModule, StorageInputs
from sebs.benchmark.recipe import Recipe
from sebs.benchmark.source import find_benchmark
from sebs.sebs_types import Language

WRAPPERS = Path(__file__).with_name("wrappers")
BUCKET = "bucket"
ARCHITECTURE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x64"

Handler = Callable[[dict[str, Any]], Any]

#: It ends as soon as it has the answer, whatever the function has left undone.
NODE_RUNNER = """
const fs = require('fs');
require(process.argv[1]).handler(JSON.parse(fs.readFileSync(0))).then((answer) => {
  fs.writeFileSync(1, JSON.stringify(answer));
  process.exit();
});
"""


class FileStorage:
    """The platform's side of the storage that functions reach through ``wrappers/``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def upload(self, index: int, key: str, filepath: str) -> None:
        place = self.root / BUCKET / f"input-{index}" / key
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(filepath, place)

    def download(self, bucket: str, key: str, filepath: str) -> None:
        shutil.copyfile(self.root / bucket / key, filepath)


class Fed:
    """A bundled benchmark and what it is fed from.

    Args:
        name: The benchmark.
        directory: Where its data and its objects are.
    """

    def __init__(self, name: str, directory: Path) -> None:
        self.source = find_benchmark(name)
        self.data_dir = directory / "data"
        self.storage = FileStorage(directory / "storage")
        self._inputs = InputModule(self.source.path)

    def event(self, size: str) -> dict[str, Any]:
        inputs, outputs = self._inputs.buckets_count()
        place = StorageInputs(
            BUCKET,
            [f"input-{index}" for index in range(inputs)],
            [f"output-{index}" for index in range(outputs)],
            self.storage.upload,
        )
        return self._inputs.generate(self.data_dir, size, place, None)

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
        Recipe(self.source, "platform", target, "default", WRAPPERS / language.value).assemble(
            directory
        )
        return directory


def node_handler(function: Path, environment: dict[str, str]) -> Handler:
    """Return a call of a Node.js function, each in a process of its own."""

    def call(event: dict[str, Any]) -> Any:
        done = subprocess.run(
            ["node", "-e", NODE_RUNNER, function],
            input=json.dumps(event).encode(),
            capture_output=True,
            env=environment,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    return call
