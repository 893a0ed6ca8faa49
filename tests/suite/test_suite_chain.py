"""604.chain: what its event says, and what its verdict notices."""

from __future__ import annotations

import json
from typing import Any

import pytest

NAME = "604.chain"
SIZES = {
    "test": [1024, 65536],
    "small": [1024, 16384, 262144, 1048576],
    "large": [1024, 16384, 262144, 1048576, 4194304],
}


@pytest.mark.parametrize("size", SIZES)
def test_the_event_says_how_much(fed: Any, size: str) -> None:
    event = fed(NAME).event(size)
    assert event.pop("bucket")["output"] == f"{NAME}-0-output"
    assert event == {"seed": 42, "sizes": SIZES[size], "repetitions": 5}


def right(benchmark: Any) -> tuple[Any, Any]:
    from hashlib import sha256, shake_256

    event = benchmark.event("test")
    ways = [("empty", 0), *((way, s) for way in ("inline", "storage") for s in SIZES["test"])]
    passed = [
        {
            "way": way,
            "size": size,
            "digest": sha256(shake_256(f"42/{size}".encode()).digest(size)).hexdigest(),
            "consumer": "b",
        }
        for way, size in ways
        for _ in range(5)
    ]
    first = {"digest": passed[0]["digest"], "consumer": "b"}
    measurement = {
        "empty_time": 1, "first_time": 9, "compute_time": 99,
        "inline_time": [2, 3], "storage_time": [4, 5],
    }  # fmt: skip
    result = {"producer": "a", "passed": passed, "first": first}
    return event, {"result": result, "measurement": measurement}


def test_the_right_output_passes(fed: Any) -> None:
    benchmark = fed(NAME)
    event, output = right(benchmark)
    for least in (99, 54):
        output["measurement"]["compute_time"] = least
        assert benchmark.judge(event, output) is None


def test_the_output_is_left_as_it_was(fed: Any) -> None:
    from sebs.benchmark.inputs import InputModule

    benchmark = fed(NAME)
    event, output = right(benchmark)
    before = json.dumps([event, output])
    inputs = InputModule(benchmark.source.path)
    known = {"language": "python", "architecture": "x64", "storage": None}
    assert inputs.validate(benchmark.data_dir, event, output, **known) is None
    output["result"]["first"]["consumer"] = "a"
    assert inputs.validate(benchmark.data_dir, event, output, **known) is not None
    output["result"]["first"]["consumer"] = "b"
    assert json.dumps([event, output]) == before


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda o: o["result"]["passed"].pop(), "what arrived"),
        (lambda o: o["result"]["passed"][7].update(digest="0" * 64), "what arrived"),
        (lambda o: o["result"]["passed"][7].update(way="storage"), "what arrived"),
        (lambda o: o["result"]["passed"][0].update(size=False), "what arrived"),
        (lambda o: o["result"]["passed"][7].update(consumer="a"), "another environment"),
        (lambda o: o["result"]["first"].update(consumer="a"), "another environment"),
        (lambda o: o["result"].update(first=None), "another environment"),
        (lambda o: o["result"]["first"].update(digest="0"), "not what was passed"),
        (lambda o: o["result"].update(producer=None), "another environment"),
        (lambda o: o["result"].update(passed=None), "should say what was passed"),
        (lambda o: o.update(result=[]), "should say what was passed"),
        (lambda o: o["measurement"].update(inline_time=[2]), "inline_time should be 2 numbers"),
        (lambda o: o["measurement"].update(storage_time=[2, -1]), "storage_time[1] should be"),
        (lambda o: o["measurement"].update(empty_time=None), "empty_time should be"),
        (lambda o: o["measurement"].update(empty_time=0), "empty_time should be more than 0"),
        (lambda o: o["measurement"].update(inline_time=[2, 0]), "inline_time[1] should be more"),
        (lambda o: o["measurement"].update(compute_time=53), "compute_time should be 54 at least"),
        (lambda o: o["measurement"].update(first_time=99), "compute_time should be 144 at least"),
        (lambda o: o["measurement"].update(storage_time=[4, 90]), "compute_time should be"),
        (lambda o: o["measurement"].update(storage_time=[4, float("inf")]), "storage_time[1]"),
        (lambda o: o.update(measurement=None), "the measurement should be an object"),
    ],
)
def test_another_output_is_noticed(fed: Any, change: Any, reason: str) -> None:
    benchmark = fed(NAME)
    event, output = right(benchmark)
    change(output)
    assert reason in str(benchmark.judge(event, output))
