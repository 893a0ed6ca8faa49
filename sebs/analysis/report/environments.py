"""Figure of how a run went, environment by environment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sebs.analysis.report.courses import paused, since, stacked, within
from sebs.analysis.report.figure import (
    GREY,
    INK,
    Figure,
    Spec,
    Table,
    data,
    evenly,
    kinds,
    number,
)
from sebs.analysis.report.invocations import thinned
from sebs.analysis.report.stretches import stretches

if TYPE_CHECKING:
    import polars as pl

    from sebs.results.results import Results

#: Points of a figure, and lines of one.
_POINTS, _LINES = 1500, 40

#: What an invocation is called that is none of those asked for, and its shape.
_OTHER, _SHAPE = "not asked for", "diamond"

#: What lies above what: a cold start is what one looks for.
_ABOVE = (_OTHER, "warm", "unknown", "failed", "cold")


def environments(results: Results, frame: pl.DataFrame) -> Figure | None:
    """Return from when until when each environment served, and the invocations that it did.

    Args:
        results: Of a run; what it invoked without being asked for it started environments, too.
        frame: Its invocations, of :func:`sebs.analysis.report.invocations.invocations`.
    """
    import polars as pl

    every = _run(results, frame)
    if every.is_empty():
        return None
    lives = _lives(every)
    shown = lives[evenly(range(lives.height), _LINES)]
    served = every.join(shown.select("environment_id", "environment"), on="environment_id")
    points = _ordered(thinned(served, _POINTS)).select("kind", "at", "environment")
    lines = shown.select("environment", "from", "to")
    looks = _looks(served["kind"].unique().to_list())
    found = stretches(served["at"], served["until"])

    def draw(width: int) -> dict[str, Any]:
        inside = [
            lines.filter((pl.col("from") <= each.end) & (pl.col("to") >= each.begin)).with_columns(
                pl.col("from", "to").clip(each.begin, each.end)
            )
            for each in found
        ]
        panels = [
            _panel(lines, points.filter(within(each)), since("at", each, found), looks)
            for lines, each in zip(inside, found, strict=True)
        ]
        return stacked(panels, found, width, *(max(110, 60 + 14 * each.height) for each in inside))

    count = f" ({shown.height} of {lives.height:,})" if shown.height < lives.height else ""
    return Figure(
        "environments",
        f"Execution environments{count}",
        " ".join(_words(lives, shown.height, every)) + paused(found),
        draw,
        _table(shown),
    )


def _run(results: Results, frame: pl.DataFrame) -> pl.DataFrame:
    """Return all invocations of which one knows when and where they ran."""
    import polars as pl

    wanted = frame.select("environment_id", "at", "until", "kind", pl.lit(True).alias("wanted"))
    return (
        pl.concat([wanted, *_others(results)], how="vertical_relaxed")
        .filter(
            pl.col("at").is_not_null(),
            pl.col("until").is_not_null(),
            pl.col("environment_id") != "",
        )
        .with_columns(
            pl.when("wanted").then("kind").otherwise(pl.lit(_OTHER)).alias("kind"),
            (pl.col("kind") == "cold").alias("cold"),
        )
    )


def _others(results: Results) -> Iterator[pl.DataFrame]:
    """Yield what succeeded and was not asked for, if one knows when the others began."""
    import polars as pl

    from sebs.results.table import counted_rows

    first = results.counted().select(pl.col("begin").min()).collect().item()
    if first is None:
        return
    at, until = (
        ((pl.col(name) - first).dt.total_microseconds() / 1e6).alias(alias)
        for name, alias in (("begin", "at"), ("end", "until"))
    )
    start, wanted = pl.col("start").alias("kind"), pl.lit(False).alias("wanted")
    table = results.frame().filter(~counted_rows())
    yield table.select("environment_id", at, until, start, wanted).collect()


def _lives(every: pl.DataFrame) -> pl.DataFrame:
    """Return from when until when each environment served: from its cold start, where one knows."""
    import polars as pl

    began = pl.col("at").filter("cold").min()
    return (
        every.group_by("environment_id")
        .agg(
            pl.coalesce(began, pl.col("at").min()).alias("from"),
            pl.col("until").max().alias("to"),
            pl.len().alias("n"),
            pl.col("cold").sum(),
            (~pl.col("wanted")).sum().alias("others"),
            # Whoever is queued was sent before the environment that it came to was started.
            (pl.col("at") < began).sum().alias("waited"),
        )
        .sort("from", "environment_id")
        .with_columns((pl.int_range(pl.len()) + 1).alias("environment"))
    )


def _ordered(points: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    rank = {kind: place for place, kind in enumerate(_ABOVE)}
    return points.sort(pl.col("kind").replace_strict(rank, return_dtype=pl.Int64), "at")


def _looks(present: Sequence[str]) -> dict[str, Spec]:
    """Return encodings that tell kinds of invocations apart, those not asked for included."""
    looks = kinds(present, "color", "shape")
    if _OTHER in present:
        for channel, look in (("color", GREY), ("shape", _SHAPE)):
            scale = looks[channel]["scale"]
            scale["domain"].append(_OTHER)
            scale["range"].append(look)
    return looks


def _panel(lines: pl.DataFrame, points: pl.DataFrame, x: Spec, looks: dict[str, Spec]) -> Spec:
    place = {
        "field": "environment",
        "type": "ordinal",
        "axis": {"title": "environment", "labelOverlap": True},
    }
    life = {"y": place, "x": {**x, "field": "from"}, "x2": {"field": "to"}}
    return {
        "layer": [
            {
                "data": data(lines.to_dicts()),
                "mark": {"type": "rule", "strokeWidth": 2, "color": INK, "opacity": 0.4},
                "encoding": life,
            },
            {
                "data": data(points.to_dicts()),
                "mark": {"type": "point", "filled": True, "size": 40, "opacity": 1},
                "encoding": {"y": place, "x": x, **looks},
            },
        ]
    }


def _words(lives: pl.DataFrame, shown: int, every: pl.DataFrame) -> list[str]:
    words = [
        f"{lives.height:,} execution environments, from the first invocation that each is known to "
        "have served until the end of the last one."
    ]
    if others := int((~every["wanted"]).sum()):
        words.append(
            f"{others:,} invocations are none of those asked for: they prepared others, or were "
            "given up."
        )
    if waited := int(lives["waited"].sum()):
        words.append(
            f"{waited:,} were sent before the one that started their environment: they waited."
        )
    if shown < lives.height:
        words.append(f"{shown} of the environments are drawn, evenly by when they began.")
    return words


def _table(shown: pl.DataFrame) -> Table:
    columns = ["environment", "first [s]", "last [s]", "invocations", "cold", _OTHER]
    rows = [
        [
            f"{each['environment']}",
            number(each["from"]),
            number(each["to"]),
            f"{each['n']:,}",
            f"{each['cold']}",
            f"{each['others']}",
        ]
        for each in shown.iter_rows(named=True)
    ]
    return Table(columns, rows)
