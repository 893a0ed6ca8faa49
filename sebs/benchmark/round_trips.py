"""Judging a table of round trips between a function and a peer, which the function stored.

The function's clock is not the peer's, so what is compared is which messages there were, and how
long they took.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sebs.benchmark.peers import Peer

HEADER = ["id", "client_send", "client_rcv"]

#: Seconds by which two clocks may disagree about how long one round trip took.
_TOLERANCE = 1e-3


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
    number, received = 0, -math.inf
    for trip in trips:
        if not number < trip.number <= most:
            return f"round trip {trip.number} follows {number}, of {most}"
        if not received <= trip.sent <= trip.received < math.inf:
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
    seen = {one.number: one for one in peer.arrivals if one.request_id == request_id}
    for trip in trips:
        arrival = seen.get(trip.number)
        if arrival is None:
            return f"the peer did not get message {trip.number} of {request_id!r}"
        held = (arrival.sent_ns - arrival.received_ns) / 1e9
        if trip.took < held - _TOLERANCE:
            return f"round trip {trip.number} took {trip.took} s, and {held} s at the peer alone"
    return None


def request_id_of(key: str) -> str:
    """Return the request id in the key of a table, ``…/results-<request id>.<unique>.csv``."""
    return key.rpartition("/")[2].removeprefix("results-").partition(".")[0]
