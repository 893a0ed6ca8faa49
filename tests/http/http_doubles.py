"""A socket server whose answers are scripted, and what the tests send to it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable

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


OK = b"HTTP/1.1 200 OK\r\n"


def post(client: HTTPClient, server: Server, **options: object) -> Response:
    return client.post_json(server.url, {"n": 1}, **{"timeout": 10.0, **options})  # type: ignore[arg-type]
