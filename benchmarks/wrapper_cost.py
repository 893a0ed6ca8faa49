"""What the platforms' wrappers add to a benchmark that they run.

A bundled benchmark runs at size test in a platform's own wrapper, and is timed from within. What
the wrapper adds inside is what it reports as the benchmark's time beyond that, some of which is
the timing's own; what it adds outside is the rest of its time: the event read, the envelope
written, and on the local platform the way to the worker's process and back. All from the same warm
invocations.
"""

from __future__ import annotations

import json
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import mean, median
from typing import Any

from _table import Row, print_table

from sebs.aws import package as aws_package
from sebs.benchmark.dependencies import Target
from sebs.benchmark.inputs import InputModule, StorageInputs
from sebs.benchmark.recipe import Recipe
from sebs.benchmark.source import find_benchmark
from sebs.benchmark.unpack import extract_zip
from sebs.local import Local
from sebs.local import package as local_package
from sebs.local.gateway import frames
from sebs.sebs_types import Language

#: The shortest of those that need no service, and so the one that a wrapper adds most to.
BENCHMARK = "110.dynamic-html"
WARM_UP = 200
TURNS = 2000

LIMIT = 6 << 20
REQUEST_ID = b"5ba0b8b17ab74bdc9c532f63a6f7a1f0"

#: The benchmark's module has another name; this one stands around it, and says how long it took.
PROBES = {
    Language.PYTHON: """
from time import perf_counter_ns
from . import bundled

def handler(event):
    begin = perf_counter_ns()
    answer = bundled.handler(event)
    answer["took"] = perf_counter_ns() - begin
    return answer
""",
    Language.NODEJS: """
const bundled = require('./bundled');

exports.handler = async (event) => {
  const begin = process.hrtime.bigint();
  const answer = await bundled.handler(event);
  answer.took = Number(process.hrtime.bigint() - begin);
  return answer;
};
""",
}

#: Call Lambda's wrapper; print a turn (see below) of each invocation.
LAMBDA = {
    Language.PYTHON: """
import json, sys, time
import handler

class Context:
    aws_request_id = "5ba0b8b1-6ab7-4bdc-9c53-2f63a6f7a1f0"

event, turns = json.loads(sys.argv[1]), []
for _ in range(int(sys.argv[2])):
    begin = time.perf_counter_ns()
    answer = handler.handler(event, Context)
    spent = time.perf_counter_ns() - begin
    turns.append((spent, answer["benchmark_including_imports"], answer["result"]["took"]))
print(json.dumps(turns))
""",
    Language.NODEJS: """
const { handler } = require('./handler');
const [event, count] = [JSON.parse(process.argv[1]), Number(process.argv[2])];
(async () => {
  const turns = [];
  for (let turn = 0; turn < count; turn += 1) {
    const begin = process.hrtime.bigint();
    const answer = await handler(event, { awsRequestId: '5ba0b8b1-6ab7-4bdc-9c53-2f63a6f7a1f0' });
    const spent = Number(process.hrtime.bigint() - begin);
    turns.push([spent, answer.benchmark_including_imports, answer.result.took]);
  }
  console.log(JSON.stringify(turns));
})();
""",
}

NODE = shutil.which("node") or "node"
WORKERS = Path(frames.__file__).parents[1] / "workers"
WORKER_COMMANDS = {
    Language.PYTHON: [sys.executable, "-I", "-S", "-B", str(WORKERS / "python_worker.py")],
    Language.NODEJS: [NODE, str(WORKERS / "node_worker.js")],
}
LAMBDA_COMMANDS = {Language.PYTHON: [sys.executable, "-c"], Language.NODEJS: [NODE, "-e"]}
MODULES = {Language.PYTHON: ("function.py", "bundled.py"),
           Language.NODEJS: ("function.js", "bundled.js")}  # fmt: skip

#: Of one invocation: the wrapper's nanoseconds, the benchmark's as it reports them in µs, and as
#: they are in ns.
Turn = tuple[int, int, int]
Package = Callable[[Path, Language, str], tuple[Path, int]]


