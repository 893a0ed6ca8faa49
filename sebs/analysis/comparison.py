"""Whether one run is slower than another, or nothing can be said.

Two answers must agree before a difference is called one: a rank test, which assumes nothing of the
distributions, and an interval of the ratio of the medians, which says how large the difference is.
Both are approximations, and call more differences than they may where either side has fewer
observations than its median needs for an interval: these say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from sebs.analysis.dependence import dependence, midranks
from sebs.analysis.quantiles import CONFIDENCE, fewest, sample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

#: Neighbours that resemble each other less hardly narrow an interval: by a tenth.
_MATTERS = 0.1

#: Resamples of the bootstrap beyond either end of an interval: so many that their chance moves the
#: tail's share by 6 % (the square root of their number), whatever the confidence. Efron and
#: Tibshirani, *An Introduction to the Bootstrap*, 1993, section 13.3, ask for a thousand and more
#: in all, which is for 90 %.
BEYOND = 250


class Verdict(str, Enum):
    """What is to be said of the head, compared with the base."""

    SLOWER = "slower"
    TOLERATED = "slower, within what is tolerated"
    FASTER = "faster"
    NO_DIFFERENCE = "no difference shown"
    TOO_LITTLE_DATA = "too little data"
    FAILS_MORE = "fails more often"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two samples of times, compared.

    Attributes:
        verdict: What is to be said.
        n_base: Observations of the base.
        n_head: Observations of the head.
        median_base: In the samples' unit.
        median_head: In the samples' unit.
        ratio: Median of the head over that of the base; ``None`` where the latter is zero, or there
            is too little data.
        ratio_low: Lower end of its bootstrap interval.
        ratio_high: Higher end.
        p_value: Of the Brunner-Munzel test of "neither tends to be larger".
        confidence: Of the interval; the test uses one minus it.
        warning: Why neither should be believed; empty where nothing is known against them.
    """

    verdict: Verdict
    n_base: int
    n_head: int
    median_base: float
    median_head: float
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    p_value: float | None
    confidence: float
    warning: str = ""

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            **asdict(self),
            "verdict": self.verdict.value,
            "warning": self.warning or None,
        }

    def slower_than(self, share: float) -> bool:
        """Return whether the head is shown to be slower by more than a share, such as 0.05."""
        return (
            self.verdict is Verdict.SLOWER
            and self.ratio_low is not None
            and self.ratio_low > 1 + share
        )


def compare(
    base: ArrayLike, head: ArrayLike, confidence: float = CONFIDENCE, seed: int = 0
) -> Comparison:
    """Compare two samples of times.

    Args:
        base: What was before, in the order in which it was measured.
        head: What is now, in the same unit, likewise.
        confidence: Of the interval of the ratio; the rank test uses one minus it.
        seed: Of the bootstrap, so that the same data give the same answer.

    Raises:
        InvalidSampleError: A sample is empty, or has values that are no finite numbers.
    """
    import numpy as np

    first, second = sample(base), sample(head)
    medians = float(np.median(first)), float(np.median(second))
    sizes = len(first), len(second)
    if min(sizes) < fewest(confidence=confidence) or medians[0] <= 0:
        return Comparison(
            Verdict.TOO_LITTLE_DATA, *sizes, *medians, None, None, None, None, confidence
        )
    p_value = rank_test(first, second)
    low, high = _ratio_interval(first, second, confidence, seed)
    verdict = Verdict.NO_DIFFERENCE
    if p_value < 1 - confidence and low > 1:
        verdict = Verdict.SLOWER
    elif p_value < 1 - confidence and high < 1:
        verdict = Verdict.FASTER
    return Comparison(
        verdict,
        *sizes,
        *medians,
        medians[1] / medians[0],
        low,
        high,
        p_value,
        confidence,
        _resemblance({"base": first, "head": second}, confidence),
    )


def _resemblance(samples: Mapping[str, NDArray[np.float64]], confidence: float) -> str:
    """Say which samples are of observations that resemble those that follow them."""
    found = {name: dependence(values) for name, values in samples.items()}
    # Each sample has its share of the chance to be called dependent and not to be.
    shown = [
        f"the {name} (rank correlation {each.correlation:.2f})"
        for name, each in found.items()
        if each is not None
        and each.p_value < (1 - confidence) / len(samples)
        and each.correlation >= _MATTERS
    ]
    if not shown:
        return ""
    return (
        f"invocations of {' and of '.join(shown)} resemble those that follow them; test and "
        "interval take them for independent, so a difference may be one of the moment"
    )


def rank_test(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the p-value of the two-sided Brunner-Munzel test, with Student's approximation.

    Brunner and Munzel, *The Nonparametric Behrens-Fisher Problem*, Biometrical Journal 42, 2000.
    Where one sample lies below the other as a whole the statistic has no variance: they differ,
    and the value is 0. Where all values are the same it is 1.
    """
    if first.max() < second.min() or second.max() < first.min():
        return 0.0
    if first.min() == first.max() == second.min() == second.max():
        return 1.0
    return _brunner_munzel(first, second)


def _brunner_munzel(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return what ``scipy.stats.brunnermunzel`` does, without half a second of import."""
    import numpy as np
    from scipy.special import stdtr

    n, m = len(first), len(second)
    ranks = midranks(np.concatenate([first, second]))
    spreads = []
    for values, among in ((first, ranks[:n]), (second, ranks[n:])):
        placements = among - midranks(values)
        spreads.append(len(values) * float(np.var(placements, ddof=1)))
    shift = n * m * (ranks[n:].mean() - ranks[:n].mean()) / (n + m)
    freedom = sum(spreads) ** 2 / (spreads[0] ** 2 / (n - 1) + spreads[1] ** 2 / (m - 1))
    return float(2 * stdtr(freedom, -abs(shift) / sum(spreads) ** 0.5))


def _ratio_interval(
    base: NDArray[np.float64], head: NDArray[np.float64], confidence: float, seed: int
) -> tuple[float, float]:
    """Return the percentile interval of the ratio of medians over resamples of both."""
    import numpy as np

    generator = np.random.default_rng(seed)
    tail = (1 - confidence) / 2
    resamples = round(BEYOND / tail)
    ratios = _medians(head, generator, resamples) / _medians(base, generator, resamples)
    low, high = np.quantile(ratios, [tail, 1 - tail])
    return float(low), float(high)


def _medians(
    values: NDArray[np.float64], generator: np.random.Generator, resamples: int
) -> NDArray[np.float64]:
    """Return the medians of so many resamples.

    The median of a resample is an order statistic whose rank has a known distribution, so none has
    to be drawn in full: a uniform order statistic of n is beta-distributed, and the empirical
    quantile function maps it to the data. For an even n it stands between two neighbours, which
    are drawn together.
    """
    import numpy as np

    ordered, n = np.sort(values), len(values)
    lower = (n + 1) // 2
    # The lower of the two middle uniform order statistics, and what is between it and the upper.
    first = generator.beta(lower, n - lower + 1, resamples)
    picked = ordered[np.minimum((first * n).astype(np.int64), n - 1)]
    if n % 2:
        return picked
    # Given the k-th of n uniform ones, the next is the smallest of n - k in what is left.
    rest = 1 - generator.random(resamples) ** (1 / (n - lower))
    second = first + (1 - first) * rest
    upper = ordered[np.minimum((second * n).astype(np.int64), n - 1)]
    return (picked + upper) / 2
