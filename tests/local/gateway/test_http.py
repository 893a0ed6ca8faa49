"""The gateway's HTTP side: who is let in, and what malformed requests do."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ECHO = "def handler(event):\n    return event\n"


def head(gateway, method, path, *, length=None, token=None, host=None, extra=""):
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host or f'127.0.0.1:{gateway.port}'}",
        f"Authorization: Bearer {token or gateway.state['token']}",
    ]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n" + extra + "\r\n").encode()


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer x",
        "Basic {token}",
        "bearer {token}",
        "Bearer {token}x",
        "{token}",
    ],
)
def test_without_the_token_nothing_happens(gateway, authorization):
    gateway.deploy(ECHO)
    headers = {}
    if authorization is not None:
        headers["Authorization"] = authorization.format(token=gateway.state["token"])
    for method, path in [
        ("POST", "/functions/f"),
        ("DELETE", "/-/functions/f"),
        ("POST", "/-/stop"),
        ("GET", "/-/status"),
        ("GET", "/-/lease"),
        ("GET", "/nothing"),
    ]:
        answer = gateway.call(method, path, b"{}", headers)
        assert answer.status == 401
        assert answer.error["type"] == "Unauthorized"
    status = gateway.call("GET", "/-/status").json
    assert status["leases"] == 1
    assert status["functions"]["f"]["environments"] == []


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "127.0.0.1:1"]
)
def test_another_host_is_refused(gateway, host):
    answer = gateway.raw(head(gateway, "GET", "/-/status", host=host))
    assert answer.startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("host", ["localhost:{port}", "LOCALHOST", "127.0.0.1", "[::1]:{port}"])
def test_names_of_this_machine_are_let_in(gateway, host):
    request = head(gateway, "GET", "/-/status", host=host.format(port=gateway.port))
    assert gateway.raw(request, until=b"}}").startswith(b"HTTP/1.1 200 ")


def test_it_listens_on_loopback_only(gateway):
    listening = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as stream:
            for line in stream.readlines()[1:]:
                address, state = line.split()[1], line.split()[3]
                if state == "0A" and int(address.split(":")[1], 16) == gateway.port:
                    listening.append(address.split(":")[0])
    assert listening == ["0100007F"]


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x00\xff\xfe\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_no_http_is_a_bad_request(gateway, data):
    assert gateway.raw(data).startswith(b"HTTP/1.1 400 ")
    assert gateway.call("GET", "/-/status").status == 200


def test_a_protocol_switch_is_refused(gateway):
    extra = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
    answer = gateway.raw(head(gateway, "GET", "/-/status", extra=extra))
    assert answer.startswith(b"HTTP/1.1 400 ")


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.binary(min_size=1, max_size=300), st.booleans())
def test_no_bytes_kill_the_gateway(gateway, data, after_head):
    start = head(gateway, "POST", "/-/pin", length=10) if after_head else b""
    with socket.create_connection(("127.0.0.1", gateway.port)) as connection:
        connection.sendall(start + data)
    assert gateway.call("GET", "/-/status").status == 200


def test_pipelined_requests_are_answered_in_order(gateway):
    gateway.deploy(ECHO, config={"max_environments": 1})
    bodies = [json.dumps({"n": n}).encode() for n in range(300)]
    data = b"".join(head(gateway, "POST", "/functions/f", length=len(b)) + b for b in bodies)
    last = head(gateway, "GET", "/nothing", extra="Connection: close\r\n")
    answers = gateway.raw(data + last)
    assert [int(n) for n in re.findall(rb'"result":\{"n":(\d+),', answers)] == list(range(300))
    assert answers.count(b"HTTP/1.1 200 OK") == 300
    assert answers.endswith(b"}")
    assert b"HTTP/1.1 404" in answers


def test_a_bad_request_behind_a_good_one_is_refused_after_it(gateway):
    gateway.deploy(ECHO)
    good = head(gateway, "POST", "/functions/f", length=2) + b"{}"
    answers = gateway.raw(good + b"nonsense\r\n\r\n")
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"400"]


def test_a_connection_is_kept(gateway):
    gateway.deploy(ECHO)
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port)
    connection.connect()
    kept = connection.sock
    for n in range(3):
        connection.request("POST", "/functions/f", str(n).encode(), gateway.headers)
        assert json.loads(connection.getresponse().read())["result"] == n
        assert connection.sock is kept
    connection.close()


def test_requests_in_pieces_are_understood(gateway):
    gateway.deploy(ECHO)
    data = (
        head(gateway, "POST", "/functions/f", length=7, extra="Connection: close\r\n") + b'{"a":1}'
    )
    with socket.create_connection(("127.0.0.1", gateway.port)) as connection:
        for position in range(len(data)):
            connection.sendall(data[position : position + 1])
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    assert b'"result":{"a":1,' in received


def test_chunked_bodies_are_understood(gateway):
    gateway.deploy(ECHO)
    extra = "Transfer-Encoding: chunked\r\nConnection: close\r\n"
    data = (
        head(gateway, "POST", "/functions/f", extra=extra) + b'3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n'
    )
    assert b'"result":{"a":1,' in gateway.raw(data)


def test_an_announced_body_over_the_limit_is_refused_before_it_arrives(gateway):
    gateway.deploy(ECHO, config={"max_request": 1000})
    assert gateway.raw(head(gateway, "POST", "/functions/f", length=1001)).startswith(
        b"HTTP/1.1 413 "
    )
    assert gateway.invoke("x" * 998).result == "x" * 998


def test_an_unannounced_body_over_the_limit_is_refused(gateway):
    gateway.deploy(ECHO, config={"max_request": 1000})
    data = head(gateway, "POST", "/functions/f", extra="Transfer-Encoding: chunked\r\n")
    assert gateway.raw(data + b"fff\r\n" + b"x" * 4095 + b"\r\n").startswith(b"HTTP/1.1 413 ")
    assert gateway.environments() == []


def test_a_client_that_asks_first_is_told_to_continue(gateway):
    gateway.deploy(ECHO)
    extra = "Expect: 100-continue\r\nConnection: close\r\n"
    with socket.create_connection(("127.0.0.1", gateway.port)) as connection:
        connection.sendall(head(gateway, "POST", "/functions/f", length=2, extra=extra))
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert b"200 OK" in connection.recv(1000)


def test_large_bodies_pass_both_ways(gateway):
    gateway.deploy(ECHO, memory=512)
    text = "ü" * 900_000
    assert gateway.invoke(text).result == text


def test_a_client_that_leaves_disturbs_nobody(gateway, wait_for):
    gateway.deploy("import time\ndef handler(event):\n    time.sleep(0.3)\n    return event\n")
    with socket.create_connection(("127.0.0.1", gateway.port)) as connection:
        connection.sendall(head(gateway, "POST", "/functions/f", length=1) + b"1")
    wait_for(lambda: [record["status"] for record in gateway.records()] == ["ok"])
    assert gateway.invoke(2).result == 2


def test_unknown_paths_functions_and_methods(gateway):
    gateway.deploy(ECHO)
    missing = gateway.invoke(name="missing")
    assert (missing.status, missing.error["type"]) == (404, "FunctionNotFound")
    assert gateway.call("GET", "/functions/f").status == 405
    assert gateway.call("GET", "/-/nothing").status == 404
    wrong = gateway.call("DELETE", "/-/status")
    assert (wrong.status, wrong.error["type"]) == (405, "MethodNotAllowed")


def test_a_burst_of_connections_waits_to_be_accepted_and_is_not_dropped(gateway):
    # A gateway that is stopped accepts nothing: connections stand only as far as they may wait.
    os.kill(gateway.process.pid, signal.SIGSTOP)
    try:
        with contextlib.ExitStack() as stack:
            for _ in range(400):
                stack.enter_context(socket.create_connection(("127.0.0.1", gateway.port), 10))
    finally:
        os.kill(gateway.process.pid, signal.SIGCONT)