def unpacked(language: Language, directory: Path, wrappers: list[Path], pack: Package) -> Path:
    """Package the benchmark with the probe around it; return where it is unpacked."""
    version = "20"
    if language is Language.PYTHON:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
    machine = "arm64" if platform.machine() in ("aarch64", "arm64") else "x64"
    build, root = directory / "build", directory / "task"
    build.mkdir(parents=True)
    target = Target(language, version, machine)
    Recipe(find_benchmark(BENCHMARK), "platform", target, "default", wrappers).assemble(build)
    module, bundled = MODULES[language]
    (build / module).rename(build / bundled)
    (build / module).write_text(PROBES[language])
    extract_zip(pack(build, language, BENCHMARK)[0], root)
    return root


def on_lambda(language: Language, directory: Path, event: Any) -> list[Turn]:
    root = unpacked(language, directory, aws_package.wrappers(language), aws_package.package)
    command = [*LAMBDA_COMMANDS[language], LAMBDA[language], json.dumps(event)]
    done = subprocess.run(
        [*command, str(WARM_UP + TURNS)], cwd=root, check=True, capture_output=True, text=True
    )
    return [(spent, reported, took) for spent, reported, took in json.loads(done.stdout)]


def on_local(language: Language, directory: Path, event: Any) -> list[Turn]:
    root = unpacked(language, directory, Local.wrappers(language), local_package.package)
    path = directory / "channel"
    variables = {
        "SEBS_CHANNEL": str(path),
        "SEBS_ENVIRONMENT_ID": "0" * 16,
        "SEBS_HANDLER": "function.function.handler",
        "SEBS_PACKAGE": str(root),
        "SEBS_CONCURRENCY": "1",
        "SEBS_MAX_RESPONSE": str(LIMIT),
        "SEBS_STARTED_NS": str(time.monotonic_ns()),
        "TMPDIR": str(directory),
    }
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        with subprocess.Popen(WORKER_COMMANDS[language], env=variables) as worker:
            channel, _ = listener.accept()
            with closing(channel):  # the worker ends with it
                turns = converse(channel, json.dumps(event).encode())
        if worker.returncode != 0:
            raise RuntimeError(f"the worker exited with {worker.returncode}")
    return turns


def converse(channel: socket.socket, event: bytes) -> list[Turn]:
    """Speak to a worker as the gateway does."""
    reader = frames.AnswerReader(LIMIT)
    request = frames.REQUEST.pack(len(event), REQUEST_ID) + event
    receive(channel, reader)  # that it is ready
    turns = []
    for _ in range(WARM_UP + TURNS):
        begin = time.perf_counter_ns()
        channel.sendall(request)
        body = receive(channel, reader)
        spent = time.perf_counter_ns() - begin
        answer = json.loads(body)
        turns.append((spent, answer["benchmark_including_imports"], answer["result"]["took"]))
    return turns


def receive(channel: socket.socket, reader: frames.AnswerReader) -> bytes:
    while data := channel.recv(1 << 16):
        for *_, body in reader.feed(data):
            return body
    raise RuntimeError("the worker is gone")


def rows(where: str, language: Language, turns: list[Turn]) -> list[Row]:
    turns = turns[WARM_UP:]
    own = median(took for _, _, took in turns) / 1000
    # Reported times are cut to whole microseconds, of which half a one is lost on average. A mean
    # smooths that; without the tenth at each end, where the machine did something else meanwhile.
    gaps = sorted(reported - took / 1000 for _, reported, took in turns)
    inside = mean(gaps[len(gaps) // 10 : -len(gaps) // 10]) + 0.5
    outside = median(spent / 1000 - reported for spent, reported, _ in turns)
    name = f"{where}, {language.value}"
    reference = f"{BENCHMARK}, test: {own:,.1f} µs"
    share = 100 * inside / own
    return [
        Row(f"{name}: inside", "≤ 1 % of it", f"{inside:.2f} µs ({share:.2f} %)", reference),
        Row(f"{name}: outside", "no part of it", f"{outside:.1f} µs", reference),
    ]


def measure() -> list[Row]:
    """Return the rows of the table."""
    benchmark = InputModule(find_benchmark(BENCHMARK).path)
    platforms = {"local worker": on_local, "Lambda's wrapper": on_lambda}
    with tempfile.TemporaryDirectory() as directory:
        event = benchmark.generate(Path(directory), "test", StorageInputs(None, [], [], None), None)
        return [
            row
            for number, (where, run) in enumerate(platforms.items())
            for language in PROBES
            for turns in [run(language, Path(directory, f"{number}-{language.value}"), event)]
            for row in rows(where, language, turns)
        ]


def main() -> int:
    print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
