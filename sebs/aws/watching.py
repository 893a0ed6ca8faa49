"""What is noticed of the control plane's answers sooner, or better, than the SDK notices it.

Where nobody listens, ten attempts with growing pauses tell no more than two. And a page that a
proxy puts in the place of an answer would be taken for one that lacks everything.
"""

from __future__ import annotations

import socket
from typing import Any

#: Attempts after which it is believed that nobody listens.
_ATTEMPTS = 2

#: How a page begins, in small letters; no answer of AWS does, in JSON or in XML.
_PAGES = (b"<!doctype html", b"<html")


def watch(client: Any) -> None:
    """Let a client of the control plane notice both.

    Its calls then raise ``EndpointConnectionError`` at once where nobody listens, and
    ``ResponseParserError`` where the answer is a page.
    """
    client.meta.events.register_first("needs-retry", _give_up)
    client.meta.events.register("after-call", _refuse_page)


def _give_up(attempts: int, caught_exception: BaseException | None, **_: Any) -> None:
    from botocore.exceptions import EndpointConnectionError

    if (
        isinstance(caught_exception, EndpointConnectionError)
        and attempts >= _ATTEMPTS
        and _is_nobody(caught_exception.kwargs.get("error"))
    ):
        raise caught_exception


def _is_nobody(error: Any) -> bool:
    """Return whether a connection was refused, or there is no machine of that name."""
    cause = getattr(error, "__cause__", None)
    if isinstance(cause, socket.gaierror):
        return cause.errno == socket.EAI_NONAME
    return isinstance(cause, ConnectionRefusedError)


def _refuse_page(http_response: Any, model: Any, **_: Any) -> None:
    from botocore.parsers import ResponseParserError

    if model.has_streaming_output or http_response.status_code >= 300:
        return  # what is in an object may be a page; errors are read anyway
    if http_response.content.lstrip()[:20].lower().startswith(_PAGES):
        raise ResponseParserError("it is a page for people.")
