"""Medians of a run, cold and warm apart: what a person reads first.

Intervals, comparisons and models belong to the analysis; these are plain order statistics.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sebs.faas.result import ExecutionResult
from sebs.results.rows import STARTS, start_of


@dataclass(frozen=True, slots=True)
class Quantity:
    """One thing that is summed up.

    Attributes:
        key: Its key in JSON.
        title: What a person reads.
        unit: ``µs`` or ``MB``.
        value: Takes it from a result; ``None`` where it was not measured.
    """

    key: str
    title: str
    unit: str
    value: Callable[[ExecutionResult], float | None]


def _measured(microseconds: int) -> float | None:
    return microseconds or None


QUANTITIES = (
    Quantity("client", "client", "µs", lambda r: _measured(r.times.client)),
    Quantity("benchmark", "benchmark", "µs", lambda r: _measured(r.times.benchmark)),
    Quantity("provider", "provider", "µs", lambda r: _measured(r.provider_times.execution)),
    Quantity(
        "initialization",
        "init",
        "µs",
        lambda r: _measured(r.provider_times.initialization or r.times.initialization),
    ),
    Quantity("memory", "memory", "MB", lambda r: r.stats.memory_used),
)


@dataclass(frozen=True, slots=True)
class Spread:
    """Order statistics of one quantity; all ``None`` where nothing was measured."""

    n: int
    minimum: float | None
    median: float | None
    maximum: float | None

    def serialize(self) -> dict[str, float | None]:
        """Return plain JSON values."""
        return {"n": self.n, "min": self.minimum, "median": self.median, "max": self.maximum}


@dataclass(frozen=True, slots=True)
class Group:
    """The successful invocations of one kind, and how many of that kind failed."""

    kind: str
    n: int
    failures: int
    spreads: dict[str, Spread]

    def serialize(self) -> dict[str, object]:
        """Return plain JSON values; times in microseconds, memory in MB."""
        spreads = {key: spread.serialize() for key, spread in self.spreads.items()}
        return {"n": self.n, "failures": self.failures, **spreads}


def summarize(results: Iterable[ExecutionResult]) -> tuple[Group, ...]:
    """Return a group for each start; failures are counted, and are in no figure."""
    everything = list(results)
    return tuple(_group(kind, everything) for kind in STARTS)


def _group(kind: str, results: Sequence[ExecutionResult]) -> Group:
    of_kind = [result for result in results if start_of(result) == kind]
    good = [result for result in of_kind if not result.stats.failure]
    spreads = {quantity.key: _spread(good, quantity) for quantity in QUANTITIES}
    return Group(kind, len(good), len(of_kind) - len(good), spreads)


def _spread(results: Sequence[ExecutionResult], quantity: Quantity) -> Spread:
    values = [value for value in map(quantity.value, results) if value is not None]
    if not values:
        return Spread(0, None, None, None)
    return Spread(len(values), min(values), statistics.median(values), max(values))
