"""Which memory size to give a function: what each takes and costs, and what is shown of it.

Of each size there is the median client time and the cost of a million, each with an interval. The
intervals of all sizes of one payload hold together at 95 % (Bonferroni), so whatever they show is
shown of all pairs at once. A size is *shown to be faster* than another where its interval lies
below the other's as a whole; the same of cost. The interval of the cost is that of the median
provider time, priced at both ends.

The front is what is worth its price: the cheapest size, and from there on each dearer one that is
shown to be faster than the last of the front. One that is shown to be faster for the same money
takes the place of the last. So no size is shown to be cheaper than its first one, none is shown to
be faster than its last one, and none of it is shown to be slower than a size that costs no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isclose
from typing import TYPE_CHECKING

from sebs.analysis.quantiles import each_of, quantile
from sebs.errors import AnalysisError, InvalidSampleError, LimitExceededError

if TYPE_CHECKING:
    import polars as pl

    from sebs.analysis.cost import MemoryCost, Usage
    from sebs.analysis.prices import Tariff
    from sebs.results.results import Results

#: What a size may be best in; everything else is balanced.
SPEED, COST = "speed", "cost"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its interval.

    Attributes:
        value: In its unit.
        low: Lower end; ``None`` where there is no interval.
        high: Higher end.
    """

    value: float
    low: float | None
    high: float | None

    def shown_below(self, other: Estimate) -> bool:
        """Whether it is shown to be less than another: the intervals do not touch."""
        return self.high is not None and other.low is not None and self.high < other.low


@dataclass(frozen=True, slots=True)
class Size:
    """What one memory size takes and costs.

    Attributes:
        memory: MB.
        n: Warm invocations that succeeded.
        failed: Invocations that failed, those that were made again included.
        time: Median client time of warm invocations, s; ``None`` where none succeeded.
        cost: USD of a million; ``None`` where it is not known.
        billed_ms: What is billed of one invocation.
        break_even_per_hour: A machine is cheaper from so many invocations an hour on.
        cold: Median client time of cold invocations, s; ``None`` where none were asked for.
        cold_n: How many succeeded.
    """

    memory: int
    n: int
    failed: int
    time: Estimate | None
    cost: Estimate | None
    billed_ms: float | None
    break_even_per_hour: float | None
    cold: Estimate | None
    cold_n: int

    @property
    def expense(self) -> Estimate:
        """What is paid for it: money, or memory where no price is known."""
        size = float(self.memory)
        return Estimate(size, size, size) if self.cost is None else self.cost


@dataclass(frozen=True, slots=True)
class Tuning:
    """The memory sizes of a function with one payload.

    Attributes:
        architecture: ``x64`` or ``arm64``.
        payload: Name of it.
        confidence: Of each interval of a size, so that all of them hold together at 95 %.
        sizes: All of them, ascending.
        front: Memory sizes that are worth their price, the cheapest first; empty where none works.
        unpriced: Why no cost is known; empty where it is.
    """

    architecture: str
    payload: str
    confidence: float
    sizes: Sequence[Size]
    front: Sequence[int]
    unpriced: str

    def size(self, memory: int) -> Size:
        """Return one of the sizes."""
        return next(size for size in self.sizes if size.memory == memory)

    def compared(self) -> list[Size]:
        """Return the sizes that can be compared: with a price, where any has one."""
        working = [size for size in self.sizes if size.time is not None]
        return [size for size in working if size.cost is not None] or working

    @property
    def priced(self) -> bool:
        """Whether any size has a price."""
        return any(size.cost is not None for size in self.compared())


def tunings_of(results: Results) -> list[Tuning]:
    """Return what a run of memory-tuning measured, by architecture and payload.

    Args:
        results: Of the run; its parameters name prices, and a machine's.

    Raises:
        InvalidSampleError: No warm invocation succeeded, or it is a run of something else.
        ResultFormatError: The results cannot be read.
    """
    import polars as pl

    if "payload" not in results.manifest.columns:
        raise InvalidSampleError("The results are of no experiment memory-tuning.")
    columns = ["architecture", "payload", "memory", "kind", "start", "failure", "wanted", "client"]
    table = results.frame().select(*columns, "provider", "memory_used").collect()
    table = table.with_columns(
        pl.col("failure").fill_null(value=False), pl.col("wanted").fill_null(value=True)
    )
    payloads = table.partition_by(
        "architecture", "payload", maintain_order=True, as_dict=True, include_key=False
    )
    if not payloads:
        raise InvalidSampleError("There is not a single invocation.")
    found = [_tuning(results, str(a), str(p), part) for (a, p), part in payloads.items()]
    if not any(tuning.front for tuning in found):
        raise InvalidSampleError("There is not a single warm invocation that succeeded.")
    return found


def recommended(tuning: Tuning, objective: str, weight: float) -> Size:
    """Return the size of the front that is best in what is asked for.

    Without prices that is the fastest. ``cost`` is the fastest of those that are not shown to be
    dearer than the cheapest. ``balanced`` is the least of weight · time / longest time +
    (1 - weight) · cost / highest cost, over all sizes, as AWS Lambda Power Tuning has it, whose
    ``balancedWeight`` is that of the cost.

    Args:
        tuning: With at least one size on the front.
        objective: ``speed``, ``cost`` or ``balanced``.
        weight: Of the time in ``balanced``.
    """
    front = [tuning.size(memory) for memory in tuning.front]
    if objective == SPEED or not tuning.priced:
        return front[-1]
    if objective == COST:
        return [size for size in front if not front[0].expense.shown_below(size.expense)][-1]
    scores = scores_of(tuning, weight)
    return min(front, key=lambda size: scores[size.memory])


