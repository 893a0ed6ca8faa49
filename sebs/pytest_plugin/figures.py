"""What is asserted: quantiles of a sample, compared with a limit by their intervals.

A figure is below a limit where the whole interval of its quantile is. If the quantile is not below
the limit, that happens in at most one of twenty samples, whatever the times are distributed like;
see :mod:`sebs.analysis.quantiles`. Being below and being above exclude one another, and with few
invocations neither may be shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sebs.errors import InvalidSampleError, UsageError
from sebs.pytest_plugin.plain import plainly

if TYPE_CHECKING:
    from sebs.analysis.quantiles import Quantile

#: Microseconds of a unit.
_UNITS = {"us": 1, "µs": 1, "μs": 1, "ms": 1_000, "s": 1_000_000}

_LIMIT = re.compile(rf"\s*(\d+(?:\.\d+)?)\s*({'|'.join(_UNITS)})\s*")

#: A limit: a number with its unit, such as ``"50 ms"``, or a ``timedelta``.
Limit = str | timedelta


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A quantile of a sample, which is compared with a limit: ``figure < "50 ms"``.

    Attributes:
        of: What it is a figure of, in words.
        quantile: The quantile and its interval, microseconds.
        remarks: What else is to be known of the sample, a line each.
    """

    of: str
    quantile: Quantile
    remarks: Sequence[str]

    @plainly
    def __lt__(self, limit: Limit) -> bool:
        return self._interval()[1] < microseconds(limit)

    @plainly
    def __le__(self, limit: Limit) -> bool:
        return self._interval()[1] <= microseconds(limit)

    @plainly
    def __gt__(self, limit: Limit) -> bool:
        return self._interval()[0] > microseconds(limit)

    @plainly
    def __ge__(self, limit: Limit) -> bool:
        return self._interval()[0] >= microseconds(limit)

    def __str__(self) -> str:
        found = self.quantile
        if found.low is None or found.high is None:
            return f"{self.of}: {_shown(found.value)} (too few for an interval)"
        ends = f"{_shown(found.low)} to {_shown(found.high)}"
        return f"{self.of}: {_shown(found.value)} ({found.confidence:.0%} interval {ends})"

    __repr__ = __str__

    def explain(self, operator: str, limit: object) -> list[str]:
        """Return why a comparison does not hold, a line each.

        Args:
            operator: Of the comparison.
            limit: What the figure was compared with.
        """
        low, high = self._interval()
        wanted = "below" if operator.startswith("<") else "above"
        bound = microseconds(limit)
        if low <= bound <= high:
            reason = (
                f"not shown to be {wanted} {limit}, which is within the interval: "
                "more invocations make it narrower"
            )
        else:
            reason = f"it is {'above' if low > bound else 'below'} {limit}"
        return [f"{name_of(self.quantile.q)} {operator} {limit}", str(self), reason, *self.remarks]

    def _interval(self) -> tuple[float, float]:
        from sebs.analysis.quantiles import fewest

        found = self.quantile
        if found.low is None or found.high is None:
            needed = fewest(found.q, found.confidence)
            raise InvalidSampleError(
                f"{self.of} says too little: {found.n} invocations give no interval of "
                f"{found.confidence:.0%} for it.",
                remedy=f"Take at least {needed} invocations; more make the interval narrower.",
            )
        return found.low, found.high


@dataclass(frozen=True, slots=True)
class Times:
    """One kind of time of a sample.

    Attributes:
        of: What they are, in words.
        microseconds: The times, in the order in which they were measured.
        remarks: What else is to be known of the sample, a line each.
    """

    of: str
    microseconds: Sequence[int]
    remarks: Sequence[str]

    @property
    def milliseconds(self) -> list[float]:
        """The times in milliseconds."""
        return [time / 1000 for time in self.microseconds]

    @property
    def median(self) -> Figure:
        """The median."""
        return self.quantile(0.5)

    def p(self, percent: float) -> Figure:
        """Return a percentile, such as ``p(95)``."""
        return self.quantile(percent / 100)

    @plainly
    def quantile(self, q: float) -> Figure:
        """Return a quantile.

        Args:
            q: Between 0 and 1, both excluded.

        Raises:
            UsageError: It is not between them.
            InvalidSampleError: There is no time at all.
        """
        from sebs.analysis.quantiles import quantile

        if not 0 < q < 1:
            raise UsageError(
                f"There is no quantile {q!r}.",
                remedy="Take one between 0 and 1, such as quantile(0.95), which is p(95).",
            )
        return Figure(f"{name_of(q)} of {self.of}", quantile(self.microseconds, q), self.remarks)


def microseconds(limit: object) -> float:
    """Return a limit in microseconds.

    Raises:
        UsageError: It has no unit, or an unknown one.
    """
    if isinstance(limit, timedelta):
        return limit / timedelta(microseconds=1)
    matched = _LIMIT.fullmatch(limit) if isinstance(limit, str) else None
    if matched is None:
        raise UsageError(
            f"{limit!r} is no time with a unit.",
            remedy='Write for example "50 ms"; units are us, ms and s. A timedelta does as well.',
        )
    return float(matched[1]) * _UNITS[matched[2]]


def name_of(q: float) -> str:
    """Return what a quantile is called."""
    return "median" if q == 0.5 else f"p{q * 100:.6g}"


def _shown(time: float) -> str:
    if time < 1000:
        return f"{time:.0f} µs"
    if time < 1e6:
        return f"{time / 1000:.3g} ms"
    return f"{time / 1e6:.3g} s"
