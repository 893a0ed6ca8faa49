"""Figure of how a run went, invocation by invocation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sebs.analysis.report.figure import (
    INK,
    KINDS,
    Figure,
    Spec,
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
from sebs.analysis.report.stretches import Stretch, stretches

if TYPE_CHECKING:
    import polars as pl

#: Points of a figure.
_POINTS = 1500

#: Slices of time in the table behind the timeline.
_SLICES = 10

#: Pixels of the only panel, and of each of several ones.
_HEIGHT, _LOW = 300, 170

SINCE = "since the first invocation asked for [s]"


def timeline(frame: pl.DataFrame) -> Figure | None:
    """Return the client time of each invocation at the moment in which it began."""
    import polars as pl

    known = frame.filter(pl.col("at").is_not_null() & (pl.col("client") > 0))
    if known.is_empty():
        return None
    drawn = thinned(known, _POINTS).select("kind", "at", (pl.col("client") / 1000).alias("ms"))
    least, most = (
        float(value) for value in (drawn["ms"].to_numpy().min(), drawn["ms"].to_numpy().max())
    )
    looks = kinds(known["kind"].unique().to_list(), "color", "shape")
    # Those of several panels have the same scale.
    scale = scale_of(least, most)
    found = stretches(known["at"], known.select(pl.col("until").fill_null(pl.col("at")))["until"])

    def draw(width: int) -> dict[str, Any]:
        mark = {"type": "point", "filled": True, "size": 36, "opacity": 1}
        y = axis("ms", "client time [ms]", scale)
        panels = [
            {
                "data": data(drawn.filter(within(stretch)).to_dicts()),
                "mark": mark,
                "encoding": {"x": since("at", stretch, found), "y": y, **looks},
            }
            for stretch in found
        ]
        return stacked(panels, found, width, _HEIGHT if len(found) == 1 else _LOW)

    counts = {kind: known.filter(pl.col("kind") == kind).height for kind in KINDS}
    said = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
    words = f"Each invocation when it began, and how long it took: {said}.{paused(found)}"
    if drawn.height < known.height:
        words += f" {drawn.height:,} of {known.height:,} are drawn, evenly; rare kinds as a whole."
    return Figure("timeline", "Timeline", words, draw, _slices(known, found))


def since(field: str, stretch: Stretch, every: Sequence[Stretch]) -> Spec:
    """Return the axis of the time of one of some stretches."""
    if len(every) == 1:
        return axis(field, SINCE)
    free = 0.02 * (stretch.end - stretch.begin) or 0.5
    scale = {"domain": [stretch.begin - free, stretch.end + free], "zero": False, "nice": False}
    return axis(field, SINCE, scale)


def within(stretch: Stretch) -> pl.Expr:
    """Return what is true of what began in a stretch."""
    import polars as pl

    return pl.col("at").is_between(stretch.begin, stretch.end)


def stacked(
    panels: Sequence[Spec], found: Sequence[Stretch], width: int, *heights: int
) -> dict[str, Any]:
    """Return the panels of some stretches of time, one beneath the other; one alone without title.

    Args:
        panels: Of each stretch, without sizes.
        found: The stretches.
        width: Of the whole, pixels.
        heights: Of each panel, pixels; one where they are all the same.
    """
    each_height = heights * len(panels) if len(heights) == 1 else heights
    if len(panels) == 1:
        return chart(width, each_height[0], **panels[0])
    title = {"color": INK, "fontSize": 13, "anchor": "start"}
    return {
        "vconcat": [
            {
                **panel,
                "width": width - 70,
                "height": height,
                "title": {"text": stretch.title, **title},
            }
            for panel, stretch, height in zip(panels, found, each_height, strict=True)
        ]
    }


def paused(found: Sequence[Stretch]) -> str:
    """Say that there are several panels, and why; nothing where there is one."""
    if len(found) == 1:
        return ""
    return f" {len(found)} panels, for nothing was done for long between them."


def _slices(known: pl.DataFrame, found: Sequence[Stretch]) -> Table:
    """Return what there is in each slice of time, which begins where its first invocation does."""
    import polars as pl

    each = max(2, _SLICES // len(found))
    place = pl.lit(0)
    for at, stretch in enumerate(found):
        span = (stretch.end - stretch.begin) or 1.0
        inside = ((pl.col("at") - stretch.begin) * each / span).floor().clip(0, each - 1)
        place = pl.when(within(stretch)).then(at * each + inside).otherwise(place)
    # What failed took as long as it took to fail.
    median = pl.col("client").filter(pl.col("kind") != "failed").median()
    told = (
        known.with_columns(place.alias("slice"))
        .with_columns(pl.col("at").min().over("slice").alias("from"))
        .group_by("slice", "from", "group", "kind", maintain_order=True)
        .agg(pl.len(), median)
        .sort("slice", maintain_order=True)
    )
    differ = known["group"].n_unique() > 1
    rows = [
        [number(begin), *([group] if differ else []), kind, f"{n:,}", milliseconds(took)]
        for _, begin, group, kind, n, took in told.iter_rows()
    ]
    asked = ["invocations"] if differ else []
    return Table(["from [s]", *asked, "start", "n", "median [ms]"], rows)
