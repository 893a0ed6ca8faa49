"""What Lambda reports of an invocation in a function's log, in either of its formats.

``REPORT RequestId: … Duration: … ms Billed Duration: … ms Memory Size: … MB Max Memory Used: … MB``
where the function writes text, and a record of the type ``platform.report`` where it writes JSON.
A function may print anything, so a line counts only where it is whole and in Lambda's own order.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html,
https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

_REQUEST_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_MS = r"(\d+(?:\.\d+)?) ms"
_TEXT = re.compile(
    rf"REPORT RequestId: ({_REQUEST_ID})\tDuration: {_MS}\tBilled Duration: {_MS}"
    r"\tMemory Size: (\d+) MB\tMax Memory Used: (\d+) MB"
    rf"(?:\tInit Duration: {_MS})?"
    rf"(?:\tRestore Duration: {_MS}(?:\tBilled Restore Duration: {_MS})?)?"
    r"(?:\tStatus: (\w+)(?:\tError Type: ([\w.]+))?)?\s*"
)
_IS_REQUEST_ID = re.compile(_REQUEST_ID)


@dataclass(frozen=True, slots=True)
class Report:
    """One invocation, as Lambda saw it.

    Attributes:
        request_id: Which it was.
        duration_us: µs that the function ran.
        billed_ms: Milliseconds that are billed.
        memory_mb: MB that it was configured with.
        memory_used_mb: MB that its environment had in use at most.
        init_us: µs of the initialization; ``None`` when warm.
        restore_us: µs of the restoration from a snapshot; ``None`` where there was none.
        billed_restore_ms: Milliseconds of it that are billed.
        status: ``timeout``, or the error's type or status; ``None`` for a success.
    """

    request_id: str
    duration_us: int
    billed_ms: int
    memory_mb: int
    memory_used_mb: int
    init_us: int | None = None
    restore_us: int | None = None
    billed_restore_ms: int | None = None
    status: str | None = None


def parse_reports(lines: Iterable[str]) -> Iterator[Report]:
    """Yield the report in each line that is one; all others are skipped."""
    for line in lines:
        found = _from_json(line) if line.startswith("{") else _from_text(line)
        if found is not None:
            yield found


def parse_tail(text: str) -> Report | None:
    """Return the last report in a log's tail, whose first line may be cut; ``None`` without one."""
    return next(parse_reports(reversed(text.splitlines())), None)


def _from_text(line: str) -> Report | None:
    match = _TEXT.fullmatch(line)
    if match is None:
        return None
    request, duration, billed, memory, used, init, restore, billed_restore, status, kind = (
        match.groups()
    )
    return Report(
        request,
        _us(duration),
        round(float(billed)),
        int(memory),
        int(used),
        None if init is None else _us(init),
        None if restore is None else _us(restore),
        None if billed_restore is None else round(float(billed_restore)),
        kind or status,
    )


def _from_json(line: str) -> Report | None:
    try:
        event = json.loads(line)
        if event["type"] != "platform.report":
            return None
        record = event["record"]
        return _from_record(record, record["metrics"])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None  # the function's own output


def _from_record(record: dict[str, Any], metrics: dict[str, Any]) -> Report | None:
    if _IS_REQUEST_ID.fullmatch(record["requestId"]) is None:
        return None
    init, restore = metrics.get("initDurationMs"), metrics.get("restoreDurationMs")
    billed_restore = metrics.get("billedRestoreDurationMs")
    status = record.get("status")
    return Report(
        record["requestId"],
        _us(metrics["durationMs"]),
        round(metrics["billedDurationMs"]),
        round(metrics["memorySizeMB"]),
        round(metrics["maxMemoryUsedMB"]),
        None if init is None else _us(init),
        None if restore is None else _us(restore),
        None if billed_restore is None else round(billed_restore),
        None if status in (None, "success") else str(record.get("errorType") or status),
    )


def _us(milliseconds: str | float) -> int:
    return round(float(milliseconds) * 1000)
