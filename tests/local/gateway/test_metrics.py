"""The metrics log: what a record says, and how it is read."""

import json
import os

import pytest

from sebs.local.gateway.metrics import KEPT_FILES, MetricsLog, metrics_path, read_metrics


def line(number, **fields):
    return (
        json.dumps({"request_id": f"r{number}", "begin": float(number), **fields}).encode() + b"\n"
    )


@pytest.fixture
def log(tmp_path):
    (tmp_path / "metrics").mkdir()
    opened = MetricsLog(metrics_path(tmp_path, "f"), rotate_bytes=1000)
    yield opened
    opened.close()


def ids(home, *args):
    return [record["request_id"] for record in read_metrics(home, "f", *args)]


def test_a_record_says_what_a_cloud_says(gateway):
    gateway.deploy(
        "import time\ndef handler(event):\n"
        "    end = time.process_time() + 0.1\n    while time.process_time() < end: pass\n",
        memory=200,
    )
    cold, warm = gateway.invoke(), gateway.invoke()
    first, second = read_metrics(gateway.home, "f", 0, 1e12)
    assert (first["cold"], second["cold"]) == (True, False)
    assert first["init"] == cold.json["init_time"]
    assert "init" not in second
    assert second["request_id"] == warm.json["request_id"]
    assert second["environment_id"] == warm.json["environment_id"]
    for record in (first, second):
        assert record["duration"] >= 100_000
        assert record["billed"] == -(-record["duration"] // 1000)
        assert 90_000 <= record["cpu"] <= record["duration"] + 50_000
        assert record["memory"] == 200
        assert 5 < record["max_memory"] < 200
        assert record["status"] == "ok"
        assert 0 <= record["queue"] < 1_000_000
    assert second["duration"] == warm.report["duration"]


def test_records_of_a_time_and_of_requests(log, tmp_path):
    for number in range(10):
        log.append(line(number))
    assert ids(tmp_path, 3, 5) == ["r3", "r4", "r5"]
    assert ids(tmp_path, 0, 9, {"r7", "r2", "other"}) == ["r2", "r7"]


def test_full_files_are_read_in_order_and_old_ones_go(log, tmp_path):
    for number in range(40):
        log.append(line(number, filler="x" * 60))
    files = sorted(path.name for path in (tmp_path / "metrics").iterdir())
    assert files[:2] == ["f.jsonl", "f.jsonl.1"]
    assert ids(tmp_path, 0, 100) == [f"r{number}" for number in range(40)]
    for number in range(40, 400):
        log.append(line(number, filler="x" * 60))
    assert len(list((tmp_path / "metrics").iterdir())) == KEPT_FILES + 1
    kept = ids(tmp_path, 0, 1000)
    assert kept == [f"r{number}" for number in range(400 - len(kept), 400)]


def test_a_torn_last_line_is_skipped_and_not_continued(log, tmp_path):
    log.append(line(1))
    with metrics_path(tmp_path, "f").open("ab") as stream:
        stream.write(line(2)[:-10])
    assert ids(tmp_path, 0, 10) == ["r1"]
    again = MetricsLog(metrics_path(tmp_path, "f"))
    again.append(line(3))
    again.close()
    assert ids(tmp_path, 0, 10) == ["r1", "r3"]


def test_no_log_is_no_records(tmp_path):
    assert ids(tmp_path, 0, 10) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk_loses_records_and_says_so(tmp_path, capsys):
    (tmp_path / "f.jsonl").symlink_to("/dev/full")
    log = MetricsLog(tmp_path / "f.jsonl")
    log.append(line(1))
    log.append(line(2))
    log.close()
    assert log.lost == 2
    assert capsys.readouterr().err.count("metrics are lost") == 1
