"""Quantiles with intervals that hold whatever the distribution is.

Of n independent observations, the order statistics X(j) and X(k) enclose the q-quantile with
probability Σ_{i=j}^{k-1} C(n,i) q^i (1-q)^{n-i}, whatever they are distributed like: Le Boudec,
*Performance Evaluation of Computer and Communication Systems*, 2010, theorem 2.1. Nothing is
assumed, so with few observations there may be no such interval; that is said, not papered over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sebs.errors import InvalidSampleError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

#: Confidence of every interval unless another one is asked for.
CONFIDENCE = 0.95

#: Tails beyond this many standard deviations hold nothing that floating-point numbers can tell.
_REACH = 10.0


@dataclass(frozen=True, slots=True)
class Ranks:
    """Ranks of the two order statistics that enclose a quantile, counted from 1.

    Attributes:
        low: Rank of the lower one.
        high: Rank of the higher one.
        coverage: The exact probability that they enclose it.
    """

    low: int
    high: int
    coverage: float


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of a sample, and its interval.

    Attributes:
        q: Which quantile; 0.5 is the median.
        n: Number of observations.
        value: Of the sample, in its unit; interpolated as numpy does by default.
        low: Lower end of the interval; ``None`` where n is too small for one.
        high: Higher end.
        confidence: What was asked for.
        coverage: What the interval has, which is at least that; ``None`` where there is none.
    """

    q: float
    n: int
    value: float
    low: float | None
    high: float | None
    confidence: float
    coverage: float | None

    @property
    def relative_width(self) -> float | None:
        """Half the interval over the value; ``None`` without an interval, or where it is zero."""
        if self.low is None or self.high is None or self.value == 0:
            return None
        return (self.high - self.low) / 2 / abs(self.value)


def ranks(n: int, q: float, confidence: float = CONFIDENCE) -> Ranks | None:
    """Return the closest pair of ranks whose coverage is at least the confidence.

    Of pairs that are equally close the one with the greatest coverage is taken, of these the
    lowest.

    Args:
        n: Number of observations.
        q: The quantile, between 0 and 1, both excluded.
        confidence: Between 0 and 1, both excluded.

    Returns:
        The ranks, or ``None`` where all n observations together do not cover that much: fewer than
        6 for a median at 95 %.
    """
    import numpy as np
    from scipy.special import bdtr

    if n < 1 or bdtr(n - 1, n, q) - bdtr(0, n, q) < confidence:
        return None
    # Beyond these ranks nothing is gained.
    spread = _REACH * (n * q * (1 - q)) ** 0.5 + _REACH
    first = max(1, int(n * q - spread))
    last = min(n, int(n * q + spread) + 1)
    lows = np.arange(first, last, dtype=np.int64)
    below = np.asarray(bdtr(lows - 1, n, q))
    upto = np.asarray(bdtr(np.arange(first, last + 1) - 1, n, q))
    # For each lower rank the first higher one that covers enough.
    index = np.searchsorted(upto, below + confidence, side="left")
    usable = index < len(upto)
    lows, below, index = lows[usable], below[usable], index[usable]
    highs, coverage = first + index, upto[index] - below
    # Sums of floating-point numbers may miss the confidence by less than they are exact.
    best = min(
        range(len(lows)),
        key=lambda i: (highs[i] - lows[i], -round(float(coverage[i]), 12), lows[i]),
    )
    return Ranks(int(lows[best]), int(highs[best]), float(coverage[best]))


def each_of(count: int, confidence: float = CONFIDENCE) -> float:
    """Return the confidence that each of several statements needs for all to hold together.

    Each has its share of the chance to be wrong, so that many raise no more false alarms than one:
    Bonferroni's inequality.

    Args:
        count: How many there are; with none it is that of one.
        confidence: With which all of them are to hold.
    """
    return 1 - (1 - confidence) / max(count, 1)


def fewest(q: float = 0.5, confidence: float = CONFIDENCE) -> int:
    """Return how many observations a quantile has an interval from.

    All n of them enclose it with probability 1 - qⁿ - (1 - q)ⁿ.

    Args:
        q: The quantile, between 0 and 1, both excluded.
        confidence: Of the interval, between 0 and 1, both excluded.
    """
    n = 2
    while 1 - q**n - (1 - q) ** n < confidence:
        n += 1
    return n


def quantile(values: ArrayLike, q: float = 0.5, confidence: float = CONFIDENCE) -> Quantile:
    """Return a quantile of a sample, and its interval.

    Args:
        values: Observations, in any order and unit.
        q: The quantile, between 0 and 1, both excluded.
        confidence: Of the interval.

    Raises:
        InvalidSampleError: There are none, or some are no finite numbers.
    """
    return quantiles(values, [q], confidence)[0]


def quantiles(
    values: ArrayLike, wanted: list[float], confidence: float = CONFIDENCE
) -> list[Quantile]:
    """Return several quantiles of one sample, which is sorted once.

    Raises:
        InvalidSampleError: There are no observations, or some are no finite numbers.
    """
    import numpy as np

    ordered = np.sort(sample(values))
    return [_quantile(ordered, q, confidence) for q in wanted]


def sample(values: ArrayLike) -> NDArray[np.float64]:
    """Return observations as floating-point numbers.

    Raises:
        InvalidSampleError: There are none, or some are no finite numbers.
    """
    import numpy as np

    found = np.asarray(values, dtype=np.float64).ravel()
    if found.size == 0:
        raise InvalidSampleError("There is not a single observation.")
    if strange := int(np.count_nonzero(~np.isfinite(found))):
        raise InvalidSampleError(
            f"{strange} of {found.size} observations are no finite numbers.",
            remedy="Leave out failed invocations, and count them beside the others.",
        )
    return found


def _quantile(ordered: Any, q: float, confidence: float) -> Quantile:
    import numpy as np

    n = len(ordered)
    found = ranks(n, q, confidence)
    ends = (None, None) if found is None else (ordered[found.low - 1], ordered[found.high - 1])
    return Quantile(
        q=q,
        n=n,
        value=float(np.quantile(ordered, q)),
        low=None if ends[0] is None else float(ends[0]),
        high=None if ends[1] is None else float(ends[1]),
        confidence=confidence,
        coverage=None if found is None else found.coverage,
    )
