"""One invocation through Lambda's own API: sent once, timed, and read.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from sebs.aws.faults import NO_ROLE, ROLE_REMEDY, error_code, explained, reason
from sebs.errors import (
    FunctionGoneError,
    InvocationConnectionError,
    InvocationError,
    InvocationStatusError,
    InvocationTimeoutError,
    LimitExceededError,
    MalformedResponseError,
)
from sebs.faas.result import ExecutionResult
from sebs.http import json_body

if TYPE_CHECKING:
    from sebs.aws.report import Report

#: Bytes of an event, synchronous and asynchronous.
#: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LARGEST_EVENT, LARGEST_ASYNCHRONOUS_EVENT = 6 * 2**20, 2**20

_log = logging.getLogger("sebs.AWS")


def encode_event(payload: dict[str, Any], most: int) -> bytes:
    """Return the event as Lambda takes it.

    Args:
        payload: The event.
        most: Bytes that the way of invoking allows.

    Raises:
        LimitExceededError: It is larger; nothing was sent.
        ValueError: It holds NaN or an infinity.
    """
    body = json_body(payload)
    if len(body) > most:
        raise LimitExceededError(
            f"The event has {len(body):,} bytes; Lambda takes {most:,} this way.",
            remedy="Put the data into the object storage, and its key into the event.",
        )
    return body


@dataclass(slots=True)
class Stopwatch:
    """When something began, and how long it took.

    Attributes:
        begin: Unix seconds.
        elapsed: Seconds by the monotonic clock.
    """

    begin: float = 0.0
    elapsed: float = 0.0

    def result(self) -> ExecutionResult:
        """Return a result that has the client's times."""
        result = ExecutionResult()
        result.times.client = round(self.elapsed * 1e6)
        result.times.client_begin = datetime.fromtimestamp(self.begin, tz=timezone.utc)
        result.times.client_end = datetime.fromtimestamp(self.begin + self.elapsed, tz=timezone.utc)
        return result


@contextmanager
def named(function: str) -> Iterator[None]:
    """Say of what Lambda, the SDK or the network complains when a function is invoked.

    Raises:
        InvocationTimeoutError: No answer in time; the function may still be running.
        InvocationConnectionError: No connection, or it broke before the answer was whole.
        InvocationStatusError: Lambda refused; 429 where no environment may be started.
        FunctionGoneError: There is no such function.
        PlatformError: The credentials are none, refused, expired, or do not permit it.
    """
    from botocore import exceptions
    from urllib3.exceptions import HTTPError

    what = f"Invoking the function {function}"
    with explained(what):
        try:
            yield
        except exceptions.ClientError as error:
            if (refusal := _refusal(what, error)) is not None:
                raise refusal from error
            raise
        except exceptions.ReadTimeoutError as error:
            raise InvocationTimeoutError(
                f"{what}: no answer in time: {error}.",
                remedy="The function may still be running; it was not invoked again.",
            ) from error
        except exceptions.ConnectTimeoutError as error:
            raise InvocationTimeoutError(f"{what}: no connection in time: {error}.") from error
        except (
            exceptions.HTTPClientError,
            exceptions.ConnectionError,
            exceptions.IncompleteReadError,
            HTTPError,
        ) as error:
            # A connection that broke may have carried the event: it is not sent again.
            raise InvocationConnectionError(f"{what}: {error}.") from error


def send(client: Any, function: str, body: bytes, **options: str) -> tuple[Stopwatch, Any, bytes]:
    """Invoke once; return how long it took, what AWS answered, and what the function did.

    The clock runs from the call of the SDK, which signs the request, to the answer's last byte.

    Raises:
        InvocationError: No answer arrived.
        PlatformError: The credentials, or the function, are not what they were.
    """
    watch = Stopwatch(time.time())
    with named(function):
        started = time.perf_counter()
        answer = client.invoke(FunctionName=function, Payload=body, **options)
        returned = answer["Payload"].read()
        watch.elapsed = time.perf_counter() - started
    return watch, answer, returned


def read_answer(watch: Stopwatch, answer: Any, returned: bytes) -> ExecutionResult:
    """Return the result of a synchronous invocation: the answer, and the report in its log's tail.

    Raises:
        MalformedResponseError: The answer is no JSON.
    """
    result = watch.result()
    result.request_id = answer["ResponseMetadata"].get("RequestId", "")
    content = _content(returned)
    if "FunctionError" in answer:
        result.fail(_failure(content))
    else:
        take_over(result, content)
    report = _report(answer.get("LogResult", ""), result.request_id)
    if report is not None:
        _take_report(result, report)
        if "FunctionError" in answer and report.memory_used_mb >= report.memory_mb:
            result.fail(f"{result.error} (all of its {report.memory_mb} MB were in use)")
    return result


def take_over(result: ExecutionResult, content: Any) -> None:
    """Take over what a function answered: our wrapper's envelope, or whatever another returns."""
    if isinstance(content, dict) and "is_cold" in content and {"result", "error"} & content.keys():
        result.parse_benchmark_output(content)
    else:
        result.output = content if isinstance(content, dict) else {"result": content}


def _refusal(what: str, error: Any) -> InvocationError | FunctionGoneError | None:
    """Return what a refusal means for an invocation; ``None`` leaves it to the control plane's."""
    code, status = error_code(error), error.response["ResponseMetadata"]["HTTPStatusCode"]
    message = f"{what}: {code}: {reason(error)}"
    if code == "ResourceNotFoundException":
        return FunctionGoneError(message, remedy="Deploy it again.")
    if NO_ROLE in message:
        return InvocationStatusError(message, status=status, remedy=ROLE_REMEDY)
    if status == 429:
        return InvocationStatusError(
            message,
            status=status,
            remedy="Invoke it less often at once, or raise the account's or the function's limit "
            "of concurrent executions.",
        )
    if status in (401, 403) or code.startswith("ExpiredToken"):
        return None
    return InvocationStatusError(message, status=status)


def _content(returned: bytes) -> Any:
    if not returned:
        return None
    try:
        return json.loads(returned)
    except (ValueError, RecursionError) as error:
        raise MalformedResponseError(f"The function's answer is no JSON: {error}.") from None


def _failure(content: Any) -> str:
    """Return in words why the runtime, not the wrapper, says that it failed."""
    if not isinstance(content, dict):
        return f"The function failed: {content}"
    parts = (content.get("errorType"), content.get("errorMessage"))
    return ": ".join(str(part) for part in parts if part) or "The function failed."


def _report(tail: str, request_id: str) -> Report | None:
    from sebs.aws.report import parse_tail

    try:
        report = parse_tail(base64.b64decode(tail, validate=True).decode("utf-8", "replace"))
    except binascii.Error as error:
        _log.warning("The log's tail of the request %s cannot be read: %s.", request_id, error)
        return None
    return report if report is not None and report.request_id == request_id else None


def _take_report(result: ExecutionResult, report: Report) -> None:
    if report.contradicts(result):
        _log.warning(
            "The request %s was cold by Lambda's report and warm by the function's.",
            result.request_id,
        )
    report.apply(result)