def scores_of(tuning: Tuning, weight: float) -> Mapping[int, float]:
    """Return how each size that has a price does in ``balanced``: less is better.

    Args:
        tuning: What was measured.
        weight: Of the time.
    """
    pairs = {
        size.memory: (size.time.value, size.cost.value)
        for size in tuning.compared()
        if size.time is not None and size.cost is not None
    }
    longest = max((time for time, _ in pairs.values()), default=1.0)
    dearest = max((cost for _, cost in pairs.values()), default=1.0)
    return {
        memory: weight * time / longest + (1 - weight) * cost / dearest
        for memory, (time, cost) in pairs.items()
    }


def front_of(sizes: Sequence[Size]) -> list[int]:
    """Return the memory sizes that are worth their price, the cheapest first.

    Args:
        sizes: That work, with prices all of them or none.
    """
    front: list[tuple[Estimate, Size]] = []
    timed = [(size.time, size) for size in sizes if size.time is not None]
    for time, size in sorted(timed, key=lambda pair: (pair[1].expense.value, pair[1].memory)):
        if front and not time.shown_below(front[-1][0]):
            continue
        if front and isclose(size.expense.value, front[-1][1].expense.value):
            front.pop()
        front.append((time, size))
    return [size.memory for _, size in front]


def _tuning(results: Results, architecture: str, payload: str, table: pl.DataFrame) -> Tuning:
    parts = {key[0]: part for key, part in table.partition_by("memory", as_dict=True).items()}
    confidence = each_of(len(parts))
    warm = {memory: _succeeded(part, "warm") for memory, part in parts.items()}
    costs, unpriced = _costs(results, architecture, warm, confidence)
    sizes = [
        _size(memory, part, warm[memory], costs.get(memory), confidence)
        for memory, part in sorted(parts.items())
    ]
    found = Tuning(architecture, payload, confidence, sizes, (), unpriced)
    return replace(found, front=front_of(found.compared()))


def _size(
    memory: int,
    part: pl.DataFrame,
    warm: pl.DataFrame,
    priced: tuple[MemoryCost, Estimate] | None,
    confidence: float,
) -> Size:
    import polars as pl

    price, cost = priced or (None, None)
    cold = _succeeded(part, "cold")
    return Size(
        memory=memory,
        n=warm.height,
        failed=part.filter(pl.col("failure")).height,
        time=_seconds(warm["client"], confidence),
        cost=cost,
        billed_ms=None if price is None else price.billed_ms,
        break_even_per_hour=None if price is None else price.break_even_per_hour,
        cold=_seconds(cold["client"], confidence),
        cold_n=cold.height,
    )


def _succeeded(part: pl.DataFrame, start: str) -> pl.DataFrame:
    """Return the wanted invocations that were asked to begin so, did, and succeeded."""
    import polars as pl

    return part.filter(
        pl.col("wanted"),
        pl.col("kind") == start,
        pl.col("start") == start,
        ~pl.col("failure"),
        pl.col("client").is_not_null(),
    )


def _seconds(times: pl.Series, confidence: float) -> Estimate | None:
    if not len(times):
        return None
    found = quantile(times.to_numpy() / 1e6, confidence=confidence)
    return Estimate(found.value, found.low, found.high)


def _costs(
    results: Results, architecture: str, warm: Mapping[int, pl.DataFrame], confidence: float
) -> tuple[dict[int, tuple[MemoryCost, Estimate]], str]:
    """Return what each size costs that has a price, and why there is none at all."""
    from sebs.analysis.cost import cost_by_memory
    from sebs.analysis.performance import tariff_in

    usages = [_usage(memory, part) for memory, part in warm.items()]
    measured = {usage.memory: usage for usage in usages if usage is not None}
    try:
        tariff = tariff_in(results, architecture)
        hourly = results.manifest.parameters.get("vm-hourly")
        costs = cost_by_memory(measured.values(), tariff, hourly)
    except (AnalysisError, LimitExceededError) as error:
        return {}, str(error)
    found = {}
    for each in costs:
        median = quantile(measured[each.memory].provider, confidence=confidence)
        ends = (_priced(tariff, each, end) for end in (median.low, median.high))
        found[int(each.memory)] = each, Estimate(each.cost_per_million, *ends)
    return found, ""


def _usage(memory: int, part: pl.DataFrame) -> Usage | None:
    import polars as pl

    from sebs.analysis.cost import Usage

    provider = part["provider"].drop_nulls()
    used = part.select(pl.col("memory_used").filter(pl.col("memory_used") > 0).median()).item()
    return Usage(memory, provider.to_numpy(), used) if len(provider) else None


def _priced(tariff: Tariff, cost: MemoryCost, provider: float | None) -> float | None:
    """Return what a million cost that take so many µs."""
    if provider is None:
        return None
    return tariff.cost(cost.billed_memory, tariff.plan.billed_ms(provider)) * 1e6
