"""The figure of what invocations consist of: step by step for few of them, in a row for many."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sebs.analysis.report import figure
from sebs.analysis.report.by_level import FEW, Panel, grid, level_of, numbered, panels_of
from sebs.analysis.report.figure import (
    BLUE,
    GREEN,
    GREY,
    INK,
    PURPLE,
    VERMILLION,
    Draw,
    Figure,
    Spec,
    Table,
    milliseconds,
)
from sebs.analysis.report.invocations import Series, cells, headed, series_of

if TYPE_CHECKING:
    import polars as pl

#: Shares of the invocations between which phases are averaged: medians of phases would not add up.
_MIDDLE = (0.4, 0.6)

#: The phases, in order; what is left of the time until the first byte is the platform's.
_LATE, _CONNECTING, _ENVIRONMENT, _BETWEEN, _HANDLER, _RECEIVING = (
    "sent late",
    "connecting",
    "starting the environment",
    "platform and network",
    "function",
    "receiving",
)
_ORDER = (_LATE, _CONNECTING, _ENVIRONMENT, _BETWEEN, _HANDLER, _RECEIVING)

#: What many invocations have nothing of.
_SOMETIMES = (_LATE, _CONNECTING, _ENVIRONMENT)

#: Where there is little room names have two lines.
_LINES = {
    _ENVIRONMENT: ["starting the", "environment"],
    _BETWEEN: ["platform and", "network"],
}

#: Colour and pixels of a bar: thick where work is done, so that not only its colour tells it.
_LOOKS: Mapping[str, tuple[str, int]] = {
    _LATE: (GREY, 6),
    _CONNECTING: (GREEN, 6),
    _ENVIRONMENT: (VERMILLION, 14),
    _BETWEEN: (INK, 4),
    _HANDLER: (BLUE, 14),
    _RECEIVING: (PURPLE, 6),
}

#: Pixels of a figure below which its letters need two lines.
_ROOM = 500

#: A series and its phases; see :func:`_spans_of`.
_Told = tuple[Series, list[dict[str, Any]]]


def phases(frame: pl.DataFrame) -> Figure | None:
    """Return what an invocation consists of, one phase after the other."""
    every = ((series, _spans_of(frame, series)) for series in series_of(frame))
    found = [(series, spans) for series, spans in every if spans]
    if not found:
        return None
    draw, how = (_steps(found), "") if len(found) <= FEW else _bars(found)
    words = (
        "What an invocation in the middle consists of, one phase after the other: the averages of "
        f"the fifth of the invocations whose client times are around the median.{how}"
    )
    named = [series for series, _ in found]
    rows = [
        [*cells(named, series.group, series.kind), span["phase"], span["label"]]
        for series, spans in found
        for span in spans
    ]
    table = Table(headed(named, "phase", "average [ms]"), rows)
    return Figure("phases", "Phases of an invocation", words, draw, table)


def _present(found: Sequence[_Told]) -> list[str]:
    """Return the phases that there are, as they follow one another."""
    there = {span["phase"] for _, spans in found for span in spans}
    return [phase for phase in _ORDER if phase in there]


def _steps(found: Sequence[_Told]) -> Draw:
    """Return what draws a panel for each series, and in it a row for each phase."""
    spans = [{"panel": series.name, **span} for series, spans in found for span in spans]
    order = _present(found)

    def draw(width: int) -> Spec:
        narrow = width < _ROOM
        label: dict[str, Any] = {"title": None, "labelLimit": 200}
        if narrow:
            label["labelExpr"] = f"{json.dumps(_LINES)}[datum.label] || datum.label"
        x = figure.axis("from", "time [ms]")
        y = {"field": "phase", "type": "nominal", "sort": order}
        return {
            "data": figure.data(spans),
            "facet": {"row": figure.panels("panel", [series.name for series, _ in found])},
            "spacing": 10,
            "resolve": {"scale": {"x": "independent"}},
            "spec": {
                "width": width - (160 if narrow else 240),
                "height": {"step": 32 if narrow else 26},
                "layer": [
                    {
                        "mark": {"type": "bar", "color": BLUE, "minBandSize": 2},
                        "encoding": {"y": {**y, "axis": label}, "x": x, "x2": {"field": "to"}},
                    },
                    {
                        "mark": {"type": "text", "align": "left", "dx": 4},
                        "encoding": {
                            "y": y,
                            "x": {"field": "to", "type": "quantitative"},
                            "text": {"field": "label"},
                        },
                    },
                ],
            },
        }

    return draw


def _bars(found: Sequence[_Told]) -> tuple[Draw, str]:
    """Return what draws a row for each series, and in it the phases one after the other."""
    spans = dict(found)
    panels, rest = panels_of(list(spans))
    ends: dict[str, float] = {}
    for series, of in found:
        ends[series.kind] = max(ends.get(series.kind, 0.0), of[-1]["to"])
    order = _present(found)
    colours = {"domain": order, "range": [_LOOKS[phase][0] for phase in order]}

    def draw(width: int) -> Spec:
        legend = {"title": None, "orient": "top", "columns": 1 if width < _ROOM else 0}
        colour = {"field": "phase", "type": "nominal", "scale": colours, "legend": legend}

        def layers(panel: Panel, rows: Spec) -> list[Spec]:
            scale = {"domain": [0, ends[panel.kind] or 1], "nice": False}
            x = figure.axis("from", "time [ms]", scale)
            place = {"x": x, "x2": {"field": "to"}, "y": rows, "color": colour}
            drawn = [{"level": level_of(row), **span} for row in panel.rows for span in spans[row]]
            bars = [
                {
                    "data": figure.data(span for span in drawn if span["phase"] == phase),
                    "mark": {"type": "bar", "size": _LOOKS[phase][1]},
                    "encoding": place,
                }
                for phase in order
            ]
            return [
                *bars,
                *numbered("total [ms]", [_total(row, spans[row]) for row in panel.rows], rows),
            ]

        return grid(panels, width, layers)

    words = (
        " Thick where an environment is started and where the function works, thin in between; the "
        f"number beside a row is all of it.{rest}"
    )
    return draw, words


def _total(series: Series, spans: Sequence[Mapping[str, Any]]) -> Spec:
    return {"level": level_of(series), "label": milliseconds(1000 * spans[-1]["to"])}


def _spans_of(frame: pl.DataFrame, series: Series) -> list[dict[str, Any]]:
    import polars as pl

    whole = frame.filter(
        pl.col("kind") == series.kind,
        pl.col("group") == series.group,
        pl.all_horizontal(
            pl.col("client", "http_first_byte_return", "benchmark_time").is_not_null()
        ),
    )
    if whole.is_empty():
        return []
    reused = ~pl.col("fresh_connection").fill_null(True)
    connecting = pl.when(reused).then(0).otherwise(pl.col("http_startup").fill_null(0))
    started = pl.col("initialization").fill_null(0)
    first = pl.col("http_first_byte_return")
    rest = first - connecting - started - pl.col("benchmark_time")
    low, high = (pl.col("client").quantile(q, "nearest") for q in _MIDDLE)
    middle = whole.filter(pl.col("client").is_between(low, high))
    means = middle.select(
        pl.col("late").mean().alias(_LATE),
        connecting.mean().alias(_CONNECTING),
        started.mean().alias(_ENVIRONMENT),
        # Clocks of two processes: what is in between may come out below nothing by microseconds.
        rest.clip(0).mean().alias(_BETWEEN),
        pl.col("benchmark_time").mean().alias(_HANDLER),
        (pl.col("client") - pl.col("late") - first).mean().alias(_RECEIVING),
    ).row(0, named=True)
    at = 0.0
    found: list[dict[str, Any]] = []
    for phase, microseconds in means.items():
        if phase in _SOMETIMES and not microseconds:
            continue
        end = at + microseconds / 1000
        label = milliseconds(microseconds)
        found.append({"phase": phase, "from": at, "to": end, "label": label})
        at = end
    return found
