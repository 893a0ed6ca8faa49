"""What one measured request costs, over a bare libcurl handle that does the same POST.

The server is nginx on the loopback, started for the run; where it is absent, a small asyncio
server in a process of its own. The clients take turns request by request, so that whatever else
the machine does falls on all of them. ``requests`` and ``urllib3`` are measured where installed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pycurl
from _table import Row, print_table

from sebs.http import HTTPClient

PAYLOAD = {"size": "test"}
BODY = b'{"size":"test"}'
HEADERS = {"Content-Type": "application/json"}
WARM_UP = 200
ROUNDS = 5
REQUESTS = 1000

NGINX = """
daemon off; master_process off; pid {home}/pid; error_log {home}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; keepalive_requests 10000000;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi; uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{ default_type application/json; return 200 '{{"result": "ok"}}'; }}
  }}
}}
"""

ASYNCIO = """
import asyncio, sys
ANSWER = (b'HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\n'
          b'Content-Length: 16\\r\\n\\r\\n{"result": "ok"}')
async def serve(reader, writer):
    while True:
        try:
            head = await reader.readuntil(b'\\r\\n\\r\\n')
        except asyncio.IncompleteReadError:
            return writer.close()
        length = head.lower().partition(b'content-length:')[2].split(b'\\r\\n')[0]
        await reader.readexactly(int(length or 0))
        writer.write(ANSWER)
async def main():
    server = await asyncio.start_server(serve, '127.0.0.1', int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
"""


@contextlib.contextmanager
def server() -> Iterator[tuple[str, str]]:
    """Run a server; yield its name and URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/local/bin:/usr/bin")
    with tempfile.TemporaryDirectory() as home:
        if nginx:
            configuration = Path(home, "nginx.conf")
            configuration.write_text(NGINX.format(home=home, port=port))
            command = [nginx, "-e", f"{home}/error.log", "-c", str(configuration)]
        else:
            command = [sys.executable, "-c", ASYNCIO, str(port)]
        process = subprocess.Popen(command)
        try:
            _await_port(port)
            yield "nginx" if nginx else "asyncio", f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(10)


def _await_port(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"Nothing listens on port {port}.")
        time.sleep(0.02)


def bare(url: str) -> Callable[[], object]:
    """Return a POST on a reused handle, with nothing around it that is not needed."""
    curl = pycurl.Curl()
    sink = io.BytesIO()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.HTTPHEADER, ["Content-Type: application/json", "Expect:"])
    curl.setopt(pycurl.POSTFIELDS, BODY)
    curl.setopt(pycurl.WRITEDATA, sink)

    def send() -> bytes:
        sink.seek(0)
        sink.truncate()
        curl.perform()
        return sink.getvalue()

    return send


def clients(url: str) -> dict[str, Callable[[], object]]:
    """Return what is compared, by name."""
    ours = HTTPClient()
    senders: dict[str, Callable[[], object]] = {
        "bare": bare(url),
        "sebs": lambda: ours.post_json(url, PAYLOAD, timeout=10),
    }
    if importlib.util.find_spec("urllib3"):
        import urllib3

        pool = urllib3.PoolManager(retries=False)
        senders["urllib3"] = lambda: pool.request("POST", url, body=BODY, headers=HEADERS).data
    if importlib.util.find_spec("requests"):
        import requests

        session = requests.Session()
        senders["requests"] = lambda: session.post(url, data=BODY, headers=HEADERS).content
    return senders


def medians(senders: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return each client's time of one request in µs: the median of the rounds' medians."""
    for send in senders.values():
        for _ in range(WARM_UP):
            send()
    rounds: dict[str, list[float]] = {name: [] for name in senders}
    for _ in range(ROUNDS):
        times: dict[str, list[int]] = {name: [] for name in senders}
        for _ in range(REQUESTS):
            for name, send in senders.items():
                start = time.perf_counter_ns()
                send()
                times[name].append(time.perf_counter_ns() - start)
        for name, values in times.items():
            rounds[name].append(statistics.median(values) / 1000)
    return {name: statistics.median(values) for name, values in rounds.items()}


def measure() -> list[Row]:
    """Measure all clients against the same server."""
    with server() as (name, url):
        times = medians(clients(url))
    reference = f"{times['bare']:.0f} µs: bare libcurl handle, {name}"
    rows = [
        Row(
            "warm HTTP request: client cost over a bare handle",
            "≤ 60 µs median",
            f"{times['sebs'] - times['bare']:.0f} µs ({times['sebs']:.0f} µs in all)",
            reference,
        )
    ]
    for other in ("urllib3", "requests"):
        if other in times:
            cost = f"{times[other] - times['bare']:.0f} µs ({times[other]:.0f} µs in all)"
            rows.append(Row(f"the same, {other}", "(comparison)", cost, reference))
    return rows


def main() -> int:
    print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
