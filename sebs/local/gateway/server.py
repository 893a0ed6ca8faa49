"""The HTTP side: one connection, its requests in order, nothing served without the token.

Requests are parsed by httptools and answered by callbacks, without a task or a future for each:
on the way of an invocation every one of them would show.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from http import HTTPStatus
from typing import NamedTuple, Protocol

import httptools

#: Seconds after a refusal in which the client may finish sending what nobody reads, so that the
#: refusal reaches it.
_DRAIN = 1.0

_LEASE = b'{"lease":true}\n'
_JSON = b"content-type: application/json\r\n"
_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}
_STATUS_LINES = {
    status: b"HTTP/1.1 %d %s\r\n%s" % (status, phrase, _JSON) for status, phrase in _REASONS.items()
}


class Request(NamedTuple):
    """One whole request."""

    method: bytes
    path: bytes
    query: bytes
    body: bytes
    keep_alive: bool


class Site(Protocol):
    """What is served."""

    #: The values of ``Host`` that mean this machine.
    hosts: frozenset[bytes]

    def admits(self, target: bytes, authorization: bytes) -> bool:
        """Return whether the ``Authorization`` header lets a request for this target in."""
        ...

    def body_limit(self, path: bytes) -> int:
        """Return how many bytes the body of a request for this path may have."""
        ...

    def serve(self, connection: Connection, request: Request) -> None:
        """Serve a request; ``connection.reply`` is called once for it, now or later."""
        ...


class Connection(asyncio.Protocol):
    """One client's connection.

    Pipelined requests are served one after the other; while one is served and another has
    arrived, nothing more is read.

    Args:
        site: What is served.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[Request | tuple[int, str]] = deque()
        self._busy = False
        self._keep_alive = True
        self._refused = False
        self._lease_ended: asyncio.Future[None] | None = None
        self.on_message_begin()

    # The transport's callbacks.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        """End the lease, if the connection was one; what still runs is not interrupted."""
        self._transport = None
        self._waiting.clear()
        if self._lease_ended is not None and not self._lease_ended.done():
            self._lease_ended.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Parse; whatever the bytes are, the worst outcome is a refusal."""
        if self._refused:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(HTTPStatus.BAD_REQUEST, "Protocols are not switched here.")
        except httptools.HttpParserError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, f"This is no HTTP request: {error}.")

    # The parser's callbacks.

    def on_message_begin(self) -> None:
        """Forget the request before."""
        self._url = b""
        self._host = b""
        self._authorization = b""
        self._length = 0
        self._expects = False
        self._limit = 0
        self._body: list[bytes] = []

    def on_url(self, url: bytes) -> None:
        """Collect the request's target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note the few headers that matter."""
        name = name.lower()
        if name == b"authorization":
            self._authorization = value
        elif name == b"host":
            self._host = value
        elif name == b"content-length":
            self._length = int(value)
        elif name == b"expect":
            self._expects = value.lower() == b"100-continue"

    def on_headers_complete(self) -> None:
        """Decide whether this request is served at all, before its body arrives."""
        if self._refused:
            return
        site = self._site
        if self._host.lower() not in site.hosts:
            self._refuse(HTTPStatus.FORBIDDEN, "The Host header names another machine.")
        elif not site.admits(self._url, self._authorization):
            self._refuse(HTTPStatus.UNAUTHORIZED, "The bearer token is missing or wrong.")
        elif self._parser.should_upgrade():
            self._refuse(HTTPStatus.BAD_REQUEST, "Protocols are not switched here.")
        else:
            self._limit = site.body_limit(self._url)
            if self._length > self._limit:
                self._refuse_size()
            elif self._expects and self._transport and not self._busy:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Collect the body; one without announced length may also be too large."""
        if self._refused:
            return
        self._body.append(body)
        self._limit -= len(body)
        if self._limit < 0:
            self._refuse_size()

    def on_message_complete(self) -> None:
        """Serve the request, or let it wait for the one before."""
        if self._refused:
            return
        path, _, query = self._url.partition(b"?")
        parts = self._body
        request = Request(
            self._parser.get_method(),
            path,
            query,
            parts[0] if len(parts) == 1 else b"".join(parts),
            self._parser.should_keep_alive(),
        )
        if self._busy or self._waiting:
            self._wait(request)
        else:
            self._serve(request)

    # The site's side.

    def reply(self, status: int, headers: bytes, body: bytes) -> None:
        """Answer the request being served; ``headers`` are whole lines."""
        transport = self._transport
        self._busy = False
        if transport is None:
            return  # the client did not wait
        if not self._keep_alive:
            headers += b"connection: close\r\n"
        head = b"%s%scontent-length: %d\r\n\r\n" % (_STATUS_LINES[status], headers, len(body))
        if len(body) < 16384:
            transport.write(head + body)
        else:
            transport.writelines((head, body))
        if not self._keep_alive:
            self._drain()
        elif self._waiting:
            self._loop.call_soon(self._advance)

    def reply_json(self, status: int, document: object) -> None:
        """Answer the request being served with a document."""
        self.reply(status, b"", json.dumps(document).encode())

    def hold(self) -> asyncio.Future[None]:
        """Answer with a stream that has no end, and return what is done when the client leaves."""
        ended = self._lease_ended = self._loop.create_future()
        if self._transport is None:
            ended.set_result(None)
        else:
            head = _STATUS_LINES[200] + b"transfer-encoding: chunked\r\n\r\n"
            self._transport.write(head + b"%x\r\n%s\r\n" % (len(_LEASE), _LEASE))
        return ended

    # Order.

    def _serve(self, request: Request) -> None:
        self._busy = True
        self._keep_alive = request.keep_alive
        self._site.serve(self, request)

    def _wait(self, item: Request | tuple[int, str]) -> None:
        self._waiting.append(item)
        if self._transport is not None:
            self._transport.pause_reading()

    def _advance(self) -> None:
        if self._busy or not self._waiting or self._transport is None:
            return
        item = self._waiting.popleft()
        if not self._waiting:
            self._transport.resume_reading()
        if isinstance(item, Request):
            self._serve(item)
        else:
            self._send_refusal(*item)

    def _refuse_size(self) -> None:
        self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request's body is over the limit.")

    def _refuse(self, status: int, message: str) -> None:
        """Answer with an error, after what came before, and read nothing more."""
        self._refused = True
        if self._busy or self._waiting:
            self._wait((status, message))
        else:
            self._send_refusal(status, message)

    def _send_refusal(self, status: int, message: str) -> None:
        kind = HTTPStatus(status).phrase.replace(" ", "")
        self._keep_alive = False
        self.reply_json(status, {"error": {"type": kind, "message": message, "trace": ""}})

    def _drain(self) -> None:
        """Close, but only after the client had the time to stop sending and read the answer."""
        self._refused = True
        transport = self._transport
        if transport is not None and not transport.is_closing():
            if transport.can_write_eof():
                transport.write_eof()
            self._loop.call_later(_DRAIN, transport.close)
