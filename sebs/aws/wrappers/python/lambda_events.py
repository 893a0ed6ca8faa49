"""What invokes a function on Lambda, and how each of them is answered.

Part of a function's package, so it needs nothing but the standard library.
"""

from __future__ import annotations

import json
from typing import Any

#: Where the platform's trigger puts events into a bucket, and waits for their answers.
EVENTS, ANSWERS = "sebs-events/", "sebs-answers/"

_BAD_EVENT, _FAILURE = 400, 500

_encode = json.JSONEncoder(allow_nan=False).encode


class InvalidEvent(ValueError):  # noqa: N818 - as the envelope calls it
    """The event is not what the benchmark can be given."""


class Direct:
    """Lambda's own API: the event is the benchmark's, the answer is the envelope.

    It is an answer even where it tells of an error: Lambda would put its own in the place of it.
    """

    def __init__(self, event: Any) -> None:
        self._event = event

    def payload(self) -> Any:
        """Return the benchmark's event."""
        return self._event

    def size(self, text: str) -> int:
        """Return how many bytes of the answer are the result's, as JSON.

        Raises:
            UnicodeEncodeError: It is no text that can be sent.
        """
        return len(text.encode())

    def answer(self, envelope: dict[str, Any], result: Any = None, text: str | None = None) -> Any:
        """Return what Lambda answers.

        Args:
            envelope: All of it but the result, which is absent where there is an error.
            result: What the benchmark returned.
            text: The same as JSON; ``None`` where there is none.
        """
        return envelope if text is None else {**envelope, "result": result}


class HTTP:
    """A function URL or an API of API Gateway: the event is the body, as JSON.

    Both versions of the payload are understood
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
    """

    def __init__(self, event: dict[str, Any]) -> None:
        body = event.get("body")
        self._body: Any = "" if body is None else body
        self._is_base64 = event.get("isBase64Encoded") is True

    def payload(self) -> Any:
        """Return the benchmark's event, which is empty where the body is.

        Raises:
            InvalidEvent: The body is no JSON.
        """
        body = self._body
        if not isinstance(body, str) or (self._is_base64 and len(body) % 4):
            raise InvalidEvent("The body is not what it is said to be")
        if not self._is_base64:
            return _parse(body, "The body")
        from base64 import b64decode

        try:
            content = b64decode(body, validate=True)
        except ValueError as error:
            raise InvalidEvent(f"The body is not what it is said to be: {error}") from None
        return _decode(content, "The body")

    def size(self, text: str) -> int:
        """Return how many bytes of the answer are the result's: as text in JSON, once more."""
        return len(text.encode()) + text.count('"') + text.count("\\")

    def answer(self, envelope: dict[str, Any], result: Any = None, text: str | None = None) -> Any:
        """Return what Lambda answers; see :meth:`Direct.answer`."""
        status = 200
        if text is None:
            is_bad = envelope["error"]["type"] == "InvalidEvent"
            status = _BAD_EVENT if is_bad else _FAILURE
        return {
            "statusCode": status,
            "headers": {"content-type": "application/json"},
            "body": _whole(envelope, text),
        }


class S3Object:
    """An object below ``sebs-events/``: it holds the event, and another one takes the answer."""

    def __init__(self, bucket: str, key: str) -> None:
        # A function that is invoked otherwise does without.
        from .aws_client import Client

        self._client = Client("s3")
        self._path = f"/{bucket}/{key}"
        self._answer_path = f"/{bucket}/{ANSWERS}{key[len(EVENTS) :]}"

    def payload(self) -> Any:
        """Return the benchmark's event.

        Raises:
            InvalidEvent: The object is no JSON.
        """
        response = self._client.request("GET", self._path)
        return _decode(self._client.read(response), "The object")

    def size(self, text: str) -> int:
        """Return zero: Lambda does not see the result."""
        return 0

    def answer(self, envelope: dict[str, Any], result: Any = None, text: str | None = None) -> Any:
        """Write the answer; Lambda has nobody to give it to."""
        from io import BytesIO

        body = BytesIO(_whole(envelope, text).encode())
        self._client.read(self._client.request("PUT", self._answer_path, body=body))


def source(event: Any) -> Direct | HTTP | S3Object:
    """Return what invoked the function; an event that nothing is known of is the benchmark's."""
    if isinstance(event, dict):
        request = event.get("requestContext")
        if isinstance(request, dict) and ("http" in request or "httpMethod" in request):
            return HTTP(event)
        if "Records" in event:
            place = _object(event)
            if place is not None and place[1].startswith(EVENTS):
                return S3Object(*place)
    return Direct(event)


def _object(event: dict[str, Any]) -> tuple[str, str] | None:
    """Return bucket and key, where S3 tells of one object.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    from urllib.parse import unquote_plus

    try:
        (record,) = event["Records"]
        if record["eventSource"] != "aws:s3":
            return None
        return record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None  # it looks like an event of S3 at most


def _decode(content: bytes, what: str) -> Any:
    try:
        return _parse(content.decode(), what)
    except UnicodeDecodeError:
        raise InvalidEvent(f"{what} is no text in UTF-8") from None


def _parse(text: str, what: str) -> Any:
    try:
        return _decoder.decode(text) if text else {}
    except (ValueError, RecursionError) as error:
        raise InvalidEvent(f"{what} is no JSON: {error}") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is none of its numbers")


_decoder = json.JSONDecoder(parse_constant=_refuse)


def _whole(envelope: dict[str, Any], text: str | None) -> str:
    """Return the envelope as JSON, with a result that is JSON already."""
    head = _encode(envelope)
    return head if text is None else f'{head[:-1]}, "result": {text}}}'
