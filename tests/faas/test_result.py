"""Results: what wrappers answer, what files hold, SeBS's files as well."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from sebs.errors import ResultFormatError
from sebs.faas.function import ExecutionResult
from sebs.results.manifest import Manifest
from sebs.results.rows import measured, start_of
from sebs.results.summary import summarize

BEGIN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def answered(**more) -> ExecutionResult:
    result = ExecutionResult.from_times(BEGIN, BEGIN + timedelta(milliseconds=12))
    envelope = {"request_id": "r", "begin": "10.25", "end": 10.5, "is_cold": True, **more}
    result.parse_benchmark_output(envelope)
    return result


def test_durations_are_microseconds() -> None:
    result = answered(result={"result": 7}, init_time=42)
    assert result.times.client == 12_000
    assert result.times.benchmark == 250_000
    assert result.times.initialization == 42
    assert result.output == {"result": 7}
    assert result.stats.cold_start
    assert not result.stats.failure


def test_an_error_is_a_failure_with_its_reason() -> None:
    result = answered(error={"type": "ValueError", "message": "no"})
    assert result.stats.failure
    assert result.error == "ValueError: no"


def test_a_file_gives_back_what_was_written() -> None:
    result = answered(result={"result": "x"})
    result.billing.billed_time = 3
    assert ExecutionResult.deserialize(result.serialize()) == result


def test_a_file_of_sebs_is_read_and_its_units_are_normalised() -> None:
    result = ExecutionResult.deserialize(
        {
            "output": {"result": 1},
            "request_id": "r",
            "times": {
                "client": 5,
                "client_begin": "2023-11-14 22:13:20.000001",
                "client_end": 0,
                "benchmark": 4,
                "http_startup": 0.002,
            },
            "billing": {"_memory": 512, "_billed_time": 47, "_gb_seconds": 24064},
            "stats": {"cold_start": True, "failure": False, "memory_used": None},
        }
    )
    assert result.times.http_startup == 2_000
    assert result.times.client_begin == datetime(2023, 11, 14, 22, 13, 20, 1, timezone.utc)
    assert result.times.client_end is None
    assert (result.billing.memory, result.billing.billed_time) == (512, 47)
    assert result.billing.gb_seconds == 0.0235
    assert result.stats.cold_start


@pytest.mark.parametrize("times", [{"client": "soon"}, [1], {"client_begin": "yesterday"}])
def test_what_is_no_result_is_refused(times) -> None:
    with pytest.raises(ResultFormatError):
        ExecutionResult.deserialize({"times": times})


def test_the_summary_keeps_cold_and_warm_apart_and_counts_failures() -> None:
    results = []
    for client, cold, failed in [(9000, True, False), (1000, False, False), (3000, False, True)]:
        result = ExecutionResult()
        result.times.client = client
        result.stats.cold_start = cold
        result.stats.failure = failed
        result.environment_id = "one"
        results.append(result)
    unanswered = ExecutionResult()
    unanswered.fail("refused")
    foreign = ExecutionResult(request_id="of a function that is not ours")
    manifest = Manifest(experiment="invoke", deployment="local")
    groups = summarize(map(measured, [*results, unanswered, foreign]), manifest).groups
    cold_group, warm_group, unknown_group, unanswered_group = groups
    assert (unknown_group.n, unknown_group.failures) == (1, 0)
    assert cold_group.spreads["client"].median == 9000
    assert warm_group.spreads["client"].median == 1000
    assert (unanswered_group.n, unanswered_group.failures) == (0, 1)
    assert (warm_group.n, warm_group.failures) == (1, 1)
    assert warm_group.spreads["memory"].median is None


def test_the_platform_may_tell_of_an_environment_that_the_function_does_not() -> None:
    result = ExecutionResult()
    assert start_of(result) == "unknown"
    result.provider_times.execution = 5
    assert start_of(result) == "warm"
    result.fail("boo")
    assert start_of(result) == "warm"
    result.stats.cold_start = True
    assert start_of(result) == "cold"
