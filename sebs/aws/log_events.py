"""The reports in a function's log, read from CloudWatch Logs without being cut by any cap.

Logs Insights is asked first: it searches on Amazon's side, so that of a log of any size only the
reports travel. But it answers with the first 10,000 events at most, and does not say where it
stopped. So a span of time with more of them is searched again in slices, as many as the number of
matches asks for, and each of these likewise. A slice of one second, which is the shortest that
there is, is then read by ``FilterLogEvents``, which has pages instead of a cap. It reads every
event of the span, though, and slowly; that is why it is not the first choice.

Two neighbouring slices share the second between them: the end of a search is inclusive, but to the
millisecond, not to the second. So an event may come twice, as it may by CloudWatch's own promise.

Sources: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html,
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html,
https://github.com/aws/aws-sdk/issues/280 (where the end of a search is)
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sebs.aws.faults import explained
from sebs.aws.waiting import wait_for
from sebs.errors import LogNotFoundError, LogSearchError, PlatformTimeoutError, SebsError

if TYPE_CHECKING:
    from sebs.aws.clients import Clients

#: Events that one search answers with at most. It could be ten times that by pages, which older
#: SDKs do not know; slices work with all of them.
CAP = 10_000

#: Seconds until a search has a place among those that the account may run at once, 100 by default,
#: and until it is over. Amazon itself gives up after an hour.
PLACE_WITHIN, OVER_WITHIN = 300.0, 900.0

#: Both formats. By time, so that of several reports of one request the last one comes last.
_QUERY = (
    "fields @message"
    r' | filter @message like /REPORT RequestId: |"platform\.report"/'
    " | sort @timestamp asc"
)
_PATTERNS = ('"REPORT RequestId"', '"platform.report"')

#: What a search may still become. ``Unknown`` is not explained, and says nothing final.
_UNDER_WAY = frozenset({"Scheduled", "Running", "Unknown"})

_log = logging.getLogger("sebs.AWS")


def report_events(clients: Clients, group: str, start: int, end: int) -> Iterator[str]:
    """Yield the events of a log that may be reports, each at least once.

    At most one search's events are in memory at any time.

    Args:
        clients: Of the account and region where the log is.
        group: The log group.
        start: Begin of the time span, Unix seconds.
        end: Its end, later than the begin.

    Raises:
        LogNotFoundError: There is no such log group.
        LogSearchError: A search failed, or somebody cancelled it.
        PlatformTimeoutError: A search did not begin, or not end, in time.
        PlatformError: AWS refused.
    """
    spans = [(start, end)]
    while spans:
        start, end = spans.pop()
        answer = _search(clients, group, start, end)
        if answer is None or (_is_cut(answer) and end - start == 1):
            yield from _read(clients, group, start, end)
        elif _is_cut(answer):
            spans += reversed(_slices(start, end, _matched(answer)))
        else:
            yield from map(_message, answer["results"])


def _slices(start: int, end: int, matched: int) -> list[tuple[int, int]]:
    """Divide a span so that, were its matches evenly spread, each slice had half the cap."""
    number = min(end - start, max(2, math.ceil(2 * matched / CAP)))
    edges = [start + (end - start) * index // number for index in range(number + 1)]
    return list(pairwise(edges))


def _search(clients: Clients, group: str, start: int, end: int) -> Any:
    """Return what a search of a span answered; ``None`` where the span cannot be searched."""
    client = clients.control("logs")
    what = f"Searching the log {group} from {start} to {end}"
    query = _begin(client, what, group, start, end)
    if query is None:
        return None
    try:
        answer = wait_for(f"{what}: its end", lambda: _answer(client, what, query), OVER_WITHIN)
    except (PlatformTimeoutError, KeyboardInterrupt):
        # It would go on, be billed, and keep one of the account's places.
        _stop(client, what, query)
        raise
    state = answer["status"]
    if state not in ("Complete", "Timeout"):
        raise LogSearchError(
            f"{what}: the search {query} ended as {state}.",
            remedy="Download the metrics again; nothing was filled in.",
        )
    _log.debug("%s: %s, %d events.", what, state, len(answer["results"]))
    return answer


def _is_cut(answer: Any) -> bool:
    """Return whether the search may have matched more, or was given up by Amazon."""
    found = len(answer["results"])
    return answer["status"] == "Timeout" or found >= CAP or found < _matched(answer)


def _matched(answer: Any) -> int:
    return int(answer.get("statistics", {}).get("recordsMatched", 0))


def _begin(client: Any, what: str, group: str, start: int, end: int) -> str | None:
    """Begin a search as soon as there is a place; ``None`` where the span cannot be searched."""

    def ask() -> str | None:
        try:
            query = client.start_query(
                logGroupName=group, startTime=start, endTime=end, queryString=_QUERY, limit=CAP
            )
        except client.exceptions.LimitExceededException:
            return None
        return str(query["queryId"])

    with explained(what):
        try:
            return wait_for(f"{what}: a place among the account's searches", ask, PLACE_WITHIN)
        except client.exceptions.ResourceNotFoundException as error:
            raise LogNotFoundError(
                f"There is no log group {group}.",
                remedy="It is made with the function, and deleted with it.",
            ) from error
        except client.exceptions.MalformedQueryException:
            # The query being what it is, the span is at fault: the log is younger, or kept shorter.
            return None


def _answer(client: Any, what: str, query: str) -> Any:
    """Return a search's answer; ``None`` as long as it is under way."""
    with explained(what):
        answer = client.get_query_results(queryId=query)
    return None if answer["status"] in _UNDER_WAY else answer


def _stop(client: Any, what: str, query: str) -> None:
    try:
        with explained(f"{what}: stopping the search {query}"):
            client.stop_query(queryId=query)
    except SebsError as error:
        _log.warning("%s It goes on, for an hour at most.", error)


def _message(row: list[dict[str, str]]) -> str:
    return next((field["value"] for field in row if field["field"] == "@message"), "")


def _read(clients: Clients, group: str, start: int, end: int) -> Iterator[str]:
    """Yield a span's events page by page, one format after the other."""
    with explained(f"Reading the log {group} from {start} to {end}"):
        pages = clients.control("logs").get_paginator("filter_log_events")
        for pattern in _PATTERNS:
            for page in pages.paginate(
                logGroupName=group,
                startTime=start * 1000,
                endTime=end * 1000,
                filterPattern=pattern,
            ):
                yield from (event["message"] for event in page["events"])
