"""An invocation as a row of the table, and back: the one place where both are known.

A row lacks the columns that are null. Nothing of an :class:`ExecutionResult` is lost on the way but
the two times by the function's clock, which the experiments that need them keep as factors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from sebs.errors import ResultFormatError
from sebs.faas.result import (
    ExecutionBilling,
    ExecutionResult,
    ExecutionStats,
    ExecutionTimes,
    ProviderTimes,
)
from sebs.results.encoding import encoded
from sebs.results.schema import ANSWERED, DURATIONS, LIMITS, Column, Scalar

_escaping = json.JSONEncoder(separators=(",", ":")).encode

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

#: How invocations begin, in the order in which they are shown; see :func:`start_of`.
STARTS = ("cold", "warm", "unknown", "unanswered")

_ANSWERED = frozenset(column.name for column in ANSWERED)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Invocation:
    """An invocation that was made.

    Attributes:
        id: Which of the planned ones it is.
        point: What was asked for, ``id`` included: columns of the table, and factors.
        result: What was measured.
        valid: Whether its output was judged right; ``None`` where it was not judged.
        rejection: Why it was judged wrong.
    """

    id: str
    point: Mapping[str, Scalar]
    result: ExecutionResult
    valid: bool | None = None
    rejection: str | None = None


def start_of(result: ExecutionResult) -> str:
    """Return how an invocation began, as far as anybody says.

    ``cold`` or ``warm``, where the function or the platform tells of its environment; else
    ``unanswered`` where it failed, and ``unknown`` where a function that is not ours answered.
    """
    if result.stats.cold_start:
        return "cold"
    if result.environment_id or result.provider_times.execution:
        return "warm"
    return "unanswered" if result.stats.failure else "unknown"


def is_wanted(row: Mapping[str, Any]) -> bool:
    """Whether an invocation is one of those asked for: others are counted, and are in no figure."""
    return row.get("wanted") is not False


def is_counted(row: Mapping[str, Any]) -> bool:
    """Whether an invocation is one of those, or failed: it did so even if it was made again."""
    return is_wanted(row) or bool(row.get("failure"))


def measured(result: ExecutionResult) -> Row:
    """Return what an invocation measured, as columns of the table; nulls are left out."""
    return {name: value for name, value in answered(result).items() if value is not None}


def answered(result: ExecutionResult) -> Row:
    """Return all columns that tell what became of an invocation, null where nothing was measured.

    Without those of its judgement.
    """
    times, provider, billing = result.times, result.provider_times, result.billing
    return {
        "start": start_of(result),
        "request_id": result.request_id or None,
        "environment_id": result.environment_id or None,
        "failure": result.stats.failure,
        "error": result.error,
        "begin": _since_epoch(times.client_begin),
        "end": _since_epoch(times.client_end),
        "client": times.client or None,
        "http_startup": times.http_startup or None,
        "http_first_byte_return": times.http_first_byte_return or None,
        "fresh_connection": times.fresh_connection,
        "benchmark_time": times.benchmark or None,
        "benchmark_including_imports": times.benchmark_including_imports or None,
        "initialization": times.initialization or None,
        "provider": provider.execution or None,
        "provider_initialization": provider.initialization or None,
        "memory_used": result.stats.memory_used,
        "billed_time": billing.billed_time,
        "billed_memory": billing.memory,
        "gb_seconds": billing.gb_seconds or None,
        "output": encoded(result.output, _escaping).decode() if result.output else None,
    }


def invocation_of(row: Mapping[str, Any]) -> Invocation:
    """Return the invocation that a row tells of.

    Raises:
        ResultFormatError: Its output is no JSON object.
    """
    take = row.get
    result = ExecutionResult(
        output=_output(take("output")),
        request_id=take("request_id") or "",
        times=ExecutionTimes(
            client=take("client") or 0,
            client_begin=_moment(take("begin")),
            client_end=_moment(take("end")),
            benchmark=take("benchmark_time") or 0,
            benchmark_including_imports=take("benchmark_including_imports") or 0,
            initialization=take("initialization") or 0,
            http_startup=take("http_startup") or 0,
            http_first_byte_return=take("http_first_byte_return") or 0,
            fresh_connection=take("fresh_connection"),
        ),
        provider_times=ProviderTimes(
            initialization=take("provider_initialization") or 0,
            execution=take("provider") or 0,
        ),
        stats=ExecutionStats(
            memory_used=take("memory_used"),
            cold_start=take("start") == "cold",
            failure=bool(take("failure")),
        ),
        billing=ExecutionBilling(
            memory=take("billed_memory"),
            billed_time=take("billed_time"),
            gb_seconds=take("gb_seconds") or 0,
        ),
        environment_id=take("environment_id") or "",
        error=take("error"),
    )
    point = {name: value for name, value in row.items() if name not in _ANSWERED}
    return Invocation(row["id"], point, result, take("valid"), take("rejection") or None)


def check_row(row: Mapping[str, Any], columns: Mapping[str, Column], place: str) -> None:
    """Refuse a row that the table cannot hold.

    Args:
        row: From a file.
        columns: Every column that there is, by its name.
        place: File and line, for the error.

    Raises:
        ResultFormatError: A value has the wrong type, is out of its range, or is a negative
            duration.
    """
    for name, value in row.items():
        column = columns.get(name)
        if column is None:
            raise ResultFormatError(f"{place}: the table has no column {name!r}.")
        if not column.accepts(value):
            raise ResultFormatError(f"{place}: {name} is {value!r}, which is no {column.type}.")
        if isinstance(value, float) and not abs(value) < float("inf"):
            raise ResultFormatError(f"{place}: {name} is {value!r}, which is no finite number.")
        limits = LIMITS.get(column.type)
        if limits and value is not None and not limits[0] <= value <= limits[1]:
            raise ResultFormatError(f"{place}: {name} is {value!r}, which no {column.type} can be.")
        if name in DURATIONS and value is not None and value < 0:
            raise ResultFormatError(f"{place}: {name} is {value}, and no duration is negative.")


def _since_epoch(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    since = moment - _EPOCH
    # Dividing one span by another is exact as well, and takes twice as long.
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def _output(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        output = json.loads(text)
    except ValueError as error:
        raise ResultFormatError(f"An output is no JSON: {error}.") from error
    if not isinstance(output, dict):
        raise ResultFormatError(f"An output is no JSON object: {text[:100]!r}.")
    return output
