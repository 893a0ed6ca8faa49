"""Judging a table of round trips between a function and a peer, which the function stored.

The function's clock is not the peer's: it may be wrong, and run faster or slower. So what is
compared is which messages there were, and how long it was from one to another. No bound says how
fast a network is: each follows from a message being sent before it is there, and being there
before its answer is back.
"""

from __future__ import annotations

import csv
import math
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sebs.benchmark.peers import Arrival, Peer

HEADER = ["id", "client_send", "client_rcv"]

#: Seconds by which a clock may be wrong. Clouds refuse what was signed by one that is minutes off.
_WRONG = 86_400.0

#: How many times as fast as another a clock may run: Linux corrects one by making it faster or
#: slower, by a tenth and half a thousandth at most (``adjtimex(2)``: ``tick`` and ``freq``).
_RATE = 1.1005 / 0.8995

#: Seconds by which a difference of times in a table may be off: as floats, Unix times are a quarter
#: of a microsecond apart.
_EXACT = 1e-6


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """One line of the table.

    Attributes:
        number: Which of the invocation's messages it was.
        sent: When it was sent, Unix seconds of the function's clock.
        received: When it was back, on the same clock.
    """

    number: int
    sent: float
    received: float

    @property
    def took(self) -> float:
        """Seconds until it was back."""
        return self.received - self.sent


def fetch_round_trips(storage: Any, bucket: str, key: str) -> list[RoundTrip]:
    """Return the lines of a stored table.

    Raises:
        ValueError: It is no such table.
    """
    with TemporaryDirectory() as directory:
        path = Path(directory, "results.csv")
        storage.download(bucket, key, str(path))
        header, *lines = csv.reader(path.read_text().splitlines())
    if header != HEADER or any(len(line) != len(HEADER) for line in lines):
        raise ValueError(f"{key!r} has other columns than {', '.join(HEADER)}")
    return [RoundTrip(int(number), float(sent), float(back)) for number, sent, back in lines]


def judge_round_trips(trips: list[RoundTrip], most: int) -> str | None:
    """Return what cannot be in a table of round trips; ``None`` where all can.

    Args:
        trips: The table.
        most: The highest number that there may be.
    """
    if not trips:
        return "the table has no round trips"
    number, received = 0, 0.0
    for trip in trips:
        if not number < trip.number <= most:
            return f"round trip {trip.number} follows {number}, of {most}"
        if not received <= trip.sent < trip.received < math.inf:
            return f"round trip {trip.number} begins or ends before the one before it has ended"
        number, received = trip.number, trip.received
    return None


def compare_with_peer(trips: list[RoundTrip], peer: Peer, request_id: str) -> str | None:
    """Return where a table of round trips disagrees with what the peer saw; else ``None``.

    Args:
        trips: The table, judged.
        peer: The peer.
        request_id: The invocation that the table is of.
    """
    seen = _seen(peer, request_id)
    unknown = next((trip.number for trip in trips if trip.number not in seen), None)
    if unknown is not None:
        return f"the peer did not get message {unknown} of {request_id!r}"
    first, last = trips[0], trips[-1]
    wall = seen[first.number][0].received
    if abs(first.sent - wall) > _WRONG:
        return f"the first message went at {first.sent}, when it was {wall} on this machine"
    # A network may bring a message twice, and nobody knows which answer was the first one back.
    there = [max(arrival.read_ns for arrival in seen[trip.number]) for trip in trips]
    answered = [min(arrival.sent_ns for arrival in seen[trip.number]) for trip in trips]
    # Each goes when the one before has been answered, and is back when the next one goes.
    begins, ends = [peer.began_ns, *answered], [*there[1:], time.monotonic_ns()]
    for number, trip in enumerate(trips):
        least, most = answered[number] - there[number], ends[number] - begins[number]
        if not _least(least) <= trip.took <= _most(most):
            return f"round trip {trip.number} took {trip.took} s, which the peer's clock rules out"
    outside, inside = last.received - first.sent, last.sent - first.received
    if outside < _least(answered[-1] - there[0]) or inside > _most(there[-1] - answered[0]):
        return f"all of them took {outside} s, which the peer's clock rules out"
    return None


def compare_entry(entry: float, first: RoundTrip, peer: Peer, request_id: str) -> str | None:
    """Return why a function cannot have been entered when it says; ``None`` where it can.

    The peer listened before it was.

    Args:
        entry: When it was, on its own clock, in Unix seconds.
        first: The first of its round trips, compared with the peer.
        peer: The peer.
        request_id: The invocation.
    """
    there = max(arrival.read_ns for arrival in _seen(peer, request_id)[first.number])
    before = first.sent - entry
    if not before <= _most(there - peer.began_ns):
        return f"timestamp is {entry}, {before} s before the first message: nobody listened then"
    return None


def request_id_of(key: str) -> str:
    """Return the request id in the key of a table, ``…/results-<request id>.<unique>.csv``."""
    return key.rpartition("/")[2].removeprefix("results-").partition(".")[0]


def judge_request(key: str, event: dict[str, Any]) -> str | None:
    """Return whose table this is instead; ``None`` where it is that of the invocation.

    Args:
        key: The table's key.
        event: The event; what a function got has a ``request-id``.
    """
    found = request_id_of(key)
    wanted = event.get("request-id", found)
    return None if found == wanted else f"the table is of the invocation {found!r}, not {wanted!r}"


def _seen(peer: Peer, request_id: str) -> dict[int | None, list[Arrival]]:
    """Return what a peer got of an invocation, by the message's number."""
    found = defaultdict(list)
    for arrival in peer.arrivals:
        if arrival.request_id == request_id:
            found[arrival.number].append(arrival)
    return found


def _least(span_ns: int) -> float:
    """Return the seconds that a clock counts at least while another one counts nanoseconds."""
    return min(span_ns * _RATE, span_ns / _RATE) / 1e9 - _EXACT


def _most(span_ns: int) -> float:
    """Return the seconds that a clock counts at most while another one counts nanoseconds."""
    return max(span_ns * _RATE, span_ns / _RATE) / 1e9 + _EXACT
