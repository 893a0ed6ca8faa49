"""What Lambda's reports in CloudWatch Logs add to invocations, joined by request id."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sebs.aws.log_events import report_events
from sebs.aws.report import Report, parse_reports
from sebs.errors import LogNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sebs.aws.clients import Clients
    from sebs.faas.result import ExecutionResult

#: Seconds after the end of the time span within which reports may still be on their way. Most
#: arrive within ten; nothing is promised.
PATIENCE = 60.0

#: Seconds between two looks at the log, at first and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 10.0

#: Seconds by which our clock and Lambda's may differ. Looking further does no harm: what is joined
#: is joined by its id.
_CLOCKS_DIFFER = 60

_log = logging.getLogger("sebs.AWS")


def download(
    clients: Clients,
    group: str,
    start: float,
    end: float,
    requests: dict[str, ExecutionResult],
    metrics: dict[str, Any],
) -> None:
    """Fill in what a function's log says, and wait for what is late.

    The log is looked at until all requests are found: at least once, and no longer than
    ``PATIENCE`` seconds after the end of the time span, or after now where that is still to come.
    Nothing is filled in before all was read.

    Args:
        clients: Of the account and region where the log is.
        group: The log group.
        start: Begin of the time span, Unix seconds.
        end: End of the time span, Unix seconds.
        requests: Request id to result.
        metrics: Filled with what else is known: how many were ``requested`` and ``found``; which
            are ``missing``; which were cold by Lambda's report and warm by the function's
            (``cold_start_disagreements``), and which cold by the function's while Lambda reports
            no initialization (``cold_starts_without_initialization``: it was provisioned, or
            failed before); the ``status`` of those that Lambda counts as failed; which have
            several reports that differ, of which the last was taken (``repeated``: Lambda runs an
            asynchronous event again that failed, under the same id); and the ``traces`` by which
            X-Ray has those that are traced.

    Raises:
        LogSearchError: A search of the log failed, or was cancelled.
        PlatformError: AWS refused.
    """
    join = _Join(requests)
    there = _look(join, clients, group, start, end)
    deadline, pause = min(end, time.time()) + PATIENCE, _FIRST_PAUSE
    while join.missing and (left := deadline - time.time()) > 0:
        _log.info("%s; the log is looked at again.", join)
        time.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE)
        there = _look(join, clients, group, _begin(join, start), end)
    if not there:
        _log.warning("There is no log group %s.", group)
    _log.log(logging.WARNING if join.missing else logging.INFO, "%s.", join)
    join.fill(metrics)


@dataclass(slots=True)
class _Join:
    """Requests, and what was found of them so far."""

    requests: dict[str, ExecutionResult]
    reports: dict[str, Report] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        found, requested = len(self.reports), len(self.requests)
        return f"Lambda's reports of {found:,} of {requested:,} invocations were found"

    @property
    def missing(self) -> list[str]:
        """Those of which there is no report."""
        return [request_id for request_id in self.requests if request_id not in self.reports]

    def add(self, reports: Iterable[Report]) -> None:
        """Add reports, in the order of the log; those of other requests, or twice, do not count."""
        for report in reports:
            if report.request_id not in self.requests:
                continue
            known = self.reports.get(report.request_id)
            if known is not None and known != report:
                self.repeated.add(report.request_id)
            self.reports[report.request_id] = report

    def fill(self, metrics: dict[str, Any]) -> None:
        """Fill in the results, and what else there is to tell."""
        found = [
            (request_id, self.reports[request_id], result)
            for request_id, result in self.requests.items()
            if request_id in self.reports
        ]
        contradicted = [each for each, report, result in found if report.contradicts(result)]
        uninitialized = [
            each for each, report, result in found if result.stats.cold_start and not report.cold
        ]
        for _, report, result in found:
            report.apply(result)
        if contradicted:
            _log.warning(
                "%d requests, such as %s, were cold by Lambda's reports and warm by the "
                "function's.",
                len(contradicted),
                contradicted[0],
            )
        metrics.update(
            requested=len(self.requests),
            found=len(found),
            missing=self.missing,
            cold_start_disagreements=contradicted,
            cold_starts_without_initialization=uninitialized,
            status={each: report.status for each, report, _ in found if report.status is not None},
            repeated=[each for each, _, _ in found if each in self.repeated],
            traces={each: report.trace_id for each, report, _ in found if report.trace_id},
        )


def _look(join: _Join, clients: Clients, group: str, start: float, end: float) -> bool:
    """Add what the log has; return whether there is one."""
    if not join.requests:
        return True
    begin = math.floor(start) - _CLOCKS_DIFFER
    until = math.ceil(end) + _CLOCKS_DIFFER
    try:
        join.add(parse_reports(report_events(clients, group, begin, until)))
    except LogNotFoundError:
        return False
    return True


def _begin(join: _Join, start: float) -> float:
    """Return since when what is missing may have reports, so that no more is searched again."""
    begins = [join.requests[request_id].times.client_begin for request_id in join.missing]
    return max(start, min(start if each is None else each.timestamp() for each in begins))
