"""Puts a report together: a section for each run, and one for each function by memory size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sebs.analysis.means import Mean, mean
from sebs.analysis.quantiles import quantile
from sebs.analysis.report import (
    courses,
    distributions,
    idling,
    memory,
    models,
    round_trips,
    scaling,
    tuning,
)
from sebs.analysis.report.figure import KINDS, Figure, Table, milliseconds, number
from sebs.analysis.report.invocations import (
    Series,
    cells,
    groups_of,
    headed,
    invocations,
    series_of,
)
from sebs.analysis.report.parts import Part, parts_of, what
from sebs.errors import AnalysisError, LimitExceededError
from sebs.results.caveats import caveats
from sebs.results.table import wanted_rows

if TYPE_CHECKING:
    import polars as pl

    from sebs.analysis.cost import MemoryCost
    from sebs.analysis.prices import Tariff
    from sebs.results.results import Results

#: Says whose prices apply to those of some results that ran on an architecture.
Pricing = Callable[["Results", "str | None"], "Tariff"]

#: So many sections on memory and cost are made.
_PARTS = 12


@dataclass(frozen=True, slots=True)
class Section:
    """What is told of one run, or of several runs of one function.

    Attributes:
        name: Unique in the report.
        title: Its heading.
        words: Sentences.
        summary: What the words say, as a table; ``None`` where there is none.
        figures: In the order in which they are shown.
        samples: Of each row of the summary the times, µs, ascending, for a sketch in a terminal;
            of rows without times nothing.
    """

    name: str
    title: str
    words: Sequence[str]
    summary: Table | None
    figures: Sequence[Figure]
    samples: Sequence[pl.Series] = ()


def make_report(runs: Sequence[tuple[str, Results]], pricing: Pricing) -> list[Section]:
    """Return everything that is to be told of runs.

    Args:
        runs: Each with its name.
        pricing: Says whose prices apply; may raise what says that none is known.

    Raises:
        ResultFormatError: One of them cannot be read.
    """
    sections = [_of_run(f"run-{at}", *each) for at, each in enumerate(runs, start=1)]
    parts = parts_of([results for _, results in runs])
    telling = [part for part in parts if part.sizes > 1] or parts
    told: set[tuple[str, ...]] = set()
    for at, part in enumerate(telling[:_PARTS], start=1):
        section = _of_part(f"memory-{at}", part, pricing)
        # Why nothing is known of a part is said once.
        if section.figures or tuple(section.words) not in told:
            sections.append(section)
        told.add(tuple(section.words))
    return sections


def title_of(runs: Sequence[tuple[str, Results]]) -> str:
    """Return what was run, each function once."""
    return "; ".join(dict.fromkeys(what(results.manifest.fixed) for _, results in runs))


def _of_run(name: str, title: str, results: Results) -> Section:
    frame = invocations(results)
    found = series_of(frame)
    words = [_counts(frame, results), *_starts(found, results), *idling.idled(results)]
    words += [*_medians(found), *_skewed(found), *results.manifest.remarks, *caveats(results)]
    # What a run is about comes first.
    figures: list[Figure | None] = []
    for fit in (
        idling.eviction,
        models.overhead,
        round_trips.round_trips,
        scaling.environments_started,
        tuning.tuning,
    ):
        try:
            figures.append(fit(results))
        except AnalysisError as error:
            words.append(str(error))
    figures += [
        draw(frame)
        for draw in (
            distributions.distribution,
            courses.timeline,
            distributions.waterfall,
            courses.environments,
        )
    ]
    return Section(
        name=name,
        title=title,
        words=words,
        summary=_summary(frame, found),
        figures=[figure for figure in figures if figure is not None],
        samples=[series.times for series in found],
    )


def _counts(frame: pl.DataFrame, results: Results) -> str:
    counts = {kind: int((frame["kind"] == kind).sum()) for kind in KINDS}
    told = [f"{counts['cold']:,} cold", f"{counts['warm']:,} warm"]
    if counts["unknown"]:
        told.append(f"{counts['unknown']:,} of which nobody knows")
    told.append(f"{counts['failed']:,} failed")
    memory_size = results.manifest.fixed.get("memory")
    at = f" with {memory_size} MB" if memory_size else ""
    missing = results.manifest.missing(frame.height)
    unwanted = results.frame().select(~wanted_rows()).sum().collect().item()
    rest = " Failed ones are in no figure of times." if counts["failed"] else ""
    rest += f" {missing:,} more were planned and not made." if missing else ""
    if unwanted:
        rest += f" {unwanted:,} further ones are none of those asked for, and in no figure."
    title = f"{what(results.manifest.fixed)}{at}"
    return f"{title}: {frame.height:,} invocations: {', '.join(told)}.{rest}"


def _starts(found: Sequence[Series], results: Results) -> Iterator[str]:
    """Tell which invocations in sequence were cold: they may be those after an interruption."""
    kinds = results.manifest.parameters.get("experiments")
    if not kinds or "sequential" not in kinds:
        return
    for series in found:
        if series.kind == "cold" and "sequential" in series.group.split(", "):
            yield f"{len(series.times):,} invocations of {series.group} began cold: apart below."


def _medians(found: Sequence[Series]) -> Iterator[str]:
    if len(found) > distributions.SAID:
        yield "Median client times, each of what differs in nothing, are in the table."
        return
    for series in found:
        median = quantile(series.times.to_numpy())
        told = distributions.interval(median)
        yield f"Median client time, {series.name}: {milliseconds(median.value)} ms ({told})."


def _summary(frame: pl.DataFrame, found: Sequence[Series]) -> Table:
    rows: list[list[str | None]] = []
    for series in found:
        times = series.times.to_numpy()
        median = quantile(times)
        shown = map(milliseconds, (median.value, median.low, median.high))
        coverage = None if median.coverage is None else f"{median.coverage:.1%}"
        rows.append(
            [
                *cells(found, series.group, series.kind),
                f"{median.n:,}",
                *shown,
                coverage,
                *_averaged(mean(times)),
                None,
            ]
        )
    none: list[str | None] = [None] * 6
    for group in groups_of(frame):
        failed = frame.filter(kind="failed", group=group).height
        if failed:
            named = cells(found, group, "any")
            rows.append([*named, "0", *none, f"{failed:,}"])
    if not rows:
        rows.append(["any", "0", *none, "0"])
    columns = ("n", "median [ms]", "from [ms]", "to [ms]", "coverage", *_MEAN, "failed")
    return Table(headed(found, *columns), rows)


#: What the summary has of means.
_MEAN = ("mean [ms]", "variation")


def _averaged(found: Mean) -> list[str | None]:
    """Return a mean with half its interval, or why there is none to believe, and its variation."""
    told = milliseconds(found.value)
    if found.warning:
        told = f"{told} (no interval)"
    elif found.high is not None:
        told = f"{told} ± {milliseconds(found.high - found.value)}"
    return [told, None if found.variation is None else f"{found.variation:.0%}"]


def _skewed(found: Sequence[Series]) -> Iterator[str]:
    """Warn of means that say nothing."""
    warnings = [mean(series.times.to_numpy()).warning for series in found if len(series.times) > 1]
    if count := len([each for each in warnings if each]):
        yield (
            f"Of {len(found)} means {count} have no interval that could be believed: there are too "
            "few times for how skewed they are. Read medians."
        )


def _of_part(name: str, part: Part, pricing: Pricing) -> Section:
    costs, kind, words = _costs(part, pricing)
    sizes = memory.sizes_of(part.frame, costs, kind)
    if part.sizes < 2:
        words.append("A figure by memory needs runs with several memory sizes.")
    figures = [draw(sizes) for draw in (memory.by_memory, memory.pareto)]
    drawn = [figure for figure in figures if figure is not None]
    return Section(name, f"Memory and cost: {part.title}", words, None, drawn)


def _costs(part: Part, pricing: Pricing) -> tuple[list[MemoryCost], str | None, list[str]]:
    """Return what each memory size costs, of which kind of invocations, and sentences about it."""
    from sebs.analysis.cost import cost_by_memory, not_priced
    from sebs.analysis.samples import usages_of

    used = usages_of(part.frame)
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
