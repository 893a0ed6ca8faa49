"""Ranges of values that a platform allows, checked before anything is asked of it."""

from __future__ import annotations

from dataclasses import dataclass

from sebs.errors import LimitExceededError


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
