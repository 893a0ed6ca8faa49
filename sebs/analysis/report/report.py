"""Puts a report together: a section for each run, and one for each function by memory size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sebs.analysis.conclusions import conclusion_of
from sebs.analysis.quantiles import quantile
from sebs.analysis.report import (
    courses,
    distributions,
    environments,
    idling,
    models,
    phases,
    round_trips,
    scaling,
    tuning,
)
from sebs.analysis.report.costs import memory_and_cost
from sebs.analysis.report.figure import KINDS, Figure, Table, milliseconds
from sebs.analysis.report.invocations import Series, invocations, series_of
from sebs.analysis.report.method import method, virtually_idle
from sebs.analysis.report.overview import overview, skewed
from sebs.analysis.report.parts import what
from sebs.analysis.report.section import Pricing, Section
from sebs.analysis.sessions import told
from sebs.errors import AnalysisError
from sebs.results.caveats import caveats
from sebs.results.manifest import INVOKE
from sebs.results.table import counted_rows, wanted_rows
from sebs.results.trials import are_trials, counted, trials_in

if TYPE_CHECKING:
    import polars as pl

    from sebs.results.results import Results


#: Of more groups of invocations the medians are in the table alone.
_SAID = 3


def make_report(runs: Sequence[tuple[str, Results]], pricing: Pricing) -> list[Section]:
    """Return everything that is to be told of runs.

    Args:
        runs: Each with its name.
        pricing: Says whose prices apply; may raise what says that none is known.

    Raises:
        ResultFormatError: One of them cannot be read.
    """
    sections = [_of_run(f"run-{at}", *each, pricing) for at, each in enumerate(runs, start=1)]
    return [*sections, *memory_and_cost(runs, pricing)]


def title_of(runs: Sequence[tuple[str, Results]]) -> str:
    """Return what was run, each function once."""
    titles = (_titled(results) for _, results in runs)
    return "; ".join(dict.fromkeys(titles))


def _titled(results: Results) -> str:
    experiment = results.manifest.experiment
    title = what(results.manifest.fixed)
    if experiment in ("", INVOKE) or not results.manifest.benchmark:
        return title
    return f"{experiment}: {title}"


def _of_run(name: str, title: str, results: Results, pricing: Pricing) -> Section:
    frame = invocations(results)
    found = series_of(frame)
    answer, answers = _answer(results, pricing)
    words = [_counts(frame, results), *_made(results), *_due(frame, results)]
    words += _starts(found, results)
    words += [*_medians(found), *skewed(found), *results.manifest.remarks, *caveats(results)]
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
            if not any(str(error) in sentence for sentence in (*answer, *words)):
                words.append(str(error))
    figures += [
        distributions.distribution(frame),
        courses.timeline(frame),
        phases.phases(frame),
        environments.environments(results, frame),
    ]
    return Section(
        name=name,
        title=title,
        answer=answer,
        answers=answers,
        words=words,
        summary=None if are_trials(results.manifest) else overview(frame, found),
        figures=[figure for figure in figures if figure is not None],
        samples=[series.times for series in found],
        method=method(results),
    )


def _answer(results: Results, pricing: Pricing) -> tuple[list[str], Table | None]:
    """Return what follows from a run, and what is to be known before that is believed."""
    heeded = [*virtually_idle(results.manifest), *told(results)]
    try:
        conclusion = conclusion_of(results, pricing)
    except AnalysisError as error:
        return [f"Nothing can be concluded: {error}", *heeded], None
    if conclusion is None:
        return heeded, None
    table = Table(conclusion.columns, conclusion.rows) if conclusion.rows else None
    return [*conclusion.words, *heeded], table


def _counts(frame: pl.DataFrame, results: Results) -> str:
    memory_size = results.manifest.fixed.get("memory")
    at = f" with {memory_size} MB" if memory_size else ""
    title = f"{what(results.manifest.fixed)}{at}"
    if are_trials(results.manifest):
        sums = counted(trials_in(results.rows(), results.manifest))
        return (
            f"{title}: {sums['n']:,} trials of {sums['environments']:,} environments in all, "
            f"{sums['warm']:,} of which were still warm."
        )
    return f"{title}: {_invocations(frame, results)}"


def _invocations(frame: pl.DataFrame, results: Results) -> str:
    counts = {kind: int((frame["kind"] == kind).sum()) for kind in KINDS}
    listed = [f"{counts['cold']:,} cold", f"{counts['warm']:,} warm"]
    if counts["unknown"]:
        listed.append(f"{counts['unknown']:,} of which nobody knows")
    listed.append(f"{counts['failed']:,} failed")
    sums = results.frame().select(
        (counted_rows() & ~wanted_rows()).sum().alias("retried"),
        (~counted_rows()).sum().alias("unwanted"),
    )
    retried, unwanted = sums.collect().row(0)
    missing = results.manifest.missing(frame.height - retried)
    again = f"; {retried:,} of them were made again, or given up" if retried else ""
    rest = f" Failed ones are in no figure of times{again}." if counts["failed"] else ""
    rest += f" {missing:,} more were planned and not made." if missing else ""
    if unwanted:
        rest += (
            f" {unwanted:,} more were only made to prepare others, or began otherwise; they are in "
            "no figure."
        )
    return f"{frame.height:,} invocations: {', '.join(listed)}.{rest}"


def _made(results: Results) -> Iterator[str]:
    """Say what the kinds of invocations are where their names do not."""
    if "kept" in results.manifest.columns:
        yield "Environments were started (fill), left idle, and looked for (probe)."


def _due(frame: pl.DataFrame, results: Results) -> Iterator[str]:
    """Say from when on times run where that is not when an invocation was sent."""
    late = frame["late"].drop_nulls().to_numpy()
    if "intended" in results.manifest.columns and len(late):
        yield (
            "Times run from when an invocation was to be sent, up to "
            f"{milliseconds(float(late.max()))} ms before it was."
        )


def _starts(found: Sequence[Series], results: Results) -> Iterator[str]:
    """Tell which invocations in sequence were cold: they may be those after an interruption."""
    kinds = results.manifest.parameters.get("experiments")
    if not kinds or "sequential" not in kinds:
        return
    for series in found:
        if series.kind == "cold" and "sequential" in series.group.split(", "):
            yield f"{len(series.times):,} invocations of {series.group} began cold: apart below."


def _medians(found: Sequence[Series]) -> Iterator[str]:
    if len(found) > _SAID:
        yield "The median client time of each group of invocations is in the table."
        return
    for series in found:
        median = quantile(series.times.to_numpy())
        interval = distributions.interval(median)
        yield f"Median client time, {series.name}: {milliseconds(median.value)} ms ({interval})."
