"""Puts a report together: a section for each run, and one for each function by memory size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sebs.analysis.quantiles import quantile
from sebs.analysis.report import courses, distributions, memory, models, scaling, tuning
from sebs.analysis.report.figure import KINDS, Figure, Table, milliseconds, number
from sebs.analysis.report.invocations import invocations, measured_kinds, times
from sebs.errors import AnalysisError, LimitExceededError

if TYPE_CHECKING:
    import polars as pl

    from sebs.analysis.cost import MemoryCost, Usage
    from sebs.analysis.prices import Tariff
    from sebs.results.results import Results

#: Says whose prices apply to results.
Pricing = Callable[["Results"], "Tariff"]


@dataclass(frozen=True, slots=True)
class Section:
    """What is told of one run, or of several runs of one function.

    Attributes:
        name: Unique in the report.
        title: Its heading.
        words: Sentences.
        summary: What the words say, as a table; ``None`` where there is none.
        figures: In the order in which they are shown.
        sample: Times of the warm invocations, µs, ascending, for a sketch in a terminal.
    """

    name: str
    title: str
    words: Sequence[str]
    summary: Table | None
    figures: Sequence[Figure]
    sample: Sequence[float] = ()


def make_report(runs: Sequence[tuple[str, Results]], pricing: Pricing) -> list[Section]:
    """Return everything that is to be told of runs.

    Args:
        runs: Each with its name.
        pricing: Says whose prices apply; may raise what says that none is known.

    Raises:
        ResultFormatError: One of them cannot be read.
    """
    sections = [_of_run(f"run-{at}", *each) for at, each in enumerate(runs, start=1)]
    functions: dict[str, list[Results]] = {}
    for _, results in runs:
        functions.setdefault(_what(results), []).append(results)
    sections += [
        _of_function(f"memory-{at}", what, found, pricing)
        for at, (what, found) in enumerate(functions.items(), start=1)
    ]
    return sections


def title_of(runs: Sequence[tuple[str, Results]]) -> str:
    """Return what was run, each function once."""
    return "; ".join(dict.fromkeys(_what(results) for _, results in runs))


def _what(results: Results) -> str:
    """Return what was run, without the memory that it had."""
    fixed = results.manifest.fixed
    size = f" ({fixed['size']})" if fixed.get("size") else ""
    what = fixed.get("benchmark") or fixed.get("experiment") or "invocations"
    language = " ".join(str(fixed[k]) for k in ("language", "language_version") if fixed.get(k))
    place = dict.fromkeys(fixed.get(key) for key in ("platform", "region", "architecture"))
    where = " ".join(str(each) for each in place if each)
    details = f", {language}" if language else ""
    return f"{what}{size} on {where}{details}" if where else f"{what}{size}{details}"


def _of_run(name: str, title: str, results: Results) -> Section:
    frame = invocations(results)
    kinds = measured_kinds(frame)
    words = [_counts(frame, results), *(_median(frame, kind) for kind in kinds)]
    figures = [
        draw(frame)
        for draw in (
            distributions.distribution,
            courses.timeline,
            distributions.waterfall,
            courses.environments,
        )
    ]
    for fit in (models.eviction, models.overhead, scaling.environments_started, tuning.tuning):
        try:
            figures.append(fit(results))
        except AnalysisError as error:
            words.append(str(error))
    sample = times(frame, "warm" if "warm" in kinds else kinds[0]) if kinds else ()
    return Section(
        name=name,
        title=title,
        words=words,
        summary=_summary(frame, kinds),
        figures=[figure for figure in figures if figure is not None],
        sample=[float(value) for value in sample],
    )


def _counts(frame: pl.DataFrame, results: Results) -> str:
    counts = {kind: int((frame["kind"] == kind).sum()) for kind in KINDS}
    told = [f"{counts['cold']:,} cold", f"{counts['warm']:,} warm"]
    if counts["unknown"]:
        told.append(f"{counts['unknown']:,} of which nobody knows")
    told.append(f"{counts['failed']:,} failed")
    memory_size = results.manifest.fixed.get("memory")
    at = f" with {memory_size} MB" if memory_size else ""
    missing = max(0, (results.manifest.planned or 0) - frame.height)
    rest = " Failed ones are in no figure of times." if counts["failed"] else ""
    rest += f" {missing:,} more were planned and not made." if missing else ""
    return f"{_what(results)}{at}: {frame.height:,} invocations: {', '.join(told)}.{rest}"


def _median(frame: pl.DataFrame, kind: str) -> str:
    found = quantile(times(frame, kind).to_numpy())
    told = distributions.interval(found)
    return f"Median client time, {kind}: {milliseconds(found.value)} ms ({told})."


def _summary(frame: pl.DataFrame, kinds: Sequence[str]) -> Table:
    columns = ["start", "n", "median [ms]", "from [ms]", "to [ms]", "coverage", "failed"]
    failed = int((frame["kind"] == "failed").sum())
    rows: list[list[str | None]] = []
    for kind in kinds:
        found = quantile(times(frame, kind).to_numpy())
        shown = map(milliseconds, (found.value, found.low, found.high))
        coverage = None if found.coverage is None else f"{found.coverage:.1%}"
        rows.append([kind, f"{found.n:,}", *shown, coverage, None])
    if failed or not rows:
        rows.append(["any", "0", None, None, None, None, f"{failed:,}"])
    return Table(columns, rows)


def _of_function(name: str, what: str, found: Sequence[Results], pricing: Pricing) -> Section:
    costs, words = _costs(found, pricing)
    sizes = memory.sizes_of(found, costs)
    if len(sizes) < 2:
        words.append("A figure by memory needs runs with several memory sizes.")
    figures = [draw(sizes) for draw in (memory.by_memory, memory.pareto)]
    drawn = [figure for figure in figures if figure is not None]
    return Section(name, f"Memory and cost: {what}", words, None, drawn)


def _costs(found: Sequence[Results], pricing: Pricing) -> tuple[list[MemoryCost], list[str]]:
    """Return what each memory size costs, and sentences about it."""
    from sebs.analysis.cost import cost_by_memory, not_priced

    try:
        tariff = pricing(found[0])
        usages = _usages(found)
        costs = cost_by_memory(usages, tariff)
    except (AnalysisError, LimitExceededError) as error:
        return [], [f"No cost is known. {error}"]
    words = [
        f"A million warm invocations with {each.memory:g} MB cost "
        f"{number(each.cost_per_million)} USD: {each.billed_ms:g} ms are billed for the median "
        f"provider time of {number(each.median_provider_s * 1000)} ms."
        for each in costs
    ]
    words += [
        f"No cost is known with {each.memory:g} MB: {each.reason}"
        for each in not_priced(usages, tariff)
    ]
    if tariff.source is None:
        return costs, [*words, "Prices as given; free tiers are left out."]
    return costs, [
        *words,
        f"Prices of {tariff.plan.title} in {tariff.region} for {tariff.architecture} as of "
        f"{tariff.source.date}, without free tiers.",
    ]


def _usages(found: Sequence[Results]) -> list[Usage]:
    """Return what the warm invocations of all runs used, each memory size once."""
    import numpy as np

    from sebs.analysis.cost import Usage
    from sebs.analysis.samples import warm_usages

    of_size: dict[float, list[Usage]] = {}
    for results in found:
        for usage in warm_usages(results)[0]:
            of_size.setdefault(usage.memory, []).append(usage)
    return [
        Usage(
            size,
            np.concatenate([np.asarray(usage.provider) for usage in usages]),
            max((u.memory_used for u in usages if u.memory_used is not None), default=None),
        )
        for size, usages in of_size.items()
    ]
