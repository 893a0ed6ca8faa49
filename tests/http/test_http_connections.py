"""Connections of the HTTP client: reuse, proxies, TLS, and the times of their phases."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from http_doubles import Server, always, answer, post

from sebs.errors import (
    InvocationConnectionError,
    UsageError,
)
from sebs.http import HTTPClient


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


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=sebs", "-keyout", str(path)]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-out", str(tmp_path / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + (tmp_path / "cert.pem").read_bytes())
    return path


@pytest.mark.tools
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
