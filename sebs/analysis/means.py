"""Means, with Student's interval, and a word where skew makes them meaningless."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sebs.analysis.quantiles import CONFIDENCE, sample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


#: Of fewer observations no interval is believed, and no skewness either: two have none at all.
FEWEST = 8


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean and how far it can be trusted.

    Attributes:
        n: Number of observations.
        value: The mean, in the sample's unit.
        low: Lower end of Student's interval; ``None`` for a single observation.
        high: Higher end.
        confidence: Of the interval.
        deviation: The sample's standard deviation; ``None`` for a single observation.
        variation: Coefficient of variation: deviation over mean; ``None`` where either is missing
            or the mean is zero.
        skewness: Third standardized moment of the sample; 0 where nothing varies.
        warning: Why the interval should not be believed; empty where nothing is known against it.
    """

    n: int
    value: float
    low: float | None
    high: float | None
    confidence: float
    deviation: float | None
    variation: float | None
    skewness: float
    warning: str


def mean(values: ArrayLike, confidence: float = CONFIDENCE) -> Mean:
    """Return the mean of a sample with Student's interval.

    The interval rests on means being nearly normal, which skew delays: n should exceed
    28 + 25 · skewness² (Sugden, Smith and Jones, *Cochran's rule for simple random sampling*,
    J. R. Statist. Soc. B 62, 2000). Below that there is a warning, and
    with fewer than :data:`FEWEST` observations, whose skewness says nothing.

    Args:
        values: Observations, in any unit.
        confidence: Of the interval, between 0 and 1.

    Raises:
        InvalidSampleError: There are no observations, or some are no finite numbers.
    """
    import numpy as np
    from scipy.special import stdtrit

    found = sample(values)
    n, value = len(found), float(np.mean(found))
    if n == 1:
        return Mean(1, value, None, None, confidence, None, None, 0.0, "there is one observation")
    deviation = float(np.std(found, ddof=1))
    half = float(stdtrit(n - 1, 0.5 + confidence / 2)) * deviation / n**0.5
    skewness = _skewness(found)
    needed = 28 + 25 * skewness**2
    warning = ""
    if n < FEWEST:
        warning = f"a mean's interval needs at least {FEWEST} observations, there are {n}"
    elif skewness and n <= needed:
        warning = (
            f"with a skewness of {skewness:.1f} a mean's interval needs more than "
            f"{needed:.0f} observations, there are {n}"
        )
    return Mean(
        n=n,
        value=value,
        low=value - half,
        high=value + half,
        confidence=confidence,
        deviation=deviation,
        variation=deviation / abs(value) if value else None,
        skewness=skewness,
        warning=warning,
    )


def _skewness(found: NDArray[np.float64]) -> float:
    import numpy as np

    centred = found - np.mean(found)
    variance = float(np.mean(centred**2))
    # Where nothing varies but rounding does, there is no shape to speak of.
    if variance <= (1e-12 * float(np.max(np.abs(found)))) ** 2:
        return 0.0
    third = float(np.mean(centred**3))
    return float(third / variance**1.5)
