"""The HTTP client names what went wrong, and shows no secret."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from http_doubles import OK, SECRET, Server, always, answer, post

from sebs.errors import (
    InvocationConnectionError,
    InvocationStatusError,
    InvocationTimeoutError,
    MalformedResponseError,
)
from sebs.http import HTTPClient


def test_a_refused_connection_is_named(client: HTTPClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(InvocationConnectionError, match=f"127.0.0.1:{port}/f: ") as raised:
        client.request("GET", f"http://127.0.0.1:{port}/f?key={SECRET}", timeout=5)
    assert SECRET not in str(raised.value)


def test_an_unknown_host_is_named(client: HTTPClient) -> None:
    with pytest.raises(InvocationConnectionError, match=r"nowhere\.invalid"):
        client.request("GET", "http://nowhere.invalid/", timeout=10)


def test_no_answer_in_time_is_a_timeout_of_the_answer(
    client: HTTPClient, serve: Callable[..., Server]
) -> None:
    gone = threading.Event()

    def silent(_connection: socket.socket, _number: int) -> bool:
        return not gone.wait(10)

    server = serve(silent)
    with pytest.raises(InvocationTimeoutError, match=r"no whole answer within 0\.2 s") as raised:
        client.request("GET", f"{server.url}?key={SECRET}", timeout=0.2)
    gone.set()
    assert SECRET not in str(raised.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize("prefix", [b"HTTP/1.1 200 OK\r\n", answer(b"x" * 10_000)[:60]])
def test_an_answer_that_drips_times_out(
    client: HTTPClient, serve: Callable[..., Server], prefix: bytes
) -> None:
    def drip(connection: socket.socket, _number: int) -> bool:
        connection.sendall(prefix)
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)

    with pytest.raises(InvocationTimeoutError, match="whole answer"):
        post(client, serve(drip), timeout=0.3)


def test_a_handshake_that_never_ends_is_a_timeout_of_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute, HTTPClient(connect_timeout=0.2) as client:
        url = f"https://127.0.0.1:{mute.getsockname()[1]}/"
        with pytest.raises(InvocationTimeoutError, match=r"no connection within 0\.2 s"):
            client.request("GET", url, timeout=30)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        OK + b"Conte",
        OK + b"Content-Type: text/plain\r\n",
        OK + b"Content-Length: 10\r\n\r\nabc",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
    ids=["nothing", "half a header", "no end of headers", "half a body", "half a chunk"],
)
def test_an_answer_cut_short_is_a_broken_connection(
    client: HTTPClient, serve: Callable[..., Server], raw: bytes
) -> None:
    server = serve(always(raw, keep=False))
    with pytest.raises(InvocationConnectionError, match=f":{server.port}/function"):
        post(client, server)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"hello",
        b"\x00\x01\x02\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        OK + b"Content-Length: -3\r\n\r\nabc",
        OK + b"X: a\0b\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        OK + b"X: " + b"a" * 200_000 + b"\r\n\r\n",
        OK + b"".join(b"X%d: %s\r\n" % (n, b"a" * 1000) for n in range(400)) + b"\r\n",
    ],
    ids=["text", "binary", "status", "length", "nul", "chunk", "long header", "many headers"],
)
def test_an_answer_that_is_no_http_is_malformed(
    client: HTTPClient, serve: Callable[..., Server], raw: bytes
) -> None:
    server = serve(always(raw, keep=False))
    with pytest.raises(MalformedResponseError, match=f":{server.port}/function"):
        post(client, server)
    assert len(server.requests) == 1


def test_large_headers_repeated_headers_and_chunks_are_read(
    client: HTTPClient, serve: Callable[..., Server]
) -> None:
    many = b"".join(b"X-%d: %s\r\n" % (n, b"a" * 1000) for n in range(100))
    chunked = b"Transfer-Encoding: chunked\r\nSet-It: 1\r\nset-it:  2 \r\n"
    early = b"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
    raw = early + OK + many + chunked + b"\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\nX-Late: t\r\n\r\n"
    response = post(client, serve(always(raw)))
    assert response.json() == [1, 2]
    assert response.headers["x-99"] == "a" * 1000
    assert response.headers["set-it"] == "1, 2"
    assert response.headers["x-late"] == "t"
    assert "x-early" not in response.headers


@pytest.mark.parametrize("length", [b"Content-Length: 1001\r\n", b""])
def test_a_body_over_the_limit_is_malformed(serve: Callable[..., Server], length: bytes) -> None:
    with HTTPClient(max_body=1000) as client:
        exact = serve(always(answer(b"x" * 1000)))
        assert len(post(client, exact).body) == 1000
        over = serve(always(OK + length + b"\r\n" + b"x" * 1001, keep=False))
        with pytest.raises(MalformedResponseError, match="larger than 1,000 bytes"):
            post(client, over)


@pytest.mark.parametrize("status", ["304 Not Modified", "404 Not Found", "503 Busy"])
def test_a_status_that_is_no_success_is_raised(
    client: HTTPClient, serve: Callable[..., Server], status: str
) -> None:
    body = b"" if status.startswith("304") else b"reason " * 1000
    server = serve(always(answer(body, status)))
    url = f"{server.url}?key={SECRET}"
    headers = {"Authorization": SECRET}
    with pytest.raises(InvocationStatusError) as raised:
        client.request("GET", url, headers=headers, timeout=10)
    assert raised.value.status == int(status[:3])
    assert raised.value.body == body
    assert len(str(raised.value)) < 500
    assert SECRET not in str(raised.value)
    kept = client.request("GET", url, headers=headers, timeout=10, raise_for_status=False)
    assert (kept.status, kept.body) == (int(status[:3]), body)
    assert SECRET not in repr(client)


@pytest.mark.parametrize("body", [b"", b"<html>" * 1000, b"\xff\xfe{", b"[" * 100_000])
def test_a_body_that_is_no_json_is_malformed(
    client: HTTPClient, serve: Callable[..., Server], body: bytes
) -> None:
    response = post(client, serve(always(answer(body))))
    with pytest.raises(MalformedResponseError, match="no JSON") as raised:
        response.json()
    assert len(str(raised.value)) < 500


def test_a_repr_shows_neither_headers_nor_body(
    client: HTTPClient, serve: Callable[..., Server]
) -> None:
    raw = answer(SECRET.encode(), headers=f"Set-Cookie: {SECRET}\r\n".encode())
    assert SECRET not in repr(post(client, serve(always(raw))))


def test_a_payload_that_json_does_not_know_is_not_sent(
    client: HTTPClient, serve: Callable[..., Server]
) -> None:
    server = serve(always(answer()))
    with pytest.raises(ValueError, match="JSON compliant"):
        client.post_json(server.url, {"x": float("nan")}, timeout=1)
    with pytest.raises(TypeError, match="not JSON serializable"):
        client.post_json(server.url, {"x": object()}, timeout=1)
    assert server.connections == 0


def test_ctrl_c_ends_a_wait_for_an_answer(serve: Callable[..., Server]) -> None:
    arrived, over = threading.Event(), threading.Event()

    def hang(_connection: socket.socket, _number: int) -> bool:
        arrived.set()
        return not over.wait(60)

    server = serve(hang)
    program = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from sebs.http import HTTPClient\n"
        "try:\n"
        "    HTTPClient().request('GET', sys.argv[1], timeout=60)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, server.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert arrived.wait(20)
        os.kill(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=20)
    over.set()
    assert (output, errors) == ("interrupted\n", "")
