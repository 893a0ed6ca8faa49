"""Ranges of values that a platform allows, checked before anything is asked of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sebs.errors import LimitExceededError, UsageError


@dataclass(frozen=True, slots=True)
class Range:
    """The values that a platform allows, both ends included.

    Attributes:
        platform: Who allows them, as the beginning of a sentence.
        what: What they are values of, as experiments call it: ``memory``, ``timeout``.
        least: The smallest.
        most: The greatest.
        unit: Their unit.
    """

    platform: str
    what: str
    least: int
    most: int
    unit: str

    def check(self, value: int) -> None:
        """Refuse a value that is not in the range.

        Raises:
            LimitExceededError: It is not.
        """
        if not self.least <= value <= self.most:
            raise LimitExceededError(
                f"A {self.what} of {value:,} {self.unit} is out of range.",
                remedy=f"{self.platform} allows {self.least:,} to {self.most:,} {self.unit}: "
                f"set experiments.{self.what} or --{self.what}.",
            )


def check_seconds(seconds: float) -> None:
    """Refuse a length of time that cannot pass.

    Raises:
        UsageError: It is negative, without end, or no number.
    """
    if not 0 <= seconds < math.inf:
        raise UsageError(f"{seconds!r} seconds cannot pass.", remedy="Name a number of 0 or more.")
