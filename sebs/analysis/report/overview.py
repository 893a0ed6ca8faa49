"""The table of a run: of all that is told apart, medians and means, each with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sebs.analysis.means import Mean, mean
from sebs.analysis.quantiles import quantile
from sebs.analysis.report.figure import Table, milliseconds
from sebs.analysis.report.invocations import Series, cells, groups_of, headed

if TYPE_CHECKING:
    import polars as pl

_COLUMNS = (
    "n",
    "median [ms]",
    "95 % interval [ms]",
    "coverage",
    "mean [ms]",
    "variation",
    "failed",
)


def overview(frame: pl.DataFrame, found: Sequence[Series]) -> Table:
    """Return a row for all invocations that belong together, and one for those that failed.

    Args:
        frame: Of :func:`sebs.analysis.report.invocations.invocations`.
        found: The series of it.
    """
    rows: list[list[str | None]] = []
    for series in found:
        times = series.times.to_numpy()
        median = quantile(times)
        ends = None
        if median.low is not None and median.high is not None:
            ends = f"{milliseconds(median.low)} to {milliseconds(median.high)}"
        rows.append(
            [
                *cells(found, series.group, series.kind),
                f"{median.n:,}",
                milliseconds(median.value),
                ends,
                None if median.coverage is None else f"{median.coverage:.1%}",
                *_averaged(mean(times)),
                None,
            ]
        )
    none: list[str | None] = [None] * 5
    for group in groups_of(frame):
        failed = frame.filter(kind="failed", group=group).height
        if failed:
            rows.append([*cells(found, group, "any"), "0", *none, f"{failed:,}"])
    if not rows:
        rows.append(["any", "0", *none, "0"])
    return Table(headed(found, *_COLUMNS), rows)


def skewed(found: Sequence[Series]) -> Iterator[str]:
    """Say where means are shown alone, as an interval of them would promise too much."""
    means = [mean(series.times.to_numpy()) for series in found if len(series.times) > 1]
    count = sum(bool(each.warning) for each in means)
    if not count:
        return
    which = f"{count:,} of the {len(means):,} means" if count < len(means) else "Means"
    yield (
        f"{which} are shown without an interval: that takes more than 28 times, and "
        "25 · skewness² more. Compare medians instead."
    )


def _averaged(found: Mean) -> list[str | None]:
    """Return a mean, with half its interval where it can be believed, and its variation."""
    told = milliseconds(found.value)
    if not found.warning and found.high is not None:
        told = f"{told} ± {milliseconds(found.high - found.value)}"
    return [told, None if found.variation is None else f"{found.variation:.0%}"]
