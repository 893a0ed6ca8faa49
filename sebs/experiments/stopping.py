"""When enough was measured: the interval is narrow enough, or the budget is spent."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import Field, PositiveFloat, PositiveInt

from sebs.config_schema import Strict

if TYPE_CHECKING:
    from sebs.analysis.prices import Tariff
    from sebs.analysis.quantiles import Quantile
    from sebs.experiments.bench import Setting
    from sebs.faas.result import ExecutionResult


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


class Limits(Strict):
    """``budget``: what may be spent; whatever is spent first ends the experiment.

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
