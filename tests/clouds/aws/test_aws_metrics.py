"""Reports that are found in CloudWatch Logs, on servers that are not ours."""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from aws_answers import answer
from aws_servers import REGION, Server
from test_report import PLAIN, TRACE, WARM, XRAY, as_json
from trigger_doubles import deploy

from sebs.aws import log_events, metrics
from sebs.aws.clients import Clients
from sebs.aws.config import AWSCredentials
from sebs.aws.endpoints import Endpoints
from sebs.aws.log_events import report_events
from sebs.aws.metrics import download
from sebs.aws.report import parse_reports
from sebs.errors import AccessDeniedError, LogNotFoundError, LogSearchError, PlatformTimeoutError
from sebs.faas.result import ExecutionResult

#: Begin of the time span of most tests.
BEGIN = int(time.time()) - 600

PutEvents = Callable[..., None]


@pytest.fixture(scope="module", params=["moto", "ministack"])
def running_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    server = Server(request.param, tmp_path_factory.mktemp("server") / "log")
    yield server
    server.close()


@pytest.fixture
def clients(running_server: Server) -> Iterator[Clients]:
    running_server.reset()
    credentials = AWSCredentials("123456789012", "none")
    made = Clients(REGION, credentials, Endpoints(running_server.url))
    yield made
    made.close()


