"""Samples out of the table of invocations: what the models and comparisons are fed with.

Failed invocations have no place in a sample of times; how many there were is told beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sebs.analysis.cost import Usage
from sebs.analysis.eviction import Idling
from sebs.analysis.levels import Part, parts_of
from sebs.analysis.overhead import Delivery
from sebs.errors import InvalidSampleError, OtherExperimentError, UsageError
from sebs.results.levels import level_columns, places, varying
from sebs.results.table import wanted_rows

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

#: What tells trials of an eviction experiment apart, where it is there.
_OF_TRIALS = ("environments", "delta_t", "repetition")

#: What the models are over, so that it takes no samples apart: a trial of any number of
#: environments and any ΔT tells of one period, and the offset of each session is subtracted.
_OVER_IDLING = frozenset({"environments", "started", "delta_t", "kind"})
_OVER_SIZE = frozenset({"payload_bytes", "code_bytes", "padding_bytes", "session", "kind"})


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Invocations that are not in a sample.

    Attributes:
        failed: They failed.
        cold: An environment was started for them.
        unknown: Nobody says whether one was.
        unmeasured: Their time is not known.
        otherwise: They were asked for in another way: in bursts, say, and not one by one.
    """

    failed: int
    cold: int
    unknown: int
    unmeasured: int
    otherwise: int = 0

    def serialize(self) -> dict[str, int]:
        """Return plain JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        names = {"otherwise": "of another kind"}
        counts = self.serialize().items()
        return ", ".join(f"{number} {names.get(what, what)}" for what, number in counts if number)


@dataclass(frozen=True, slots=True)
class Times:
    """The times of a run, by how invocations began and by what tells them apart.

    Attributes:
        levels: The columns that tell them apart.
        groups: ``cold`` or ``warm``, and the values of the levels (``None`` where nobody says), to
            times in microseconds.
        n: How many invocations there are, those that failed included.
        failed: How many of them failed, even if they were made again.
    """

    levels: tuple[str, ...]
    groups: Mapping[tuple[Any, ...], NDArray[np.float64]]
    n: int
    failed: int


#: Columns of which :func:`usages_of` makes what invocations used.
USAGE = ("memory", "kind", "start", "failure", "provider", "memory_used")

#: Kinds of invocations whose cost stands for a function's, the first that was measured; those of a
#: burst wait for each other.
_PRICED = ("warm", "sequential")


def warm_usages(
    results: Results, architecture: str | None = None, only: Mapping[str, str] | None = None
) -> tuple[list[Usage], LeftOut]:
    """Return what the warm invocations used whose provider time is known; see :func:`usages_of`.

    Args:
        results: Of one run, or of a file.
        architecture: Only invocations on it.
        only: Only invocations that have these values, as texts, in these columns.

    Raises:
        InvalidSampleError: They differ in more than memory size, kind and architecture.
        UsageError: No invocation has such a value, or there is no such column.
        ResultFormatError: The results cannot be read.
    """
    import polars as pl

    table = _having(results.counted(), results, only)
    if architecture is not None:
        table = table.filter(pl.col("architecture") == architecture)
    asked = varying(table.filter(wanted_rows()), results.manifest)
    others = set(asked) - {"memory", "kind", "architecture"}
    if others:
        raise InvalidSampleError(
            f"Invocations that differ in {', '.join(sorted(others))} have no common cost.",
            remedy="Price some of them: "
            + " ".join(f"--where {each}={values_of(results, each)[0]}" for each in sorted(others))
            + ".",
        )
    used = usages_of(table.select(USAGE).collect())
    return used.usages, used.left_out


def _having(table: pl.LazyFrame, results: Results, only: Mapping[str, str] | None) -> pl.LazyFrame:
    """Return the invocations of a table of the results that have these values, as texts."""
    for name, value in (only or {}).items():
        table = table.filter(_has(results, name, value))
    return table


def _has(results: Results, name: str, value: str) -> pl.Expr:
    """Return whether a row has a value, as a text, in a column that tells invocations apart."""
    import polars as pl

    columns = [each.name for each in level_columns(results.manifest)]
    if name not in columns:
        raise UsageError(
            f"No column {name!r} tells invocations apart.", remedy=f"Take {', '.join(columns)}."
        )
    values = values_of(results, name)
    known = {text: each for each in values for text in _texts(each)}
    if value not in known:
        told = ", ".join(map(str, values))
        raise UsageError(f"No invocation has the {name} {value!r}.", remedy=f"Known: {told}.")
    return pl.col(name).eq(known[value])


def _texts(value: Any) -> set[str]:
    """Return how a value may be written: 1.0 is 1, too."""
    return {str(value), f"{value:g}"} if isinstance(value, float) else {str(value)}


@dataclass(frozen=True, slots=True)
class Used:
    """What the warm invocations of one kind used.

    Attributes:
        usages: At each memory size.
        kind: The kind; ``None`` where none is named.
        left_out: The other invocations.
    """

    usages: list[Usage]
    kind: str | None
    left_out: LeftOut


def usages_of(frame: pl.DataFrame) -> Used:
    """Return what the warm invocations of one kind used at each memory size.

    Where they are of several kinds these are not pooled: ``warm`` ones are taken, else
    ``sequential`` ones, else those of the kind that has the most.

    Args:
        frame: The columns :data:`USAGE`, of invocations that differ in nothing else.
    """
    import polars as pl

    succeeded = _succeeded(frame)
    warm = succeeded.filter(pl.col("start") == "warm")
    known = warm.filter(pl.col("provider").is_not_null() & pl.col("memory").is_not_null())
    kind = _priced_kind(known)
    chosen = known.filter(pl.col("kind").eq_missing(kind))
    cold = succeeded.filter(pl.col("start") == "cold").height
    left_out = LeftOut(
        failed=frame.height - succeeded.height,
        cold=cold,
        unknown=succeeded.height - cold - warm.height,
        unmeasured=warm.height - known.height,
        otherwise=known.height - chosen.height,
    )
    used = pl.col("memory_used")
    grouped = chosen.group_by("memory").agg("provider", used.filter(used > 0).median())
    usages = [
        Usage(memory, provider.to_numpy(), memory_used)
        for memory, provider, memory_used in zip(*grouped.get_columns(), strict=True)
    ]
    return Used(usages, kind, left_out)


def _priced_kind(known: pl.DataFrame) -> str | None:
    """Return the kind whose cost stands for that of a function; ``None`` where none is named."""
    counts = known["kind"].value_counts(sort=True)
    kinds: list[str | None] = counts["kind"].to_list()
    return next((kind for kind in (*_PRICED, *kinds) if kind in kinds), None)


def times_of(results: Results, metric: str, levels: Sequence[str] | None = None) -> Times:
    """Return the times of all invocations that succeeded.

    Args:
        results: Of one run.
        metric: One of :data:`METRICS`.
        levels: The columns that tell invocations apart; all that do in this run by default.

    Raises:
        UsageError: There is no such metric.
        ResultFormatError: The results cannot be read.
    """
    import polars as pl

    if metric not in METRICS:
        raise UsageError(f"There is no metric {metric!r}.", remedy=f"Take {', '.join(METRICS)}.")
    column = METRICS[metric]
    table = results.counted()
    apart = varying(results.wanted(), results.manifest) if levels is None else tuple(levels)
    there = set(table.collect_schema().names())
    by = [pl.col(name) if name in there else pl.lit(None).alias(name) for name in apart]
    value = pl.col(column).alias(_VALUE)
    frame = table.select(*by, pl.col("start").alias(_START), "failure", value).collect()
    succeeded = _succeeded(frame)
    known = succeeded.filter(pl.col(_START).is_in(["cold", "warm"]), pl.col(_VALUE).is_not_null())
    parts = known.partition_by(*apart, _START, as_dict=True, maintain_order=True)
    place = places(key[:-1] for key in parts)
    groups = {
        (key[-1], *key[:-1]): parts[key][_VALUE].to_numpy().astype("float64")
        for key in sorted(parts, key=lambda each: (place[each[:-1]], each[-1]))
    }
    return Times(apart, groups, frame.height, frame.height - succeeded.height)


#: Names that no level has.
_START, _VALUE = "a start", "a value"


def idlings_of(results: Results, only: Mapping[str, str] | None = None) -> list[Part[Idling]]:
    """Return the trials of an eviction experiment, taken apart by what was asked for.

    Args:
        results: With the factor ``delta_t``, seconds of idling; each row is an invocation after
            it, or, with the factors ``started`` and ``warm``, a whole trial. With the factor
            ``kept``, that says which environments were still there; else the start does.
        only: Only trials that have these values, as texts, in these columns.

    Raises:
        OtherExperimentError: The results are of no eviction experiment.
        UsageError: No invocation has such a value, or there is no such column.
        ResultFormatError: They cannot be read.
    """
    import polars as pl

    table = _table_with("delta_t", results, only, "eviction", "how long environments idled")
    names = set(table.collect_schema().names())
    # Those that only started environments idled for no time.
    table = table.filter(pl.col("delta_t").is_not_null())
    if not {"started", "warm"} <= names:
        # A failed invocation tells nothing of the environment that it did not reach.
        table = table.filter(pl.col("start").is_in(["cold", "warm"]))
    return parts_of(table, results.manifest, _OVER_IDLING, _trials)


def _trials(table: pl.DataFrame) -> list[Idling]:
    import polars as pl

    names = set(table.columns)
    if not {"started", "warm"} <= names:
        was_warm = pl.col("start") == "warm"
        if "kept" in names:
            was_warm = pl.col("kept").fill_null(was_warm)
        of_trial = [each for each in _OF_TRIALS if each in names]
        table = table.group_by(of_trial, maintain_order=True).agg(
            pl.len().alias("started"), was_warm.sum().alias("warm")
        )
    trials = table.select("delta_t", "started", "warm").iter_rows()
    return [Idling(float(seconds), started, warm) for seconds, started, warm in trials]


def deliveries_of(
    results: Results, offset: float | None = None, only: Mapping[str, str] | None = None
) -> list[Part[Delivery]]:
    """Return how long invocations took to reach their function, taken apart by what was asked for.

    Args:
        results: With the factor ``received``, when the function had the payload by its own clock,
            and perhaps ``offset``, by how many seconds that clock is ahead, and ``code_bytes``,
            the size of its package where that is what varied.
        offset: Instead of what the results say of it, seconds.
        only: Only invocations that have these values, as texts, in these columns.

    Raises:
        OtherExperimentError: The results are of no overhead experiment.
        UsageError: No invocation has such a value, or there is no such column.
        ResultFormatError: They cannot be read.
    """
    import polars as pl

    told = "when functions received what was sent"
    table = _table_with("received", results, only, "overhead", told)
    names = set(table.collect_schema().names())
    theta = pl.lit(offset) if offset is not None else pl.lit(0.0)
    if offset is None and "offset" in names:
        theta = pl.col("offset")
    # On a connection that is there, all that passes before the request is sent is sending.
    reused = ~pl.col("fresh_connection").fill_null(True)
    connecting = pl.when(reused).then(0).otherwise(pl.col("http_startup"))
    size = pl.col("payload_bytes")
    if "code_bytes" in names:
        size = pl.coalesce("code_bytes", size)
    columns = [
        size.cast(pl.Float64),
        pl.col("start") == "cold",
        *(pl.col(name).dt.epoch("us") / 1e6 for name in ("begin", "received")),
        connecting.fill_null(0) / 1e6,
        theta.alias("offset"),
    ]
    known = table.filter(
        pl.col("start").is_in(["cold", "warm"])
        & ~pl.col("failure").fill_null(False)
        & pl.col("received").is_not_null()
    )
    return parts_of(
        known,
        results.manifest,
        _OVER_SIZE,
        lambda rows: [Delivery(*row) for row in rows.select(columns).iter_rows()],
    )


def _table_with(
    factor: str, results: Results, only: Mapping[str, str] | None, experiment: str, told: str
) -> pl.LazyFrame:
    """Return the table of an experiment that has a factor, or else refuse."""
    table = _having(results.wanted(), results, only)
    if factor not in table.collect_schema().names():
        raise OtherExperimentError(
            f"These are no results of an {experiment} experiment: nothing tells {told}.",
            remedy="Name a run of it; `sebs results list` shows what each run is of.",
        )
    return table


def values_of(results: Results, column: str) -> list[Any]:
    """Return the values that a column has, ascending, without null."""
    # A size at which everything failed was asked for, too.
    values = results.counted().select(column).unique().collect()[column].drop_nulls()
    return sorted(values.to_list())


def _succeeded(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return frame.filter(~pl.col("failure").fill_null(False))
