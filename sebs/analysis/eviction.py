"""When idle environments are evicted: the half-life model, with every period that fits.

Of D_init environments D_warm = D_init · 2^(-⌊ΔT / P⌋) are still warm after ΔT seconds of idling:
Copik et al., *SeBS: A Serverless Benchmark Suite for Function-as-a-Service Computing*, Middleware
2021, which found P = 380 s on AWS. The model is a step function of P: the sum of squares changes
only where P passes ΔT / k for a whole k. So there is no single best period but an interval of
them, and it is found exactly, by looking at every step.

Environments are whole, and nobody says how a platform halves an odd number of them. So a trial has
no error where D_warm is D_init · 2^(-⌊ΔT / P⌋) rounded down, or to the nearest number; else the
error is the distance to the nearer of the two. All periods that leave none are therefore alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from sebs.errors import InvalidSampleError


@dataclass(frozen=True, slots=True)
class Idling:
    """What one trial observed.

    Attributes:
        seconds: ΔT, how long the environments idled.
        started: D_init, how many there were.
        warm: D_warm, how many of them still were.
    """

    seconds: float
    started: int
    warm: int


@dataclass(frozen=True, slots=True)
class EvictionModel:
    """The period that fits, and how well.

    Attributes:
        period_s: The middle of the interval, seconds; its lower end where it has no higher one;
            ``None`` where nothing was ever seen warm, or nothing ever evicted.
        period_low_s: The model fits equally well for any period above this one; 0 where nothing
            was ever warm,
        period_high_s: up to this one; ``None`` where there is no end: nothing was evicted.
        r2: Share of the variance of D_warm that the model explains, of whole environments; ``None``
            where nothing varies.
        n: Number of trials.
    """

    period_s: float | None
    period_low_s: float
    period_high_s: float | None
    r2: float | None
    n: int

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    def warm_share(self, seconds: float) -> float:
        """Return which share of the environments is still warm after so many seconds."""
        if self.period_s is None:
            return 1.0 if self.period_high_s is None else 0.0
        return float(2.0 ** -(seconds // self.period_s))

    def told(self) -> str:
        """Return what it says, as a sentence."""
        fit = "" if self.r2 is None else f", R² = {self.r2:.4f}"
        if self.period_high_s is None:
            gone = "Nothing" if self.r2 is None else "Next to nothing"
            return f"{gone} was evicted: a period is longer than {self.period_low_s:g} s{fit}."
        if self.period_s is None:
            left = "Nothing was ever" if self.r2 is None else "Next to nothing was"
            return (
                f"{left} warm: a period is {self.period_high_s:g} s or shorter, for a longer one "
                f"would have left more{fit}. Idle for a shorter time."
            )
        return (
            f"Half of the idle environments are evicted every {self.period_s:g} s; any period "
            f"above {self.period_low_s:g} and up to {self.period_high_s:g} s fits equally "
            f"well{fit}."
        )


@dataclass(frozen=True, slots=True)
class AfterIdling:
    """What all trials that idled for the same time observed.

    Attributes:
        seconds: ΔT.
        trials: How many trials there were.
        started: How many environments there were in them.
        warm: How many of these still were.
    """

    seconds: float
    trials: int
    started: int
    warm: int

    @property
    def share(self) -> float:
        """Which share of the environments was still warm."""
        return self.warm / self.started


def after_idling(trials: Iterable[Idling]) -> list[AfterIdling]:
    """Return what was observed after each time of idling, ascending."""
    by_time: dict[float, list[Idling]] = {}
    for trial in trials:
        by_time.setdefault(trial.seconds, []).append(trial)
    return [
        AfterIdling(
            seconds, len(of), sum(each.started for each in of), sum(each.warm for each in of)
        )
        for seconds, of in sorted(by_time.items())
    ]


def fit_eviction(trials: Iterable[Idling]) -> EvictionModel:
    """Fit the half-life model by least squares, over every period.

    Args:
        trials: What was observed; at least one.

    Raises:
        InvalidSampleError: There are no trials, or some are impossible.
    """
    import numpy as np

    found = list(trials)
    _check(found)
    seconds = np.array([trial.seconds for trial in found])
    started = np.array([trial.started for trial in found], dtype=np.float64)
    warm = np.array([trial.warm for trial in found], dtype=np.float64)
    steps = _steps(found)
    # Any period between two neighbours gives the same floors; beyond the last, nothing is evicted.
    inside = [*((low + high) / 2 for low, high in pairwise(steps)), np.inf]
    squares = np.array([_sum_of_squares(seconds, started, warm, period) for period in inside])
    least = squares.min()
    # Errors are whole numbers, so sums of their squares are equal or are not.
    fits = np.flatnonzero(squares == least)
    first, last = _around(fits, int(np.argmin(squares)))
    low = float(steps[first])
    high = None if last == len(inside) - 1 else float(steps[last + 1])
    spread = float(np.sum((warm - warm.mean()) ** 2))
    return EvictionModel(
        period_s=None if high is None or low == 0 else (low + high) / 2,
        period_low_s=low,
        period_high_s=high,
        r2=1 - float(least) / spread if spread else None,
        n=len(found),
    )


def _check(trials: list[Idling]) -> None:
    if not trials:
        raise InvalidSampleError("There is not a single trial to fit the eviction model to.")
    for trial in trials:
        if not (0 <= trial.warm <= trial.started and trial.started > 0 and trial.seconds >= 0):
            raise InvalidSampleError(
                f"A trial of {trial.started} environments, {trial.warm} of which were warm after "
                f"{trial.seconds} s, is impossible."
            )
    if all(trial.seconds == 0 for trial in trials):
        raise InvalidSampleError("No trial let its environments idle: every ΔT is 0.")


def _steps(trials: list[Idling]) -> list[float]:
    """Return where the model changes, ascending from 0: a floor grows when P falls to ΔT / k."""
    positive = {trial.seconds for trial in trials if trial.seconds > 0}
    # After so many halvings not even half an environment is left, and no more can be told.
    most = max(trial.started for trial in trials).bit_length() + 1
    return [0.0, *sorted({value / k for value in positive for k in range(1, most + 1)})]


def _sum_of_squares(seconds: Any, started: Any, warm: Any, period: float) -> float:
    import numpy as np

    halvings = np.zeros_like(seconds) if np.isinf(period) else np.floor(seconds / period)
    left = started * 2.0**-halvings
    return float(np.sum((warm - np.clip(warm, np.floor(left), np.rint(left))) ** 2))


def _around(fits: Any, best: int) -> tuple[int, int]:
    """Return the first and the last of the neighbours of the best that fit as well."""
    members = set(map(int, fits))
    first = last = best
    while first - 1 in members:
        first -= 1
    while last + 1 in members:
        last += 1
    return first, last
