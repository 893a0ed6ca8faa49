"""020, 030 and 040: what they tell of their peer is right, and the verdict notices what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median
from time import sleep
from typing import Any

import pytest
from suite_doubles import Fed, Handler

from sebs.benchmark.peers import KINDS, Arrival, Peer

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


# --- the verdict ---

Rows = list[tuple[int, float, float]]


class Exchanged:
    """A benchmark after an exchange with its peer, which still listens."""

    def __init__(self, benchmark: Fed, handler: Handler, event: dict[str, Any]) -> None:
        self.benchmark = benchmark
        self.event = {**event, "request-id": "abc"}
        self.output = handler(self.event)
        self._file = benchmark.data_dir / "table"

    def judge(self) -> str | None:
        return self.benchmark.judge(self.event, self.output)

    @property
    def _key(self) -> str:
        result = self.output["result"]
        key: str = result if isinstance(result, str) else result["bucket-key"]
        return key

    @property
    def lines(self) -> list[str]:
        """The table."""
        self.benchmark.storage.download(BUCKET, self._key, str(self._file))
        return self._file.read_text().splitlines()

    def judge_table(self, lines: list[str]) -> str | None:
        """The verdict on another table in its place."""
        self._file.write_text("\r\n".join(lines))
        self.benchmark.storage.upload(BUCKET, str(self._file), self._key)
        return self.judge()

    def judge_times(self, change: Callable[[Rows], Rows]) -> str | None:
        """The verdict on a table with other times, and a measurement to match."""
        header, *lines = self.lines
        cells = (line.split(",") for line in lines)
        rows = change([(int(number), float(sent), float(back)) for number, sent, back in cells])
        times = [(back - sent) * 1e6 for _, sent, back in rows]
        measurement = self.output["measurement"]
        summary = median if "lost" in measurement else min
        measurement["round_trip_time"] = round(summary(times))
        return self.judge_table([header, *(",".join(map(repr, row)) for row in rows)])


@pytest.fixture(params=[NETWORK, CLOCK])
def exchanged(request: pytest.FixtureRequest, fed: Any, python_handler: Any) -> Iterator[Exchanged]:
    benchmark = fed(request.param)
    with KINDS["udp-echo"]() as peer:
        event = {**benchmark.event("test"), **peer.event}
        yield Exchanged(benchmark, python_handler(benchmark), event)


def faster(lines: list[str]) -> list[str]:
    number, sent, _ = lines[-1].split(",")
    return [*lines[:-1], f"{number},{sent},{float(sent) - 1e-6}"]


def renumbered(lines: list[str]) -> list[str]:
    return [*lines[:-1], "5000" + lines[-1][lines[-1].index(",") :]]


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[:-1],
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
def test_another_table_is_noticed(exchanged: Exchanged, change: Any) -> None:
    assert exchanged.judge() is None
    assert exchanged.judge_table(change(exchanged.lines)) is not None


def stretched(factor: float) -> Callable[[Rows], Rows]:
    """Times that pass so many times as fast."""

    def change(rows: Rows) -> Rows:
        begin = rows[0][1]
        return [
            (number, begin + (sent - begin) * factor, begin + (back - begin) * factor)
            for number, sent, back in rows
        ]

    return change


def later(seconds: float) -> Callable[[Rows], Rows]:
    return lambda rows: [(number, sent + seconds, back + seconds) for number, sent, back in rows]


def short(took: float) -> Callable[[Rows], Rows]:
    """Round trips that all take so many seconds, and begin when they began."""
    return lambda rows: [(number, sent, sent + took) for number, sent, _ in rows]


def of_zero(rows: Rows) -> Rows:
    return later(-rows[0][1])(rows)


def set_in_the_middle(rows: Rows) -> Rows:
    """Times of a clock that was set an hour forward meanwhile."""
    middle = len(rows) // 2
    return [*rows[:middle], *later(3600)(rows[middle:])]


CORRUPTIONS = {
    "no time": short(0),
    "milliseconds": stretched(1000),
    "microseconds": stretched(1e6),
    "too fast": stretched(1e-3),
    "from zero": of_zero,
    "negative": later(-4e9),
    "in decades": later(1e9),
    "a clock that was set": set_in_the_middle,
}


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_times_that_cannot_be_are_noticed(exchanged: Exchanged, corruption: str) -> None:
    assert exchanged.judge() is None
    verdict = exchanged.judge_times(CORRUPTIONS[corruption])
    assert verdict is not None
    assert "raised" not in verdict


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


@pytest.mark.parametrize(
    "timestamp",
    [0, 1, 1e5, -1e300, float("-inf"), float("inf"), float("nan"), True, None, "1700000000"],
)
def test_a_timestamp_that_cannot_be_is_noticed(
    fed: Any, python_handler: Any, timestamp: Any
) -> None:
    benchmark = fed(CLOCK)
    with KINDS["udp-echo"]() as peer:
        event = {**benchmark.event("test"), **peer.event}
        output = python_handler(benchmark)(event)
        assert benchmark.judge(event, output) is None
        right = output["result"]["timestamp"]
        for wrong in (timestamp, right - 3600, right + 3600):
            output["result"]["timestamp"] = wrong
            assert "timestamp" in str(benchmark.judge(event, output))


@pytest.mark.parametrize("name", [NETWORK, CLOCK])
def test_the_table_of_an_earlier_invocation_is_noticed(
    fed: Any, python_handler: Any, name: str
) -> None:
    benchmark = fed(name)
    handler = python_handler(benchmark)
    with KINDS["udp-echo"]() as peer:
        event = {**benchmark.event("test"), **peer.event}
        earlier, later = (handler({**event, "request-id": each}) for each in ("one", "two"))
        received = {**event, "request-id": "two"}
        assert benchmark.judge(received, later) is None
        assert "of the invocation 'one', not 'two'" in str(benchmark.judge(received, earlier))


def settled(peer: Peer) -> tuple[Arrival, ...]:
    """What a peer was told, once it knows of every connection whose it was."""
    while not all(arrival.asker for arrival in peer.arrivals):
        sleep(0.001)
    return peer.arrivals


def test_words_to_another_invocation_are_noticed(fed: Any, python_handler: Any) -> None:
    benchmark = fed(REPLY)
    handler = python_handler(benchmark)
    with KINDS["tcp-reply"]() as peer:
        event = {**benchmark.event("test"), **peer.event}
        one, two = (handler({**event, "request-id": each}) for each in ("one", "two"))
        many = {**event, "request-id": "many", "repetitions": 100}
        output = handler(many)
        arrivals = settled(peer)
        assert [each.asker for each in arrivals] == ["one", "two", *["many"] * 100]
        received = {**event, "request-id": "two"}
        assert benchmark.judge(received, two) is None
        wrong = {**two, "result": one["result"]}
        assert "to another invocation, 'one'" in str(benchmark.judge(received, wrong))
        assert benchmark.judge(many, output) is None
        for position in (2, 99, 100):
            wrong = {**output, "result": arrivals[position].text}
            assert "not the last thing" in str(benchmark.judge(many, wrong))


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
        for name in ("connect_time", "reply_time"):
            for value in (-1, 0):
                measurement = {**output["measurement"], name: value}
                wrong = {**output, "measurement": measurement}
                assert f"{name} should be" in str(benchmark.judge(event, wrong))
