"""What sebs adds to the SDK of AWS, against ministack, a server on this machine.

The server takes half a second until a new function is active. The reference creates as many with
boto3, of a smaller package and without a log of their own, one after the other, each awaited by
boto3's own waiter. Invocations of ours and of a bare botocore client take turns, on connections of
their own, and ask for the log's tail alike; so do look-ups. All times are from the call to the
return. The server needs some 50 ms for an invocation, in which what we add would drown: so the
processor time of the calling thread is compared as well.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from _table import Row, milliseconds, print_table

from sebs import SeBS

REGION = "us-east-1"
ACCOUNT, SECRET = "123456789012", "none"
BENCHMARK = "010.sleep"
FUNCTIONS = 50
WARM_UP = 20
INVOCATIONS = 400
LOOK_UPS = 201


@contextlib.contextmanager
def ministack(home: Path) -> Iterator[str]:
    """Run the server; yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    environment = {**os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
    with Path(home, "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], stdout=log, stderr=log, env=environment, cwd=home
        )
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"ministack does not start: {Path(home, 'log').read_text()}")
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


class Times:
    """Wall and processor times of actions that take turns, in seconds."""

    def __init__(self, *actions: Callable[[], object]) -> None:
        self._actions = actions
        self.wall: tuple[list[float], ...] = tuple([] for _ in actions)
        self.processor: tuple[list[float], ...] = tuple([] for _ in actions)

    def take(self, turns: int) -> Times:
        """Let every action have so many turns."""
        for _ in range(turns):
            for number, action in enumerate(self._actions):
                processor, wall = time.thread_time(), time.perf_counter()
                action()
                self.wall[number].append(time.perf_counter() - wall)
                self.processor[number].append(time.thread_time() - processor)
        return self


class Bench:
    """A deployment on the server, and the bare client that it is compared with."""

    def __init__(self, client: SeBS, url: str) -> None:
        self._client = client
        keys = {"access_key": ACCOUNT, "secret_key": SECRET}
        section = {"region": REGION, "endpoint_url": url, "credentials": keys}
        self.system: Any = client.get_deployment({"name": "aws", "aws": section})
        self.system.initialize()
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        runtime = {"language": "python", "version": version}
        self._experiment = client.get_experiment_config({"runtime": runtime})
        self.bare = self._bare(url)

    def benchmark(self) -> Any:
        """Return the benchmark as a script that begins has it: nothing is known of it yet."""
        return self._client.get_benchmark(BENCHMARK, self.system, self._experiment)

    def deployment(self) -> list[Row]:
        """Deploy many functions of a package that is built."""
        built = self.system.get_function(self.benchmark(), "sebs-built")
        wanted = [(self.benchmark(), f"sebs-many-{number}") for number in range(FUNCTIONS)]
        begin = time.perf_counter()
        report = self.system.get_functions(wanted)
        taken = time.perf_counter() - begin
        if not report.ok:
            raise AssertionError(report.failures)
        answer = self.bare.get_function_configuration(FunctionName=built.name)
        begin = time.perf_counter()
        for number in range(FUNCTIONS):
            self._deploy_bare(f"bare-{number}", answer)
        bare = time.perf_counter() - begin
        return [
            Row(
                f"deploy {FUNCTIONS} functions, each awaited",
                "≤ 6 s",
                f"{taken:.2f} s",
                f"{bare:.2f} s (boto3 and its waiters, one by one)",
            )
        ]

    def invocation(self) -> list[Row]:
        """Invoke a function that is warm."""
        function = self.system.get_function(self.benchmark(), "sebs-invoked")
        trigger = self.system.create_trigger(function, _library())
        payload = {"sleep": 0}
        body = json.dumps(payload).encode()

        def ours() -> None:
            result = trigger.sync_invoke(payload)
            if result.stats.failure:
                raise AssertionError(result.error)

        def bare() -> None:
            answer = self.bare.invoke(FunctionName=function.name, Payload=body, LogType="Tail")
            answer["Payload"].read()

        Times(ours, bare).take(WARM_UP)
        times = Times(ours, bare).take(INVOCATIONS)
        return [
            _compared("warm invocation, LIBRARY: from call to result", "≤ 1.1 x", times.wall),
            _compared("the same, processor time of the client", "≤ 1.1 x", times.processor),
        ]

    def look_up(self) -> list[Row]:
        """Get a function that is up to date."""
        name = self.system.get_function(self.benchmark(), "sebs-found").name
        calls = self._count_calls()

        def ours() -> None:
            self.system.get_function(self.benchmark(), name)

        def bare() -> None:
            self.bare.get_function(FunctionName=name)

        times = Times(ours, bare).take(LOOK_UPS)
        if set(calls) - {"GetFunction"}:
            raise AssertionError(f"a hit asked for {set(calls)}")
        return [
            Row(
                "remote calls of get_function on a hit",
                "≤ 1",
                f"{len(calls) / LOOK_UPS:g}",
                "1 (a bare GetFunction)",
            ),
            _compared("get_function on a hit, that call included", "(comparison)", times.wall),
        ]

    def _count_calls(self) -> list[str]:
        """Return a list that gets the name of every call made from now on."""
        calls: list[str] = []
        clients = self.system._clients
        made = [client.meta.events for client in clients._clients.values()]
        # Clients copy their session's events when they are made.
        for events in (clients.session.events, *made):
            events.register("before-call", lambda model, **_: calls.append(model.name))
        return calls

    def _deploy_bare(self, name: str, like: Any) -> None:
        self.bare.create_function(
            FunctionName=name,
            Runtime=like["Runtime"],
            Role=like["Role"],
            Handler="handler.handler",
            Code={"ZipFile": _package()},
        )
        self.bare.get_waiter("function_active_v2").wait(FunctionName=name)

    @staticmethod
    def _bare(url: str) -> Any:
        import boto3

        return boto3.client(
            "lambda",
            endpoint_url=url,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key=SECRET,
        )


def _library() -> Any:
    from sebs.faas.trigger import Trigger

    return Trigger.TriggerType.LIBRARY


def _package() -> bytes:
    """Return the smallest package; what ours has to upload is more."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context):\n    return {}\n")
    return packed.getvalue()


def _compared(what: str, reach: str, times: tuple[list[float], ...]) -> Row:
    ours, bare = (median(each) for each in times)
    measured = f"{milliseconds(ours)} ({ours / bare:.2f} x)"
    return Row(what, reach, measured, f"{milliseconds(bare)} (bare botocore)")


def measure() -> list[Row]:
    with (
        tempfile.TemporaryDirectory(prefix="sebs-benchmark-") as directory,
        ministack(Path(directory)) as url,
        SeBS(Path(directory, "cache"), Path(directory, "results")) as client,
    ):
        bench = Bench(client, url)
        return [*bench.deployment(), *bench.invocation(), *bench.look_up()]


def main() -> int:
    print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
