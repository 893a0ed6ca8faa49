"""What serves functions on the local platform: the gateway.

Part of a function's package, so it needs nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit


class Gateway(threading.local):
    """A kept connection to the gateway.

    It serves one request at a time, so each thread has its own: concurrent invocations are threads.

    Args:
        token: What opens the paths that are asked for.
    """

    def __init__(self, token: str) -> None:
        self._headers = {"Authorization": f"Bearer {token}"}
        self._connection = _connection()

    def post(self, path: str, body: bytes) -> tuple[int, Any]:
        """Send a request once; return the status of the answer, and what it says."""
        try:
            self._connection.request("POST", path, body, self._headers)
            response = self._connection.getresponse()
            return response.status, json.loads(response.read())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the thread's connection; the next request opens it again."""
        self._connection.close()


def _connection() -> HTTPConnection:
    if "SEBS_LOCAL_DATA_SOCKET" in os.environ:
        return _SocketConnection(os.environ["SEBS_LOCAL_DATA_SOCKET"])
    return HTTPConnection(urlsplit(os.environ["SEBS_LOCAL_DATA_URL"]).netloc)


class _SocketConnection(HTTPConnection):
    """HTTP over a socket of this machine: a container without a network has that alone."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)
