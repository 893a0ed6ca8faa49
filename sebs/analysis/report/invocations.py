"""The invocations of a run as its figures take them: one kind each, times in microseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sebs.analysis.report.figure import KINDS
from sebs.results.levels import level_columns, places, varying
from sebs.results.schema import ASKED, Column

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

#: Name that no column has.
_VALUES = "values of levels"

_ASKED = frozenset(column.name for column in ASKED)


@dataclass(frozen=True, slots=True)
class Series:
    """Invocations that belong together: what differs is in no common figure.

    Attributes:
        group: What was asked for, as far as it is not the same for the whole run.
        kind: How they began.
        times: Their client times, µs, ascending.
    """

    group: str
    kind: str
    times: pl.Series

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        if self.kind in self.group.split(", "):
            return self.group
        return f"{self.group}: {self.kind}" if self.group else self.kind


def invocations(results: Results) -> pl.DataFrame:
    """Return the invocations that were asked for, in the order in which they began.

    The column ``kind`` is ``failed``, else how it began; ``group`` is what was asked for, as far as
    it is not the same for all, and ``place`` where that is shown; ``at`` is seconds since the first
    one.

    Raises:
        ResultFormatError: The results cannot be read.
    """
    import polars as pl

    table, start = results.wanted(), pl.col("start")
    known = pl.when(start.is_in(["cold", "warm"])).then(start).otherwise(pl.lit("unknown"))
    failed = pl.col("failure").fill_null(False)
    kind = pl.when(failed).then(pl.lit("failed")).otherwise(known)
    at = (pl.col("begin") - pl.col("begin").min()).dt.total_microseconds() / 1e6
    until = (pl.col("end") - pl.col("begin").min()).dt.total_microseconds() / 1e6
    names = _telling(table, varying(table, results.manifest))
    group = label([each for each in level_columns(results.manifest) if each.name in names])
    columns = [kind.alias("kind"), group.alias("group"), at.alias("at"), until.alias("until")]
    values = pl.struct(names) if names else pl.lit(None)
    taken = table.select(*columns, values.alias(_VALUES), *map(pl.col, _TAKEN))
    return _placed(taken.sort("at", nulls_last=True).collect(), names)


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


def _placed(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Return the frame with ``place`` instead of the values that tell its rows apart."""
    import polars as pl

    if not names:
        return frame.drop(_VALUES).with_columns(pl.lit(0).alias("place"))
    occurring = frame.select(_VALUES).unique(maintain_order=True)
    found = places(tuple(each.values()) for each in occurring[_VALUES])
    at = [found[tuple(each.values())] for each in occurring[_VALUES]]
    placed = occurring.with_columns(pl.Series("place", at))
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
    parts = measured.select("group", "kind", "client").partition_by(
        "group", "kind", as_dict=True, include_key=False
    )
    return [
        Series(group, kind, parts[group, kind]["client"].sort())
        for group in groups_of(frame)
        for kind in KINDS
        if (group, kind) in parts
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
