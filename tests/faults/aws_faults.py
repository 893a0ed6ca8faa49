"""The life of functions on AWS while requests and answers are lost, and what must hold afterwards.

As a command, ``python tests/faults/aws_faults.py --runs 200`` lives that many lives and prints
each after which something did not hold. A seed always does the same steps, and breaks the same
requests, counted as they arrive.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [
    str(each)
    for each in (ROOT, HERE, ROOT / "tests" / "clouds", ROOT / "tests" / "clouds" / "aws" / "life")
]

from aws_proxy import Proxy, script  # noqa: E402
from aws_rig import VERSIONS, count_invocations, others, section  # noqa: E402
from aws_servers import Server  # noqa: E402

from sebs import SeBS  # noqa: E402
from sebs.errors import SebsError  # noqa: E402
from sebs.faas.function import Trigger  # noqa: E402
from sebs.sebs_types import Language, StorageBucketType  # noqa: E402

BENCHMARK = "900.faulty"
CONFIG = '{"timeout": 10, "memory": 128, "languages": ["python"], "modules": []}'
INPUT = """
size_generators = {'test': 1}
def buckets_count():
    return (1, 0)
def generate_input(data_dir, size, bucket, inputs, outputs, upload, nosql):
    upload(0, 'input', str(data_dir) + '/input.txt')
    return {}
