"""A tariff: how a duration and a memory size become money.

One invocation costs gb_second · GB · s + processor_second · processors · s + request, where s is
its duration, rounded up to the billing step, and GB is its memory over 1024 MB. The free tiers,
which belong to an account and not to a function, are left out of every price.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from sebs.errors import LimitExceededError

#: Durations that exceed a step by less than this share of it do so by rounding.
_ROUNDING = 1e-9


class Bills(str, Enum):
    """Which memory is billed."""

    CONFIGURED = "configured"
    USED = "used"


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory sizes that are billed, in MB.

    Attributes:
        sizes: All of them, ascending; empty where there is a range instead.
        processors: The processor that comes with each size; empty where it has no price.
        least: Smallest size of the range.
        most: Largest one; ``None`` where there is no end.
        step: From one size to the next.
    """

    sizes: tuple[int, ...] = ()
    processors: tuple[float, ...] = ()
    least: int = 1
    most: int | None = None
    step: int = 1

    def billed(self, used: float) -> int:
        """Return the smallest size that holds so many MB.

        Raises:
            LimitExceededError: There is none.
        """
        if self.sizes:
            fitting = [size for size in self.sizes if size >= used]
            size = fitting[0] if fitting else None
        else:
            rounded = max(self.least, math.ceil(used / self.step) * self.step)
            size = None if self.most is not None and rounded > self.most else rounded
        if size is None or not used > 0:
            raise LimitExceededError(f"{used:g} MB are not sold, only {self}.")
        return size

    def require(self, configured: float) -> int:
        """Return a size that was configured.

        Raises:
            LimitExceededError: It is not sold.
        """
        size = self.billed(configured)
        if size != configured:
            raise LimitExceededError(f"{configured:g} MB are not sold, only {self}.")
        return size

    def processors_of(self, size: int) -> float:
        """Return how much of a processor comes with a size; 0 where it has no price."""
        return self.processors[self.sizes.index(size)] if self.processors else 0.0

    def __str__(self) -> str:
        if self.sizes:
            return ", ".join(map(str, self.sizes)) + " MB"
        end = "more" if self.most is None else self.most
        return f"{self.least} to {end} MB in steps of {self.step}"


@dataclass(frozen=True, slots=True)
class Plan:
    """By which rules a provider bills.

    Attributes:
        name: Of the plan, unique with its provider.
        title: What it is called.
        step_ms: Durations are rounded up to multiples of it.
        least_ms: Nothing shorter is billed.
        bills: Which memory is billed.
        memory: The sizes.
        processor_unit: In what a processor is counted; empty where it has no price of its own.
        rules: Where that is published.
    """

    name: str
    title: str
    step_ms: float
    least_ms: float
    bills: Bills
    memory: Memory
    processor_unit: str = ""
    rules: str = ""

    def billed_ms(self, microseconds: float) -> float:
        """Return the milliseconds that are billed for a duration."""
        steps = microseconds / 1000 / self.step_ms
        whole = round(steps)
        if abs(steps - whole) > _ROUNDING * max(1.0, steps):
            whole = math.ceil(steps)
        return max(self.least_ms, whole * self.step_ms)


@dataclass(frozen=True, slots=True)
class Source:
    """Who says what something costs.

    Attributes:
        url: Where it is published.
        date: A day on which it is known to have said so.
    """

    url: str
    date: date


@dataclass(frozen=True, slots=True)
class Tariff:
    """What one provider charges in one region, for one architecture.

    Attributes:
        provider: Name of the platform; empty for prices that the user gave.
        region: Its region.
        architecture: ``x64`` or ``arm64``.
        plan: By which rules.
        gb_second: USD for 1024 MB during a second.
        processor_second: USD for one unit of processor during a second.
        request: USD for one invocation.
        source: Who says so; ``None`` for the user.
    """

    provider: str
    region: str
    architecture: str
    plan: Plan
    gb_second: float
    request: float
    processor_second: float = 0.0
    source: Source | None = None

    @staticmethod
    def of_user(gb_second: float, request: float, rounding_ms: float) -> Tariff:
        """Return a tariff of prices that the user gave: any memory size, billed as configured."""
        plan = Plan("given", "as given", rounding_ms, 0.0, Bills.CONFIGURED, Memory())
        return Tariff("", "", "", plan, gb_second, request)

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        plan, source = self.plan, self.source
        return {
            "provider": self.provider or None,
            "plan": plan.name,
            "title": plan.title,
            "region": self.region or None,
            "architecture": self.architecture or None,
            "currency": "USD",
            "price_per_gb_second": self.gb_second,
            "price_per_processor_second": self.processor_second if plan.processor_unit else None,
            "processor_unit": plan.processor_unit or None,
            "price_per_request": self.request,
            "rounding_ms": plan.step_ms,
            "minimum_ms": plan.least_ms,
            "billed_memory": plan.bills.value,
            "memory": str(plan.memory),
            "free_tier": "left out",
            "date": source.date.isoformat() if source else None,
            "source": source.url if source else None,
            "rules": plan.rules or None,
        }

    def cost(self, memory: int, billed_ms: float) -> float:
        """Return what one invocation costs, USD.

        Args:
            memory: Memory that is billed, MB.
            billed_ms: Duration that is billed; see :meth:`Plan.billed_ms`.
        """
        processors = self.plan.memory.processors_of(memory)
        rate = self.gb_second * memory / 1024 + self.processor_second * processors
        return rate * billed_ms / 1000 + self.request
