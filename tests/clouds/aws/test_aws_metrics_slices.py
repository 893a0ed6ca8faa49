"""Slices of time, against a log in memory: the caps are those that no server has in a test."""

from __future__ import annotations

import uuid
from bisect import bisect_left, bisect_right
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sebs.aws import log_events
from sebs.aws.log_events import report_events
from sebs.aws.metrics import download
from sebs.faas.result import ExecutionResult

PLAIN = (
    "REPORT RequestId: {}\tDuration: 3.10 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB"
    "\tMax Memory Used: 36 MB\t\n"
)

#: Where slices meet, in milliseconds.
WHOLE_SECONDS = st.integers(0, 40).map(lambda second: second * 1000)


class Log:
    """What CloudWatch Logs says of events, each with its time in milliseconds.

    A search answers with no more than the cap; its end is inclusive, to the millisecond.

    Args:
        cap: How many events a search answers with, where that is less than what was asked for.
        counts: Whether a search tells how many events it matched.
    """

    exceptions = SimpleNamespace(
        LimitExceededException=KeyError,
        ResourceNotFoundException=KeyError,
        MalformedQueryException=KeyError,
    )

    def __init__(
        self,
        moments: list[int],
        messages: list[str],
        cap: int | None = None,
        counts: bool = True,
    ) -> None:
        self.moments, self.messages, self.cap, self.counts = moments, messages, cap, counts
        self.searches: list[tuple[int, int]] = []
        self.reads: list[tuple[int, int]] = []

    def control(self, service: str) -> Log:
        assert service == "logs"
        return self

    def start_query(self, *, startTime: int, endTime: int, limit: int, **_: str) -> dict[str, str]:
        assert limit == log_events.CAP
        self.searches.append((startTime, endTime))
        return {"queryId": str(len(self.searches) - 1)}

    def get_query_results(self, queryId: str) -> dict[str, Any]:
        found = self._between(*(1000 * second for second in self.searches[int(queryId)]))
        rows = [
            [{"field": "@message", "value": each}] for each in found[: self.cap or log_events.CAP]
        ]
        statistics = {"recordsMatched": float(len(found))} if self.counts else {}
        return {"status": "Complete", "results": rows, "statistics": statistics}

    def get_paginator(self, operation: str) -> Log:
        assert operation == "filter_log_events"
        return self

    def paginate(self, *, startTime: int, endTime: int, **_: str) -> list[dict[str, Any]]:
        self.reads.append((startTime, endTime))
        found = self._between(startTime, endTime)
        pages = [found[begin : begin + 7] for begin in range(0, len(found), 7)]
        return [{"events": [{"message": each} for each in page]} for page in [[], *pages]]

    def _between(self, start: int, end: int) -> list[str]:
        return self.messages[bisect_left(self.moments, start) : bisect_right(self.moments, end)]


@given(
    st.lists(st.integers(0, 40_000) | WHOLE_SECONDS, max_size=80).map(sorted),
    st.integers(0, 5),
    st.integers(1, 40),
    st.integers(1, 12),
    st.booleans(),
)
def test_every_event_of_the_span_comes_and_none_of_another(
    moments: list[int], start: int, seconds: int, cap: int, counts: bool
) -> None:
    log = Log(moments, [str(moment) for moment in moments], counts=counts)
    end = start + seconds
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_events, "CAP", cap)
        events: Any = report_events(log, "f", start, end)  # type: ignore[arg-type]
        found = Counter(int(event) for event in events)
    within = Counter(moment for moment in moments if start * 1000 <= moment <= end * 1000)
    assert found.keys() == within.keys()
    assert all(found[moment] >= within[moment] for moment in within)
    assert all(begin < until for begin, until in log.searches)


def test_an_answer_with_fewer_events_than_matched_is_cut_as_well() -> None:
    moments = list(range(0, 60_000, 100))
    log = Log(moments, [str(moment) for moment in moments], cap=100)
    found = {int(each) for each in report_events(log, "f", 0, 60)}  # type: ignore[arg-type]
    assert found == set(moments)


def test_events_come_in_the_order_of_time() -> None:
    moments = list(range(0, 60_000, 100))
    log = Log(moments, [str(moment) for moment in moments])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_events, "CAP", 50)
        found = [int(each) for each in report_events(log, "f", 0, 60)]  # type: ignore[arg-type]
    assert found == sorted(found)


def test_a_hundred_thousand_invocations_are_all_found() -> None:
    number, seconds = 100_000, 600
    identities = [str(uuid.UUID(int=each)) for each in range(number)]
    moments = [each * seconds * 1000 // number for each in range(number)]
    log = Log(moments, [PLAIN.format(each) for each in identities])
    requests = {each: ExecutionResult(request_id=each) for each in identities}
    metrics: dict[str, Any] = {}
    download(log, "f", 0, seconds, requests, metrics)  # type: ignore[arg-type]
    assert (metrics["requested"], metrics["found"], metrics["missing"]) == (number, number, [])
    assert all(each.billing.billed_time == 4 for each in requests.values())
    # As many searches as the matches ask for, not as many as there are seconds.
    assert len(log.searches) <= 25
