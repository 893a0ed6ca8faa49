"""Runs ``sebs`` as a user does, and writes benchmarks for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
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

    def started(self, arguments: list[Any], lines: int) -> subprocess.Popen[bytes]:
        """Start a command that measures; return once its journal has so many lines, or it ended."""
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            journals = list(self.results.glob("*/journal.jsonl"))
            written = journals[0].read_bytes().count(b"\n") if journals else 0
            if written >= lines and list(self.results.glob("*/manifest.json")):
                break
            time.sleep(0.002)
        return process

    def kill_at(self, arguments: list[Any], lines: int) -> None:
        """Start a command that measures, and kill it once its journal has so many lines."""
        process = self.started(arguments, lines)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL

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
