"""Figures of how a run went: invocation by invocation, environment by environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sebs.analysis.report.figure import (
    INK,
    KINDS,
    Figure,
    Table,
    axis,
    chart,
    data,
    kinds,
    milliseconds,
    number,
    scale_of,
)
from sebs.analysis.report.invocations import thinned

if TYPE_CHECKING:
    import polars as pl

#: Points of a figure, and lines of one.
_POINTS, _LINES = 1500, 40

#: Slices of time in the table behind the timeline.
_SLICES = 10


def timeline(frame: pl.DataFrame) -> Figure | None:
    """Return the client time of each invocation at the moment in which it began."""
    import polars as pl

    known = frame.filter(pl.col("at").is_not_null() & (pl.col("client") > 0))
    if known.is_empty():
        return None
    drawn = thinned(known, _POINTS).select("kind", "at", (pl.col("client") / 1000).alias("ms"))
    points = drawn.to_dicts()
    least, most = (
        float(value) for value in (drawn["ms"].to_numpy().min(), drawn["ms"].to_numpy().max())
    )
    present = known["kind"].unique().to_list()

    def draw(width: int) -> dict[str, Any]:
        return chart(
            width,
            300,
            data=data(points),
            mark={"type": "point", "filled": True, "size": 36, "opacity": 1},
            encoding={
                "x": axis("at", "since the first invocation [s]"),
                "y": axis("ms", "client time [ms]", scale_of(least, most)),
                **kinds(present, "color", "shape"),
            },
        )

    counts = {kind: known.filter(pl.col("kind") == kind).height for kind in KINDS}
    said = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
    words = f"Each invocation when it began, and how long it took: {said}."
    if len(points) < known.height:
        words += f" {len(points):,} of {known.height:,} are drawn, evenly; rare kinds as a whole."
    return Figure("timeline", "Timeline", words, draw, _slices(known))


def _slices(known: pl.DataFrame) -> Table:
    import polars as pl

    span = float(known["at"].to_numpy().max()) or 1.0
    place = (pl.col("at") * _SLICES / span).floor().clip(0, _SLICES - 1).alias("slice")
    # What failed took as long as it took to fail.
    median = pl.col("client").filter(pl.col("kind") != "failed").median()
    found = (
        known.group_by(place, "group", "kind", maintain_order=True)
        .agg(pl.len(), median)
        .sort("slice", maintain_order=True)
    )
    differ = known["group"].n_unique() > 1
    rows = [
        [number(place * span / _SLICES), *([group] if differ else []), kind, f"{n:,}", took]
        for place, group, kind, n, took in (
            (*row[:-1], milliseconds(row[-1])) for row in found.iter_rows()
        )
    ]
    asked = ["invocations"] if differ else []
    return Table(["from [s]", *asked, "start", "n", "median [ms]"], rows)


def environments(frame: pl.DataFrame) -> Figure | None:
    """Return from when until when each environment served, and the invocations that it did."""
    import polars as pl

    known = frame.filter(
        pl.col("at").is_not_null()
        & pl.col("until").is_not_null()
        & (pl.col("environment_id") != "")
    )
    if known.is_empty():
        return None
    lives = (
        known.group_by("environment_id")
        .agg(
            pl.col("at").min().alias("from"),
            pl.col("until").max().alias("to"),
            pl.len().alias("n"),
            (pl.col("kind") == "cold").sum().alias("cold"),
        )
        .sort("from", "environment_id")
        .with_columns((pl.int_range(pl.len()) + 1).alias("environment"))
    )
    shown = lives.head(_LINES)
    served = known.join(shown.select("environment_id", "environment"), on="environment_id")
    points = thinned(served, _POINTS).select("kind", "at", "environment").to_dicts()
    lines = shown.select("environment", "from", "to").to_dicts()
    present = served["kind"].unique().to_list()

    def draw(width: int) -> dict[str, Any]:
        place = {
            "field": "environment",
            "type": "ordinal",
            "axis": {"title": "environment", "labelOverlap": True},
        }
        return chart(
            width,
            max(110, 60 + 14 * len(lines)),
            layer=[
                {
                    "data": data(lines),
                    "mark": {"type": "rule", "strokeWidth": 2, "color": INK, "opacity": 0.4},
                    "encoding": {"y": place, "x": axis("from", _SINCE), "x2": {"field": "to"}},
                },
                {
                    "data": data(points),
                    "mark": {"type": "point", "filled": True, "size": 40, "opacity": 1},
                    "encoding": {
                        "y": place,
                        "x": axis("at", _SINCE),
                        **kinds(present, "color", "shape"),
                    },
                },
            ],
        )

    words = (
        f"{lives.height:,} execution environments, from the first invocation that each served "
        "until the end of the last one."
    )
    if lives.height > _LINES:
        words += f" The first {_LINES} are drawn."
    rows = [
        [
            f"{each['environment']}",
            number(each["from"]),
            number(each["to"]),
            f"{each['n']:,}",
            f"{each['cold']}",
        ]
        for each in shown.iter_rows(named=True)
    ]
    columns = ["environment", "first [s]", "last [s]", "invocations", "cold"]
    return Figure("environments", "Execution environments", words, draw, Table(columns, rows))


_SINCE = "since the first invocation [s]"
