"""The client times of everything that differs in a run: median and mean, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sebs.analysis.means import mean
from sebs.analysis.quantiles import Quantile, quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

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
    return {key: quantile(times) for key, times in _clients(results, levels).items()}


def described_clients(
    results: Results, levels: Sequence[str]
) -> Mapping[tuple[Any, ...], dict[str, Any]]:
    """Return the same keys, to plain JSON values of the client times, µs; see :func:`described`.

    Raises:
        SystemUnavailableError: polars is not installed.
        ResultFormatError: The results cannot be read.
    """
    return {key: described(times) for key, times in _clients(results, levels).items()}


def described(times: ArrayLike, suffix: str = "") -> dict[str, Any]:
    """Return median and mean of times with their intervals, as plain JSON values.

    Args:
        times: In any unit; at least one.
        suffix: Of the keys of what has this unit.
    """
    middle, average = quantile(times), mean(times)
    return {
        f"median{suffix}": middle.value,
        f"median_low{suffix}": middle.low,
        f"median_high{suffix}": middle.high,
        "median_coverage": middle.coverage,
        f"mean{suffix}": average.value,
        f"mean_low{suffix}": average.low,
        f"mean_high{suffix}": average.high,
        "coefficient_of_variation": average.variation,
        "mean_warning": average.warning or None,
    }


def _clients(results: Results, levels: Sequence[str]) -> Mapping[tuple[Any, ...], list[int]]:
    import polars as pl

    good = results.wanted().filter(
        ~pl.col("failure").fill_null(False), pl.col("client").is_not_null()
    )
    start = pl.col("start").fill_null("unknown")
    grouped = good.group_by(start, *levels).agg(pl.col("client")).collect()
    return {tuple(key): times for *key, times in grouped.iter_rows()}
