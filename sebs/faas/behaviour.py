"""How platforms behave: what is so on most of them, and another one says otherwise."""

from __future__ import annotations

import time

from sebs.faas.limits import check_seconds


class Behaviour:
    """The part of a platform that says how time and memory act on its functions."""

    def let_pass(self, seconds: float) -> None:
        """Let so much time pass on the platform: sleeps; a platform with a virtual clock moves it.

        Args:
            seconds: How much time.

        Raises:
            UsageError: It is negative, without end, or no number.
        """
        check_seconds(seconds)
        time.sleep(seconds)

    @property
    def clock_is_virtual(self) -> bool:
        """Whether time passes by :meth:`let_pass` alone, and not by itself."""
        return False

    @property
    def memory_sets_speed(self) -> bool:
        """Whether a function with more memory has more of a processor."""
        return True
