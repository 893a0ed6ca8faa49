"""Keep-alive: how long an execution environment without work stays warm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class KeepAlive(Protocol):
    """Decides which idle environments of a function end, and when to ask again."""

    def review(self, idle_since: Sequence[float], now: float) -> tuple[int, float]:
        """Look at the idle environments, the longest idle one first.

        Args:
            idle_since: When each became idle, in seconds of the event loop's clock, ascending.
            now: The present on the same clock.

        Returns:
            How many of them end, counted from the longest idle one, and the seconds until the
            next review of those that remain.
        """
        ...


class FixedTtl:
    """An environment ends after a fixed time without work, as most platforms describe it.

    Args:
        seconds: That time.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def review(self, idle_since: Sequence[float], now: float) -> tuple[int, float]:
        """End those that have been idle for the fixed time."""
        expired = sum(1 for since in idle_since if now - since >= self._seconds)
        if expired == len(idle_since):
            return expired, self._seconds
        return expired, idle_since[expired] + self._seconds - now
