"""What invocations cost at each memory size, and from how many an hour on a machine is cheaper.

An invocation's cost is that of its median provider time, rounded up to the billing step; a million
of them cost a million times that, and a virtual machine is cheaper from hourly price / price of one
invocation requests an hour on: Copik et al., *SeBS*, Middleware 2021, section 6.3. Free tiers are
left out.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sebs.analysis.quantiles import quantile
from sebs.errors import InvalidSampleError, UsageError

if TYPE_CHECKING:
    from sebs.analysis.prices import Tariff


@dataclass(frozen=True, slots=True)
class Usage:
    """What one warm invocation used.

    Attributes:
        memory: Memory that the function is configured with, MB.
        provider: Execution time as the platform's log has it, µs.
        memory_used: Peak memory, MB; ``None`` where nobody measured it.
    """

    memory: float
    provider: float
    memory_used: float | None = None


@dataclass(frozen=True, slots=True)
class MemoryCost:
    """What invocations of one memory size cost.

    Attributes:
        memory: Memory that the function is configured with, MB.
        n: Number of invocations.
        median_provider_s: Median provider time.
        median_provider_low_s: Lower end of its interval; ``None`` where there are too few.
        median_provider_high_s: Higher end.
        billed_ms: The median, rounded up to the billing step.
        billed_memory: Memory that is billed, MB.
        gb_seconds: Of one invocation: billed memory / 1024 · billed seconds.
        cost_per_million: USD of a million invocations.
        break_even_per_hour: A machine is cheaper from so many invocations an hour on; ``None``
            where its price was not given.
    """

    memory: float
    n: int
    median_provider_s: float
    median_provider_low_s: float | None
    median_provider_high_s: float | None
    billed_ms: float
    billed_memory: int
    gb_seconds: float
    cost_per_million: float
    break_even_per_hour: float | None

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def cost_by_memory(
    usages: Iterable[Usage], tariff: Tariff, vm_hourly: float | None = None
) -> list[MemoryCost]:
    """Return the cost at each memory size, ascending.

    Args:
        usages: What warm invocations used; at least one.
        tariff: What the provider charges.
        vm_hourly: USD of an hour of the machine that would do the same.

    Raises:
        InvalidSampleError: There are none, or some have times that are no positive finite numbers.
        LimitExceededError: A memory size is not sold.
        UsageError: The machine's price is not positive.
    """
    if vm_hourly is not None and not 0 < vm_hourly < float("inf"):
        raise UsageError(f"A machine for {vm_hourly} USD an hour cannot be compared with.")
    sizes: dict[float, list[Usage]] = {}
    for usage in usages:
        sizes.setdefault(usage.memory, []).append(usage)
    if not sizes:
        raise InvalidSampleError(
            "There is not a single warm invocation whose provider time is known.",
            remedy="Fetch the platform's metrics first: sebs benchmark process RUN.",
        )
    return [_cost(memory, sizes[memory], tariff, vm_hourly) for memory in sorted(sizes)]


def _cost(
    memory: float, usages: list[Usage], tariff: Tariff, vm_hourly: float | None
) -> MemoryCost:
    if any(usage.provider <= 0 for usage in usages):
        raise InvalidSampleError(f"Some provider times at {memory:g} MB are not positive.")
    median = quantile([usage.provider for usage in usages])
    billed_ms = tariff.plan.billed_ms(median.value)
    billed_memory = _billed_memory(memory, usages, tariff)
    cost = tariff.cost(billed_memory, billed_ms)
    return MemoryCost(
        memory=memory,
        n=len(usages),
        median_provider_s=median.value / 1e6,
        median_provider_low_s=None if median.low is None else median.low / 1e6,
        median_provider_high_s=None if median.high is None else median.high / 1e6,
        billed_ms=billed_ms,
        billed_memory=billed_memory,
        gb_seconds=billed_memory / 1024 * billed_ms / 1000,
        cost_per_million=cost * 1e6,
        break_even_per_hour=vm_hourly / cost if vm_hourly is not None and cost else None,
    )


def _billed_memory(memory: float, usages: list[Usage], tariff: Tariff) -> int:
    from sebs.analysis.prices import Bills

    if tariff.plan.bills is Bills.CONFIGURED:
        return tariff.plan.memory.require(memory)
    used = [usage.memory_used for usage in usages if usage.memory_used]
    if not used:
        raise InvalidSampleError(
            f"{tariff.plan.title} bills the memory that was used, and nobody measured it.",
            remedy="Fetch the platform's metrics first, or name a plan that bills what is "
            "configured.",
        )
    return tariff.plan.memory.billed(statistics.median(used))
