"""An invocation over HTTP: one request, its phases, and failures that say what they are."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sebs.errors import InvocationConnectionError, MalformedResponseError
from sebs.faas.function import Trigger

ENVELOPE = {"request_id": "r1", "begin": 1.0, "end": 1.5, "is_cold": True, "result": {"result": 7}}


class PlainTrigger(Trigger):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    @staticmethod
    def trigger_type() -> Trigger.TriggerType:
        return Trigger.TriggerType.HTTP

    def sync_invoke(self, payload):
        return self._http_invoke(payload, self.url, timeout=5.0)

    def serialize(self):
        return {"type": "HTTP", "url": self.url}

    @classmethod
    def deserialize(cls, cached_config):
        return cls(cached_config["url"])


class Server(ThreadingHTTPServer):
    status = 200
    answer = json.dumps(ENVELOPE).encode()

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_one_invocation_is_one_request_with_its_phases(server) -> None:
    result = PlainTrigger(server.url).sync_invoke({"sleep": 1})
    assert [json.loads(body) for body in server.bodies] == [{"sleep": 1}]
    assert result.output == {"result": 7}
    assert result.request_id == "r1"
    assert result.stats.cold_start
    assert result.times.benchmark == 500_000
    times = result.times
    assert 0 < times.http_startup <= times.http_first_byte_return <= times.client
    assert times.fresh_connection is True
    assert times.client_begin is not None
    assert times.client_end is not None
    assert times.client_begin <= times.client_end


def test_a_function_that_failed_is_a_result_and_not_raised(server) -> None:
    server.status = 500
    server.answer = json.dumps({"error": {"type": "ValueError", "message": "no"}}).encode()
    result = PlainTrigger(server.url).sync_invoke({})
    assert result.stats.failure
    assert result.error == "ValueError: no"
    assert len(server.bodies) == 1


@pytest.mark.parametrize(("status", "answer"), [(502, b"<html>"), (429, b'{"message": "slow"}')])
def test_a_status_without_an_explanation_is_a_failure_too(server, status, answer) -> None:
    server.status, server.answer = status, answer
    result = PlainTrigger(server.url).sync_invoke({})
    assert result.stats.failure
    assert str(status) in (result.error or "")


@pytest.mark.parametrize("answer", [b"not json", b"[1]", b"7"])
def test_a_success_without_a_json_object_is_malformed(server, answer) -> None:
    server.answer = answer
    with pytest.raises(MalformedResponseError):
        PlainTrigger(server.url).sync_invoke({})


def test_many_at_once_are_each_sent_once(server) -> None:
    trigger = PlainTrigger(server.url)
    futures = [trigger.async_invoke({"number": number}) for number in range(40)]
    assert all(future.result().output == {"result": 7} for future in futures)
    sent = sorted(json.loads(body)["number"] for body in server.bodies)
    assert sent == list(range(40))


def test_nobody_listening_is_named() -> None:
    with pytest.raises(InvocationConnectionError):
        PlainTrigger("http://127.0.0.1:9/").sync_invoke({})
