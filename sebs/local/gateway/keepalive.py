"""Keep-alive: how long an execution environment without work stays warm.

All times are whole nanoseconds of one clock, so that periods add up exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple, Protocol

from sebs.local.gateway.clock import nanoseconds
from sebs.local.gateway.functions import HALF_LIFE, VIRTUAL, Scaling

#: Environments became idle together if the last did within so many nanoseconds after the first,
#: and within this part of a period: time enough for the answers to one burst to come.
_TOGETHER = 10**9
_TOGETHER_PART = 10


class Review(NamedTuple):
    """What is to be done about idle environments.

    Attributes:
        ended: Positions of those that end.
        wait: Time until the next review of those that remain; of no meaning if none does.
    """

    ended: Sequence[int]
    wait: int


class KeepAlive(Protocol):
    """Decides which idle environments of a function end, and when to ask again."""

    def begin(self, now: int) -> int:
        """Return since when an environment that becomes idle now counts as idle."""
        ...

    def review(self, idle_since: Sequence[int], now: int) -> Review:
        """Look at the idle environments.

        Args:
            idle_since: What :meth:`begin` said of each, ascending.
            now: The present, not before that of the last review.
        """
        ...


class FixedTtl:
    """An environment ends after a fixed time without work, as most platforms describe it.

    Args:
        ttl: That time.
    """

    def __init__(self, ttl: int) -> None:
        self._ttl = ttl

    def begin(self, now: int) -> int:
        """Count from now."""
        return now

    def review(self, idle_since: Sequence[int], now: int) -> Review:
        """End those that have been idle for the fixed time."""
        expired = sum(1 for since in idle_since if now - since >= self._ttl)
        remaining = idle_since[expired:]
        wait = remaining[0] + self._ttl - now if remaining else self._ttl
        return Review(range(expired), wait)


class HalfLife:
    """Half of the environments that became idle together end with every period that they idle.

    Of n, ``n // 2**k`` are warm after k whole periods: halves are rounded down, so the last one
    ends as well. It does not matter when they are reviewed. One that works again leaves its group,
    and the next half is one of those that are left; idle again, it counts anew. The longest idle
    ones end first.

    A group's periods begin when the first of it becomes idle. Those that follow closely belong to
    it, so one may end earlier than its own idle time says, by what ``together`` is at most.

    The model is that of "SeBS: A Serverless Benchmark Suite for Function-as-a-Service Computing"
    (Copik et al., Middleware 2021), which found a period of 380 s on AWS Lambda.

    Args:
        period: The period, above 0.
        together: Within how much time after a group's first one others belong to the group; less
            than the period.
    """

    def __init__(self, period: int, together: int) -> None:
        self._period = period
        self._together = together
        self._newest: int | None = None
        self._reviewed = 0

    def begin(self, now: int) -> int:
        """Count from when the newest group became idle, or from now, as the first of another."""
        if self._newest is None or now - self._newest > self._together:
            self._newest = now
        return self._newest

    def review(self, idle_since: Sequence[int], now: int) -> Review:
        """Halve each group once for each period that it ended since the last review."""
        ended: list[int] = []
        waits = [self._period]
        position = 0
        for since, members in groupby(idle_since):
            size = sum(1 for _ in members)
            periods = (now - since) // self._period
            halved = max(0, (self._reviewed - since) // self._period)
            warm = size >> (periods - halved)
            ended += range(position, position + size - warm)
            if warm:
                waits.append(since + (periods + 1) * self._period - now)
            position += size
        self._reviewed = now
        return Review(ended, min(waits))


def policy_of(scaling: Scaling) -> KeepAlive:
    """Return the policy that a function is configured with, at its beginning."""
    span = nanoseconds(scaling.keep_alive)
    if scaling.keep_alive_policy != HALF_LIFE:
        return FixedTtl(span)
    period = max(span, 1)
    # On a virtual clock all the answers to a burst come at the same time.
    together = 0 if scaling.clock == VIRTUAL else min(_TOGETHER, period // _TOGETHER_PART)
    return HalfLife(period, together)
