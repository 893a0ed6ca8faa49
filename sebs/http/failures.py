"""The failures of a request: libcurl's error codes → the errors of sebs."""

from __future__ import annotations

from dataclasses import dataclass

import pycurl

from sebs.errors import (
    InvocationConnectionError,
    InvocationError,
    InvocationTimeoutError,
    MalformedResponseError,
)

_MALFORMED = frozenset(
    {
        pycurl.E_UNSUPPORTED_PROTOCOL,  # an answer that is not HTTP/1
        pycurl.E_FTP_WEIRD_SERVER_REPLY,  # invalid headers; the name is libcurl's old one
        pycurl.E_BAD_CONTENT_ENCODING,  # a transfer encoding that was not asked for
        100,  # CURLE_TOO_LARGE, which pycurl does not name: one header line too long
    }
)

#: libcurl tells these from a connection that broke (all are CURLE_RECV_ERROR) by its words alone.
_MALFORMED_WORDS = ("chunk", "Too large response headers")

_TLS = frozenset(
    {
        pycurl.E_PEER_FAILED_VERIFICATION,
        pycurl.E_SSL_CONNECT_ERROR,
        pycurl.E_SSL_CACERT_BADFILE,
    }
)


@dataclass(slots=True, frozen=True)
class Attempt:
    """What is known of a request that failed.

    Attributes:
        target: Method and URL, as they may be shown.
        sent: How often libcurl was about to send it: 0 before a connection stood, 2 where the
            reused connection broke and libcurl was kept from sending again.
        connect_timeout: Seconds allowed for the connection.
        timeout: Seconds allowed for everything.
        max_body: Bytes allowed for the body.
    """

    target: str
    sent: int
    connect_timeout: float
    timeout: float
    max_body: int


def failure(code: int, reason: str, attempt: Attempt) -> InvocationError:
    """Return the error to raise for what libcurl reported.

    Args:
        code: The CURLcode.
        reason: libcurl's own words.
        attempt: What is known of the request.
    """
    target = attempt.target
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return _timeout(attempt)
    if attempt.sent > 1:
        return InvocationConnectionError(
            f"{target}: the server closed the reused connection without an answer.",
            remedy="It may have run the function; the request was not sent again.",
        )
    if code == pycurl.E_WRITE_ERROR:
        return MalformedResponseError(
            f"{target}: the answer's body is larger than {attempt.max_body:,} bytes."
        )
    if code in _TLS:
        return InvocationConnectionError(
            f"{target}: no trusted TLS connection ({reason}).",
            remedy="Name the certificates to trust in SSL_CERT_FILE, or turn verification off.",
        )
    if code in _MALFORMED or any(words in reason for words in _MALFORMED_WORDS):
        return MalformedResponseError(f"{target}: the answer is no valid HTTP ({reason}).")
    return InvocationConnectionError(f"{target}: {reason}.")


def _timeout(attempt: Attempt) -> InvocationTimeoutError:
    if not attempt.sent:
        limit = min(attempt.connect_timeout, attempt.timeout)
        return InvocationTimeoutError(f"{attempt.target}: no connection within {limit:g} s.")
    return InvocationTimeoutError(
        f"{attempt.target}: no whole answer within {attempt.timeout:g} s.",
        remedy="The function may still be running.",
    )
