"""What a run of perf-cost showed: client times by setting, kind and start, and the price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sebs.analysis.conclusion import Conclusion
from sebs.analysis.medians import described
from sebs.analysis.quantiles import quantile
from sebs.analysis.report.figure import milliseconds, number
from sebs.errors import AnalysisError, InvalidSampleError, LimitExceededError, PriceUnknownError
from sebs.results.levels import places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sebs.analysis.cost import MemoryCost
    from sebs.analysis.prices import Tariff
    from sebs.results.results import Results

    Pricing = Callable[[Results, str], Tariff]

#: What tells invocations apart; times of different ones are never pooled.
_BY = ("architecture", "memory", "kind", "start")

#: So many pairs of a memory size and an architecture are told in sentences.
_TOLD = 6


def conclude_performance(results: Results, pricing: Pricing | None = None) -> Conclusion:
    """Return quantiles of the client time, and what a million warm invocations cost.

    Args:
        results: Of one run of perf-cost.
        pricing: Says whose prices apply on an architecture; by default :func:`tariff_in`.

    Raises:
        InvalidSampleError: No invocation that was wanted succeeded.
        ResultFormatError: The results cannot be read.
    """
    groups = _groups(results)
    if not groups:
        raise InvalidSampleError("There is not a single invocation that succeeded.")
    architectures = dict.fromkeys(key[0] for key, _ in groups if key[0] is not None)
    costs, priced = _costs(results, architectures, pricing)
    words = [*_medians(groups), *priced]
    document = {"cells": [_cell(*group) for group in groups], "cost": costs}
    return Conclusion(words, document)


def _groups(results: Results) -> list[tuple[tuple[Any, ...], Any]]:
    """Return what tells a group apart, and its client times in µs."""
    import polars as pl

    good = results.frame().filter(
        pl.col("wanted").fill_null(True),
        ~pl.col("failure").fill_null(False),
        pl.col("client").is_not_null(),
    )
    grouped = good.group_by(_BY, maintain_order=True).agg("client").collect()
    found = [(row[:-1], row[-1]) for row in grouped.iter_rows()]
    place = places(key for key, _ in found)
    return sorted(found, key=lambda group: place[group[0]])


def _cell(key: tuple[Any, ...], times: Sequence[int]) -> dict[str, Any]:
    seconds = [time / 1e6 for time in times]
    tail = quantile(seconds, 0.95)
    return {
        **dict(zip(_BY, key, strict=True)),
        "n": tail.n,
        **described(seconds, "_s"),
        "p95_s": tail.value,
        "p95_low_s": tail.low,
        "p95_high_s": tail.high,
    }


def _medians(groups: Sequence[tuple[tuple[Any, ...], Any]]) -> Iterator[str]:
    """Tell the median client time of everything with one memory size on one architecture."""
    found: dict[tuple[Any, Any], list[str]] = {}
    for (architecture, memory, kind, start), times in groups:
        began = start or "unknown"
        how = began if kind in (start, None) else f"{kind} ({began})"
        median = milliseconds(quantile(times).value)
        found.setdefault((architecture, memory), []).append(f"{how} {median} ms")
    # Of more of them only a table is read.
    if len(found) <= _TOLD:
        for (architecture, memory), medians in found.items():
            size = "" if memory is None else f" with {memory} MB"
            on = "" if architecture is None else f" on {architecture}"
            yield f"Median client time{size}{on}: {', '.join(medians)}."


def _costs(
    results: Results, architectures: Iterable[str], pricing: Pricing | None
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return what each architecture and memory size costs, and sentences about it."""
    costs: list[dict[str, Any]] = []
    words: list[str] = []
    for architecture in architectures:
        try:
            tariff = (pricing or tariff_in)(results, architecture)
            found = _costs_of(results, architecture, tariff)
        except (AnalysisError, LimitExceededError) as error:
            # Whoever gives prices says what is to be given instead.
            why = str(error) if pricing else _why_not(error, results)
            words.append(f"No price of {architecture} is known: {why}")
            continue
        costs += [{"architecture": architecture, **each.serialize()} for each in found]
        words += [_told(each, architecture, tariff) for each in found]
    return costs, words


def _why_not(error: Exception, results: Results) -> str:
    """Return why there is no price, and how to get one."""
    manifest = results.manifest
    if manifest.parameters.get("prices") or not isinstance(error, PriceUnknownError):
        return str(error)
    return (
        f"{error} Name a provider and a region in experiments.{manifest.experiment}.prices, or "
        "price the run afterwards: sebs analyze cost RUN --provider NAME --region NAME."
    )


def tariff_in(results: Results, architecture: str) -> Tariff:
    """Return whose prices apply to a run: those its parameters name, else its platform's.

    Raises:
        PriceUnknownError: The price book does not have them.
    """
    from sebs.analysis.prices import price_book

    manifest = results.manifest
    named = manifest.parameters.get("prices") or {}
    provider = named.get("provider", manifest.deployment)
    region = named.get("region", manifest.region)
    return price_book().tariff(provider, region, architecture, named.get("plan"))


def _costs_of(results: Results, architecture: str, tariff: Tariff) -> list[MemoryCost]:
    from sebs.analysis.cost import cost_by_memory
    from sebs.analysis.samples import warm_usages

    usages, _ = warm_usages(results, architecture)
    return cost_by_memory(usages, tariff)


def _told(cost: MemoryCost, architecture: str, tariff: Tariff) -> str:
    given = tariff.source is None
    whose = "prices as given" if given else f"{tariff.plan.title}, {tariff.region}"
    return (
        f"A million warm invocations with {cost.memory:g} MB on {architecture} cost "
        f"{number(cost.cost_per_million)} USD ({whose}), without free tiers."
    )
