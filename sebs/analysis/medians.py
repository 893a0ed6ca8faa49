"""The median client time of everything that differs in a run, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sebs.analysis.quantiles import Quantile, quantile

if TYPE_CHECKING:
    from sebs.results.results import Results


def median_clients(results: Results, levels: Sequence[str]) -> Mapping[tuple[Any, ...], Quantile]:
    """Return how they began and the values of the levels, to the median client time, µs.

    Args:
        results: Of one run.
        levels: Columns that tell its invocations apart.

    Raises:
        SystemUnavailableError: polars is not installed.
        ResultFormatError: The results cannot be read.
    """
    import polars as pl

    good = results.wanted().filter(
        ~pl.col("failure").fill_null(False), pl.col("client").is_not_null()
    )
    start = pl.col("start").fill_null("unknown")
    grouped = good.group_by(start, *levels).agg(pl.col("client")).collect()
    return {tuple(key): quantile(times) for *key, times in grouped.iter_rows()}
