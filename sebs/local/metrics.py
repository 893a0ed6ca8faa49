"""What the platform says of invocations: in its metrics log, and in a header of each answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sebs.errors import PlatformError
from sebs.faas.result import ExecutionResult
from sebs.local.gateway.metrics import read_metrics

#: Header of every answer of the gateway to an invocation.
REPORT_HEADER = "x-sebs-report"


@dataclass(frozen=True, slots=True)
class Report:
    """One invocation, as the platform saw it.

    Attributes:
        duration: µs from the dispatch, or the end of the initialization, to the answer.
        initialization: µs of the initialization; 0 when warm.
        billed: Milliseconds that are billed.
        memory: MB of the environment, as configured.
        peak: MB that it had resident at most.
    """

    duration: int
    initialization: int
    billed: int
    memory: int
    peak: float

    def apply(self, result: ExecutionResult) -> None:
        """Fill in provider times, billing and memory."""
        result.provider_times.execution = self.duration
        result.provider_times.initialization = self.initialization
        result.billing.memory = self.memory
        result.billing.billed_time = self.billed
        result.billing.gb_seconds = self.memory / 1024 * self.billed / 1000
        result.stats.memory_used = self.peak


def apply_report(result: ExecutionResult, header: str, memory: int) -> None:
    """Fill in what the header of an answer says.

    Args:
        result: The invocation.
        header: ``duration=µs;init=µs;billed=ms;memory=MB;cpu=µs;cold=0|1``.
        memory: MB that the function is configured with.

    Raises:
        PlatformError: The header is malformed.
    """
    try:
        values = dict(pair.split("=", 1) for pair in header.split(";"))
        report = Report(
            duration=int(values["duration"]),
            initialization=int(values["init"]) if values["cold"] == "1" else 0,
            billed=int(values["billed"]),
            memory=memory,
            peak=float(values["memory"]),
        )
    except (ValueError, KeyError) as error:
        raise PlatformError(f"The gateway's report {header!r} is malformed: {error!r}.") from error
    report.apply(result)


def merge_metrics(
    home: Path,
    function: str,
    start: float,
    end: float,
    requests: dict[str, ExecutionResult],
    metrics: dict[str, Any],
) -> None:
    """Fill in what the metrics log says; the gateway need not run.

    Args:
        home: The local platform's directory.
        function: Name of the function.
        start: Begin of the time span, Unix seconds.
        end: End of the time span, Unix seconds.
        requests: Request id to result.
        metrics: Filled with what else is known: how many were ``requested`` and ``found``; which
            are ``missing``; ``queue`` and ``cpu`` in µs by request id; in which the client's
            and the platform's view of the cold start disagree (``cold_start_disagreements``); and
            the ``status`` of those that the platform counts as failed.

    Raises:
        PlatformError: The log cannot be read.
    """
    queue: dict[str, int] = {}
    cpu: dict[str, int] = {}
    disagreements: list[str] = []
    failed: dict[str, str] = {}
    try:
        for record in read_metrics(home, function, start, end, requests.keys()):
            request_id = record["request_id"]
            result = requests[request_id]
            _report(record).apply(result)
            queue[request_id] = record["queue"]
            cpu[request_id] = record["cpu"]
            if record["cold"] != result.stats.cold_start:
                disagreements.append(request_id)
            if record["status"] != "ok":
                failed[request_id] = record["status"]
    except (OSError, KeyError, TypeError) as error:
        raise PlatformError(f"The metrics of {function} cannot be read: {error!r}.") from error
    metrics.update(
        requested=len(requests),
        found=len(queue),
        missing=[request_id for request_id in requests if request_id not in queue],
        queue=queue,
        cpu=cpu,
        cold_start_disagreements=disagreements,
        status=failed,
    )


def _report(record: dict[str, Any]) -> Report:
    return Report(
        duration=record["duration"],
        initialization=record.get("init", 0),
        billed=record["billed"],
        memory=record["memory"],
        peak=record["max_memory"],
    )
