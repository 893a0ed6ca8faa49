"""The invocations of a run as its figures take them: one kind each, times in microseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sebs.analysis.latencies import latency
from sebs.analysis.report.figure import KINDS
from sebs.results.levels import level_columns, places, varying
from sebs.results.schema import ASKED, Column

if TYPE_CHECKING:
    import polars as pl

    from sebs.results.results import Results

_TAKEN = (
    "environment_id",
    "http_startup",
    "fresh_connection",
    "http_first_byte_return",
    "initialization",
    "benchmark_time",
)

#: Name that no column has.
_VALUES = "values of levels"

_ASKED = frozenset(column.name for column in ASKED)


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Invocations that belong together: what differs is in no common figure.

    Attributes:
        group: What was asked for, as far as it is not the same for the whole run.
        level: Of that, the value of the column that has the most of them in the run.
        others: Of that, the values of the other columns.
        kind: How they began.
        times: Their client times, µs, ascending.
    """

    group: str
    level: str
    others: str
    kind: str
    times: pl.Series

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return _named(self.group, self.kind)

    @property
    def family(self) -> str:
        """What those are called together that differ in their level alone."""
        return _named(self.others, self.kind)


def _named(asked: str, kind: str) -> str:
    if kind in asked.split(", "):
        return asked
    return f"{asked}: {kind}" if asked else kind


def invocations(results: Results) -> pl.DataFrame:
    """Return the invocations that were asked for, and all that failed, as they began.

    The column ``kind`` is ``failed``, else how it began; ``group`` is what was asked for, as far as
    it is not the same for all, ``level`` and ``others`` are its parts as of :class:`Series`, and
    ``place`` is where it is shown; ``at`` is seconds since the first one. ``client`` is how long it
    took, of :func:`sebs.analysis.latencies.latency`, and ``late`` what of that passed before it was
    sent; both are microseconds.

    Raises:
        ResultFormatError: The results cannot be read.
    """
    import polars as pl

    table, start = results.counted(), pl.col("start")
    known = pl.when(start.is_in(["cold", "warm"])).then(start).otherwise(pl.lit("unknown"))
    failed = pl.col("failure").fill_null(False)
    kind = pl.when(failed).then(pl.lit("failed")).otherwise(known)
    at = (pl.col("begin") - pl.col("begin").min()).dt.total_microseconds() / 1e6
    until = (pl.col("end") - pl.col("begin").min()).dt.total_microseconds() / 1e6
    names = _telling(table, varying(table, results.manifest))
    levels = [each for each in level_columns(results.manifest) if each.name in names]
    took = latency(results.manifest.columns)
    late = (took - pl.col("client")).clip(0).alias("late")
    columns = [kind.alias("kind"), at.alias("at"), until.alias("until"), took, late]
    values = pl.struct([each.name for each in levels]) if levels else pl.lit(None)
    taken = table.select(*columns, values.alias(_VALUES), *map(pl.col, _TAKEN))
    return _placed(taken.sort("at", nulls_last=True).collect(), levels)


