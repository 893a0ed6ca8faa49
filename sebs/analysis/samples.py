"""Samples out of the table of invocations: what the models and comparisons are fed with.

Failed invocations have no place in a sample of times; how many there were is told beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sebs.analysis.cost import Usage
from sebs.analysis.eviction import Idling
from sebs.analysis.overhead import Delivery
from sebs.errors import InvalidSampleError, UsageError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from sebs.results.results import Results

#: What may be compared, and the column that has it.
METRICS: Mapping[str, str] = {
    "client": "client",
    "provider": "provider",
    "benchmark": "benchmark_time",
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Invocations that are not in a sample.

    Attributes:
        failed: They failed.
        cold: An environment was started for them.
        unknown: Nobody says whether one was.
        unmeasured: Their time is not known.
    """

    failed: int
    cold: int
    unknown: int
    unmeasured: int

    def serialize(self) -> dict[str, int]:
        """Return plain JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        parts = [f"{number} {kind}" for kind, number in self.serialize().items() if number]
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Times:
    """The times of a run, by memory size and by how invocations began.

    Attributes:
        groups: Memory size, MB (``None`` where nobody says), and ``cold`` or ``warm``, to times in
            microseconds.
        failed: Invocations that failed.
    """

    groups: Mapping[tuple[int | None, str], NDArray[np.float64]]
    failed: int


def warm_usages(results: Results, architecture: str | None = None) -> tuple[list[Usage], LeftOut]:
    """Return what the warm invocations used whose provider time is known.

    Args:
        results: Of one run, or of a file.
        architecture: Only invocations on it.

    Raises:
        ResultFormatError: The results cannot be read.
    """
    import polars as pl

    table = results.wanted()
    if architecture is not None:
        table = table.filter(pl.col("architecture") == architecture)
    frame = table.select("memory", "start", "failure", "provider", "memory_used").collect()
    succeeded = _succeeded(frame)
    warm = succeeded.filter(pl.col("start") == "warm")
    known = warm.filter(pl.col("provider").is_not_null() & pl.col("memory").is_not_null())
    cold = succeeded.filter(pl.col("start") == "cold").height
    left_out = LeftOut(
        failed=frame.height - succeeded.height,
        cold=cold,
        unknown=succeeded.height - cold - warm.height,
        unmeasured=warm.height - known.height,
    )
    used = pl.col("memory_used")
    grouped = known.group_by("memory").agg("provider", used.filter(used > 0).median())
    return [
        Usage(memory, provider.to_numpy(), memory_used)
        for memory, provider, memory_used in zip(*grouped.get_columns(), strict=True)
    ], left_out


def times_of(results: Results, metric: str) -> Times:
    """Return the times of all invocations that succeeded.

    Args:
        results: Of one run.
        metric: One of :data:`METRICS`.

    Raises:
        UsageError: There is no such metric.
        ResultFormatError: The results cannot be read.
    """
    import polars as pl

    if metric not in METRICS:
        raise UsageError(f"There is no metric {metric!r}.", remedy=f"Take {', '.join(METRICS)}.")
    column = METRICS[metric]
    frame = results.wanted().select("memory", "start", "failure", column).collect()
    succeeded = _succeeded(frame)
    known = succeeded.filter(pl.col("start").is_in(["cold", "warm"]) & pl.col(column).is_not_null())
    groups = {
        (memory, start): part[column].to_numpy().astype("float64")
        for (memory, start), part in sorted(
            known.group_by("memory", "start"), key=lambda item: _order(item[0])
        )
    }
    return Times(groups, frame.height - succeeded.height)


def idlings_of(results: Results, memory: int | None = None) -> list[Idling]:
    """Return the trials of an eviction experiment.

    Args:
        results: With the factor ``delta_t``, seconds of idling; each row is an invocation after
            it, or, with the factors ``started`` and ``warm``, a whole trial.
        memory: Only trials with this memory size, MB.

    Raises:
        InvalidSampleError: The results are of no eviction experiment.
        ResultFormatError: They cannot be read.
    """
    import polars as pl

    table = results.wanted()
    names = set(table.collect_schema().names())
    if "delta_t" not in names:
        raise InvalidSampleError(
            "These are no results of an eviction experiment: nothing tells how long environments "
            "idled."
        )
    if memory is not None:
        table = table.filter(pl.col("memory") == memory)
    if {"started", "warm"} <= names:
        trials = table.select("delta_t", "started", "warm").collect()
    else:
        # A failed invocation tells nothing of the environment that it did not reach.
        answered = table.filter(pl.col("start").is_in(["cold", "warm"]))
        trials = (
            answered.group_by("memory", "delta_t", "repetition", maintain_order=True)
            .agg(pl.len().alias("started"), (pl.col("start") == "warm").sum().alias("warm"))
            .select("delta_t", "started", "warm")
            .collect()
        )
    return [Idling(float(seconds), started, warm) for seconds, started, warm in trials.iter_rows()]


def deliveries_of(results: Results, offset: float | None = None) -> list[Delivery]:
    """Return how long invocations took to reach their function.

    Args:
        results: With the factor ``received``, when the function had the payload by its own clock,
            and perhaps ``offset``, by how many seconds that clock is ahead.
        offset: Instead of what the results say of it, seconds.

    Raises:
        InvalidSampleError: The results are of no overhead experiment.
        ResultFormatError: They cannot be read.
    """
    import polars as pl

    table = results.wanted()
    names = set(table.collect_schema().names())
    if "received" not in names:
        raise InvalidSampleError(
            "These are no results of an overhead experiment: nothing tells when functions "
            "received what was sent."
        )
    theta = pl.lit(offset) if offset is not None else pl.lit(0.0)
    if offset is None and "offset" in names:
        theta = pl.col("offset")
    columns = [
        pl.col("payload_bytes").cast(pl.Float64),
        pl.col("start") == "cold",
        *(pl.col(name).dt.epoch("us") / 1e6 for name in ("begin", "received")),
        pl.col("http_startup").fill_null(0) / 1e6,
        theta.alias("offset"),
    ]
    known = table.filter(
        pl.col("start").is_in(["cold", "warm"])
        & ~pl.col("failure").fill_null(False)
        & pl.col("received").is_not_null()
    )
    return [Delivery(*row) for row in known.select(columns).collect().iter_rows()]


def values_of(results: Results, column: str) -> list[Any]:
    """Return the values that a column has, ascending, without null."""
    values = results.wanted().select(column).unique().collect()[column].drop_nulls()
    return sorted(values.to_list())


def _succeeded(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return frame.filter(~pl.col("failure").fill_null(False))


def _order(key: tuple[Any, ...]) -> tuple[float, str]:
    memory, start = key
    return (-1 if memory is None else memory, start)
