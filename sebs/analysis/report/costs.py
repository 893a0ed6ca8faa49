"""The sections on memory and cost: what each memory size costs, where that says something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sebs.analysis.report import memory, tuning
from sebs.analysis.report.figure import number
from sebs.analysis.report.parts import Part, parts_of
from sebs.analysis.report.section import Pricing, Section
from sebs.errors import AnalysisError, LimitExceededError

if TYPE_CHECKING:
    from sebs.analysis.cost import MemoryCost
    from sebs.results.results import Results

#: So many sections are made.
_PARTS = 12


def memory_and_cost(runs: Sequence[tuple[str, Results]], pricing: Pricing) -> Iterator[Section]:
    """Yield a section for each function with several memory sizes, or whose price is known.

    Raises:
        ResultFormatError: One of the runs cannot be read.
    """
    parts = parts_of(runs)
    telling = [part for part in parts if part.sizes > 1] or parts
    told: set[str] = set()
    for at, part in enumerate(telling[:_PARTS], start=1):
        costs, kind, words = _costs(part, pricing)
        if part.sizes < 2 and not costs:
            continue
        sizes = memory.sizes_of(part.frame, costs, kind)
        # A run of memory-tuning has a figure of its own of time against cost, by payload.
        weighed = None if tuning.is_tuned(part.results) else memory.pareto(sizes)
        figures = [memory.by_memory(sizes), weighed]
        drawn = [figure for figure in figures if figure is not None]
        # Why nothing is known is said once, of however many functions.
        fresh = words if costs else [sentence for sentence in words if sentence not in told]
        told.update(words)
        if drawn or fresh:
            yield Section(
                name=f"memory-{at}",
                title=f"Memory and cost: {part.title}",
                words=fresh,
                figures=drawn,
            )


def _costs(part: Part, pricing: Pricing) -> tuple[list[MemoryCost], str | None, list[str]]:
    """Return what each memory size costs, of which kind of invocations, and sentences about it."""
    from sebs.analysis.cost import cost_by_memory, not_priced
    from sebs.analysis.samples import usages_of

    used = usages_of(part.frame)
    if not used.usages and not used.left_out.unmeasured:
        return [], used.kind, ["Costs are those of warm invocations, and there are none here."]
    try:
        tariff = pricing(part.results, part.architecture)
        without = not_priced(used.usages, tariff)
        # Where no size is sold each is told; where there is none at all, why that is.
        none_sold = bool(without) and len(without) == len(used.usages)
        costs = [] if none_sold else cost_by_memory(used.usages, tariff)
    except (AnalysisError, LimitExceededError) as error:
        return [], used.kind, [f"No cost is known. {error}"]
    words = [
        f"A million warm invocations with {each.memory:g} MB cost "
        f"{number(each.cost_per_million)} USD: {each.billed_ms:g} ms are billed for the median "
        f"provider time of {number(each.median_provider_s * 1000)} ms."
        for each in costs
    ]
    if costs and used.left_out.otherwise:
        words.append(
            f"Costs are of the kind {used.kind!r}; {used.left_out.otherwise:,} warm invocations "
            "of other kinds are not in them."
        )
    words += [f"No cost of {each.memory:g} MB is known. {each.reason}" for each in without]
    if tariff.source is None:
        return costs, used.kind, [*words, "Prices as given; free tiers are left out."]
    words.append(
        f"Prices of {tariff.plan.title} in {tariff.region} for {tariff.architecture} as of "
        f"{tariff.source.date}, without free tiers."
    )
    return costs, used.kind, words
