"""The summary of a table of any length: streamed, with the same numbers as that of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sebs.results.levels import varying
from sebs.results.rows import STARTS
from sebs.results.summary import (
    NO_REASON,
    QUANTITIES,
    SHOWN,
    Group,
    Shown,
    Spread,
    Summary,
    commonest_first,
    in_order,
)
from sebs.results.table import counted_rows, wanted_rows

if TYPE_CHECKING:
    import polars as pl

    from sebs.results.manifest import Manifest

_KEYS = [quantity.key for quantity in QUANTITIES]

#: Names that no column of a run has, beside those of the run.
_NUMBER, _START, _FAILED, _VALUE = "a number", "a start", "a failure", "a value of "


def summarize_table(table: pl.LazyFrame, manifest: Manifest) -> Summary:
    """Return what :func:`sebs.results.summary.summarize` returns of the same invocations.

    Args:
        table: Of :meth:`sebs.results.results.Results.frame`.
        manifest: Of the same results.

    Raises:
        polars.exceptions.PolarsError: Its file is broken.
    """
    import polars as pl

    valid, wanted, counted = pl.col("valid"), wanted_rows(), counted_rows()
    judged, rejected, unwanted, retried = _collect(
        table.select(
            valid.filter(wanted).count(),
            (~valid).filter(wanted).sum().alias("wrong"),
            (~counted).sum().alias("unwanted"),
            (counted & ~wanted).sum().alias("retried"),
        )
    ).row(0)
    levels = varying(table.filter(counted), manifest)
    return Summary(
        levels=levels,
        groups=in_order(_groups(_narrow(table, levels), levels)),
        reasons=failures_in(table),
        judged=judged,
        rejected=rejected,
        rejections=_occurring(table.filter(wanted & ~valid), "rejection"),
        unwanted=unwanted,
        retried=retried,
    )


def failures_in(table: pl.LazyFrame) -> dict[str, int]:
    """Return why invocations failed, to how many did, the commonest first.

    Args:
        table: Of :meth:`sebs.results.results.Results.frame`.
    """
    import polars as pl

    return _occurring(table.filter(pl.col("failure").fill_null(False)), "error")


def _narrow(table: pl.LazyFrame, levels: Sequence[str]) -> pl.LazyFrame:
    """Return what is summed up of the invocations that are counted, with their numbers."""
    import polars as pl

    failure, start = pl.col("failure").fill_null(False), pl.col("start")
    nobody_says = pl.when(failure).then(pl.lit("unanswered")).otherwise(pl.lit("unknown"))
    known = pl.when(start.is_in(list(STARTS))).then(start).otherwise(nobody_says)
    values = (pl.coalesce(each.columns).alias(f"{_VALUE}{each.key}") for each in QUANTITIES)
    numbered = table.with_row_index(_NUMBER, 1).filter(counted_rows())
    return numbered.select(_NUMBER, known.alias(_START), failure.alias(_FAILED), *levels, *values)


def _groups(narrow: pl.LazyFrame, levels: Sequence[str]) -> Iterator[Group]:
    import polars as pl

    good = [pl.col(f"{_VALUE}{key}").filter(~pl.col(_FAILED)) for key in _KEYS]
    found = _collect(
        narrow.group_by(_START, *levels).agg(
            pl.len().alias("all"),
            pl.col(_NUMBER).min(),
            pl.col(_FAILED).sum(),
            *(each.count().name.suffix(" n") for each in good),
            *(each.min().name.suffix(" minimum") for each in good),
            *(each.median().name.suffix(" median") for each in good),
            *(each.max().name.suffix(" maximum") for each in good),
        )
    )
    order = pl.col(_START).replace_strict({start: at for at, start in enumerate(STARTS)})
    places = [pl.col(_NUMBER).min().over(levels), order] if levels else [order]
    for row in found.sort(places).iter_rows(named=True):
        whats = ("n", "minimum", "median", "maximum")
        spreads = {key: Spread(*(row[f"{_VALUE}{key} {what}"] for what in whats)) for key in _KEYS}
        start, failures = row[_START], row[_FAILED]
        shown = () if levels else _first(narrow.filter(pl.col(_START) == start))
        yield Group(
            start,
            {name: row[name] for name in levels},
            row["all"] - failures,
            failures,
            spreads,
            shown,
        )


def _first(invocations: pl.LazyFrame) -> tuple[Shown, ...]:
    values = (f"{_VALUE}{key}" for key in _KEYS)
    head = _collect(invocations.head(SHOWN).select(_NUMBER, _FAILED, *values))
    return tuple(Shown(number, failure, tuple(rest)) for number, failure, *rest in head.rows())


def _occurring(invocations: pl.LazyFrame, column: str) -> dict[str, int]:
    import polars as pl

    # An empty reason is none.
    reasons = pl.col(column).replace("", None).fill_null(NO_REASON)
    counts = _collect(invocations.group_by(reasons).agg(pl.len().alias(_NUMBER)))
    return commonest_first(dict(counts.iter_rows()))


def _collect(query: pl.LazyFrame) -> pl.DataFrame:
    """Run a query in pieces, so that a table need not fit into memory."""
    found: Any = query.collect(engine="streaming")
    result: pl.DataFrame = found
    return result