def _telling(table: pl.LazyFrame, names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that tell invocations apart, without those that others repeat."""
    import polars as pl

    # A payload has the name of its size unless it is an event of its own, and what was asked to be
    # cold and was needs no second word for it.
    pairs = {"size": "payload", "kind": "start"}
    there = {*names, "start"}
    repeated = {
        name: (pl.col(name).is_null() | pl.col(name).eq_missing(pl.col(other))).all().alias(name)
        for name, other in pairs.items()
        if name in names and other in there
    }
    if not repeated:
        return tuple(names)
    found = table.select(repeated.values()).collect().row(0, named=True)
    return tuple(name for name in names if not found.get(name))


def _placed(frame: pl.DataFrame, levels: Sequence[Column]) -> pl.DataFrame:
    """Return the frame with how its rows are named and placed instead of what tells them apart."""
    import polars as pl

    if not levels:
        none = (pl.lit("").alias(name) for name in ("group", "level", "others"))
        return frame.drop(_VALUES).with_columns(*none, pl.lit(0).alias("place"))
    occurring = frame.select(_VALUES).unique(maintain_order=True)
    values = occurring.unnest(_VALUES)
    most = max(levels, key=lambda each: values[each.name].n_unique())
    found = places(values.iter_rows())
    named = values.select(
        label(levels).alias("group"),
        label([most]).alias("level"),
        label([each for each in levels if each is not most]).alias("others"),
        pl.Series("place", [found[row] for row in values.iter_rows()]),
    )
    placed = pl.concat([occurring, named], how="horizontal")
    return frame.join(placed, on=_VALUES, nulls_equal=True, maintain_order="left").drop(_VALUES)


def label(columns: Sequence[Column]) -> pl.Expr:
    """Return the values that rows have in some columns, as people read them."""
    import polars as pl

    if not columns:
        return pl.lit("")
    return pl.concat_str([_told(column) for column in columns], separator=", ", ignore_nulls=True)


#: How the value of a column is told where its name and unit make no phrase.
_PHRASES = {
    "payload_bytes": "{} of payload",
    "padding_bytes": "{} of padding",
    "burst_size": "burst of {}",
    "inter_arrival": "{} apart",
    "environments": "{} environments",
}


def _told(column: Column) -> pl.Expr:
    import polars as pl

    # The values of the table's own texts speak for themselves.
    name = "" if column.name in _ASKED else f"{column.name.replace('_', ' ')} "
    return pl.format(_PHRASES.get(column.name, f"{name}{{}}"), _valued(column))


def _valued(column: Column) -> pl.Expr:
    """Return a column's values with their unit; different ones never become the same text."""
    import polars as pl

    value = pl.col(column.name)
    if column.type not in ("integer", "number"):
        return value
    if column.unit == "B":
        kilo, mega = (
            pl.format(f"{{}} {unit}", _plain((value / size).round(6))) for unit, size in _BYTES
        )
        small = pl.format("{} B", _plain(value))
        return pl.when(value < 1_000).then(small).when(value < 10**6).then(kilo).otherwise(mega)
    return pl.format(f"{{}} {column.unit}" if column.unit else "{}", _plain(value))


_BYTES = (("kB", 10**3), ("MB", 10**6))


def _plain(value: pl.Expr) -> pl.Expr:
    """Return a number as text, a whole one without decimals."""
    import polars as pl

    return value.cast(pl.Float64).cast(pl.String).str.strip_suffix(".0")


def groups_of(frame: pl.DataFrame) -> list[str]:
    """Return what was asked for, in the order in which it is shown; one empty text where all is."""
    ordered = frame.sort("place", maintain_order=True)
    found: list[str] = ordered["group"].unique(maintain_order=True).to_list()
    return found


def series_of(frame: pl.DataFrame) -> list[Series]:
    """Return the successful invocations that have a time, by what was asked for and how it began.

    Args:
        frame: Of :func:`invocations`.
    """
    import polars as pl

    measured = frame.filter(pl.col("kind") != "failed", pl.col("client").is_not_null())
    told = ("group", "level", "others")
    asked = measured.sort("place", maintain_order=True).select(told).unique(maintain_order=True)
    parts = measured.select(*told, "kind", "client").partition_by(
        *told, "kind", as_dict=True, include_key=False
    )
    return [
        Series(group, level, others, kind, parts[key]["client"].sort())
        for group, level, others in asked.iter_rows()
        for kind in KINDS
        if (key := (group, level, others, kind)) in parts
    ]


def headed(found: Sequence[Series], *columns: str) -> list[str]:
    """Return the titles of a table whose rows begin with :func:`cells` of a series."""
    return [*(["invocations"] if _differ(found) else []), "start", *columns]


def cells(found: Sequence[Series], group: str, kind: str) -> list[str | None]:
    """Return what names one of some series in a row."""
    return [*([group] if _differ(found) else []), kind]


def _differ(found: Sequence[Series]) -> bool:
    return any(series.group for series in found)


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
