"""What the wrapper adds to a function on Lambda: to each invocation, and to a cold start.

The wrapper's handler is called as Lambda's runtime calls it, with an event of its own API and with
that of a function URL. The reference is the least that a handler must do with each: call the
benchmark, and for a function URL read the body and write the answer. Both take turns in one
process, which has loaded the package that is deployed. A cold start is a new interpreter that
imports the module and makes a client of S3, without a request; the reference does that with the SDK
of AWS.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from _table import Row, milliseconds, print_table

from sebs.aws.package import package, wrappers
from sebs.benchmark.unpack import extract_zip
from sebs.sebs_types import Language

TURNS = 20_000
COLD_STARTS = 15

SOURCES = {
    Language.PYTHON: (
        "function.py",
        "def handler(event):\n    return {'result': event['number'] + 1}\n",
    ),
    Language.NODEJS: (
        "function.js",
        "exports.handler = async (event) => ({ result: event.number + 1 });\n",
    ),
}

#: Print the medians of direct and HTTP calls, each beside its reference, in microseconds.
PROGRAMS = {
    Language.PYTHON: """
import json, sys, time
from statistics import median
import handler
from function import function

class Context:
    aws_request_id = "5ba0b8b1-6ab7-4bdc-9c53-2f63a6f7a1f0"

direct = {"number": 1}
request = {"requestContext": {"http": {}}, "body": json.dumps(direct)}
calls = (
    lambda: handler.handler(direct, Context),
    lambda: function.handler(direct),
    lambda: handler.handler(request, Context),
    lambda: {"statusCode": 200, "body": json.dumps(function.handler(json.loads(request["body"])))},
)
times = [[] for _ in calls]
for _ in range(int(sys.argv[1])):
    for call, taken in zip(calls, times):
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
print(json.dumps([median(taken) * 1e6 for taken in times]))
""",
    Language.NODEJS: """
const { handler } = require('./handler');
const benchmark = require('./function/function').handler;

const context = { awsRequestId: '5ba0b8b1-6ab7-4bdc-9c53-2f63a6f7a1f0' };
const direct = { number: 1 };
const request = { requestContext: { http: {} }, body: JSON.stringify(direct) };
const calls = [
  () => handler(direct, context),
  () => benchmark(direct),
  () => handler(request, context),
  async () => ({
    statusCode: 200,
    body: JSON.stringify(await benchmark(JSON.parse(request.body))),
  }),
];
(async () => {
  const times = calls.map(() => []);
  for (let turn = 0; turn < Number(process.argv[1]); turn += 1) {
    for (const [number, call] of calls.entries()) {
      const begin = performance.now();
      await call();
      times[number].push(performance.now() - begin);
    }
  }
  const median = (taken) => taken.sort((one, other) => one - other)[taken.length >> 1] * 1000;
  console.log(JSON.stringify(times.map(median)));
})();
""",
}
INTERPRETERS = {
    Language.PYTHON: [sys.executable, "-c"],
    Language.NODEJS: [shutil.which("node") or "node", "-e"],
}

OURS = "from function import storage; storage.storage.get_instance()"
SDK = "import boto3; boto3.client('s3')"
VARIABLES = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
    "AWS_SESSION_TOKEN": "c",
}


def unpacked(language: Language, directory: Path) -> Path:
    """Make the package of a small benchmark; return where it is unpacked."""
    build = directory / "build"
    build.mkdir(parents=True)
    name, source = SOURCES[language]
    (build / name).write_text(source)
    for wrapper in wrappers(language):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(wrapper, build, ignore=ignored, dirs_exist_ok=True)
    root = directory / "task"
    extract_zip(package(build, language, "benchmark")[0], root)
    return root


def run(language: Language, root: Path, program: str) -> str:
    """Return what a program printed that runs where Lambda runs a function."""
    command = [*INTERPRETERS[language], program, str(TURNS)]
    return subprocess.run(
        command, cwd=root, env=VARIABLES, check=True, capture_output=True, text=True
    ).stdout


def invocations(language: Language, root: Path) -> list[Row]:
    direct, called, request, answered = json.loads(run(language, root, PROGRAMS[language]))
    name = f"wrapper of Lambda, {language.value}"
    return [
        Row(
            f"{name}, invoked by the API",
            "adds 50 µs at most",
            f"{direct:.1f} µs",
            f"benchmark alone: {called:.1f} µs",
        ),
        Row(
            f"{name}, invoked by a URL",
            "adds 50 µs at most",
            f"{request:.1f} µs",
            f"body read, benchmark, body written: {answered:.1f} µs",
        ),
    ]


def cold_starts(root: Path) -> Row:
    times: dict[str, list[float]] = {OURS: [], SDK: []}
    for _ in range(COLD_STARTS):
        for program, taken in times.items():
            begin = time.perf_counter()
            run(Language.PYTHON, root, program)
            taken.append(time.perf_counter() - begin)
    return Row(
        "start of Python with a client of S3",
        "half of the SDK's",
        milliseconds(median(times[OURS])),
        f"boto3: {milliseconds(median(times[SDK]))}",
    )


def measure() -> list[Row]:
    """Return the rows of the table."""
    with tempfile.TemporaryDirectory() as directory:
        roots = {
            language: unpacked(language, Path(directory, language.value)) for language in SOURCES
        }
        run(Language.PYTHON, roots[Language.PYTHON], OURS)  # which leaves the bytecode
        rows = [row for language, root in roots.items() for row in invocations(language, root)]
        return [*rows, cold_starts(roots[Language.PYTHON])]


def main() -> int:
    print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
