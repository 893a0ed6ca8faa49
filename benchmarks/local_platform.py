"""How fast the local platform invokes an empty function, warm and cold.

The driver of warm invocations is wrk; the references of the same run are a bare server (the same
loop and parser, an answer without a function) and a bare start of the interpreter.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from _table import Row, milliseconds, print_table

SECONDS = 3
ROUNDS = 3
COLD_STARTS = 25

SOURCES = {
    "python": ("function/function.py", "def handler(event):\n    return {}\n"),
    "nodejs": ("function/function.js", "exports.handler = () => ({});\n"),
}

BARE_SERVER = """
import asyncio, httptools, sys, uvloop
ANSWER = b"HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\n{}"
class Bare(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)
    def data_received(self, data):
        self.parser.feed_data(data)
    def on_message_complete(self):
        self.transport.write(ANSWER)
async def main():
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", 0)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
uvloop.run(main())
"""


class Client:
    """One kept connection to a gateway."""

    def __init__(self, port: int, token: str) -> None:
        self._headers = {"Authorization": f"Bearer {token}"}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def call(self, method: str, path: str, body: object = None) -> bytes:
        """Return the body of a successful answer."""
        self._connection.request(method, path, json.dumps(body).encode(), self._headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status not in (200, 201):
            raise RuntimeError(f"{method} {path}: {response.status} {answer[:200]!r}")
        return answer

    def lease(self) -> None:
        """Keep the gateway alive until this connection is closed."""
        self._connection.request("GET", "/-/lease", headers=self._headers)
        self._connection.getresponse()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@contextlib.contextmanager
def gateway(home: Path) -> Iterator[tuple[int, str]]:
    """Run a gateway; yield its port and token."""
    command = [sys.executable, "-m", "sebs.local.gateway", "--home", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        state = json.loads((home / "gateway.json").read_text())
        lease = Client(state["port"], state["token"])
        lease.lease()
        try:
            yield state["port"], state["token"]
        finally:
            lease.close()
            process.wait()


@contextlib.contextmanager
def bare_server() -> Iterator[int]:
    """Run the reference server; yield its port."""
    with subprocess.Popen(
        [sys.executable, "-c", BARE_SERVER], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline().split()[1])
        process.terminate()


def deploy(
    client: Client, work: Path, language: str, executable: str, name: str = "", **fields: object
) -> None:
    path, source = SOURCES[language]
    package = work / f"{language}.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(path, source)
    definition = {
        "package": str(package),
        "sha256": hashlib.sha256(package.read_bytes()).hexdigest(),
        "runtime": {"language": language, "version": "", "executable": executable},
        "memory": 256,
        "timeout": 30,
        "config": {"max_environments": 2},
        **fields,
    }
    client.call("PUT", f"/-/functions/{name or language}", definition)


def drive(work: Path, port: int, token: str, path: str, connections: int) -> tuple[float, float]:
    """Return the median latency in seconds and the requests a second that wrk saw."""
    script = work / "wrk.lua"
    script.write_text(
        f'wrk.method = "POST"\nwrk.body = "{{}}"\nwrk.headers["Authorization"] = "Bearer {token}"\n'
    )
    script.chmod(0o600)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}", "--latency", "-s", str(script)]
    output = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True
    ).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(output)
    latency = re.search(r"50%\s+([\d.]+)(us|ms|s)", output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert latency
    assert rate
    scale = {"us": 1e-6, "ms": 1e-3, "s": 1.0}[latency[2]]
    return float(latency[1]) * scale, float(rate[1])


def cold_start(client: Client, name: str) -> float:
    client.call("POST", f"/-/functions/{name}/recycle")
    begin = time.perf_counter()
    answer = client.call("POST", f"/functions/{name}", {})
    spent = time.perf_counter() - begin
    assert b'"is_cold":true' in answer
    return spent


def start_alone(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, env={})  # as clean as an environment's
    return time.perf_counter() - begin


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        home = work / "home"
        home.mkdir()
        node = shutil.which("node")
        with gateway(home) as (port, token), bare_server() as bare:
            client = Client(port, token)
            deploy(client, work, "python", sys.executable)
            rows = [*warm_rows(work, port, token, bare), cold_row(client, "python", sys.executable)]
            if node:
                deploy(client, work, "nodejs", node)
                rows.append(cold_row(client, "nodejs", node))
            client.close()
        return rows


def warm_rows(work: Path, port: int, token: str, bare: int) -> list[Row]:
    path = "/functions/python"
    # In turns, so that whatever else the machine does strikes both alike.
    one = [
        (drive(work, port, token, path, 1)[0], drive(work, bare, token, "/", 1)[0])
        for _ in range(ROUNDS)
    ]
    many = [
        (drive(work, port, token, path, 16)[1], drive(work, bare, token, "/", 16)[1])
        for _ in range(ROUNDS)
    ]
    latency, bare_latency = (median(column) for column in zip(*one, strict=True))
    rate, bare_rate = (median(column) for column in zip(*many, strict=True))
    return [
        Row(
            "warm invocation, empty Python handler, 1 connection, p50",
            "≤ 0.250 ms",
            milliseconds(latency),
            f"bare server: {milliseconds(bare_latency)}",
        ),
        Row(
            "the same, 16 connections, 2 environments",
            "≥ 10,000/s",
            f"{rate:,.0f}/s",
            f"bare server: {bare_rate:,.0f}/s",
        ),
    ]


def cold_row(client: Client, language: str, executable: str) -> Row:
    arguments = {"python": ["-I", "-S", os.devnull], "nodejs": [os.devnull]}[language]
    reach = {"python": "≤ 60 ms", "nodejs": "≤ 100 ms"}[language]
    pairs = [
        (cold_start(client, language), start_alone([executable, *arguments]))
        for _ in range(COLD_STARTS)
    ]
    cold, alone = (median(column) for column in zip(*pairs, strict=True))
    return Row(
        f"cold start, empty handler, {language}, p50",
        reach,
        milliseconds(cold),
        f"interpreter alone: {milliseconds(alone)}",
    )


def main() -> int:
    print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
