"""A proxy in front of a gateway that delays every phase of a request, and knows by how much.

It speaks TLS to the client, so that a delay before the handshake is one of the connection: one
before ``accept`` would not be, as the kernel connects.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Delays:
    """Seconds that are waited: before the handshake, the request's way on, and the answer's end."""

    connecting: float = 0
    waiting: float = 0
    receiving: float = 0


@dataclass(frozen=True)
class Truth:
    """What really passed on this side, in seconds by the monotonic clock.

    Attributes:
        connecting: Connection there → handshake done.
        waiting: Handshake done → head of the answer sent.
        receiving: Head of the answer sent → the rest sent.
    """

    connecting: float
    waiting: float
    receiving: float


class DelayingProxy:
    """Takes one connection after the other, each with one request.

    Args:
        gateway: Port of the gateway.
        certificate: File with the key and the certificate.
    """

    def __init__(self, gateway: int, certificate: Path) -> None:
        self.delays = Delays()
        self.truths: list[Truth] = []
        self._gateway = gateway
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

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
            self._serve(connection, time.perf_counter())

    def _serve(self, plain: socket.socket, connected: float) -> None:
        delays = self.delays
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        time.sleep(delays.connecting)
        with self._context.wrap_socket(plain, server_side=True) as client:
            ready = time.perf_counter()
            # The gateway answers nobody who looked for another host.
            request = read_message(client).replace(
                f"127.0.0.1:{self.port}".encode(), f"127.0.0.1:{self._gateway}".encode(), 1
            )
            time.sleep(delays.waiting)
            with socket.create_connection(("127.0.0.1", self._gateway)) as gateway:
                gateway.sendall(request)
                answer = read_message(gateway)
            # libcurl takes for the first byte that with which the first line is whole.
            head = answer.index(b"\r\n\r\n") + 4
            first = time.perf_counter()
            client.sendall(answer[:head])
            time.sleep(delays.receiving)
            last = time.perf_counter()
            # Before the client has everything, so that it finds this when it looks.
            self.truths.append(Truth(ready - connected, first - ready, last - first))
            client.sendall(answer[head:])


def read_message(connection: socket.socket) -> bytes:
    """Return a request or an answer, which has a length."""
    message = b""
    while b"\r\n\r\n" not in message:
        message += received(connection)
    head, _, body = message.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").lower().split("\r\n")[1:]
    length = int(dict(line.split(": ", 1) for line in lines).get("content-length", 0))
    while len(body) < length:
        more = received(connection)
        message, body = message + more, body + more
    return message


def received(connection: socket.socket) -> bytes:
    if not (data := connection.recv(65536)):
        raise ConnectionError("the connection ended before the message")
    return data