@pytest.fixture
def put(clients: Clients) -> PutEvents:
    """Puts events with their times, seconds after the begin, into the log of a function."""
    client = clients.control("logs")
    client.create_log_group(logGroupName="f")

    def events(*timed: tuple[float, str]) -> None:
        stream = uuid.uuid4().hex
        client.create_log_stream(logGroupName="f", logStreamName=stream)
        rows = [
            {"timestamp": round((BEGIN + seconds) * 1000), "message": message}
            for seconds, message in sorted(timed)
        ]
        client.put_log_events(logGroupName="f", logStreamName=stream, logEvents=rows)

    return events


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock of the waiting for late reports; ``during`` is called while it sleeps."""
    made = SimpleNamespace(now=BEGIN + 60.0, slept=[], during=lambda: None)

    def sleep(seconds: float) -> None:
        made.slept.append(seconds)
        made.now += seconds
        made.during()

    monkeypatch.setattr(metrics, "time", SimpleNamespace(time=lambda: made.now, sleep=sleep))
    return made


def identity(number: int) -> str:
    return str(uuid.UUID(int=number))


def report(request_id: str, milliseconds: float = 3.1, more: str = "\t\n") -> str:
    named = PLAIN.partition("RequestId: ")[2].partition("\t")[0]
    return PLAIN.replace(named, request_id).replace(": 3.10 ms", f": {milliseconds} ms") + more


def requests(*numbers: int, cold: bool = False) -> dict[str, ExecutionResult]:
    made = {}
    for number in numbers:
        result = ExecutionResult(request_id=identity(number), environment_id="e1")
        result.stats.cold_start = cold
        made[result.request_id] = result
    return made


def fetch(clients: Clients, wanted: dict[str, ExecutionResult], end: float = 60) -> dict[str, Any]:
    found: dict[str, Any] = {}
    download(clients, "f", BEGIN, BEGIN + end, wanted, found)
    return found


def counted(client: Any, operation: str) -> list[Any]:
    """Return the requests of an operation, which the server answers; it grows."""
    made: list[Any] = answer(client, operation)
    return made


# --- what is found ---


def test_reports_are_joined_by_request_id_in_both_formats(
    clients: Clients, put: PutEvents, caplog: pytest.LogCaptureFixture
) -> None:
    record = {
        "requestId": identity(2),
        "metrics": {
            "durationMs": 70.5,
            "billedDurationMs": 71,
            "memorySizeMB": 512,
            "maxMemoryUsedMB": 99,
            "initDurationMs": 200.25,
        },
        "status": "success",
    }
    as_json = json.dumps({"time": "t", "type": "platform.report", "record": record})
    start = f"START RequestId: {identity(1)} Version: $LATEST\n"
    # Interleaved, delivered twice, with one of a request that nobody asks for.
    first = report(identity(1), more=f"\tStatus: timeout\n{XRAY}\n")
    put((1, start), (2, "printed\tby a function\n"), (3, first), (3.5, as_json))
    put((1, start), (3, first), (4, report(identity(9))))
    wanted = requests(1, 2)
    wanted[identity(2)].stats.cold_start = True
    with caplog.at_level(logging.INFO, "sebs"):
        found = fetch(clients, wanted)
    assert found == {
        "requested": 2,
        "found": 2,
        "missing": [],
        "cold_start_disagreements": [],
        "cold_starts_without_initialization": [],
        "status": {identity(1): "timeout"},
        "repeated": [],
        "traces": {identity(1): TRACE},
    }
    timed_out, cold = wanted.values()
    assert (timed_out.provider_times.execution, timed_out.billing.memory) == (3_100, 128)
    assert timed_out.stats.failure
    assert cold.provider_times.serialize() == {"initialization": 200_250, "execution": 70_500}
    assert cold.billing.gb_seconds == pytest.approx(0.5 * 0.071)
    assert cold.stats.memory_used == 99
    assert "2 of 2 invocations" in caplog.text
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


def test_disagreements_about_cold_starts_are_told(
    clients: Clients, put: PutEvents, caplog: pytest.LogCaptureFixture
) -> None:
    put((1, report(identity(1), more="\tInit Duration: 80.00 ms\t\n")), (2, report(identity(2))))
    found = fetch(clients, requests(1) | requests(2, cold=True))
    assert found["cold_start_disagreements"] == [identity(1)]
    assert found["cold_starts_without_initialization"] == [identity(2)]
    assert "1 requests, such as" in caplog.text
    assert identity(1) in caplog.text


def test_of_several_runs_of_one_event_the_last_counts(clients: Clients, put: PutEvents) -> None:
    put((1, report(identity(1), 10)), (5, report(identity(1), 30)), (3, report(identity(1), 20)))
    wanted = requests(1, 2)
    put((1, report(identity(2))), (1, report(identity(2))))
    found = fetch(clients, wanted)
    assert found["repeated"] == [identity(1)]
    assert wanted[identity(1)].provider_times.execution == 30_000


def test_nothing_is_asked_where_nothing_was_requested(clients: Clients) -> None:
    searches = counted(clients.control("logs"), "StartQuery")
    found = fetch(clients, {})
    assert (found["requested"], found["found"], searches) == (0, 0, [])


def test_clocks_that_differ_hide_nothing(clients: Clients, put: PutEvents) -> None:
    put((-50, report(identity(1))), (110, report(identity(2))))
    assert fetch(clients, requests(1, 2))["found"] == 2


# --- what is late, or not there ---


def test_what_is_late_is_waited_for(
    clients: Clients, put: PutEvents, clock: SimpleNamespace
) -> None:
    put((30, report(identity(1))))
    wanted = requests(1, 2)
    for result in wanted.values():
        result.times.client_begin = datetime.fromtimestamp(BEGIN + 30, tz=timezone.utc)
    searches = counted(clients.control("logs"), "StartQuery")

    def arrive() -> None:
        if len(clock.slept) == 3:
            put((40, report(identity(2))))

    clock.during = arrive
    found = fetch(clients, wanted)
    assert (found["found"], found["missing"], clock.slept) == (2, [], [1, 2, 4])
    since = [json.loads(search.body)["startTime"] for search in searches]
    assert since == [BEGIN - 60, BEGIN - 30, BEGIN - 30, BEGIN - 30]


def test_what_does_not_come_is_told_and_left_alone(
    clients: Clients, put: PutEvents, clock: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    put((1, report(identity(1))))
    wanted = requests(1, 2)
    found = fetch(clients, wanted)
    assert (found["requested"], found["found"], found["missing"]) == (2, 1, [identity(2)])
    assert "1 of 2 invocations" in caplog.text
    assert sum(clock.slept) == pytest.approx(metrics.PATIENCE)
    assert wanted[identity(2)] == requests(2)[identity(2)]


def test_a_time_span_that_has_not_ended_is_not_waited_for(
    clients: Clients, put: PutEvents, clock: SimpleNamespace
) -> None:
    assert fetch(clients, requests(1), end=3600)["found"] == 0
    assert sum(clock.slept) == pytest.approx(metrics.PATIENCE)


def test_a_log_that_cannot_be_late_any_more_is_looked_at_once(
    clients: Clients, put: PutEvents, clock: SimpleNamespace
) -> None:
    clock.now = BEGIN + 60 + metrics.PATIENCE
    assert fetch(clients, requests(1))["found"] == 0
    assert clock.slept == []


def test_without_a_log_nothing_is_found_and_that_is_said(
    clients: Clients, clock: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    found = fetch(clients, requests(1))
    assert (found["requested"], found["found"], found["missing"]) == (1, 0, [identity(1)])
    assert "no log group f" in caplog.text
    with pytest.raises(LogNotFoundError, match="no log group f"):
        list(report_events(clients, "f", BEGIN, BEGIN + 1))


# --- caps and slices ---


def test_no_cap_cuts_what_is_found(
    clients: Clients, put: PutEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slices meet at whole seconds, where events must not get lost; one second is over the cap."""
    monkeypatch.setattr(log_events, "CAP", 10)
    moments = [second + part for second in range(20) for part in (0, 0.001, 0.5, 0.999)]
    moments += [7 + part / 1000 for part in range(100, 130)]
    put(*((moment, report(identity(number))) for number, moment in enumerate(moments)))
    reads = counted(clients.control("logs"), "FilterLogEvents")
    wanted = requests(*range(len(moments)))
    found = fetch(clients, wanted)
    assert (found["found"], found["repeated"]) == (len(moments), [])
    assert reads, "the second that is over the cap was read in pages"


