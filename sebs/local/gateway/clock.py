"""The clocks that environments without work are timed by, in whole nanoseconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

_NS = 10**9

#: Nanoseconds after which a timer rings at the latest: 30 years, which any event loop can count.
_LONGEST = 30 * 365 * 86_400 * _NS

#: Nanoseconds that a timer waits at least, so that a review cannot keep the loop busy.
_SHORTEST = 1_000_000


class Timer(Protocol):
    """Something that will happen unless it is cancelled."""

    def cancel(self) -> None:
        """Let it not happen."""
        ...


class Clock(Protocol):
    """Tells how much time has passed, from an arbitrary beginning."""

    def now(self) -> int:
        """Return the present, in nanoseconds."""
        ...

    def call_later(self, wait: int, action: Callable[[], object]) -> Timer:
        """Do something when so many nanoseconds have passed, or soon after."""
        ...


class RealClock:
    """The time that passes, also while nobody looks."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def now(self) -> int:
        """Return the present, in nanoseconds."""
        return time.monotonic_ns()

    def call_later(self, wait: int, action: Callable[[], object]) -> Timer:
        """Do something when so many nanoseconds have passed, or soon after."""
        return self._loop.call_later(min(max(wait, _SHORTEST), _LONGEST) / _NS, action)


class _NoTimer:
    def cancel(self) -> None:
        pass


class VirtualClock:
    """A time that passes only when it is told to, in no time at all.

    It rings no timers: who moves it does at once what is due then.
    """

    def __init__(self) -> None:
        self._now = 0

    def now(self) -> int:
        """Return the present, in nanoseconds."""
        return self._now

    def call_later(self, wait: int, action: Callable[[], object]) -> Timer:
        """Return a timer that does nothing."""
        return _NoTimer()

    def advance(self, nanoseconds: int) -> None:
        """Let so much time pass."""
        self._now += nanoseconds


def nanoseconds(seconds: float) -> int:
    """Return whole nanoseconds, however many: seconds as floats add up to other numbers."""
    return int(seconds) * _NS + round(seconds % 1 * _NS)
