"""010.sleep: it sleeps at least as long as asked, and the verdict notices when it did not."""

from __future__ import annotations

import re
from typing import Any

import pytest

NAME = "010.sleep"


@pytest.mark.parametrize(
    ("size", "seconds"), [("none", 0), ("test", 1), ("small", 100), ("large", 1000)]
)
def test_the_event_says_how_long(fed: Any, size: str, seconds: int) -> None:
    assert fed(NAME).event(size) == {"sleep": seconds}


@pytest.mark.parametrize("seconds", [0, 0.05])
def test_python_sleeps(fed: Any, python_handler: Any, seconds: float) -> None:
    benchmark = fed(NAME)
    check(benchmark, python_handler(benchmark), seconds, "python")


@pytest.mark.node
@pytest.mark.parametrize("seconds", [0, 0.05])
def test_nodejs_sleeps(fed: Any, nodejs_handler: Any, seconds: float) -> None:
    benchmark = fed(NAME)
    check(benchmark, nodejs_handler(benchmark), seconds, "nodejs")


def check(benchmark: Any, handler: Any, seconds: float, language: str) -> None:
    output = handler({"sleep": seconds})
    assert output["result"] == seconds
    assert isinstance(output["measurement"]["sleep_time"], int)
    assert output["measurement"]["sleep_time"] >= seconds * 1_000_000
    assert benchmark.judge({"sleep": seconds}, output, language) is None


@pytest.mark.parametrize("language", ["python", "nodejs"])
@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ({"result": 1, "measurement": {"sleep_time": 1_000_000}}, None),
        ({"result": 1.0, "measurement": {"sleep_time": 1_000_000.5}}, None),
        ({"output": 1, "measurement": {"sleep_time": 1_000_001}}, None),
        ({"result": 1}, "measurement should be an object"),
        ({"result": 1, "measurement": {}}, "sleep_time should be"),
        ({"result": 1, "measurement": {"sleep_time": 999_999}}, "slept 999999 microseconds"),
        ({"result": 1, "measurement": {"sleep_time": "long"}}, "sleep_time should be"),
        ({"result": 1, "measurement": {"sleep_time": True}}, "sleep_time should be"),
        ({"result": 1, "measurement": {"sleep_time": float("nan")}}, "sleep_time should be"),
        ({"result": 1, "measurement": {"sleep_time": float("inf")}}, "sleep_time should be"),
        ({"result": 2}, "should be 1.*is 2"),
        ({"result": True}, "is True"),
        ({"result": "1"}, "is '1'"),
        ({"result": None}, "is None"),
        ({}, "is None"),
        (None, "is None"),
        ([1], "is None"),
    ],
)
def test_verdicts(fed: Any, language: str, output: Any, reason: str | None) -> None:
    verdict = fed(NAME).judge({"sleep": 1}, output, language)
    assert verdict is None if reason is None else re.search(reason, str(verdict))
