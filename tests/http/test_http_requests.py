"""What the HTTP client sends, and that it sends it once."""

from __future__ import annotations

import concurrent.futures
import json
import socket
import struct
import threading
from collections.abc import Callable

import pytest
from http_doubles import SECRET, Server, always, answer, post

from sebs.errors import (
    ConfigurationError,
    InvocationConnectionError,
    InvocationStatusError,
)
from sebs.http import HTTPClient


def test_json_is_posted_with_one_length_and_no_expectation(
    client: HTTPClient, serve: Callable[..., Server]
) -> None:
    server = serve(always(answer()))
    client.post_json(server.url, {"big": "x" * 2_000_000}, timeout=10)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    names = [line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:]]
    assert head.startswith(b"POST /function HTTP/1.1\r\n")
    assert names.count(b"content-length") == names.count(b"content-type") == 1
    assert b"expect" not in names
    assert b"Content-Type: application/json" in head
    assert json.loads(body) == {"big": "x" * 2_000_000}


def test_a_handle_forgets_the_request_before(
    client: HTTPClient, serve: Callable[..., Server]
) -> None:
    server = serve(always(answer()))
    client.request("PUT", server.url, body=b"abc", headers={"x-one": "1"}, timeout=10)
    client.request("GET", server.url + "?two", headers={"x-two": ""}, timeout=10)
    client.request("POST", server.url, timeout=10)
    client.request("DELETE", server.url, timeout=10)
    put, get, posted, delete = server.requests
    assert put.startswith(b"PUT /function ")
    assert put.endswith(b"\r\n\r\nabc")
    assert b"content-type" not in put.lower()
    assert get.startswith(b"GET /function?two ")
    assert b"x-one" not in get
    assert b"x-two:" in get.lower()
    assert b"content-length" not in get.lower()
    assert b"Content-Length: 0\r\n" in posted
    assert delete.startswith(b"DELETE /function ")
    assert server.connections == 1


def test_the_callers_content_type_replaces_ours(
    client: HTTPClient, serve: Callable[..., Server]
) -> None:
    server = serve(always(answer()))
    post(client, server, headers={"Content-Type": "application/cloudevents+json"})
    assert server.requests[0].lower().count(b"content-type:") == 1
    assert b"cloudevents" in server.requests[0]


@pytest.mark.parametrize(
    "headers",
    [
        {"x-a": f"{SECRET}\r\nx-b: 1"},
        {"x-a": f"{SECRET}\n"},
        {"x-a": f"{SECRET}\0"},
        {"x-a": f"{SECRET}\u20ac"},
        {"x-a\r\nx-b": SECRET},
        {"x a": SECRET},
        {"": SECRET},
        {"Content-Length": SECRET},
        {"transfer-encoding": SECRET},
        {"Expect": SECRET},
    ],
)
def test_headers_that_would_change_the_request_are_refused(
    client: HTTPClient, serve: Callable[..., Server], headers: dict[str, str]
) -> None:
    server = serve(always(answer()))
    with pytest.raises(ConfigurationError) as raised:
        post(client, server, headers=headers)
    assert SECRET not in str(raised.value)
    assert server.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        f"http://user:{SECRET}@127.0.0.1/",
        f"http://{SECRET}@127.0.0.1/",
        f"http://{SECRET}\\@127.0.0.1/",
        f"file:///etc/{SECRET}",
        f"ftp://127.0.0.1/{SECRET}",
        f"http:///{SECRET}",
        f"http://127.0.0.1:99999/{SECRET}",
        f"http://127.0.0.1/a b?{SECRET}",
        f"http://127.0.0.1/\r\nx: {SECRET}",
        f"http://127.0.0.1/é{SECRET}",
        "",
    ],
)
def test_urls_that_cannot_be_requested_are_refused(client: HTTPClient, url: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        client.request("GET", url, timeout=1)
    assert SECRET not in str(raised.value)


def test_an_unknown_method_is_refused(client: HTTPClient, serve: Callable[..., Server]) -> None:
    server = serve(always(answer()))
    with pytest.raises(ConfigurationError, match="GET, OPTIONS"):
        client.request("GET /x HTTP/1.1\r\n", server.url, timeout=1)
    assert server.connections == 0


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_time_limit_that_is_none_is_refused(client: HTTPClient, timeout: float) -> None:
    with pytest.raises(ValueError, match="time limit"):
        client.request("GET", "http://127.0.0.1:1/", timeout=timeout)
    with pytest.raises(ValueError, match="time limit"):
        HTTPClient(connect_timeout=timeout)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("reset", [False, True])
def test_a_request_on_a_dying_connection_is_not_sent_again(
    client: HTTPClient, serve: Callable[..., Server], method: str, reset: bool
) -> None:
    def script(connection: socket.socket, number: int) -> bool:
        if number == 1:
            connection.sendall(answer())
            return True
        if reset:
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return False

    server = serve(script)
    client.request(method, server.url, timeout=10)
    with pytest.raises(InvocationConnectionError):
        client.request(method, server.url, timeout=10)
    assert len(server.requests) == 2
    # The client is still good: its next request opens a connection.
    assert client.request(method, server.url, timeout=10).fresh_connection
    assert len(server.requests) == 3


def test_a_connection_closed_while_idle_costs_no_request(
    client: HTTPClient, serve: Callable[..., Server]
) -> None:
    closed = threading.Event()

    def script(connection: socket.socket, _number: int) -> bool:
        connection.sendall(answer())
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()
        return False

    server = serve(script)
    for _ in range(3):
        closed.clear()
        assert post(client, server).fresh_connection
        assert closed.wait(5)
    assert len(server.requests) == 3


def test_redirects_are_not_followed(client: HTTPClient, serve: Callable[..., Server]) -> None:
    elsewhere = serve(always(answer()))
    moved = answer(b"", "307 Temporary Redirect", f"Location: {elsewhere.url}\r\n".encode())
    server = serve(always(moved))
    with pytest.raises(InvocationStatusError) as raised:
        post(client, server)
    assert raised.value.status == 307
    assert post(client, server, raise_for_status=False).headers["location"] == elsewhere.url
    assert elsewhere.connections == 0


def test_many_threads_share_a_client(client: HTTPClient, serve: Callable[..., Server]) -> None:
    server = serve(always(answer()))

    def work(thread: int) -> list[int]:
        return [
            client.post_json(server.url, {"id": f"<{thread}.{n}>"}, timeout=30).status
            for n in range(50)
        ]

    with concurrent.futures.ThreadPoolExecutor(16) as executor:
        statuses = [status for part in executor.map(work, range(16)) for status in part]
    assert statuses == [200] * 800
    ids = [json.loads(request.partition(b"\r\n\r\n")[2])["id"] for request in server.requests]
    assert sorted(ids) == sorted(f"<{thread}.{n}>" for thread in range(16) for n in range(50))
    assert server.connections <= 16
