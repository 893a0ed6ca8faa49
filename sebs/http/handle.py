"""One libcurl handle: set up once, then told only what differs from the request before."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Mapping
from dataclasses import dataclass

import pycurl

from sebs.errors import InvocationConnectionError, InvocationError
from sebs.http.failures import Attempt, failure
from sebs.http.request import (
    METHODS_WITH_BODY,
    Request,
    check_method,
    check_url,
    header_lines,
    milliseconds,
)
from sebs.http.response import Phases, Response, parse_headers

#: Hosts that no proxy can reach for us.
LOOPBACK = "localhost,127.0.0.0/8,::1"

#: Seconds after which an idle connection is not used again. Load balancers drop one after 60 s
#: (AWS) or more, some without a word; a request on it would be lost, and it is never sent twice.
LONGEST_IDLE = 55

#: Seconds between the probes that keep a connection open in address translators on the way, the
#: most impatient of which (AWS NAT gateway, network load balancer) forget it after 350 s.
KEEPALIVE_INTERVAL = 60

#: The event of a socket whose peer sent its last byte; elsewhere than on Linux only errors show.
PEER_CLOSED: int = getattr(select, "POLLRDHUP", 0)


@dataclass(slots=True, frozen=True)
class Settings:
    """What all requests of a client have in common; see :class:`sebs.http.HTTPClient`."""

    connect_timeout: float
    verify_tls: bool
    reuse_connections: bool
    max_body: int
    user_agent: str


class Handle:
    """A libcurl handle and its connections; used by one thread at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._curl = pycurl.Curl()
        self._sent = 0
        self._size = 0
        self._body_parts: list[bytes] = []
        self._header_lines: list[bytes] = []
        # What the handle is set to; None where nothing was set yet.
        self._url: str | None = None
        self._shape: tuple[str, bool] | None = None
        self._headers: tuple[Mapping[str, str], str] | None = None
        self._timeout: float | None = None
        self._fresh = False
        self._configure()

    def _configure(self) -> None:
        curl, settings = self._curl, self._settings
        for option, value in (
            (pycurl.NOSIGNAL, 1),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.HTTP09_ALLOWED, 0),
            (pycurl.USERAGENT, settings.user_agent),
            (pycurl.CONNECTTIMEOUT_MS, milliseconds(settings.connect_timeout)),
            (pycurl.TCP_NODELAY, 1),
            (pycurl.TCP_KEEPALIVE, 1),
            (pycurl.TCP_KEEPIDLE, KEEPALIVE_INTERVAL),
            (pycurl.TCP_KEEPINTVL, KEEPALIVE_INTERVAL),
            (pycurl.MAXAGE_CONN, LONGEST_IDLE),
            (pycurl.FORBID_REUSE, int(not settings.reuse_connections)),
            # A new connection shows its whole cost: the name is looked up, TLS is not resumed.
            (pycurl.DNS_CACHE_TIMEOUT, 0),
            (pycurl.SSL_SESSIONID_CACHE, 0),
            (pycurl.SSL_VERIFYPEER, int(settings.verify_tls)),
            (pycurl.SSL_VERIFYHOST, 2 if settings.verify_tls else 0),
            (pycurl.NOPROXY, _without_proxy(os.environ.get("no_proxy", ""))),
            (pycurl.PREREQFUNCTION, self._before_request),
            (pycurl.HEADERFUNCTION, self._header_lines.append),
            (pycurl.WRITEFUNCTION, self._receive),
            # Called at least once a second: the one place where Python can act on Ctrl-C while
            # libcurl waits for an answer, for as long as 15 minutes.
            (pycurl.XFERINFOFUNCTION, _go_on),
            (pycurl.NOPROGRESS, 0),
        ):
            curl.setopt(option, value)
        certificates = os.environ.get("SSL_CERT_FILE")
        if certificates:
            curl.setopt(pycurl.CAINFO, certificates)

    def peer_closed(self) -> bool:
        """Whether the server has closed the connection used last.

        libcurl does not look when the connection was in use a moment ago, and would lose the
        next request on it.
        """
        descriptor = self._curl.getinfo(pycurl.ACTIVESOCKET)
        if descriptor < 0:
            return False
        poll = select.poll()
        poll.register(descriptor, PEER_CLOSED)
        return bool(poll.poll(0))

    def perform(self, request: Request) -> Response:
        """Send one request and wait for the whole answer; see :meth:`HTTPClient.request`.

        A handle whose request failed is not used again.
        """
        self._prepare(request)
        self._sent = self._size = 0
        self._header_lines.clear()
        begin = time.time()
        try:
            self._curl.perform()
        except pycurl.error as error:
            raise self._failure(request, *error.args) from None
        return self._response(request, begin)

    def close(self) -> None:
        """Close the handle and its connections."""
        self._curl.close()

    def _prepare(self, request: Request) -> None:
        curl = self._curl
        if request.url != self._url:
            check_url(request.url)
            curl.setopt(pycurl.URL, request.url)
            self._url = request.url
        headers = (request.headers, request.content_type)
        if headers != self._headers:
            curl.setopt(pycurl.HTTPHEADER, header_lines(*headers))
            self._headers = (dict(request.headers), request.content_type)
        if request.timeout != self._timeout:
            curl.setopt(pycurl.TIMEOUT_MS, milliseconds(request.timeout))
            self._timeout = request.timeout
        if request.fresh != self._fresh:
            curl.setopt(pycurl.FRESH_CONNECT, int(request.fresh))
            self._fresh = request.fresh
        body = request.body
        if body is None and request.method in METHODS_WITH_BODY:
            body = b""
        shape = (request.method, body is not None)
        if shape != self._shape:
            check_method(request.method)
            curl.setopt(pycurl.HTTPGET, 1)
            curl.setopt(pycurl.CUSTOMREQUEST, request.method)
            self._shape = shape
        if body is not None:
            curl.setopt(pycurl.POSTFIELDS, body)

    def _before_request(self, *_connection: object) -> int:
        """Let the request out once.

        libcurl sends a request again, on a new connection, when a reused one turns out to be
        closed before the first byte of the answer. The function may have run by then.
        """
        self._sent += 1
        return int(pycurl.PREREQFUNC_OK if self._sent == 1 else pycurl.PREREQFUNC_ABORT)

    def _receive(self, part: bytes) -> int:
        self._size += len(part)
        if self._size > self._settings.max_body:
            return 0  # fewer bytes than were offered: libcurl ends the transfer
        self._body_parts.append(part)
        return len(part)

    def _response(self, request: Request, begin: float) -> Response:
        info = self._curl.getinfo
        total = info(pycurl.TOTAL_TIME_T)
        headers = parse_headers(self._header_lines)
        if headers is None:
            # libcurl takes this for an answer without a body.
            raise InvocationConnectionError(
                f"{request.shown}: the connection was closed in the middle of the headers."
            )
        body = b"".join(self._body_parts)
        self._body_parts.clear()
        return Response(
            status=info(pycurl.RESPONSE_CODE),
            headers=headers,
            body=body,
            phases=Phases(
                name_lookup=info(pycurl.NAMELOOKUP_TIME_T),
                connect=info(pycurl.CONNECT_TIME_T),
                tls=info(pycurl.APPCONNECT_TIME_T),
                pretransfer=info(pycurl.PRETRANSFER_TIME_T),
                first_byte=info(pycurl.STARTTRANSFER_TIME_T),
                total=total,
            ),
            begin=begin,
            end=begin + total / 1e6,
            fresh_connection=info(pycurl.NUM_CONNECTS) > 0,
        )

    def _failure(self, request: Request, code: int, reason: str) -> InvocationError:
        settings = self._settings
        attempt = Attempt(
            target=request.shown,
            sent=self._sent,
            connect_timeout=settings.connect_timeout,
            timeout=request.timeout,
            max_body=settings.max_body,
        )
        return failure(code, reason, attempt)


def _go_on(*_progress: object) -> int:
    return 0


def _without_proxy(no_proxy: str) -> str:
    """Return the hosts to reach directly: the environment's, and the loopback in any case."""
    if no_proxy.strip() in ("", "*"):
        return no_proxy.strip() or LOOPBACK
    return f"{no_proxy},{LOOPBACK}"
