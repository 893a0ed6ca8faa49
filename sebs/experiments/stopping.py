"""When enough was measured: the interval is narrow enough, or the budget is spent."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import Field, PositiveFloat, PositiveInt

from sebs.config_schema import Strict
from sebs.results.rows import start_of

if TYPE_CHECKING:
    from sebs.analysis.prices import Tariff
    from sebs.analysis.quantiles import Quantile
    from sebs.experiments.bench import Setting
    from sebs.faas.result import ExecutionResult


class Sample:
    """Client times of a cell, µs, cold and warm apart: no quantile is of both.

    Args:
        results: The invocations that there are.
    """

    def __init__(self, results: Iterable[ExecutionResult] = ()) -> None:
        self._by_start: dict[str, list[int]] = {}
        for result in results:
            self.add(result)

    def add(self, result: ExecutionResult) -> None:
        """Take in one more."""
        self._by_start.setdefault(start_of(result), []).append(result.times.client)

    def __len__(self) -> int:
        return sum(map(len, self._by_start.values()))

    @property
    def start(self) -> str:
        """How most of them began: what the cell is of. Empty where there are none."""
        return max(self._by_start, key=lambda start: len(self._by_start[start]), default="")

    @property
    def times(self) -> Sequence[int]:
        """The times of those that began so."""
        return self._by_start.get(self.start, [])


class Precision(Strict):
    """``precision``: invoke until the interval of a quantile of the client time is so narrow.

    Looking again and again until it is makes intervals that hold a little less often than they
    say: with at least some tens of invocations the difference is small.

    Attributes:
        quantile: Which one; 0.5 is the median.
        within: Half the interval over the value, such as 0.05.
    """

    quantile: float = Field(default=0.5, gt=0, lt=1)
    within: float = Field(gt=0, lt=1)

    def reached(self, times: Sequence[float]) -> Quantile | None:
        """Return the quantile, if its interval is narrow enough.

        Args:
            times: Of the invocations that were made, µs.
        """
        from sebs.analysis.quantiles import quantile, ranks

        if ranks(len(times), self.quantile) is None:
            return None
        found = quantile(times, self.quantile)
        width = found.relative_width
        return found if width is not None and width <= self.within else None


def precision_told(precision: Precision, cells: Mapping[str, tuple[Sample, int]]) -> Iterator[str]:
    """Say of which cells a precision was reached, and why not of the others.

    Args:
        precision: What was asked for.
        cells: Name of each, to what was measured, and how many were to be made at most.
    """
    from sebs.analysis.report.figure import percent

    of = "median" if precision.quantile == 0.5 else f"{precision.quantile:g} quantile"
    asked = f"Half the interval of the {of} is to be within {percent(precision.within)} of it"
    ends: dict[str, list[str]] = {
        "it was": [],
        "it was not after all that were to be made": [],
        "it was not when the budget ended it": [],
    }
    reached, all_made, ended = ends.values()
    for name, (sample, most) in cells.items():
        unreached = all_made if len(sample) >= most else ended
        found = unreached if precision.reached(sample.times) is None else reached
        found.append(f"{name} ({_width(precision.quantile, sample)})")
    for how, found in ends.items():
        if found:
            yield f"{asked}: {how} with {', '.join(found)}."


def _width(q: float, sample: Sample) -> str:
    from sebs.analysis.quantiles import quantile
    from sebs.analysis.report.figure import percent

    if not len(sample):
        return "nothing was made"
    width = quantile(sample.times, q).relative_width
    told = "no interval" if width is None else percent(width)
    return f"{told} after {len(sample.times):,} {sample.start} invocations"


class Limits(Strict):
    """``budget``: what may be spent; whatever is spent first ends the experiment.

    Of money and time those invocations may spend more that are made together.

    Attributes:
        invocations: How many may be made, unwanted ones included.
        minutes: How long it may take, counted anew when it is resumed.
        usd: What they may cost, without free tiers.
    """

    invocations: PositiveInt | None = None
    minutes: PositiveFloat | None = None
    usd: PositiveFloat | None = None


class Budget:
    """What is spent of the limits; safe to use from several threads.

    Args:
        limits: What may be spent.
        tariffs: What applies to each architecture; needed where money is limited.
    """

    def __init__(self, limits: Limits, tariffs: Mapping[str, Tariff] | None = None) -> None:
        self._limits = limits
        self._tariffs = tariffs or {}
        self._begun = time.monotonic()
        self._invocations = 0
        self._usd = 0.0
        self._lock = threading.Lock()

    def spend(self, result: ExecutionResult, setting: Setting) -> None:
        """Count an invocation.

        What it costs is that of its client time, which is at least what will be billed: the
        platform says what it was only minutes later.

        Args:
            result: The invocation.
            setting: Of the function.
        """
        usd = 0.0
        if (tariff := self._tariffs.get(setting.architecture)) is not None:
            billed_ms = tariff.plan.billed_ms(max(result.times.client, 1))
            usd = tariff.cost(tariff.plan.memory.billed(setting.memory), billed_ms)
        with self._lock:
            self._invocations += 1
            self._usd += usd

    def left(self) -> int:
        """Return how many invocations may be made now; 0 where a limit is reached.

        What they will cost and how long they will take is not known before: of money and time a
        little more than the limit may be spent, by those that are made together.
        """
        if self.spent() is not None:
            return 0
        most = self._limits.invocations
        return sys.maxsize if most is None else most - self._invocations

    def spent(self) -> str | None:
        """Return which limit is reached, in words; ``None`` where none is."""
        limits = self._limits
        if limits.invocations is not None and self._invocations >= limits.invocations:
            return f"{limits.invocations} invocations"
        if limits.minutes is not None and time.monotonic() - self._begun >= limits.minutes * 60:
            return f"{limits.minutes:g} minutes"
        if limits.usd is not None and self._usd >= limits.usd:
            return f"{limits.usd:g} USD"
        return None
