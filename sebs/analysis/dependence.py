"""Whether observations that follow one another resemble each other.

Every interval and test here takes observations for independent. Where neighbours resemble each
other, by drift or because the machine is busy for a while, n of them tell as little as fewer would:
intervals are too narrow, and too many differences are called.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

#: Of fewer observations the ratio is not nearly normal.
FEWEST = 10


@dataclass(frozen=True, slots=True)
class Dependence:
    """How much neighbours in a sequence resemble each other.

    Attributes:
        correlation: Of the ranks of neighbours: 0 where they are independent, 1 in an order.
        p_value: Probability that independent observations resemble each other as much.
    """

    correlation: float
    p_value: float


def dependence(values: ArrayLike) -> Dependence | None:
    """Return how much observations resemble those that follow them.

    By the rank version of von Neumann's ratio, Σ(Rᵢ - Rᵢ₊₁)² / Σ(Rᵢ - R̄)², which assumes nothing of
    the distribution and is nearly normal: Bartels, *The Rank Version of von Neumann's Ratio Test
    for Randomness*, Journal of the American Statistical Association 77, 1982.

    Args:
        values: Observations, in the order in which they were made.

    Returns:
        It, or ``None`` where there are fewer than :data:`FEWEST` or all are the same.
    """
    import numpy as np
    from scipy.special import ndtr

    found = np.asarray(values, dtype=np.float64)
    n = len(found)
    if n < FEWEST or found.min() == found.max():
        return None
    ranks = midranks(found)
    ratio = float(np.sum(np.diff(ranks) ** 2) / np.sum((ranks - ranks.mean()) ** 2))
    variance = 4 * (n - 2) * (5 * n**2 - 2 * n - 9) / (5 * n * (n + 1) * (n - 1) ** 2)
    return Dependence(1 - ratio / 2, float(ndtr((ratio - 2) / variance**0.5)))


def midranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks, counted from 1; equal values share the middle of theirs."""
    import numpy as np

    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    middles: NDArray[np.float64] = ends - (counts - 1) / 2
    return middles[place]
