"""What invocations cost at each memory size, and from how many an hour on a machine is cheaper.

An invocation's cost is that of its median provider time, rounded up to the billing step; a million
of them cost a million times that, and a virtual machine is cheaper from hourly price / price of one
invocation requests an hour on: Copik et al., *SeBS*, Middleware 2021, section 6.3. Free tiers are
left out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sebs.analysis.quantiles import quantile, sample
from sebs.errors import InvalidSampleError, LimitExceededError, UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from sebs.analysis.prices import Tariff


#: So many places where something has a price are named.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Usage:
    """What the warm invocations of one memory size used.

    Attributes:
        memory: Memory that the function is configured with, MB.
        provider: Their execution times as the platform's log has them, µs.
        memory_used: Median of their peak memory, MB; ``None`` where nobody measured it.
    """

    memory: float
    provider: ArrayLike
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


@dataclass(frozen=True, slots=True)
class NotPriced:
    """A memory size that has no price.

    Attributes:
        memory: Memory that the function is configured with, MB.
        n: Number of invocations.
        reason: Why there is none, and what to do about it.
        plans: Plans of the same provider that have one, in the same region.
    """

    memory: float
    n: int
    reason: str
    plans: tuple[str, ...]

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**asdict(self), "plans": list(self.plans)}


def cost_by_memory(
    usages: Iterable[Usage], tariff: Tariff, vm_hourly: float | None = None
) -> list[MemoryCost]:
    """Return the cost at each memory size that has a price, ascending; see :func:`not_priced`.

    Args:
        usages: What warm invocations used, at least one of them; each memory size once.
        tariff: What the provider charges.
        vm_hourly: USD of an hour of the machine that would do the same.

    Raises:
        InvalidSampleError: There are none, some have times that are no positive finite numbers, or
            what is billed of them was not measured at any memory size.
        LimitExceededError: None of the memory sizes is sold.
        UsageError: The machine's price is not positive.
    """
    if vm_hourly is not None and not 0 < vm_hourly < float("inf"):
        raise UsageError(f"A machine for {vm_hourly} USD an hour cannot be compared with.")
    found = sorted(usages, key=lambda usage: usage.memory)
    if not found:
        raise InvalidSampleError(
            "There is not a single warm invocation whose provider time is known.",
            remedy="Fetch the platform's metrics first: sebs benchmark process RUN.",
        )
    refusals = [refusal for usage in found if (refusal := _refusal(usage, tariff))]
    if len(refusals) == len(found):
        raise refusals[0]
    sold = (usage for usage in found if _refusal(usage, tariff) is None)
    return [_cost(usage, tariff, vm_hourly) for usage in sold]


def not_priced(usages: Iterable[Usage], tariff: Tariff) -> list[NotPriced]:
    """Return the memory sizes that have no price, ascending: not sold, or not measured.

    Args:
        usages: What warm invocations used; each memory size once.
        tariff: What the provider charges.
    """
    return [
        NotPriced(
            usage.memory, len(sample(usage.provider)), str(refusal), _plans_for(usage, tariff)
        )
        for usage in sorted(usages, key=lambda usage: usage.memory)
        if (refusal := _refusal(usage, tariff))
    ]


def _refusal(usage: Usage, tariff: Tariff) -> LimitExceededError | InvalidSampleError | None:
    """Return why a memory size has no price; nothing where it has one."""
    try:
        _billed_memory(usage, tariff)
    except (LimitExceededError, InvalidSampleError) as error:
        if there := _priced_elsewhere(usage, tariff):
            error.remedy = f"{error.remedy} {there}" if error.remedy else there
        return error
    return None


def _priced_elsewhere(usage: Usage, tariff: Tariff) -> str:
    """Say with what a memory size has a price; empty where nothing has one, or a user gave it."""
    if plans := _plans_for(usage, tariff):
        return f"It has a price with --plan {' or '.join(plans)}."
    if tariff.source is None:
        return ""
    none = f"No plan of {tariff.provider} in {tariff.region} has a price of it"
    others = [
        f"--region {region} --plan {plan}" for region, plan in _pairs_for(usage, tariff, None)
    ]
    return f"{none}; {' or '.join(others[:_NAMED])} has." if others else f"{none}."


def _plans_for(usage: Usage, tariff: Tariff) -> tuple[str, ...]:
    """Return the plans of the same place with which a memory size has a price."""
    return tuple(plan for _, plan in _pairs_for(usage, tariff, tariff.region))


def _pairs_for(usage: Usage, tariff: Tariff, region: str | None) -> list[tuple[str, str]]:
    """Return the regions and plans of a provider with which a memory size has a price."""
    from sebs.analysis.prices import price_book

    found = []
    for other in price_book().find(tariff.provider, region, tariff.architecture):
        with contextlib.suppress(LimitExceededError, InvalidSampleError):
            _billed_memory(usage, other)
            found.append((other.region, other.plan.name))
    return found


def _cost(usage: Usage, tariff: Tariff, vm_hourly: float | None) -> MemoryCost:
    times = sample(usage.provider)
    if times.min() <= 0:
        raise InvalidSampleError(f"Some provider times at {usage.memory:g} MB are not positive.")
    median = quantile(times)
    billed_ms = tariff.plan.billed_ms(median.value)
    billed_memory = _billed_memory(usage, tariff)
    cost = tariff.cost(billed_memory, billed_ms)
    return MemoryCost(
        memory=usage.memory,
        n=median.n,
        median_provider_s=median.value / 1e6,
        median_provider_low_s=None if median.low is None else median.low / 1e6,
        median_provider_high_s=None if median.high is None else median.high / 1e6,
        billed_ms=billed_ms,
        billed_memory=billed_memory,
        gb_seconds=billed_memory / 1024 * billed_ms / 1000,
        cost_per_million=cost * 1e6,
        break_even_per_hour=vm_hourly / cost if vm_hourly is not None and cost else None,
    )


def _billed_memory(usage: Usage, tariff: Tariff) -> int:
    from sebs.analysis.prices import Bills

    if tariff.plan.bills is Bills.CONFIGURED:
        return tariff.plan.memory.require(usage.memory)
    if usage.memory_used is None:
        raise InvalidSampleError(
            f"{tariff.plan.title} bills the memory that was used, and nobody measured it.",
            remedy="Fetch the platform's metrics first: sebs benchmark process RUN.",
        )
    return tariff.plan.memory.billed(usage.memory_used)
