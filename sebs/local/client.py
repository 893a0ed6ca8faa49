"""Access to the gateway: finds or starts it, keeps it alive by a lease, sends control requests."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs import __version__, log
from sebs.cache.locks import Locks
from sebs.errors import (
    CacheError,
    FunctionGoneError,
    GatewayError,
    InvocationConnectionError,
    InvocationError,
)
from sebs.local.launch import READY_WITHIN, Published, is_gone, launch, published
from sebs.utils import LoggingBase

if TYPE_CHECKING:
    from sebs.http import HTTPClient, Response

#: Seconds that a control request may take: unpacking a large package is the longest.
_PATIENCE = 120.0

#: Seconds that a gateway without users may take to be gone; it gives killed environments 5 s.
_GONE_WITHIN = 10.0

_PAUSE = 0.02
_LEASE = b'{"lease":true}\n'


class Lease:
    """An open connection that keeps a gateway alive; it ends when its process does.

    Args:
        gateway: The gateway that gave it.
        connection: The connection.
    """

    def __init__(self, gateway: Published, connection: socket.socket) -> None:
        self.gateway = gateway
        self._connection = connection
        connection.setblocking(False)

    @staticmethod
    def take(gateway: Published) -> Lease | None:
        """Return a lease; ``None`` where no gateway answers there."""
        authorization = gateway.headers["Authorization"]
        request = (
            f"GET /-/lease HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\n"
            f"Authorization: {authorization}\r\n\r\n"
        )
        try:
            connection = socket.create_connection(("127.0.0.1", gateway.port), timeout=5.0)
        except OSError:
            return None
        try:
            connection.sendall(request.encode("ascii"))
            answer = b""
            while _LEASE not in answer and (chunk := connection.recv(4096)):
                answer += chunk
        except OSError:
            answer = b""
        if _LEASE not in answer:
            connection.close()
            return None
        return Lease(gateway, connection)

    def holds(self) -> bool:
        """Return whether the gateway is still there; takes about a microsecond."""
        try:
            while self._connection.recv(64):
                pass  # the rest of the answer's framing
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def release(self) -> None:
        """Give it back."""
        self._connection.close()


def call(http: HTTPClient, gateway: Published, method: str, path: str, body: Any = None) -> Any:
    """Send one control request and return the document that answers it.

    Args:
        http: What sends it.
        gateway: Where it goes.
        method: Such as ``GET``.
        path: Below ``/-/``.
        body: A JSON value, or ``None`` for no body.

    Raises:
        FunctionGoneError: The gateway has no such function.
        InvocationConnectionError: No gateway answers.
        GatewayError: It refused, or did not answer in time.
    """
    try:
        response = http.request(
            method,
            gateway.url(path),
            body=None if body is None else json.dumps(body).encode(),
            headers=gateway.headers,
            timeout=_PATIENCE,
            raise_for_status=False,
        )
        if 200 <= response.status < 300:
            return response.json()
    except InvocationConnectionError:
        raise
    except InvocationError as error:
        raise GatewayError(f"The gateway did not answer: {error}") from error
    raise _refusal(method, path, response)


class GatewayClient(LoggingBase):
    """The gateway of one directory, as its users in this process see it.

    The first use starts the gateway where none runs. From then on a lease keeps it; if it was
    killed, the next use starts another. May be used from many threads at once.

    Args:
        home: The local platform's directory; made where it does not exist.
    """

    def __init__(self, home: Path) -> None:
        super().__init__()
        self.home = home
        self._lock = threading.Lock()
        self._lease: Lease | None = None
        self._http: HTTPClient | None = None
        self._closed = False
        #: What every gateway is told before it is used, by path.
        self._told: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"<GatewayClient of {str(self.home)!r}>"

    def open(self) -> None:
        """Allow uses, again after :meth:`close`, and make sure that the gateway runs.

        Raises:
            GatewayError: It cannot be started.
        """
        self._closed = False
        self.ensure()

    def ensure(self) -> Published:
        """Return the gateway, which runs and stays as long as this client is open.

        Raises:
            GatewayError: It cannot be started, or the client is closed.
        """
        lease = self._lease
        if lease is not None and lease.holds():
            return lease.gateway
        with self._lock:
            if self._closed:
                raise GatewayError(
                    "The local platform has been shut down.",
                    remedy="Call initialize() of the deployment, or make a new one.",
                )
            if self._lease is None or not self._lease.holds():
                self._drop()
                self._lease = self._take()
            return self._lease.gateway

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Send one control request; see :func:`call`.

        A gateway that is just ending is waited for and replaced by a new one. Control requests say
        what shall be, so sending one again does no harm.

        Raises:
            FunctionGoneError: The gateway has no such function.
            GatewayError: It refused, cannot be started, or did not answer in time.
        """
        try:
            return self.request_once(method, path, body)
        except InvocationConnectionError as error:
            self.logging.debug("The gateway went away (%s); looking for another.", error)
        with self._lock:
            self._drop()
        try:
            return self.request_once(method, path, body)
        except InvocationConnectionError as error:
            raise GatewayError(f"The gateway cannot be reached: {error}") from error

    def request_once(self, method: str, path: str, body: Any = None) -> Any:
        """Send one control request that must not be sent again; see :func:`call`.

        Raises:
            FunctionGoneError: The gateway has no such function.
            InvocationConnectionError: The gateway went away; it may have done what it was asked.
            GatewayError: It refused, cannot be started, or did not answer in time.
        """
        return call(self._client(), self.ensure(), method, path, body)

    def tell(self, path: str, body: Any) -> None:
        """Put what the gateway keeps in its memory only; one that is new is told by itself.

        It may be secret: it is in no message and no log. What was told already is not told again.

        Raises:
            GatewayError: It refused, cannot be started, or did not answer in time.
        """
        if self._told.get(path) != body:
            self.request("PUT", path, body)
            self._told[path] = body

    def close(self) -> None:
        """Give the lease back; a gateway that nobody else needs is gone when this returns.

        Safe to call twice.
        """
        with self._lock:
            self._closed = True
            lease, self._lease = self._lease, None
            http, self._http = self._http, None
        if lease is not None:
            lease.release()
            self._see_off(lease.gateway)
        if http is not None:
            http.close()

    def _client(self) -> HTTPClient:
        with self._lock:
            if self._http is None:
                from sebs.http import HTTPClient

                self._http = HTTPClient()
            return self._http

    def _take(self) -> Lease:
        """Take a lease of the gateway that runs, or of one that is started for it."""
        lease = take_lease(self.home)
        log.hide(lease.gateway.token)
        self.logging.info("Using the gateway %d in %s.", lease.gateway.pid, self.home)
        if lease.gateway.version != __version__:
            self.logging.warning(
                "The running gateway is of sebs %s, this is %s: end it with `sebs local stop`.",
                lease.gateway.version,
                __version__,
            )
        if self._told:
            try:
                self._repeat(lease.gateway)
            except BaseException:
                lease.release()
                raise
        return lease

    def _repeat(self, gateway: Published) -> None:
        """Tell a gateway what the one before was told."""
        from sebs.http import HTTPClient

        with HTTPClient() as http:
            for path, body in self._told.items():
                try:
                    call(http, gateway, "PUT", path, body)
                except InvocationConnectionError as error:
                    raise GatewayError(f"The gateway went away: {error}") from error

    def _drop(self) -> None:
        if self._lease is not None:
            self._lease.release()
            self._lease = None

    def _see_off(self, gateway: Published) -> None:
        """Wait until the gateway is gone, or somebody turns out to use it."""
        from sebs.http import HTTPClient

        with HTTPClient() as http:
            if not await_end(gateway, lambda: _is_used(http, gateway)):
                self.logging.debug("The gateway %d stays: others use it.", gateway.pid)


