"""The offset between two clocks, from round trips.

θ = ½ · [(t1 - t0) + (t2 - t3)] for a request sent at t0, received at t1, answered at t2 and back at
t3, t0 and t3 by the one clock, t1 and t2 by the other. It is exact where both ways take equally
long; the round trip with the smallest delay bounds the error best, by half of that delay: RFC 5905,
section 8, and Hoefler et al., *Accurately measuring collective operations at massive scale*, 2008.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sebs.errors import InvalidSampleError


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """Four times of one message and its answer, all in seconds.

    Attributes:
        sent: t0, by our clock.
        received: t1, by theirs.
        answered: t2, by theirs.
        returned: t3, by ours.
    """

    sent: float
    received: float
    answered: float
    returned: float

    @property
    def offset(self) -> float:
        """By how much their clock is ahead of ours, seconds."""
        return ((self.received - self.sent) + (self.answered - self.returned)) / 2

    @property
    def delay(self) -> float:
        """Seconds that both ways took together."""
        return (self.returned - self.sent) - (self.answered - self.received)


@dataclass(frozen=True, slots=True)
class Offset:
    """By how much their clock is ahead of ours.

    Attributes:
        seconds: θ.
        error: It may be wrong by so many seconds in either direction.
        n: Number of round trips of which the quickest was taken.
    """

    seconds: float
    error: float
    n: int


def clock_offset(trips: Iterable[RoundTrip]) -> Offset:
    """Return the offset that the quickest round trip shows.

    Raises:
        InvalidSampleError: There are no round trips, or one took less than no time.
    """
    found = list(trips)
    if not found:
        raise InvalidSampleError(
            "There is not a single round trip to tell the clocks' offset from."
        )
    if any(trip.delay < 0 for trip in found):
        raise InvalidSampleError(
            "A round trip took less than no time: a clock was set while it was measured."
        )
    quickest = min(found, key=lambda trip: trip.delay)
    return Offset(quickest.offset, quickest.delay / 2, len(found))
