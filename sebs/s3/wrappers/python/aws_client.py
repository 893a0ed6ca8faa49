"""Requests to a service of AWS, or to a server that speaks as it does.

Part of a function's package, so it needs nothing but the standard library: an SDK would be most of
the package, and of the cold start that is measured.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from ssl import SSLError
from typing import IO
from urllib.parse import urlsplit

from .aws_sigv4 import Credentials, Scope, encode_path, encode_query, sign

#: Seconds between two parts of an answer.
_TIMEOUT = 60
_CHUNK = 1 << 20
_DEFAULT_PORTS = {"http": 80, "https": 443}

#: Services ask for patience, and to be asked again after pauses that grow and are not the same for
#: all (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).
_ATTEMPTS = 5
#: Seconds that the first pause has at most.
_FIRST_PAUSE = 0.1
_BUSY = frozenset({429, 500, 502, 503, 504})
#: What DynamoDB says with status 400.
_THROTTLED = (
    b"#ThrottlingException",
    b"#ProvisionedThroughputExceededException",
    b"#RequestLimitExceeded",
)


class Refused(Exception):  # noqa: N818 - says what the service did
    """The service refused a request."""

    def __init__(self, status: int, answer: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.answer = answer


class Client:
    """Signed requests to one service.

    Where it is, is said by the SDKs' own variables ``AWS_ENDPOINT_URL_<SERVICE>`` and
    ``AWS_ENDPOINT_URL``; by default it is Amazon's, in ``AWS_REGION``.

    Args:
        service: Name of the service, as signatures have it.

    Raises:
        PermissionError: There are no credentials.
    """

    def __init__(self, service: str) -> None:
        region = os.environ["AWS_REGION"]
        url = urlsplit(_endpoint(service, region))
        self._connect = HTTPSConnection if url.scheme == "https" else HTTPConnection
        self._address = url.netloc
        # As it is signed: a port only where it is not the scheme's own.
        own_port = url.port in (None, _DEFAULT_PORTS[url.scheme])
        self._host = url.netloc.rpartition(":")[0] if own_port and url.port else url.netloc
        self._scope = Scope(region, service)
        self._credentials = _credentials()
        # A connection serves one request at a time; concurrent invocations are threads.
        self._thread = threading.local()

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: IO[bytes] | None = None,
    ) -> HTTPResponse:
        """Send a request, again while the service is busy.

        Args:
            method: Such as ``GET``.
            path: Not yet encoded.
            query: Not yet encoded.
            headers: By names in lower case.
            body: What is sent, from its beginning to its end.

        Returns:
            The answer, of which nothing has been read; the thread's next request comes after that.

        Raises:
            Refused: The service refused.
            OSError: It cannot be reached.
        """
        path, arguments = encode_path(path), encode_query(query or {})
        target = f"{path}?{arguments}" if arguments else path
        digest, size = _measure(body)
        headers = {"host": self._host, **(headers or {})}
        for attempt in range(1, _ATTEMPTS + 1):
            now = time.time()
            signed = sign(
                method, path, arguments, headers, digest, self._credentials, self._scope, now
            )
            if body is not None:
                signed["content-length"] = str(size)
            response = self._send(method, target, body, signed)
            if response.status < 300:
                return response
            answer = self.read(response)
            if attempt == _ATTEMPTS or not _is_busy(response.status, answer):
                break
            _pause(attempt)
        raise Refused(response.status, answer)

    def read(self, response: HTTPResponse) -> bytes:
        """Return the content of an answer."""
        try:
            return response.read()
        except BaseException:
            self.disconnect()
            raise

    def disconnect(self) -> None:
        """Close the thread's connection, after an answer that was not read to its end."""
        connection = getattr(self._thread, "connection", None)
        if connection is not None:
            connection.close()
            self._thread.connection = None

    def _send(
        self, method: str, target: str, body: IO[bytes] | None, headers: dict[str, str]
    ) -> HTTPResponse:
        """Send a request; once more where the server had hung up on a connection of before."""
        while True:
            connection: HTTPConnection | None = getattr(self._thread, "connection", None)
            is_old = connection is not None
            if connection is None:
                connection = self._connect(self._address, timeout=_TIMEOUT, blocksize=_CHUNK)
                self._thread.connection = connection
            if body is not None:
                body.seek(0)
            try:
                connection.request(method, target, body, headers)
                return connection.getresponse()
            except (ConnectionError, SSLError):
                self.disconnect()
                if not is_old:
                    raise
            except BaseException:
                self.disconnect()
                raise


def _endpoint(service: str, region: str) -> str:
    for name in (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL"):
        if url := os.environ.get(name):
            return url
    # https://docs.aws.amazon.com/general/latest/gr/rande.html; China has a domain of its own.
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{service}.{region}.{domain}"


def _credentials() -> Credentials:
    try:
        return Credentials(
            os.environ["AWS_ACCESS_KEY_ID"],
            os.environ["AWS_SECRET_ACCESS_KEY"],
            os.environ.get("AWS_SESSION_TOKEN", ""),
        )
    except KeyError as error:
        raise PermissionError(
            f"{error.args[0]} is not set: the platform gave this function no credentials"
        ) from None


def _measure(body: IO[bytes] | None) -> tuple[str, int]:
    """Return the SHA-256 of a body, from its beginning to its end, and its size."""
    digest = hashlib.sha256()
    if body is None:
        return digest.hexdigest(), 0
    body.seek(0)
    while chunk := body.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest(), body.seek(0, io.SEEK_END)


def _is_busy(status: int, answer: bytes) -> bool:
    return status in _BUSY or (status == 400 and any(said in answer for said in _THROTTLED))


def _pause(attempt: int) -> None:
    from random import uniform

    time.sleep(uniform(0, _FIRST_PAUSE * 2 ** (attempt - 1)))  # noqa: S311 - no secret
