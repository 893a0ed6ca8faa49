"""Runs ``sebs`` as a user does, and writes benchmarks for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONFIG = '{"timeout": 5, "memory": 128, "languages": ["python"], "modules": []}'
INPUT = """
size_generators = {"test": 1, "small": 2}

def generate_input(data_dir, size, bucket, inputs, outputs, upload, nosql):
    return {"number": size_generators[size]}

def validate_output(data_dir, input_config, output, language, storage=None):
    wanted = input_config["number"] + 1
    got = output["result"]
    return None if got == wanted else f"{got} is not {wanted}"
"""
HANDLER = "def handler(event):\n    return {'result': event['number'] + 1}\n"


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class CommandLine:
    """Runs ``sebs`` as a user does: a process in a directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.benchmarks = root / "benchmarks"
        self.results = root / "results"
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("SEBS_")},
            "SEBS_CACHE_DIR": str(root / "cache"),
        }

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, "-c", "from sebs.cli.main import entry; entry()"] + [
            str(argument) for argument in arguments
        ]

    def __call__(self, *arguments: object) -> Done:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def invoke(self, *arguments: object, benchmark: str = "901.increment") -> Done:
        return self(*self.invocation(*arguments, benchmark=benchmark))

    def invocation(
        self, *arguments: object, benchmark: str = "901.increment", size: str = "test"
    ) -> list[object]:
        directories = ("--benchmarks-dir", self.benchmarks, "--output-dir", self.results)
        return ["benchmark", "invoke", benchmark, size, *directories, *arguments]

    def write_benchmark(
        self, name: str = "901.increment", handler: str = HANDLER, inputs: str = INPUT
    ) -> Path:
        directory = self.benchmarks / name
        (directory / "python").mkdir(parents=True, exist_ok=True)
        (directory / "config.json").write_text(CONFIG)
        (directory / "input.py").write_text(inputs)
        (directory / "python" / "function.py").write_text(handler)
        return directory

    def only_run(self) -> Path:
        [run] = self.results.iterdir()
        return run
