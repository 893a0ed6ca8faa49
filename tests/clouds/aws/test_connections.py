"""The connections of invocations: as many as are under way, and all of them used again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from trigger_doubles import make_clients, make_function

from sebs.aws.triggers import LibraryTrigger

#: More than the shared threads of ``async_invoke``: experiments have threads of their own.
AT_ONCE = 150


class Lambda(ThreadingHTTPServer):
    """Answers when so many requests are there, all at once; counts connections."""

    request_queue_size = AT_ONCE
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.connections = 0
        self.together = threading.Barrier(AT_ONCE)

    def process_request(self, request: object, client_address: object) -> None:
        self.connections += 1
        super().process_request(request, client_address)  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    server: Lambda
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.together.wait(60)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Lambda]:
    with Lambda() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield running
        finally:
            running.shutdown()
            thread.join()


def test_the_second_burst_needs_no_new_connection(
    server: Lambda, caplog: pytest.LogCaptureFixture
) -> None:
    """Else some of a warm burst would be measured with a handshake, and others without."""
    clients = make_clients(f"http://127.0.0.1:{server.server_port}")
    trigger = LibraryTrigger("f", make_function("f").config)
    trigger.attach(clients)
    with ThreadPoolExecutor(AT_ONCE) as executor:
        for _ in range(2):
            results = list(executor.map(trigger.sync_invoke, [{}] * AT_ONCE))
            assert not any(result.stats.failure for result in results)
            assert server.connections == AT_ONCE
    clients.close()
    assert "pool is full" not in caplog.text
