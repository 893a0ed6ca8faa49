"""The summary of a table of any length: streamed, with the same numbers as that of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sebs.results.rows import STARTS
from sebs.results.summary import NO_REASON, QUANTITIES, SHOWN, Group, Shown, Spread, Summary
from sebs.results.table import wanted_rows

if TYPE_CHECKING:
    import polars as pl


def summarize_table(table: pl.LazyFrame) -> Summary:
    """Return what :func:`sebs.results.summary.summarize` returns of the same invocations.

    Args:
        table: Of :meth:`sebs.results.results.Results.frame`.

    Raises:
        polars.exceptions.PolarsError: Its file is broken.
    """
    import polars as pl

    failure, valid = pl.col("failure").fill_null(False), pl.col("valid")
    wanted = wanted_rows()
    nobody_says = pl.when(failure).then(pl.lit("unanswered")).otherwise(pl.lit("unknown"))
    narrow = (
        table.with_row_index("number", 1)
        .filter(wanted)
        .select(
            "number",
            failure.alias("failure"),
            pl.coalesce("start", nobody_says).alias("start"),
            *(pl.coalesce(quantity.columns).alias(quantity.key) for quantity in QUANTITIES),
        )
    )
    judged, rejected, unwanted, unwanted_failed = _collect(
        table.select(
            valid.filter(wanted).count(),
            (~valid).filter(wanted).sum().alias("wrong"),
            (~wanted).sum().alias("unwanted"),
            (~wanted & failure).sum().alias("failed"),
        )
    ).row(0)
    asked = table.filter(wanted)
    return Summary(
        groups=tuple(_group(kind, narrow.filter(pl.col("start") == kind)) for kind in STARTS),
        reasons=_each_once(asked.filter(failure), "error"),
        judged=judged,
        rejected=rejected,
        rejections=_each_once(asked.filter(~valid), "rejection"),
        unwanted=unwanted,
        unwanted_failed=unwanted_failed,
    )


def _group(kind: str, invocations: pl.LazyFrame) -> Group:
    import polars as pl

    keys = [quantity.key for quantity in QUANTITIES]
    good = [pl.col(key).filter(~pl.col("failure")) for key in keys]
    found = _collect(
        invocations.select(
            pl.len().alias("all"),
            pl.col("failure").sum().alias("failures"),
            *(each.count().name.suffix(" n") for each in good),
            *(each.min().name.suffix(" minimum") for each in good),
            *(each.median().name.suffix(" median") for each in good),
            *(each.max().name.suffix(" maximum") for each in good),
        )
    ).row(0, named=True)
    spreads = {
        key: Spread(*(found[f"{key} {what}"] for what in ("n", "minimum", "median", "maximum")))
        for key in keys
    }
    head = _collect(invocations.head(SHOWN).select("number", "failure", *keys))
    first = tuple(Shown(number, failure, tuple(rest)) for number, failure, *rest in head.rows())
    return Group(kind, found["all"] - found["failures"], found["failures"], spreads, first)


def _each_once(invocations: pl.LazyFrame, column: str) -> tuple[str, ...]:
    import polars as pl

    # An empty reason is none.
    reasons = pl.col(column).replace("", None).fill_null(NO_REASON)
    return tuple(sorted(_collect(invocations.select(reasons).unique())[column].to_list()))


def _collect(query: pl.LazyFrame) -> pl.DataFrame:
    """Run a query in pieces, so that a table need not fit into memory."""
    found: Any = query.collect(engine="streaming")
    result: pl.DataFrame = found
    return result
