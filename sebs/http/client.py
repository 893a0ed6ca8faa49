"""The client that callers use: a pool of libcurl handles, one for each request under way."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sebs.errors import InvocationStatusError, UsageError
from sebs.http.request import Request, json_body, milliseconds
from sebs.http.response import Response, excerpt

if TYPE_CHECKING:
    from typing_extensions import Self

    from sebs.http.handle import Handle

#: Bytes of an answer that a client takes by default: 256 MiB, far beyond what any platform sends.
LARGEST_BODY = 256 * 2**20


class HTTPClient:
    """Sends a request once, measures it, and names what went wrong.

    A request is never repeated and a redirect never followed. Connections are HTTP/1.1 and are
    kept open for reuse, one for each request under way at the same time. All methods may be called
    from many threads at once; a forked child opens connections of its own.

    A proxy is used where the environment names one (``http_proxy``, ``HTTPS_PROXY``, …; the first
    in lower case only, as libcurl reads it) and ``no_proxy`` does not exclude the host; loopback
    addresses never go through it. ``SSL_CERT_FILE`` replaces the certificates that are trusted.

    Args:
        connect_timeout: Seconds for name look-up, TCP and TLS together.
        verify_tls: Whether the server's certificate and name are verified.
        reuse_connections: Whether connections are kept open.
        max_body: Bytes of a body beyond which an answer counts as malformed.
        user_agent: What the client calls itself.

    Raises:
        ValueError: The time limit is not above 0.
    """

    def __init__(
        self,
        *,
        connect_timeout: float = 10.0,
        verify_tls: bool = True,
        reuse_connections: bool = True,
        max_body: int = LARGEST_BODY,
        user_agent: str = "sebs",
    ) -> None:
        # pycurl takes 10 ms to import, and most commands never send a request.
        from sebs.http.handle import Handle, Settings

        milliseconds(connect_timeout)
        self._new_handle = Handle
        self._settings = Settings(
            connect_timeout, verify_tls, reuse_connections, max_body, user_agent
        )
        # The handle used last is used next: the fewest connections for the load, and warm ones.
        self._idle: list[Handle] = []
        self._inherited: list[Handle] = []
        self._process = os.getpid()
        self._closed = False

    def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float,
        fresh: bool = False,
        raise_for_status: bool = True,
    ) -> Response:
        """Send one request and wait for the whole answer.

        Args:
            method: ``GET``, ``POST``, ``PUT``, ``PATCH``, ``DELETE`` or ``OPTIONS``.
            url: An http or https URL without user name and password.
            body: The request's body; no ``Content-Type`` is added.
            headers: Further headers.
            timeout: Seconds until the last byte of the answer, the connection included.
            fresh: Whether to open a connection even where an idle one could be used.
            raise_for_status: Whether a status outside 200 to 299 is raised.

        Raises:
            InvocationConnectionError: No connection, or it broke before the answer was whole.
            InvocationTimeoutError: No connection, or no whole answer, in time.
            InvocationStatusError: The status is outside 200 to 299.
            MalformedResponseError: The answer is no HTTP, or its body is too large.
            ConfigurationError: The URL, the method or a header cannot be sent; nothing was.
            ValueError: The time limit is not above 0.
        """
        request = Request(method, url, body, headers or {}, "", timeout, fresh)
        return self._send(request, raise_for_status)

    def post_json(
        self,
        url: str,
        payload: Any,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float,
        fresh: bool = False,
        raise_for_status: bool = True,
    ) -> Response:
        """POST a value as JSON; the rest is as in :meth:`request`.

        Raises:
            TypeError: The value holds something that JSON does not know.
            ValueError: The value holds NaN or an infinity, or the time limit is not above 0.
        """
        request = Request(
            "POST", url, json_body(payload), headers or {}, "application/json", timeout, fresh
        )
        return self._send(request, raise_for_status)

    def close(self) -> None:
        """Close all idle connections, and those in use as soon as their request is over."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _send(self, request: Request, raise_for_status: bool) -> Response:
        handle = self._take()
        try:
            response = handle.perform(request)
        except BaseException:
            # The state that a handle is in now is not worth knowing: the next request gets another.
            handle.close()
            raise
        self._give_back(handle)
        if raise_for_status and not 200 <= response.status < 300:
            raise InvocationStatusError(
                f"{request.shown}: HTTP {response.status}: {excerpt(response.body)}",
                status=response.status,
                body=response.body,
            )
        return response

    def _take(self) -> Handle:
        if self._closed:
            raise UsageError("The HTTP client is closed.")
        if self._process != os.getpid():
            # The parent's connections: to use or to close them here would disturb it.
            self._inherited, self._idle = self._idle, []
            self._process = os.getpid()
        while True:
            try:
                handle = self._idle.pop()
            except IndexError:
                return self._new_handle(self._settings)
            if not handle.peer_closed():
                return handle
            handle.close()

    def _give_back(self, handle: Handle) -> None:
        self._idle.append(handle)
        if self._closed:
            self.close()
