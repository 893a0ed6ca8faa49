"""Comparing a table of round trips with the peer's record: what is possible passes, all of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sebs.benchmark.peers import Arrival
from sebs.benchmark.round_trips import (
    RoundTrip,
    compare_entry,
    compare_with_peer,
    judge_request,
    judge_round_trips,
)

ID = "abc"

#: Wall clock of both machines when the peer began to listen, in seconds.
WALL = 1_700_000_000.0


@dataclass(frozen=True)
class Exchange:
    """An exchange as it was: times in nanoseconds since the peer began to listen.

    Attributes:
        messages: Of each: when it went, when the peer had it, when that answered, when the answer
            was back; and whether the function still waited for it.
        twice: Numbers of messages that the network brought once more at the end.
        rate: How fast the function's clock runs.
        wrong: How wrong it is, in seconds.
    """

    messages: list[tuple[int, int, int, int, bool]]
    twice: tuple[int, ...] = ()
    rate: float = 1.0
    wrong: float = 0.0

    @property
    def began_ns(self) -> int:
        """So that it ended now."""
        return time.monotonic_ns() - max(self.messages[-1])

    @property
    def peer(self) -> Any:
        began_ns = self.began_ns
        order = [*range(len(self.messages)), *self.twice]
        late = max(self.messages[-1])
        arrivals: list[Arrival] = []
        for number in order:
            _, read, answered, *_ = self.messages[number]
            if len(arrivals) >= len(self.messages):
                read = answered = late
            text, wall = f"{ID} {number}", WALL + read / 1e9
            times = (began_ns + read, began_ns + answered, began_ns + read)
            arrivals.append(Arrival(text, ("h", 1), wall, wall, *times))
        return SimpleNamespace(began_ns=began_ns, arrivals=tuple(arrivals))

    def clock(self, at: int) -> float:
        return WALL + self.wrong + at * self.rate / 1e9

    @property
    def trips(self) -> list[RoundTrip]:
        """The table; the first message is not in it."""
        return [
            RoundTrip(number, self.clock(sent), self.clock(back))
            for number, (sent, _, _, back, heard) in enumerate(self.messages)
            if number and heard
        ]

    def compare(self, trips: list[RoundTrip] | None = None) -> str | None:
        trips = self.trips if trips is None else trips
        return judge_round_trips(trips, len(self.messages)) or compare_with_peer(
            trips, self.peer, ID
        )


@st.composite
def exchanges(draw: Any) -> Exchange:
    """Any exchange that is possible: each delay from a microsecond to a day's pause."""
    delays = st.one_of(st.integers(1_000, 1_000_000), st.integers(1_000, 86_400 * 10**9))
    messages: list[tuple[int, int, int, int, bool]] = []
    now = 0
    for _ in range(draw(st.integers(2, 8))):
        sent = now + draw(delays)
        read = sent + draw(delays)
        answered = read + draw(delays)
        back = answered + draw(delays)
        heard = draw(st.booleans()) or not messages
        # One that the function no longer waits for may come back whenever it does.
        now = back if heard else sent + draw(delays)
        messages.append((sent, read, answered, back, heard))
    *rest, (sent, read, answered, back, _) = messages
    messages = [*rest, (sent, read, answered, back, True)]
    twice = draw(st.lists(st.integers(0, len(messages) - 1), max_size=2))
    rate, wrong = draw(st.floats(0.82, 1.22)), draw(st.floats(-3600, 3600))
    return Exchange(messages, tuple(twice), rate, wrong)


@given(exchanges())
def test_all_that_is_possible_passes(exchange: Exchange) -> None:
    assert exchange.compare() is None
    first = exchange.trips[0]
    entry = exchange.clock(0)
    assert compare_entry(entry, first, exchange.peer, ID) is None


def regular(count: int = 100) -> Exchange:
    """Round trips of 60 µs, 20 of them at the peer, and 40 µs between them; they begin at 1 s."""
    begins = (10**9 + number * 100_000 for number in range(count))
    return Exchange([(at, at + 20_000, at + 40_000, at + 60_000, True) for at in begins])


@pytest.mark.parametrize(("took", "passes"), [(14, False), (19, True), (210, True), (225, False)])
def test_one_round_trip_is_bounded_by_its_neighbours(took: int, passes: bool) -> None:
    exchange = regular()
    trips = exchange.trips
    # What is longer reaches into the time between two: the next one begins as it ends.
    middle = trips[50]
    spare = max(0, took - 60) * 1e-6 / 2
    trips[50] = replace(
        middle, sent=middle.sent - spare, received=middle.sent + took * 1e-6 - spare
    )
    trips[49] = replace(trips[49], received=min(trips[49].received, trips[50].sent))
    trips[51] = replace(trips[51], sent=max(trips[51].sent, trips[50].received))
    assert (exchange.compare(trips) is None) is passes


@pytest.mark.parametrize(
    ("factor", "passes"), [(0.7, False), (0.9, True), (1.1, True), (1.3, False)]
)
def test_all_of_them_are_bounded_together(factor: float, passes: bool) -> None:
    exchange = replace(regular(), rate=factor)
    assert (exchange.compare() is None) is passes


def test_a_peer_that_holds_messages_back_bounds_every_round_trip() -> None:
    begins = (10**9 + number * 10**7 for number in range(10))
    held = Exchange([(at, at + 20_000, at + 9_000_000, at + 9_020_000, True) for at in begins])
    assert held.compare() is None
    fast = [replace(trip, received=trip.sent + 5e-3) for trip in held.trips]
    assert "round trip 1 took" in str(held.compare(fast))


def test_a_wall_clock_that_is_set_at_the_peer_does_not_matter() -> None:
    exchange = regular()
    peer = exchange.peer
    hour = 3600 * 10**9
    peer.arrivals = tuple(
        replace(one, received=one.received - 3600, received_ns=one.received_ns - hour)
        for one in peer.arrivals
    )
    assert compare_with_peer(exchange.trips, peer, ID) is None


@pytest.mark.parametrize(
    ("wrong", "passes"), [(-80_000, True), (80_000, True), (90_000, False), (-1.6e9, False)]
)
def test_times_are_unix_seconds(wrong: float, passes: bool) -> None:
    assert (replace(regular(), wrong=wrong).compare() is None) is passes


def test_a_function_is_entered_after_the_peer_began() -> None:
    exchange = regular()
    first = exchange.trips[0]
    for before, passes in ((0, True), (1.2, True), (1.3, False), (float("inf"), False)):
        verdict = compare_entry(first.sent - before, first, exchange.peer, ID)
        assert (verdict is None) is passes
    assert "timestamp is nan" in str(compare_entry(float("nan"), first, exchange.peer, ID))


def test_messages_that_the_peer_did_not_get_are_named() -> None:
    exchange = regular()
    peer = exchange.peer
    assert "message 7 of 'abc'" in str(
        compare_with_peer(
            exchange.trips,
            SimpleNamespace(began_ns=0, arrivals=peer.arrivals[:7]),  # type: ignore[arg-type]
            ID,
        )
    )
    assert "message 1 of 'other'" in str(compare_with_peer(exchange.trips, peer, "other"))


def test_a_table_is_of_the_invocation_that_is_judged() -> None:
    key = "020.network-benchmark-0-output/results-abc.0afe4ce7.csv"
    assert judge_request(key, {"request-id": "abc"}) is None
    assert judge_request(key, {}) is None
    assert "of the invocation 'abc', not 'other'" in str(
        judge_request(key, {"request-id": "other"})
    )
