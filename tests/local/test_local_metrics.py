"""What the platform says of invocations, from its log and from the header of an answer."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sebs import ExecutionResult, Trigger
from sebs.errors import PlatformError
from sebs.local import launch
from sebs.local.metrics import apply_report, merge_metrics

RECORD = {
    "request_id": "r1",
    "environment_id": "e1",
    "cold": True,
    "begin": 100.5,
    "init": 50_000,
    "duration": 1_500,
    "billed": 2,
    "memory": 512,
    "max_memory": 20.5,
    "cpu": 900,
    "queue": 30,
    "status": "ok",
    "http_status": 200,
    "version": 1,
}


@pytest.fixture
def log(tmp_path):
    def write(*records):
        (tmp_path / "metrics").mkdir()
        lines = "".join(json.dumps(record) + "\n" for record in records)
        (tmp_path / "metrics" / "f.jsonl").write_text(lines)
        return tmp_path

    return write


def test_each_result_gets_what_the_log_says_of_it(log):
    warm = {**RECORD, "request_id": "r2", "cold": False, "duration": 700, "billed": 1}
    del warm["init"]
    failed = {**RECORD, "request_id": "r3", "cold": False, "status": "OutOfMemory"}
    foreign = {**RECORD, "request_id": "r9"}
    home = log(RECORD, warm, failed, foreign)
    requests = {f"r{n}": ExecutionResult(request_id=f"r{n}") for n in range(1, 5)}
    metrics = {}
    merge_metrics(home, "f", 100, 101, requests, metrics)
    first, second = requests["r1"], requests["r2"]
    assert first.provider_times.serialize() == {"initialization": 50_000, "execution": 1_500}
    assert second.provider_times.serialize() == {"initialization": 0, "execution": 700}
    assert first.billing.serialize() == {"memory": 512, "billed_time": 2, "gb_seconds": 0.001}
    assert first.stats.memory_used == 20.5
    assert requests["r4"] == ExecutionResult(request_id="r4")
    assert metrics == {
        "requested": 4,
        "found": 3,
        "missing": ["r4"],
        "queue": {"r1": 30, "r2": 30, "r3": 30},
        "cpu": {"r1": 900, "r2": 900, "r3": 900},
        "cold_start_disagreements": ["r1"],
        "status": {"r3": "OutOfMemory"},
    }


def test_records_outside_the_time_span_are_missing(log):
    home = log(RECORD)
    metrics = {}
    merge_metrics(home, "f", 101, 200, {"r1": ExecutionResult()}, metrics)
    assert metrics["missing"] == ["r1"]


def test_a_function_without_a_log_has_nothing(tmp_path):
    metrics = {}
    merge_metrics(tmp_path, "f", 0, 1, {"r1": ExecutionResult()}, metrics)
    assert metrics["found"] == 0
    assert metrics["missing"] == ["r1"]


def test_a_malformed_record_is_an_error(log):
    home = log({"request_id": "r1", "begin": 100.5})
    with pytest.raises(PlatformError, match="metrics of f"):
        merge_metrics(home, "f", 100, 101, {"r1": ExecutionResult()}, {})


def test_the_report_of_an_answer_says_the_same(log):
    home = log(RECORD)
    from_log, from_header = ExecutionResult(), ExecutionResult()
    merge_metrics(home, "f", 100, 101, {"r1": from_log}, {})
    header = "duration=1500;init=50000;billed=2;memory=20.5;cpu=900;cold=1"
    apply_report(from_header, header, 512)
    assert from_header == from_log


@given(st.text(alphabet="duration=10;it.x", max_size=60))
def test_a_malformed_report_is_an_error(header):
    with pytest.raises(PlatformError, match="malformed"):
        apply_report(ExecutionResult(), header, 128)


def test_metrics_outlive_the_gateway(workshop):
    system = workshop.platform()
    function = workshop.function(system)
    http = function.triggers(Trigger.TriggerType.HTTP)[0]
    library = function.triggers(Trigger.TriggerType.LIBRARY)[0]
    start = int(time.time())
    results = [http.sync_invoke({}), library.sync_invoke({}), http.sync_invoke({})]
    reported = results[1].serialize()
    pid = workshop.gateway_pid
    system.shutdown()
    assert launch.is_gone(pid)
    requests = {result.request_id: result for result in results}
    metrics = {}
    system.download_metrics(function.name, start, int(time.time()), requests, metrics)
    assert (metrics["found"], metrics["missing"]) == (3, [])
    assert metrics["cold_start_disagreements"] == []
    assert results[1].serialize() == reported
    assert results[0].provider_times.initialization > 0
    assert results[2].provider_times.initialization == 0
    for result in results:
        assert 0 < result.provider_times.execution < result.times.client
        assert result.billing.gb_seconds == 128 / 1024 * result.billing.billed_time / 1000
    assert launch.published(workshop.home) is None
