"""The measuring HTTP client, against real servers that behave and that do not."""

from __future__ import annotations

import concurrent.futures
import json
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sebs.errors import (
    ConfigurationError,
    InvocationConnectionError,
    InvocationStatusError,
    InvocationTimeoutError,
    MalformedResponseError,
    UsageError,
)
from sebs.http import HTTPClient, Response

SECRET = "hunter2-not-to-be-shown"

#: Answers one request; the number counts the requests of a connection from 1. Whether it returns
#: true says whether the connection stays open.
Script = Callable[[socket.socket, int], bool]


def answer(body: bytes = b"{}", status: str = "200 OK", headers: bytes = b"") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n".encode()
    return head + headers + b"\r\n" + body


class Server:
    """A socket server that records every request that it read in full."""

    def __init__(self, script: Script, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._script = script
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        scheme = "https" if self._context else "http"
        return f"{scheme}://127.0.0.1:{self.port}/function"

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            number = 0
            while request := read_request(connection):
                self.requests.append(request)
                number += 1
                if not self._script(connection, number):
                    return
        except OSError:
            return  # the client hung up, as several tests make it do
        finally:
            connection.close()


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def always(raw: bytes, *, keep: bool = True) -> Script:
    def script(connection: socket.socket, _number: int) -> bool:
        connection.sendall(raw)
        return keep

    return script


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(script: Script, context: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(script, context))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def client() -> Iterator[HTTPClient]:
    with HTTPClient() as client:
        yield client


def post(client: HTTPClient, server: Server, **options: object) -> Response:
    return client.post_json(server.url, {"n": 1}, **{"timeout": 10.0, **options})  # type: ignore[arg-type]


# --- what is sent ------------------------------------------------------------------------------


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


# --- exactly once ------------------------------------------------------------------------------


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


# --- connections -------------------------------------------------------------------------------


def test_connections_are_reused_unless_asked_otherwise(
    client: HTTPClient, serve: Callable[..., Server]
) -> None:
    server = serve(always(answer()))
    fresh = [post(client, server, fresh=want).fresh_connection for want in (False, False, True)]
    assert fresh == [True, False, True]
    assert server.connections == 2
    with HTTPClient(reuse_connections=False) as single:
        assert [post(single, server).fresh_connection for _ in range(2)] == [True, True]
    assert server.connections == 4


def test_a_closed_client_sends_nothing(serve: Callable[..., Server]) -> None:
    server = serve(always(answer()))
    client = HTTPClient()
    post(client, server)
    client.close()
    client.close()
    with pytest.raises(UsageError, match="closed"):
        post(client, server)
    assert len(server.requests) == 1


def test_a_forked_child_opens_its_own_connection(serve: Callable[..., Server]) -> None:
    server = serve(always(answer()))
    program = (
        "import os, sys\n"
        "from sebs.http import HTTPClient\n"
        "client = HTTPClient()\n"
        "send = lambda: client.request('GET', sys.argv[1], timeout=10).fresh_connection\n"
        "assert send()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(0 if send() else 3)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0\n"
        "assert not send()\n"
    )
    subprocess.run([sys.executable, "-c", program, server.url], check=True, timeout=30)
    assert server.connections == 2


def test_the_environments_proxy_is_used_except_for_loopback(
    monkeypatch: pytest.MonkeyPatch, serve: Callable[..., Server]
) -> None:
    proxy = serve(always(answer(b'{"by": "proxy"}')))
    server = serve(always(answer()))
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("no_proxy", "direct.invalid")
    with HTTPClient() as client:
        away = client.request("GET", "http://function.invalid/", timeout=10)
        assert away.json() == {"by": "proxy"}
        assert post(client, server).json() == {}
        with pytest.raises(InvocationConnectionError, match="resolve"):
            client.request("GET", "http://direct.invalid/", timeout=10)
    assert len(proxy.requests) == len(server.requests) == 1


# --- what is measured --------------------------------------------------------------------------


def test_phases_are_in_order_and_show_the_servers_delay(
    client: HTTPClient, serve: Callable[..., Server]
) -> None:
    def script(connection: socket.socket, _number: int) -> bool:
        time.sleep(0.05)
        connection.sendall(answer(b"{}")[:-2])
        time.sleep(0.03)
        connection.sendall(b"{}")
        return True

    server = serve(script)
    for fresh in (True, False):
        before = time.time()
        response = post(client, server)
        after = time.time()
        phases = response.phases
        assert response.fresh_connection is fresh
        assert 0 <= phases.name_lookup <= phases.connect <= phases.pretransfer
        assert phases.pretransfer <= phases.first_byte <= phases.total
        assert phases.tls == 0
        assert phases.first_byte >= 50_000
        assert phases.total >= 80_000
        assert response.client_time == phases.total
        assert before <= response.begin <= response.end <= after + 0.001
        assert response.end - response.begin == pytest.approx(response.client_time / 1e6, abs=1e-5)


# --- failures ----------------------------------------------------------------------------------


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


OK = b"HTTP/1.1 200 OK\r\n"


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


# --- TLS ---------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("openssl, which makes the test's certificate, is not installed")
    path = tmp_path / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=sebs", "-keyout", str(path)]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-out", str(tmp_path / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + (tmp_path / "cert.pem").read_bytes())
    return path


def test_certificates_are_verified(
    monkeypatch: pytest.MonkeyPatch, serve: Callable[..., Server], certificate: Path
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = serve(always(answer()), context)
    with HTTPClient() as client, pytest.raises(InvocationConnectionError, match="trusted"):
        post(client, server)
    assert server.requests == []
    with HTTPClient(verify_tls=False) as client:
        assert post(client, server).status == 200
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_name("cert.pem")))
    with HTTPClient() as client:
        first, second = post(client, server), post(client, server)
    assert 0 < first.phases.connect <= first.phases.tls <= first.phases.pretransfer
    assert (second.fresh_connection, second.phases.tls) == (False, 0)


def test_importing_the_client_does_not_load_libcurl() -> None:
    program = "import sys, sebs.http; assert 'pycurl' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
