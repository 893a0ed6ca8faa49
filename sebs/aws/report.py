"""What Lambda reports of an invocation in a function's log, in either of its formats.

``REPORT RequestId: … Duration: … ms Billed Duration: … ms Memory Size: … MB Max Memory Used: … MB``
where the function writes text, and a record of the type ``platform.report`` where it writes JSON.
A function may print anything, so an event counts only where it is whole and in Lambda's own order.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html,
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-monitoring.html,
https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sebs.faas.result import ExecutionResult

_REQUEST_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

#: The digits are bounded, so that every number that matches is one that can be reckoned with.
_MS = r"([0-9]{1,12}(?:\.[0-9]{1,12})?) ms"
_MB = r"([0-9]{1,12}) MB"

#: Older reports have a blank before some tabs; those of today end with a tab.
_TEXT = re.compile(
    rf"REPORT RequestId: ({_REQUEST_ID.pattern})"
    rf" ?\tDuration: {_MS} ?\tBilled Duration: {_MS}"
    rf" ?\tMemory Size: {_MB} ?\tMax Memory Used: {_MB}"
    rf"(?: ?\tInit Duration: {_MS})?"
    rf"(?: ?\tRestore Duration: {_MS}(?: ?\tBilled Restore Duration: {_MS})?)?"
    r"(?: ?\tStatus: (\w{1,64})(?: ?\tError Type: ([\w.]{1,256}))?)?"
    r"(?:\s+XRAY TraceId: (1-[0-9a-f]{8}-[0-9a-f]{24})[^\n]*)?\s*"
)
_ROOT = re.compile(r"Root=(1-[0-9a-f]{8}-[0-9a-f]{24})(?:;|$)")

#: What milliseconds and megabytes stay below.
_LARGEST = 1e12


@dataclass(frozen=True, slots=True)
class Report:
    """One invocation, as Lambda saw it.

    Attributes:
        request_id: Which it was.
        duration_us: µs that the function ran.
        billed_ms: Milliseconds that are billed.
        memory_mb: MB that it was configured with.
        memory_used_mb: MB that its environment had in use at most.
        init_us: µs of the initialization; ``None`` where there was none, or none is reported.
        restore_us: µs of the restoration from a snapshot; ``None`` where there was none.
        billed_restore_ms: Milliseconds of it that are billed.
        status: ``timeout``, or the error's type or status; ``None`` for a success.
        trace_id: By which X-Ray has the invocation; ``None`` where it is not traced.
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
    trace_id: str | None = None

    @property
    def cold(self) -> bool:
        """Whether an environment was initialized, or restored, for the invocation.

        That it was not says little: where initializing failed, or had been paid for in advance,
        nothing of it is reported.
        """
        return self.init_us is not None or self.restore_us is not None

    def contradicts(self, result: ExecutionResult) -> bool:
        """Return whether it was cold by Lambda's report, and warm by the function's."""
        return self.cold and bool(result.environment_id) and not result.stats.cold_start

    def apply(self, result: ExecutionResult) -> None:
        """Fill in provider times, billing and memory; what the function said stays.

        The cold start is filled in where no wrapper answered, and a failure where none is known.
        """
        result.provider_times.execution = self.duration_us
        result.provider_times.initialization = self.init_us or self.restore_us or 0
        result.billing.memory = self.memory_mb
        result.billing.billed_time = self.billed_ms
        result.billing.gb_seconds = self.memory_mb / 1024 * self.billed_ms / 1000
        # A server that stands in for Lambda may not know it.
        result.stats.memory_used = self.memory_used_mb or None
        if not result.environment_id:
            result.stats.cold_start = result.stats.cold_start or self.cold
        if self.status is not None and not result.stats.failure:
            result.fail(f"By Lambda's report: {self.status}")


def parse_reports(events: Iterable[str]) -> Iterator[Report]:
    """Yield the report in each event of a log that is one; all others are skipped."""
    for event in events:
        if event.startswith("REPORT"):
            found = _from_text(event)
        elif '"platform.report"' in event:
            found = _from_json(event)
        else:
            continue
        if found is not None:
            yield found


def parse_tail(text: str) -> Report | None:
    """Return the last report in a log's tail, whose first line may be cut; ``None`` without one."""
    # In a tail the trace, which belongs to the report's event, stands on a line of its own.
    events = text.replace("\nXRAY TraceId: ", "\tXRAY TraceId: ").split("\n")
    return next(parse_reports(reversed(events)), None)


def _from_text(event: str) -> Report | None:
    match = _TEXT.fullmatch(event)
    if match is None:
        return None
    (
        request_id,
        duration,
        billed,
        memory,
        used,
        init,
        restore,
        billed_restore,
        status,
        error_type,
        trace,
    ) = match.groups()
    return Report(
        request_id,
        round(float(duration) * 1000),
        round(float(billed)),
        int(memory),
        int(used),
        None if init is None else round(float(init) * 1000),
        None if restore is None else round(float(restore) * 1000),
        None if billed_restore is None else round(float(billed_restore)),
        _failure(status, error_type),
        trace,
    )


def _from_json(event: str) -> Report | None:
    try:
        document = json.loads(event)
        if document["type"] != "platform.report":
            return None
        return _from_record(document["record"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None  # the function's own output


def _from_record(record: dict[str, Any]) -> Report | None:
    if _REQUEST_ID.fullmatch(record["requestId"]) is None:
        return None
    metrics = record["metrics"]

    def number(key: str, scale: int = 1) -> int:
        value: float = metrics[key]
        if isinstance(value, bool) or not 0 <= value < _LARGEST:
            raise ValueError(f"{key} is {value!r}")
        return round(value * scale)

    return Report(
        record["requestId"],
        number("durationMs", 1000),
        number("billedDurationMs"),
        number("memorySizeMB"),
        number("maxMemoryUsedMB"),
        number("initDurationMs", 1000) if "initDurationMs" in metrics else None,
        number("restoreDurationMs", 1000) if "restoreDurationMs" in metrics else None,
        number("billedRestoreDurationMs") if "billedRestoreDurationMs" in metrics else None,
        _failure(record.get("status"), record.get("errorType")),
        _trace(record.get("tracing")),
    )


def _failure(status: str | None, error_type: str | None) -> str | None:
    return None if status in (None, "success") else str(error_type or status)


def _trace(tracing: dict[str, Any] | None) -> str | None:
    root = _ROOT.match(tracing["value"]) if tracing else None
    return root[1] if root else None