def test_a_span_without_reports_is_searched_once(clients: Clients, put: PutEvents) -> None:
    put((1, "nothing of interest"))
    client = clients.control("logs")
    searches, reads = counted(client, "StartQuery"), counted(client, "FilterLogEvents")
    assert list(parse_reports(report_events(clients, "f", BEGIN, BEGIN + 10**6))) == []
    assert (len(searches), len(reads)) == (1, 0)


# --- states of a search ---


def state(status: str) -> tuple[int, str]:
    return 200, json.dumps({"status": status, "results": [], "statistics": {}})


def refusal(error: str) -> tuple[int, str]:
    return 400, json.dumps({"__type": error, "message": "no"})


def found_between(clients: Clients, seconds: int) -> list[str]:
    events = report_events(clients, "f", BEGIN, BEGIN + seconds)
    return sorted({each.request_id for each in parse_reports(events)})


def test_a_search_is_awaited_whatever_it_still_is(clients: Clients, put: PutEvents) -> None:
    put((1, report(identity(1))))
    under_way = [state(each) for each in ("Scheduled", "Running", "Unknown", "Running")]
    asked = answer(clients.control("logs"), "GetQueryResults", *under_way)
    assert found_between(clients, 8) == [identity(1)]
    assert len(asked) == 5


@pytest.mark.parametrize("end", ["Failed", "Cancelled", "Something new"])
def test_a_search_that_comes_to_nothing_is_an_error_that_names_its_state(
    clients: Clients, put: PutEvents, end: str
) -> None:
    put((1, report(identity(1))))
    wanted, found = requests(1), {"kept": 1}
    answer(clients.control("logs"), "GetQueryResults", state("Running"), state(end))
    with pytest.raises(LogSearchError, match=f"log f from .* ended as {end}"):
        download(clients, "f", BEGIN, BEGIN + 8, wanted, found)
    assert (wanted, found) == (requests(1), {"kept": 1})


def test_a_search_that_takes_amazon_too_long_is_done_in_parts(
    clients: Clients, put: PutEvents
) -> None:
    put((1, report(identity(1))), (3, report(identity(2))))
    client = clients.control("logs")
    answer(client, "GetQueryResults", state("Timeout"), state("Timeout"))
    searches, reads = counted(client, "StartQuery"), counted(client, "FilterLogEvents")
    assert found_between(clients, 4) == [identity(1), identity(2)]
    spans = [json.loads(each.body) for each in searches]
    assert [(each["startTime"] - BEGIN, each["endTime"] - BEGIN) for each in spans] == [
        (0, 4),
        (0, 2),
        (0, 1),
        (1, 2),
        (2, 4),
    ]
    assert reads == []


