"""What measuring costs beside what is measured: 50 warm invocations of an empty function.

The loop is that of `sebs benchmark invoke`: each invocation is in the run's journal, on disk,
before the next one is sent. Its reference sends the same requests by the measuring client and keeps
nothing; the two take turns. The whole command is a process of its own: it starts a gateway, deploys
what the cache has built, forces a cold start, invokes, fetches the metrics and prints the result.
With one invocation it is the same, which shows what the others add. SeBS sleeps 10 s before each
batch.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from _table import Row, milliseconds, print_table

from sebs import SeBS
from sebs.faas.function import Function, Trigger
from sebs.faas.system import System
from sebs.http import HTTPClient
from sebs.invoke.run import Code, invoke_sequentially, start_run

INVOCATIONS = 50
ROUNDS = 11
COMMANDS = 5
NAME = "990.empty"
FILES = {
    "config.json": '{"timeout": 10, "memory": 128, "languages": ["python"], "modules": []}',
    "input.py": "def generate_input(*arguments):\n    return {}\n",
    "python/function.py": "def handler(event):\n    return {}\n",
}


def write_benchmark(benchmarks: Path) -> None:
    for name, text in FILES.items():
        path = benchmarks / NAME / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def seconds(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def loops(work: Path) -> list[tuple[float, float, float]]:
    """Return for each round: the whole loop, what its invocations took, and the bare requests."""
    with SeBS(work / "cache", work / "results", benchmarks_dirs=[work / "benchmarks"]) as client:
        system = client.get_deployment({"name": "local"})
        system.initialize(quiet=True)
        experiment = client.get_experiment_config({"runtime": {"language": "python"}})
        package = client.get_benchmark(NAME, system, experiment)
        function = system.get_function(package)
        return [
            (*one_loop(work, system, package, function), bare_loop(function)) for _ in range(ROUNDS)
        ]


def one_loop(work: Path, system: System, package: Code, function: Function) -> tuple[float, float]:
    trigger = function.triggers(Trigger.TriggerType.HTTP)[0]
    trigger.sync_invoke({})  # what follows is warm
    begin = time.perf_counter()
    run = start_run(
        work / "results",
        system,
        package,
        function,
        size="test",
        trigger_type=trigger.trigger_type(),
        repetitions=INVOCATIONS,
    )
    with run:
        results = list(invoke_sequentially(run, trigger, {}, INVOCATIONS))
    spent = time.perf_counter() - begin
    if any(each.stats.failure or each.stats.cold_start for each in results):
        raise AssertionError("an invocation failed, or was cold")
    if len(run.invocations()) != INVOCATIONS:
        raise AssertionError("the run does not have every invocation")
    return spent, sum(each.times.client for each in results) / 1e6


def bare_loop(function: Function) -> float:
    gateway, url, timeout = function.triggers(Trigger.TriggerType.HTTP)[0]._destination()
    with HTTPClient() as client:

        def send() -> None:
            for _ in range(INVOCATIONS):
                client.post_json(url, {}, headers=gateway.headers, timeout=timeout)

        return seconds(send)


def command(work: Path, invocations: int) -> Callable[[], object]:
    program = str(Path(sysconfig.get_path("scripts")) / "sebs")
    line = [program, "benchmark", "invoke", NAME, "test"]
    line += ["--benchmarks-dir", str(work / "benchmarks"), "--output-dir", str(work / "results")]
    line += ["--repetitions", str(invocations)]
    environment = {**os.environ, "SEBS_CACHE_DIR": str(work / "cache")}
    return lambda: subprocess.run(line, env=environment, check=True, stdout=subprocess.DEVNULL)


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="sebs-benchmark-", dir=Path.cwd()) as directory:
        work = Path(directory)
        write_benchmark(work / "benchmarks")
        rounds = loops(work)
        many, one = command(work, INVOCATIONS), command(work, 1)
        many()  # fills the page cache
        commands = [(seconds(many), seconds(one)) for _ in range(COMMANDS)]
    overhead = median(whole - invoked for whole, invoked, _ in rounds)
    bare = milliseconds(median(bare for _, _, bare in rounds))
    return [
        Row(
            f"{INVOCATIONS} warm invocations, the whole loop with its journal",
            "≤ 1 s",
            milliseconds(median(whole for whole, _, _ in rounds)),
            f"{bare} (the same requests, nothing kept)",
        ),
        Row(
            "of it what is no invocation",
            "-",
            f"{milliseconds(overhead)}, {overhead / INVOCATIONS * 1e6:.0f} µs each",
            "510 s of sleeps (SeBS)",
        ),
        Row(
            f"`sebs benchmark invoke`, {INVOCATIONS} invocations, one of them cold",
            "-",
            f"{median(many for many, _ in commands):.2f} s",
            f"{median(one for _, one in commands):.2f} s (1 invocation)",
        ),
    ]


def main() -> int:
    print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
