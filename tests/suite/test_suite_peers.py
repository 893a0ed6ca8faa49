"""020, 030 and 040: what they tell of their peer is right, and the verdict notices what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sebs.benchmark.peers import KINDS

BUCKET = "sebs-benchmarks-suite"
NETWORK, CLOCK, REPLY = "020.network-benchmark", "030.clock-synchronization", "040.server-reply"


@pytest.mark.parametrize("size", ["test", "small", "large"])
@pytest.mark.parametrize("name", [NETWORK, CLOCK, REPLY])
def test_every_size(fed: Any, python_handler: Any, name: str, size: str) -> None:
    benchmark = fed(name)
    event = benchmark.event(size)
    with KINDS[benchmark.source.config.peer]() as peer:
        event |= peer.event
        output = python_handler(benchmark)(event)
        assert peer.arrivals
        assert benchmark.judge(event, output) is None
    assert benchmark.judge(event, output) is None, "without the peer, too"


def test_tcp(fed: Any, python_handler: Any) -> None:
    benchmark = fed(NETWORK)
    with KINDS["tcp-echo"]() as peer:
        event = {**benchmark.event("test"), **peer.event, "protocol": "tcp"}
        output = python_handler(benchmark)(event)
        assert benchmark.judge(event, output) is None
        assert len(peer.arrivals) == 101


def test_every_time_is_in_the_output_where_that_is_asked_for(fed: Any, python_handler: Any) -> None:
    benchmark = fed(NETWORK)
    with KINDS["udp-echo"]() as peer:
        event, handler = {**benchmark.event("test"), **peer.event}, python_handler(benchmark)
        assert "round_trip_times" not in handler(event)["measurement"]
        output = handler({**event, "with-times": True})
        assert benchmark.judge(event, output) is None
        times = output["measurement"]["round_trip_times"]
        assert len(times) == 100
        for wrong in (times[:-1], [*times[:-1], times[-1] + 2], [*times[:-1], "1"], "none"):
            output["measurement"]["round_trip_times"] = wrong
            assert "are not those" in str(benchmark.judge(event, output))


def test_a_peer_that_is_not_there_is_an_error(fed: Any, python_handler: Any) -> None:
    benchmark = fed(NETWORK)
    with KINDS["udp-echo"]() as peer:
        event = {**benchmark.event("test"), **peer.event}
    with pytest.raises((ConnectionRefusedError, TimeoutError)):
        python_handler(benchmark)(event)


def less(lines: list[str]) -> list[str]:
    return lines[:-1]


def faster(lines: list[str]) -> list[str]:
    number, sent, _ = lines[-1].split(",")
    return [*lines[:-1], f"{number},{sent},{float(sent) - 1e-6}"]


def renumbered(lines: list[str]) -> list[str]:
    return [*lines[:-1], "5000" + lines[-1][lines[-1].index(",") :]]


@pytest.mark.parametrize("name", [NETWORK, CLOCK])
@pytest.mark.parametrize(
    "change",
    [
        less,
        faster,
        renumbered,
        lambda lines: lines[:1],
        lambda lines: lines[1:],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [lines[0], *reversed(lines[1:])],
        lambda lines: [line.replace(",", ";") for line in lines],
        lambda lines: [],
    ],
)
def test_another_table_is_noticed(
    fed: Any, python_handler: Any, tmp_path: Path, name: str, change: Any
) -> None:
    benchmark = fed(name)
    with KINDS["udp-echo"]() as peer:
        event = {**benchmark.event("test"), **peer.event}
        output = python_handler(benchmark)(event)
        result = output["result"]
        key = result if isinstance(result, str) else result["bucket-key"]
        file = tmp_path / "table"
        benchmark.storage.download(BUCKET, key, str(file))
        file.write_text("\r\n".join(change(file.read_text().splitlines())))
        benchmark.storage.upload(BUCKET, str(file), key)
        assert benchmark.judge(event, output) is not None


def test_a_table_that_the_peer_knows_nothing_of_is_noticed(fed: Any, python_handler: Any) -> None:
    benchmark = fed(NETWORK)
    event = benchmark.event("test")
    with KINDS["udp-echo"]() as peer, KINDS["udp-echo"]() as other:
        output = python_handler(benchmark)({**event, **peer.event})
        assert "did not get" in str(benchmark.judge({**event, **other.event}, output))


@pytest.mark.parametrize("name", [NETWORK, CLOCK, REPLY])
@pytest.mark.parametrize("output", [None, [], {}, {"result": 1}, {"result": "elsewhere/x"}])
def test_an_output_that_is_none_is_noticed(fed: Any, name: str, output: Any) -> None:
    benchmark = fed(name)
    event = {**benchmark.event("test"), "server-port": 1, "port": 1}
    assert benchmark.judge(event, output) is not None


def test_words_that_nobody_said_are_noticed(fed: Any, python_handler: Any) -> None:
    benchmark = fed(REPLY)
    with KINDS["tcp-reply"]() as peer:
        event = {**benchmark.event("small"), **peer.event}
        output = python_handler(benchmark)(event)
        assert benchmark.judge(event, output) is None
        wrong = {**output, "result": output["result"][::-1]}
        assert "to nobody" in str(benchmark.judge(event, wrong))
        early = {**output, "result": peer.arrivals[0].text}
        assert "1 connections only" in str(benchmark.judge(event, early))
        wrong = {**output, "measurement": {"connect_time": 1, "reply_time": -1}}
        assert "reply_time" in str(benchmark.judge(event, wrong))
