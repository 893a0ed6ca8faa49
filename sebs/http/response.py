"""What came back: the answer of an endpoint and the times of its phases."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sebs.errors import MalformedResponseError

#: Bytes of an answer's body that an error message shows.
EXCERPT = 200


@dataclass(slots=True, frozen=True)
class Phases:
    """When each phase of a request ended, in µs from its start, by libcurl's own clock.

    ``name_lookup ≤ connect ≤ pretransfer ≤ first_byte ≤ total``. On a reused connection the first
    two are 0: nothing was looked up or connected. Source of the definitions: libcurl's
    ``curl_easy_getinfo``, section *TIMES*.

    Attributes:
        name_lookup: The host's name was resolved.
        connect: The TCP connection (to the proxy, where there is one) stood.
        tls: The TLS handshake was done; 0 where none took place.
        pretransfer: The request was ready to be sent (``http_startup``).
        first_byte: The first byte of the answer had arrived (``http_first_byte_return``); libcurl
            takes for it the one with which the answer's first line is whole.
        total: The last byte of the answer had arrived.
    """

    name_lookup: int
    connect: int
    tls: int
    pretransfer: int
    first_byte: int
    total: int


@dataclass(slots=True, frozen=True)
class Response:
    """The whole answer to one request.

    Attributes:
        status: The HTTP status code.
        headers: The answer's headers, names in lower case; the values of a repeated header are
            joined by commas. Kept out of ``repr``, as the body is: both may hold secrets.
        body: The answer's body.
        phases: When each phase ended.
        begin: When the request started, in Unix seconds.
        end: When the last byte had arrived, in Unix seconds: ``begin`` plus the duration by the
            monotonic clock, so that a clock that is set in between does no harm.
        fresh_connection: Whether a connection was opened for this request.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    phases: Phases
    begin: float
    end: float
    fresh_connection: bool

    @property
    def client_time(self) -> int:
        """Client time in µs: the request's start → the last byte of the answer.

        It is libcurl's total time. That clock starts where the connection attempt begins and stops
        inside the receiving loop, so neither Python nor its scheduler is in it, and it has the
        same origin as the phases. On a reused connection it includes what libcurl does before the
        first byte of the request is handed over, which is ``phases.pretransfer`` to subtract.
        """
        return self.phases.total

    def json(self) -> Any:
        """Return the body, read as JSON.

        Raises:
            MalformedResponseError: It is none; the message shows at most its first bytes.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            reason = type(error).__name__ if isinstance(error, RecursionError) else error
            raise MalformedResponseError(
                f"The answer is no JSON ({reason}): {excerpt(self.body)}"
            ) from None


def excerpt(body: bytes) -> str:
    """Return the beginning of a body for an error message, on one line."""
    if not body:
        return "(empty body)"
    shown = ascii(body[:EXCERPT].decode("utf-8", "replace"))
    return shown if len(body) <= EXCERPT else f"{shown} … ({len(body):,} bytes)"


def parse_headers(lines: Sequence[bytes]) -> dict[str, str] | None:
    """Read the header lines of an answer, as they came over the wire.

    Interim answers (1xx, a proxy's to CONNECT) come first and are dropped; trailers come last and
    count as headers.

    Returns:
        The headers, or ``None`` where the empty line that ends them is missing.
    """
    headers: dict[str, str] = {}
    complete = False
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if line.startswith(b"HTTP/"):
            headers, complete = {}, False
        elif colon:
            name, value = name.lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        elif not name.strip():
            complete = True
    return headers if complete else None
