"""What may be sent: every check that a request passes before libcurl sees it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sebs.errors import ConfigurationError

#: The longest time limit in seconds: libcurl counts milliseconds in 31 bits on some platforms.
LONGEST_TIMEOUT = 2**31 // 1000

METHODS = frozenset({"DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"})

#: Methods that announce a body even where there is none (RFC 9110, section 8.6).
METHODS_WITH_BODY = frozenset({"PATCH", "POST", "PUT"})

#: Headers that say where the request ends; another value than the client's own would let one
#: request be read as two.
FRAMING_HEADERS = frozenset({"content-length", "expect", "transfer-encoding"})

# RFC 9110, section 5.6.2 (token) and 5.5 (field value).
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")


@dataclass(slots=True, frozen=True)
class Request:
    """One request, as the caller asked for it; see :meth:`sebs.http.HTTPClient.request`.

    Attributes:
        content_type: Sent where the headers name none; empty for no such header at all.
    """

    method: str
    url: str = field(repr=False)
    body: bytes | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    content_type: str
    timeout: float
    fresh: bool

    @property
    def shown(self) -> str:
        """Method and URL for an error message: without the query, which may hold secrets."""
        return f"{self.method} {self.url.partition('?')[0].partition('#')[0]}"


def json_body(payload: Any) -> bytes:
    """Return a value as JSON, in the fewest bytes.

    Raises:
        TypeError: The value holds something that JSON does not know.
        ValueError: The value holds NaN or an infinity.
    """
    return json.dumps(payload, separators=(",", ":"), allow_nan=False).encode()


def check_method(method: str) -> None:
    """Refuse what is no method of a function's endpoint.

    Raises:
        ConfigurationError: It is none of :data:`METHODS`.
    """
    if method not in METHODS:
        raise ConfigurationError(
            f"Unknown HTTP method {method!r}.", remedy=f"Known: {', '.join(sorted(METHODS))}."
        )


def check_url(url: str) -> None:
    """Refuse a URL that cannot be requested; no message shows its path or query.

    Raises:
        ConfigurationError: It is no http or https URL, or it holds a user name or password.
    """
    if not _VISIBLE_ASCII.fullmatch(url):
        raise ConfigurationError(
            "A URL holds spaces, control characters or characters outside ASCII.",
            remedy="Percent-encode them.",
        )
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host:
        raise ConfigurationError("A URL names no host, or no valid port.")
    if parts.scheme not in ("http", "https"):
        raise ConfigurationError(
            f"The URL of host {host} has the scheme {parts.scheme!r}; only http and https work."
        )
    if "@" in parts.netloc:
        raise ConfigurationError(
            f"The URL of host {host} holds a user name or a password.",
            remedy="Send them in the Authorization header.",
        )


def header_lines(headers: Mapping[str, str], content_type: str) -> list[bytes]:
    """Return the header lines to give to libcurl.

    Args:
        headers: The caller's headers; the messages of errors show no value.
        content_type: Sent where the caller names none; empty for no such header at all.

    Raises:
        ConfigurationError: A name or value that HTTP does not allow, or one of
            :data:`FRAMING_HEADERS`.
    """
    # A name without a value removes the header that libcurl would add by itself.
    lines = ["Expect:"]
    if not any(name.lower() == "content-type" for name in headers):
        lines.append(f"Content-Type: {content_type}".rstrip())
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise ConfigurationError(f"{name!r} is no name of an HTTP header.")
        if name.lower() in FRAMING_HEADERS:
            raise ConfigurationError(
                f"The header {name} is set by the HTTP client.", remedy="Leave it out."
            )
        if not _VALUE.fullmatch(value):
            raise ConfigurationError(
                f"The value of the header {name} holds a line break, another control character "
                "or a character outside Latin-1."
            )
        # A semicolon instead of the colon is how libcurl is told to send an empty value.
        lines.append(f"{name}: {value}" if value.strip() else f"{name};")
    return [line.encode("latin-1") for line in lines]


def milliseconds(seconds: float) -> int:
    """Return a time limit for libcurl, to whom 0 would mean none.

    Raises:
        ValueError: Not above 0, or beyond :data:`LONGEST_TIMEOUT`.
    """
    if not 0 < seconds <= LONGEST_TIMEOUT:
        raise ValueError(
            f"A time limit of {seconds} s is not above 0 and at most {LONGEST_TIMEOUT:,} s."
        )
    return max(1, round(seconds * 1000))
