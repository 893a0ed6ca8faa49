"""The invocations of a run as its figures take them: one kind each, times in milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sebs.analysis.report.figure import KINDS

if TYPE_CHECKING:
    import polars as pl

    from sebs.results.results import Results

_TAKEN = (
    "environment_id",
    "client",
    "http_startup",
    "http_first_byte_return",
    "initialization",
    "benchmark_time",
)


def invocations(results: Results) -> pl.DataFrame:
    """Return the invocations in the order in which they began.

    The column ``kind`` is ``failed``, else how it began; ``at`` is seconds since the first one.

    Raises:
        ResultFormatError: The results cannot be read.
    """
    import polars as pl

    start = pl.col("start")
    known = pl.when(start.is_in(["cold", "warm"])).then(start).otherwise(pl.lit("unknown"))
    failed = pl.col("failure").fill_null(False)
    kind = pl.when(failed).then(pl.lit("failed")).otherwise(known)
    at = (pl.col("begin") - pl.col("begin").min()).dt.total_microseconds() / 1e6
    until = (pl.col("end") - pl.col("begin").min()).dt.total_microseconds() / 1e6
    columns = [kind.alias("kind"), at.alias("at"), until.alias("until"), *map(pl.col, _TAKEN)]
    return results.wanted().select(columns).sort("at", nulls_last=True).collect()


def times(frame: pl.DataFrame, kind: str) -> pl.Series:
    """Return the client times of one kind, microseconds, ascending."""
    import polars as pl

    found: pl.Series = frame.filter(pl.col("kind") == kind)["client"].drop_nulls().sort()
    return found


def measured_kinds(frame: pl.DataFrame) -> list[str]:
    """Return the kinds, without failures, that have at least one time."""
    return [kind for kind in KINDS if kind != "failed" and len(times(frame, kind))]


def thinned(frame: pl.DataFrame, most: int) -> pl.DataFrame:
    """Return at most about so many rows, evenly; those that are rare are all kept.

    What is rare is what one looks for in a figure: no kind loses a row while it has no more than
    its equal share of them.
    """
    import polars as pl

    share = max(1, most // max(1, frame["kind"].n_unique()))
    place = pl.int_range(pl.len()).over("kind")
    step = (pl.len().over("kind") + (share - 1)) // share
    return frame.filter(place % step == 0)