def test_a_second_that_takes_amazon_too_long_is_read_in_pages(
    clients: Clients, put: PutEvents
) -> None:
    put((0.5, report(identity(1))))
    answer(clients.control("logs"), "GetQueryResults", state("Timeout"))
    assert found_between(clients, 1) == [identity(1)]


@pytest.mark.parametrize("stopped", [(200, '{"success": true}'), refusal("AccessDeniedException")])
def test_a_search_that_does_not_end_is_given_up_and_stopped(
    clients: Clients,
    put: PutEvents,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    stopped: tuple[int, str],
) -> None:
    monkeypatch.setattr(log_events, "OVER_WITHIN", 0.1)
    client = clients.control("logs")
    searches = counted(client, "GetQueryResults")
    answer(client, "GetQueryResults", *[state("Running")] * 9)
    stops = answer(client, "StopQuery", stopped)
    with pytest.raises(PlatformTimeoutError, match=r"log f .*: its end was waited for"):
        found_between(clients, 8)
    assert [json.loads(each.body) for each in stops] == [json.loads(searches[0].body)]
    assert ("It goes on" in caplog.text) is (stopped[0] != 200)


def test_a_search_that_the_user_interrupts_is_stopped(
    clients: Clients, put: PutEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = clients.control("logs")
    stops = answer(client, "StopQuery", (200, '{"success": true}'))

    def interrupt(**_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(client, "get_query_results", interrupt)
    with pytest.raises(KeyboardInterrupt):
        found_between(clients, 8)
    assert len(stops) == 1


def test_a_span_that_cannot_be_searched_is_read_in_pages(clients: Clients, put: PutEvents) -> None:
    in_json = as_json(replace(WARM, request_id=identity(2)))
    put((1, report(identity(1))), (2, in_json), (3, "nothing of interest"))
    client = clients.control("logs")
    searches = answer(client, "StartQuery", refusal("MalformedQueryException"))
    assert found_between(clients, 8) == [identity(1), identity(2)]
    assert len(searches) == 1


def test_too_many_searches_at_once_are_waited_out(
    clients: Clients, put: PutEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    put((1, report(identity(1))))
    client = clients.control("logs")
    start, refused = client.start_query, []

    def busy(**options: Any) -> Any:
        # The SDK's own attempts are over by now.
        if len(refused) < 2:
            refused.append(options)
            error = {"Error": {"Code": "LimitExceededException", "Message": "busy"}}
            raise client.exceptions.LimitExceededException(error, "StartQuery")
        return start(**options)

    monkeypatch.setattr(client, "start_query", busy)
    assert found_between(clients, 8) == [identity(1)]
    refused.clear()
    monkeypatch.setattr(log_events, "PLACE_WITHIN", 0.01)
    with pytest.raises(PlatformTimeoutError, match="a place among the account's searches"):
        found_between(clients, 8)


def test_what_is_not_permitted_is_named(clients: Clients, put: PutEvents) -> None:
    answer(clients.control("logs"), "StartQuery", refusal("AccessDeniedException"))
    with pytest.raises(AccessDeniedError, match="StartQuery"):
        found_between(clients, 8)


# --- functions that run ---


@pytest.mark.parametrize("running_server", ["ministack"], indirect=True)
def test_a_function_that_ran_is_found_in_its_log(clients: Clients) -> None:
    deploy(clients, "runs")
    client, begin = clients.invocation(30), time.time()
    wanted = {}
    for _ in range(2):
        answered = json.load(client.invoke(FunctionName="runs", Payload=b"{}")["Payload"])
        result = ExecutionResult()
        result.parse_benchmark_output(answered)
        wanted[result.request_id] = result
    found: dict[str, Any] = {}
    download(clients, "/aws/lambda/runs", begin, time.time(), wanted, found)
    cold, _ = wanted
    assert (found["found"], found["missing"], found["status"]) == (2, [], {})
    # This server reports no initialization, and is taken at its word.
    assert found["cold_starts_without_initialization"] == [cold]
    assert all(result.billing.memory == 128 for result in wanted.values())
    assert [result.stats.cold_start for result in wanted.values()] == [True, False]
