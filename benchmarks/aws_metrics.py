"""Reading the reports of Lambda's log, and joining them with results.

Each kind is measured in a process of its own, whose memory is the highest that it had resident in
all, interpreter, log and results included. Of four events of the log, one is a report. By turns
with ours, the reference is a bare pass over the same events: the shortest regular expression that
finds two values of a report, or ``json.loads``; or the same searches without anything being done.
The log that is searched is in memory, so that the service takes no part in it.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from statistics import median
from types import SimpleNamespace
from typing import Any

from _table import Row, print_table

NUMBER = 100_000
REPETITIONS = 3

#: Events that one search answers with.
CAP = 10_000

#: The kind that is no format of a log: search, parse and join.
JOINED = "joined"

TEXT = (
    "START RequestId: {id} Version: $LATEST\n",
    "2026-11-24T15:00:00.000Z\t{id}\tINFO\tprinted by\tthe function\n",
    "END RequestId: {id}\n",
    "REPORT RequestId: {id}\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 256 MB"
    "\tMax Memory Used: 51 MB\tInit Duration: 250.12 ms\t\n",
)


def text_events(request_id: str) -> tuple[str, ...]:
    return tuple(line.format(id=request_id) for line in TEXT)


def json_events(request_id: str) -> tuple[str, ...]:
    metrics = {
        "durationMs": 12.34,
        "billedDurationMs": 13,
        "memorySizeMB": 256,
        "maxMemoryUsedMB": 51,
        "initDurationMs": 250.12,
    }
    records = {
        "platform.start": {"requestId": request_id, "version": "$LATEST"},
        "function": {"requestId": request_id, "message": "printed by the function"},
        "platform.runtimeDone": {"requestId": request_id, "status": "success"},
        "platform.report": {"requestId": request_id, "metrics": metrics, "status": "success"},
    }
    stamp = {"time": "2026-11-24T15:00:00.000Z"}
    return tuple(
        json.dumps({**stamp, "type": kind, "record": record}) for kind, record in records.items()
    )


WRITERS: dict[str, Callable[[str], tuple[str, ...]]] = {"text": text_events, "JSON": json_events}


def identity(number: int) -> str:
    return str(uuid.UUID(int=number))


class _InMemory:
    """A log that answers as CloudWatch Logs does: a hundred reports a second, by 10,000 at most."""

    exceptions = SimpleNamespace(
        LimitExceededException=OSError,
        ResourceNotFoundException=OSError,
        MalformedQueryException=OSError,
    )

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []

    def control(self, _service: str) -> _InMemory:
        return self

    def start_query(self, **options: Any) -> dict[str, str]:
        self._spans.append((options["startTime"], options["endTime"]))
        return {"queryId": str(len(self._spans) - 1)}

    def get_query_results(self, **options: str) -> dict[str, Any]:
        start, end = self._spans[int(options["queryId"])]
        matched = range(max(0, start * 100), min(NUMBER, end * 100 + 1))
        rows = [
            [
                {"field": "@message", "value": TEXT[-1].format(id=identity(each))},
                {"field": "@ptr", "value": str(each)},
            ]
            for each in matched[:CAP]
        ]
        statistics = {"recordsMatched": float(len(matched))}
        return {"status": "Complete", "results": rows, "statistics": statistics}


def joining() -> tuple[Callable[[], int], Callable[[], int]]:
    """Return the download of all reports, and the same searches without it."""
    from sebs.aws.log_events import report_events
    from sebs.aws.metrics import download
    from sebs.faas.result import ExecutionResult

    identities = [identity(each) for each in range(NUMBER)]
    requests = {each: ExecutionResult(request_id=each) for each in identities}
    server: Any = _InMemory()
    end = NUMBER // 100

    def ours() -> int:
        metrics: dict[str, Any] = {}
        download(server, "f", 0, end, requests, metrics)
        return int(metrics["found"])

    return ours, lambda: sum(1 for _ in report_events(server, "f", 0, end)) and NUMBER


def parsing(kind: str) -> tuple[Callable[[], int], Callable[[], int]]:
    """Return the parsing of a log of that format, and the bare pass over it."""
    from sebs.aws.report import parse_reports

    write = WRITERS[kind]
    events = [event for each in range(NUMBER) for event in write(identity(each))]
    pattern = re.compile(r"REPORT RequestId: (\S+)\tDuration: (\S+) ms")

    def bare_text() -> int:
        return sum(1 for event in events if pattern.match(event))

    def bare_json() -> int:
        return sum(json.loads(event)["type"] == "platform.report" for event in events)

    bare = bare_text if kind == "text" else bare_json
    return lambda: sum(1 for _ in parse_reports(events)), bare


def once(kind: str) -> None:
    """Measure one kind in this process, and print it as JSON."""
    actions = joining() if kind == JOINED else parsing(kind)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(REPETITIONS):
        for action, taken in zip(actions, times, strict=True):
            begin = time.perf_counter()
            if action() != NUMBER:
                raise AssertionError(f"{kind}: not all of {NUMBER:,} reports were found")
            taken.append(time.perf_counter() - begin)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([median(times[0]), median(times[1]), memory]))


def measure() -> list[Row]:
    whats = {
        "text": (f"parse a log with {NUMBER:,} reports, text", "a bare regular expression"),
        "JSON": ("the same, JSON", "json.loads"),
        JOINED: (f"search {NUMBER:,} reports in slices, join them", "the searches alone"),
    }
    rows = []
    for kind, (what, reference) in whats.items():
        command = [sys.executable, __file__, kind]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        ours, bare, memory = json.loads(done.stdout)
        measured = f"{ours:.2f} s, {memory:.0f} MB"
        rows.append(Row(what, "≤ 3 s, ≤ 300 MB", measured, f"{bare:.2f} s ({reference})"))
    return rows


def main() -> int:
    if sys.argv[1:]:
        once(sys.argv[1])
    else:
        print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
