"""The benchmark that the contract deploys: its function says which code ran, where and how often.

The event may hold ``echo`` (returned as it is), ``sleep`` (seconds) and ``fail`` (the message of
the error that is raised). The answer holds ``echo``, the ``revision`` of the code, the
``environment`` that ran it and ``calls``, how many invocations that environment has begun so far.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sebs.faas.function import ExecutionResult

PROBE = "900.contract-probe"

#: Seconds and MB that the probe asks for; allowed by every platform that we know of.
TIMEOUT, MEMORY = 10, 256

_PYTHON = """\
import itertools
import time
import uuid

REVISION = {revision}
ENVIRONMENT = uuid.uuid4().hex
calls = itertools.count(1)


def handler(event):
    call = next(calls)
    time.sleep(event.get("sleep", 0))
    if "fail" in event:
        raise ValueError(event["fail"])
    return {{
        "result": {{
            "echo": event.get("echo"),
            "revision": REVISION,
            "environment": ENVIRONMENT,
            "calls": call,
        }}
    }}
"""

_NODEJS = """\
const crypto = require('crypto');

const REVISION = {revision};
const ENVIRONMENT = crypto.randomBytes(16).toString('hex');
let calls = 0;

exports.handler = async (event) => {{
  const call = ++calls;
  await new Promise((resolve) => setTimeout(resolve, 1000 * (event.sleep || 0)));
  if ('fail' in event) throw new Error(event.fail);
  const echo = 'echo' in event ? event.echo : null;
  return {{result: {{echo, revision: REVISION, environment: ENVIRONMENT, calls: call}}}};
}};
"""

_INPUT = """\
size_generators = {"test": 1}


def generate_input(data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func):
    return {"echo": size}
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the probe answered."""

    echo: Any
    revision: int
    environment: str
    calls: int


def write_probe(directory: Path, revision: int) -> None:
    """Write the benchmark below a directory, with code that tells of its revision."""
    root = directory / PROBE
    config = {"timeout": TIMEOUT, "memory": MEMORY, "languages": ["python", "nodejs"]}
    files = {
        "config.json": json.dumps(config),
        "input.py": _INPUT,
        "python/function.py": _PYTHON.format(revision=revision),
        "nodejs/function.js": _NODEJS.format(revision=revision),
    }
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def read_answer(result: ExecutionResult) -> Answer:
    """Return what the probe answered in an invocation that must have succeeded."""
    assert not result.stats.failure, f"the invocation failed: {result.error}"
    return Answer(**result.output["result"])
