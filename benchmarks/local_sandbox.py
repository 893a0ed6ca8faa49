"""What a container costs the local platform beside a process: cold and warm, an empty function.

The image is the one that the tests start from (``.ci/docker python benchmarks/local_sandbox.py``
makes it). The reference of a cold start is ``docker run`` of a bare interpreter with the same
limits; all of them take turns.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from _table import Row, milliseconds, print_table
from local_platform import Client, cold_start, deploy, gateway

IMAGE = "sebs-test/python:3.11"
COLD_STARTS = 15
WARM = 1000

#: MB for which a function gets a whole processor.
WHOLE = 1769
SMALL = 128


def docker_run(memory: int) -> float:
    """Return how long the engine's own tool takes for an interpreter that does nothing."""
    command = ["docker", "run", "--rm", "--network", "none", "--read-only", "--cap-drop", "ALL"]
    command += ["--security-opt", "no-new-privileges", "--memory", f"{memory}m"]
    command += ["--memory-swap", f"{memory}m", "--cpus", f"{memory / WHOLE:.3f}", IMAGE]
    begin = time.perf_counter()
    subprocess.run([*command, "python3", "-I", "-S", os.devnull], check=True)
    return time.perf_counter() - begin


def warm(client: Client, name: str) -> float:
    client.call("POST", f"/functions/{name}", {})
    spent = []
    for _ in range(WARM):
        begin = time.perf_counter()
        client.call("POST", f"/functions/{name}", {})
        spent.append(time.perf_counter() - begin)
    return median(spent)


def available() -> bool:
    """Return whether there is an engine that has the image."""
    try:
        done = subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True)
    except FileNotFoundError:
        return False
    return done.returncode == 0


def measure() -> list[Row]:
    if not available():
        return [Row("containers", "", "not measured", f"there is no Docker engine with {IMAGE}")]
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        home = work / "home"
        home.mkdir()
        with gateway(home) as (port, token):
            client = Client(port, token)
            container = {"image": IMAGE}
            for memory in (WHOLE, SMALL):
                contained = {"memory": memory, "container": container}
                deploy(client, work, "python", "python3", name=f"contained-{memory}", **contained)
            deploy(client, work, "python", sys.executable, name="process", memory=WHOLE)
            rows = [
                cold_row(client, WHOLE, "≤ docker run"),
                # A fourteenth of a processor: what is measured is how often that is taken away.
                cold_row(client, SMALL, "(comparison)"),
                warm_row(client),
            ]
            client.close()
        return rows


def cold_row(client: Client, memory: int, reach: str) -> Row:
    turns = [
        (
            cold_start(client, f"contained-{memory}"),
            docker_run(memory),
            cold_start(client, "process"),
        )
        for _ in range(COLD_STARTS)
    ]
    contained, alone, process = (median(column) for column in zip(*turns, strict=True))
    return Row(
        f"cold start in a container, {memory:,} MB, p50",
        reach,
        milliseconds(contained),
        f"docker run: {milliseconds(alone)}; as a process: {milliseconds(process)}",
    )


def warm_row(client: Client) -> Row:
    contained, process = warm(client, f"contained-{WHOLE}"), warm(client, "process")
    return Row(
        "warm invocation in a container, 1 connection, p50",
        "≤ 1.2 x process",
        f"{milliseconds(contained)} ({contained / process:.2f} x)",
        f"as a process: {milliseconds(process)}",
    )


def main() -> int:
    print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
