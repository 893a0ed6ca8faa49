"""The parser of reports, against logs that are made of reports, and against anything."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sebs.aws.report import Report, parse_reports, parse_tail
from sebs.faas.result import ExecutionResult

ID = "8f507cfc-1c7e-4a0e-9f3b-3d2f0a5b8c11"
TRACE = "1-6a507b87-0cc4438344b48ef127ab1931"
WARM = Report(ID, 3_100, 4, 128, 36)

#: As Lambda writes them: the first without anything that need not be there.
PLAIN = (
    f"REPORT RequestId: {ID}\tDuration: 3.10 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB"
    "\tMax Memory Used: 36 MB"
)
XRAY = f"XRAY TraceId: {TRACE}\tSegmentId: d0025b207c551fde\tSampled: true\t"
EXAMPLES = {
    PLAIN: WARM,
    f"{PLAIN}\t\n": WARM,
    f"{PLAIN}\t\r\n": WARM,
    PLAIN.replace(" ms\tMemory", " ms \tMemory") + "\t": WARM,
    f"{PLAIN}\tInit Duration: 542.01 ms\t\n{XRAY}\n\n": replace(
        WARM, init_us=542_010, trace_id=TRACE
    ),
    f"{PLAIN}\tRestore Duration: 398.97 ms\tBilled Restore Duration: 182 ms\t\n": replace(
        WARM, restore_us=398_970, billed_restore_ms=182
    ),
    f"{PLAIN}\tStatus: timeout\n{XRAY}": replace(WARM, status="timeout", trace_id=TRACE),
    f"{PLAIN}\tStatus: error\tError Type: Runtime.ImportModuleError\n": replace(
        WARM, status="Runtime.ImportModuleError"
    ),
    f"{PLAIN}\tStatus: success": WARM,
}

#: What stands beside reports in a log, or is printed by a function; none is a report.
OTHERS = [
    "",
    f"START RequestId: {ID} Version: $LATEST",
    f"END RequestId: {ID}",
    "INIT_START Runtime Version: python:3.12.v27\tRuntime Version ARN: arn:aws:lambda:::runtime:f",
    "INIT_REPORT Init Duration: 9999.79 ms\tPhase: init\tStatus: timeout",
    "INIT_REPORT Init Duration: 87.28 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.Exit",
    "RESTORE_REPORT Restore Duration: 398.97 ms",
    XRAY,
    f"2026-11-24T15:00:00Z\t{ID}\tINFO\t{PLAIN}",
    f"[INFO] {PLAIN}",
    f" {PLAIN}",
    PLAIN[:-3],
    PLAIN.replace("\t", " "),
    PLAIN.replace(ID, "mine"),
    PLAIN.replace(ID, ID.upper()),
    PLAIN.replace("3.10", "-3.10"),
    PLAIN.replace("3.10", "1e3"),
    PLAIN.replace("3.10", "\u0663.10"),
    PLAIN.replace("3.10", "3.\u0661"),
    PLAIN.replace("128 MB", "\u0663 MB"),
    PLAIN.replace("3.10", "9" * 400),
    PLAIN.replace("128 MB", "128.5 MB"),
    f"{PLAIN}\tand more",
    f"{PLAIN}\tStatus: timeout\tInit Duration: 1.00 ms",
    PLAIN.replace("Duration: 3.10 ms\tBilled Duration: 4 ms", "Billed Duration: 4 ms"),
    PLAIN.replace("Memory Size: 128 MB\tMax Memory Used: 36 MB", "Memory Size: 128 MB"),
]


def record(report: Report, **more: Any) -> dict[str, Any]:
    """Return the record that Lambda writes in its JSON format."""
    metrics = {
        "durationMs": report.duration_us / 1000,
        "billedDurationMs": report.billed_ms,
        "memorySizeMB": report.memory_mb,
        "maxMemoryUsedMB": report.memory_used_mb,
    }
    optional = {
        "initDurationMs": report.init_us and report.init_us / 1000,
        "restoreDurationMs": report.restore_us and report.restore_us / 1000,
        "billedRestoreDurationMs": report.billed_restore_ms,
    }
    metrics |= {key: value for key, value in optional.items() if value is not None}
    made = {"requestId": report.request_id, "metrics": metrics, "status": "success", **more}
    if report.status == "timeout":
        made["status"] = "timeout"
    elif report.status is not None:
        made |= {"status": "error", "errorType": report.status}
    if report.trace_id is not None:
        value = f"Root={report.trace_id};Parent=35465b3a9e2f7c6a;Sampled=1"
        made["tracing"] = {"spanId": "24cd", "type": "X-Amzn-Trace-Id", "value": value}
    return made


def as_json(report: Report) -> str:
    document = {"time": "2026-11-24T15:00:00.000Z", "type": "platform.report"}
    return json.dumps({**document, "record": record(report)})


def as_text(report: Report) -> str:
    line = (
        f"REPORT RequestId: {report.request_id}\tDuration: {report.duration_us / 1000:.3f} ms"
        f"\tBilled Duration: {report.billed_ms} ms\tMemory Size: {report.memory_mb} MB"
        f"\tMax Memory Used: {report.memory_used_mb} MB\t"
    )
    if report.init_us is not None:
        line += f"Init Duration: {report.init_us / 1000:.3f} ms\t"
    if report.restore_us is not None:
        line += f"Restore Duration: {report.restore_us / 1000:.3f} ms\t"
        if report.billed_restore_ms is not None:
            line += f"Billed Restore Duration: {report.billed_restore_ms} ms\t"
    if report.status == "timeout":
        line += "Status: timeout\t"
    elif report.status is not None:
        line += f"Status: error\tError Type: {report.status}\t"
    if report.trace_id is not None:
        line += f"\n{XRAY.replace(TRACE, report.trace_id)}"
    return f"{line}\n"


def hexadecimal(digits: int) -> st.SearchStrategy[str]:
    return st.text("0123456789abcdef", min_size=digits, max_size=digits)


microseconds = st.integers(0, 900_000_000)
milliseconds = st.integers(0, 900_000)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    optional = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "init_us": microseconds,
                "status": st.sampled_from(["timeout", "Runtime.ExitError", "Sandbox.Timedout"]),
                "trace_id": st.builds("1-{}-{}".format, hexadecimal(8), hexadecimal(24)),
            },
        )
    )
    if draw(st.booleans()):
        optional |= {"restore_us": draw(microseconds), "billed_restore_ms": draw(milliseconds)}
    return Report(
        str(draw(st.uuids())),
        draw(microseconds),
        draw(milliseconds),
        draw(st.integers(128, 10_240)),
        draw(st.integers(0, 10_240)),
        **optional,
    )


#: What a function may print in one event: anything, tabs and what resembles a report among it.
printed = st.one_of(
    st.text(),
    st.sampled_from(OTHERS),
    st.builds("{}{}".format, st.text(min_size=1).filter(str.strip), st.sampled_from([PLAIN])),
    st.builds(json.dumps, st.dictionaries(st.text(), st.text() | st.floats())),
    st.builds('{{"type": "platform.{}", "record": {{}}}}'.format, st.sampled_from(["start", "x"])),
)


@pytest.mark.parametrize(("event", "report"), EXAMPLES.items())
def test_reports_as_lambda_writes_them(event: str, report: Report) -> None:
    assert list(parse_reports([event])) == [report]


@pytest.mark.parametrize("event", OTHERS)
def test_what_is_no_report_is_passed_over(event: str) -> None:
    assert list(parse_reports([event])) == []
    assert parse_tail(event) is None


@given(st.lists(st.tuples(printed, reports(), st.sampled_from([as_text, as_json]))), printed)
def test_of_a_log_the_reports_come_back_in_order(
    log: list[tuple[str, Report, Any]], last: str
) -> None:
    events = [event for before, report, write in log for event in (before, write(report))]
    assert list(parse_reports([*events, last])) == [report for _, report, _ in log]


@given(reports(), st.sampled_from([as_text, as_json]), st.lists(printed), st.integers(0, 4096))
def test_of_a_tail_the_last_report_comes_back_wherever_it_is_cut(
    report: Report, write: Any, before: list[str], cut: int
) -> None:
    others = [line for text in before for line in text.split("\n")]
    log = "\n".join([*others, as_text(WARM).rstrip("\n"), write(report)])
    tail = log[min(cut, len(log) - len(write(report))) :]
    assert parse_tail(tail) == report


@given(st.text() | st.text("REPORT questId:0123456789abcdef-\tDurationBlMSzMxUs .m{}\"'[]\n"))
def test_nothing_is_invented_and_nothing_breaks(text: str) -> None:
    assert list(parse_reports([text, f"REPORT{text}", f'{{"type": "platform.report"{text}'])) == []
    assert parse_tail(text) is None


@given(st.tuples(*[st.integers(0, len(PLAIN))] * 2).map(sorted))
def test_a_report_that_lost_a_part_is_none(cut: list[int]) -> None:
    begin, end = cut
    assume(set(PLAIN[begin:end]) - set("0123456789."))
    assert list(parse_reports([PLAIN[:begin] + PLAIN[end:]])) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
KEYS = ["requestId", "metrics", "status", "errorType", "tracing"]


@given(st.sampled_from(KEYS), json_values)
def test_a_record_of_another_shape_breaks_nothing(key: str, value: Any) -> None:
    document = {"type": "platform.report", "record": {**record(WARM), key: value}}
    for report in parse_reports([json.dumps(document), json.dumps({**document, "record": value})]):
        assert (report.request_id, report.duration_us) == (ID, 3_100)


@pytest.mark.parametrize(
    "value", ["3", None, True, -1, 1e13, 10**400, float("nan"), float("inf"), [3], {}]
)
@pytest.mark.parametrize("key", ["durationMs", "maxMemoryUsedMB", "initDurationMs"])
def test_a_record_with_a_value_that_cannot_be_is_none(key: str, value: Any) -> None:
    metrics = {**record(WARM)["metrics"], key: value}
    document = {"type": "platform.report", "record": record(WARM, metrics=metrics)}
    assert list(parse_reports([json.dumps(document)])) == []


@pytest.mark.parametrize(
    "event",
    [
        '"platform.report"',
        '["platform.report"]',
        '{"type": "platform.report"}',
        '{"type": "function", "record": "platform.report"}',
        '{"message": "\\"platform.report\\""}',
        '{"type": "platform.report", "record": ' + "[" * 100_000,
        json.dumps({"type": "platform.initReport", "record": {"metrics": {"durationMs": 3}}}),
        json.dumps({"message": as_json(WARM)}),
        json.dumps({"type": "function", "record": record(WARM), "of": "platform.report"}),
    ],
)
def test_json_that_only_mentions_a_report_is_none(event: str) -> None:
    assert list(parse_reports([event])) == []


def test_a_report_fills_in_what_the_client_cannot_know() -> None:
    result = ExecutionResult(request_id=ID, environment_id="e1")
    replace(WARM, init_us=250_000, memory_mb=512, billed_ms=300).apply(result)
    assert result.provider_times.serialize() == {"initialization": 250_000, "execution": 3_100}
    assert result.billing.serialize() == {
        "memory": 512,
        "billed_time": 300,
        "gb_seconds": pytest.approx(0.15),
    }
    assert result.stats.memory_used == 36
    assert not result.stats.cold_start, "the function's own word stays"
    assert not result.stats.failure


def test_a_restoration_counts_as_initialization() -> None:
    result = ExecutionResult(request_id=ID)
    replace(WARM, restore_us=400_000).apply(result)
    assert result.provider_times.initialization == 400_000
    assert result.stats.cold_start


@pytest.mark.parametrize("init", [None, 1])
@pytest.mark.parametrize("was_cold", [False, True])
def test_where_no_wrapper_answered_the_report_tells_the_cold_start(
    init: int | None, was_cold: bool
) -> None:
    result = ExecutionResult(request_id=ID)
    result.stats.cold_start = was_cold
    replace(WARM, init_us=init).apply(result)
    assert result.stats.cold_start == (was_cold or init is not None)


def test_a_failure_that_nobody_knows_of_is_told_and_one_that_is_known_stays() -> None:
    unknown, known = ExecutionResult(request_id=ID), ExecutionResult(request_id=ID)
    known.fail("The function's own words.")
    for result in (unknown, known):
        replace(WARM, status="Runtime.ExitError").apply(result)
    assert unknown.stats.failure
    assert "Runtime.ExitError" in str(unknown.error)
    assert known.error == "The function's own words."


@pytest.mark.parametrize(
    ("init", "environment", "was_cold", "contradicts"),
    [
        (1, "e1", False, True),
        (1, "e1", True, False),
        (1, "", False, False),
        (None, "e1", True, False),
        (None, "e1", False, False),
    ],
)
def test_only_an_initialization_contradicts_a_function_that_says_it_was_warm(
    init: int | None, environment: str, was_cold: bool, contradicts: bool
) -> None:
    result = ExecutionResult(request_id=ID, environment_id=environment)
    result.stats.cold_start = was_cold
    assert replace(WARM, init_us=init).contradicts(result) is contradicts