"""
HANDLER = "def handler(event):\n    return {{'result': {marker!r}}}\n"
MEMORIES, MARKERS = (128, 256), ("first", "second")

#: Requests of the control plane that are sent at most: as many as make some of them fail for good.
ATTEMPTS = 4


class NotHeldError(AssertionError):
    """Something that must hold did not."""


def require(holds: object, what: str) -> None:
    if not holds:
        raise NotHeldError(what)


@contextmanager
def impatient(attempts: int) -> Iterator[None]:
    """Try again as the SDK does, without its pauses, and give up sooner."""
    import botocore.endpoint
    from botocore.retries import bucket

    clock = SimpleNamespace(sleep=lambda seconds: time.sleep(min(seconds, 0.005)))
    with (
        mock.patch("sebs.aws.clients._ATTEMPTS", attempts),
        mock.patch.object(botocore.endpoint, "time", clock),
        mock.patch.object(bucket.TokenBucket, "acquire", return_value=True),
    ):
        yield


@dataclass
class Life:
    """A deployment whose owner repeats what failed, and goes on.

    Attributes:
        root: Directory of its cache and its benchmark.
        url: Where the services are, as far as the deployment knows.
        sent: Invocations that were asked for: all, and those through Lambda's own API.
        errors: The named errors so far.
    """

    root: Path
    url: str
    memory: int = MEMORIES[0]
    sent: Counter[Trigger.TriggerType] = field(default_factory=Counter)
    errors: list[SebsError] = field(default_factory=list)
    name: str | None = None
    _client: Any = None
    _system: Any = None

    def __enter__(self) -> Life:
        if not (self.root / "benchmarks").exists():
            directory = self.root / "benchmarks" / BENCHMARK
            (directory / "python").mkdir(parents=True)
            (directory / "config.json").write_text(CONFIG)
            (directory / "input.py").write_text(INPUT)
            data = self.root / "data" / BENCHMARK
            data.mkdir(parents=True)
            (data / "input.txt").write_text("input")
            self.write(MARKERS[0])
        self._client = SeBS(
            self.root / "cache",
            self.root / "results",
            benchmarks_dirs=[self.root / "benchmarks"],
            data_dir=self.root / "data",
        )
        server = SimpleNamespace(url=self.url)
        self._system = self._client.get_deployment({"name": "aws", "aws": section(server)})
        return self

    def __exit__(self, *_: object) -> None:
        self._client.shutdown()

    def write(self, marker: str) -> None:
        source = self.root / "benchmarks" / BENCHMARK / "python" / "function.py"
        source.write_text(HANDLER.format(marker=marker))

    @property
    def benchmark(self) -> Any:
        runtime = {"language": "python", "version": VERSIONS[Language.PYTHON]}
        config = self._client.get_experiment_config({"runtime": runtime, "memory": self.memory})
        return self._client.get_benchmark(BENCHMARK, self._system, config)

    # --- what it consists of ---

    def settle(self) -> None:
        self._system.initialize(quiet=True)

    def deploy(self) -> Any:
        function = self._system.get_function(self.benchmark)
        self.name = function.name
        return function

    def deploy_many(self, names: list[str]) -> tuple[Any, Any]:
        benchmark = self.benchmark
        report = self._system.get_functions([(benchmark, name) for name in names])
        return report.failures, report.functions

    def other_code(self, marker: str) -> None:
        self.write(marker)
        self.deploy()

    def other_memory(self, memory: int) -> None:
        self.memory = memory
        self.deploy()

    def store(self) -> None:
        self.benchmark.prepare_input(self._system.system_resources, "test")
        self._system.system_resources.get_storage().get_bucket(StorageBucketType.DEPLOYMENT)

    def tables(self) -> None:
        nosql = self._system.system_resources.get_nosql_storage()
        nosql.create_benchmark_tables(BENCHMARK, "table", "key")
        nosql.write_to_table(BENCHMARK, "table", {"value": 1}, ("key", "a"))

    def invoke(self, kind: Trigger.TriggerType) -> Any:
        trigger = self._system.create_trigger(self.deploy(), kind)
        self.sent[kind] += 1
        return trigger.sync_invoke({})

    def cold(self) -> None:
        self._system.enforce_cold_start([self.deploy()], self.benchmark)

    def metrics(self) -> None:
        result = self.invoke(Trigger.TriggerType.LIBRARY)
        moment = int(result.times.client_begin.timestamp())
        asked = {result.request_id: result}
        self._system.download_metrics(self.name, moment - 60, moment + 60, asked, {})

    def clean(self) -> None:
        self._system.cleanup_resources()

    # --- with faults, and without ---

    def live(self, seed: int) -> list[str]:
        """Do steps in an order that the seed says; return their names."""
        chance = random.Random(seed)
        types = Trigger.TriggerType
        steps = {
            "deploy": self.deploy,
            "store": self.store,
            "tables": self.tables,
            "library": lambda: self.invoke(types.LIBRARY),
            "http": lambda: self.invoke(types.HTTP),
            "storage": lambda: self.invoke(types.STORAGE),
            "code": lambda: self.other_code(chance.choice(MARKERS)),
            "memory": lambda: self.other_memory(chance.choice(MEMORIES)),
            "cold": self.cold,
            "metrics": self.metrics,
            "clean": self.clean,
        }
        names = list(steps)
        chosen = chance.choices(names, [4, 2, 1, 2, 2, 1, 6, 6, 2, 1, 1], k=chance.randint(4, 9))
        for name in ("settle", *chosen):
            step = steps.get(name, self.settle)
            try:
                step()
            except SebsError as error:
                self.errors.append(error)
                if name == "settle":
                    break
        # Its owner thinks better of it, and does not deploy that; the cache may know it.
        self.write(chance.choice(MARKERS))
        self.memory = chance.choice(MEMORIES)
        return ["settle", *chosen]

    def check(self, server: Server) -> None:
        """What the cache claims is so; what is not wanted is repaired."""
        self.settle()
        benchmark, client = self.benchmark, server.client("lambda")
        for name, entry in self._client.cache_client.get_all_functions("aws").items():
            if entry["hash"] == benchmark.hash and entry["config"]["memory"] == self.memory:
                self.require_wanted(
                    server, self._system.get_function(benchmark, name), "as the cache says"
                )
            else:  # nobody has waited yet until a change is over whose answer was lost
                client.get_waiter("function_active_v2").wait(
                    FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
                )
            state = client.get_function(FunctionName=name)["Configuration"]["State"]
            require(state == "Active", f"{name} is {state}")
        self.require_wanted(server, self.deploy(), "after get_function()")
        self.require_wanted(server, self.deploy(), "after get_function() again")
        self.store()

    def require_wanted(self, server: Server, function: Any, when: str) -> None:
        source = (self.root / "benchmarks" / BENCHMARK / "python" / "function.py").read_text()
        triggers = [
            self._system.create_trigger(function, Trigger.TriggerType.LIBRARY),
            *function.triggers(Trigger.TriggerType.HTTP),
            *function.triggers(Trigger.TriggerType.STORAGE),
        ]
        for trigger in triggers:
            self.sent[trigger.trigger_type()] += 1
            result = trigger.sync_invoke({})
            what = f"{when}, by {trigger}: {result.output or result.error}"
            require(repr(result.output.get("result")) in source, f"{what}: not of {source}")
        client = server.client("lambda")
        memory = client.get_function_configuration(FunctionName=function.name)["MemorySize"]
        require(memory == self.memory, f"{when}: {memory} MB, not {self.memory}")


def everything(server: Server) -> set[str]:
    """All that a server has."""
    pages = server.client("lambda").get_paginator("list_functions").paginate()
    names = {f"function {each['FunctionName']}" for page in pages for each in page["Functions"]}
    return names | {f"{kind} {name}" for kind, name in others(server)}


def live(root: Path, server: Server, proxy: Proxy, seed: int) -> Life:
    """Live one life, and look at what is left of it."""
    before = everything(server)
    with Life(root, proxy.url) as life:
        proxy.play(script(seed))
        steps = life.live(seed)
        by_library = life.sent[Trigger.TriggerType.LIBRARY]
        arrived, broken = proxy.invocations, proxy.broken
        proxy.play(None)
    try:
        require(arrived <= by_library, f"{by_library} invocations were {arrived} requests")
        with Life(root, proxy.url, life.memory, sent=life.sent) as second:
            second.check(server)
            ran, sent = count_invocations(server, str(second.name)), second.sent.total()
            require(ran <= sent, f"{sent} invocations were run {ran} times")
            second.clean()
        left = everything(server) - before
        require(not left, f"everything was found and deleted, but {left}")
    except Exception as error:
        told = "\n  ".join(f"{number} {what}: {fault.value}" for number, what, fault in broken)
        named = "\n  ".join(map(str, life.errors))
        error.add_note(f"steps: {steps}\nbroken:\n  {told}\nerrors:\n  {named}")
        raise
    return life


@contextmanager
def platform(directory: Path, attempts: int = ATTEMPTS) -> Iterator[tuple[Server, Proxy]]:
    """Run a server, and a proxy before it."""
    server = Server("ministack", directory / "log")
    proxy = Proxy(server.url)
    try:
        with impatient(attempts):
            yield server, proxy
    finally:
        proxy.close()
        server.close()


@dataclass(frozen=True)
class Outcome:
    """What became of a life: what did not hold, or the named errors that its owner got."""

    seed: int
    wrong: str | None
    errors: tuple[str, ...] = ()


def try_seeds(directory: Path, seeds: range) -> Iterator[Outcome]:
    """Live a life of every seed."""
    with platform(directory) as (server, proxy):
        for seed in seeds:
            try:
                life = live(directory / str(seed), server, proxy, seed)
            except Exception as error:  # noqa: BLE001 - whatever it is, it did not hold
                yield Outcome(seed, "".join(traceback.format_exception(error)))
            else:
                yield Outcome(seed, None, tuple(type(each).__name__ for each in life.errors))


def _work(seeds: range) -> list[Outcome]:
    with tempfile.TemporaryDirectory(prefix="sebs-aws-faults-") as directory:
        return list(try_seeds(Path(directory), seeds))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    first, end = arguments.first_seed, arguments.first_seed + arguments.runs
    shares = [range(first + job, end, arguments.jobs) for job in range(arguments.jobs)]
    with multiprocessing.get_context("spawn").Pool(arguments.jobs) as pool:
        outcomes = [outcome for share in pool.map(_work, shares) for outcome in share]
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    for outcome in sorted(wrong, key=lambda each: each.seed):
        print(f"seed {outcome.seed}: {outcome.wrong}")
    errors = Counter(name for outcome in outcomes for name in outcome.errors)
    print("named errors on the way:", dict(errors.most_common()))
    print(f"{len(outcomes) - len(wrong)} of {len(outcomes)} lives held")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