def take_lease(home: Path) -> Lease:
    """Return a lease of a directory's gateway, which is started where none runs.

    Of several processes that come at once, one starts it. A gateway that is just ending is waited
    for.

    Raises:
        GatewayError: It cannot be started, or the directory cannot be used.
    """
    deadline = time.monotonic() + READY_WITHIN
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with Locks(home).hold("start"):
            while True:
                gateway = published(home)
                lease = Lease.take(gateway) if gateway is not None else None
                if lease is not None:
                    return lease
                if time.monotonic() > deadline:
                    break
                if not launch(home):
                    time.sleep(_PAUSE)
    except (OSError, ValueError, CacheError) as error:
        raise GatewayError(
            f"The local platform cannot use the directory {str(home)!r}: {error}",
            remedy="Choose another one as deployment.local.home.",
        ) from error
    raise GatewayError(
        f"Another gateway holds {str(home)!r} but does not answer.",
        remedy=f"End the process that {str(home / 'gateway.json')!r} names.",
    )


def await_end(gateway: Published, is_used: Callable[[], bool] = lambda: False) -> bool:
    """Wait until a gateway is gone; return whether it is.

    Args:
        gateway: The gateway.
        is_used: Asked from time to time; when it returns true, nothing is waited for.
    """
    deadline = time.monotonic() + _GONE_WITHIN
    while not is_gone(gateway.pid):
        if time.monotonic() > deadline or is_used():
            return False
        time.sleep(_PAUSE)
    return True


def _is_used(http: HTTPClient, gateway: Published) -> bool:
    try:
        status = call(http, gateway, "GET", "/-/status")
    except (InvocationError, GatewayError):
        return False  # it is ending, and takes no more requests
    return bool(status["leases"] or status["pinned"])


def _refusal(method: str, path: str, response: Response) -> FunctionGoneError | GatewayError:
    try:
        error = response.json()["error"]
        kind, message = error["type"], error["message"]
    except (InvocationError, KeyError, TypeError):
        kind, message = f"HTTP {response.status}", ""
    if kind == "FunctionNotFound":
        return FunctionGoneError(message)
    return GatewayError(f"The gateway refused {method} {path}: {kind}: {message}")
