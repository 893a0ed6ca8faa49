"""Figures of how times are distributed, and of what they consist."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sebs.analysis.quantiles import Quantile, quantile
from sebs.analysis.report import figure
from sebs.analysis.report.figure import BLUE, Figure, Table, milliseconds
from sebs.analysis.report.invocations import Series, cells, headed, series_of

if TYPE_CHECKING:
    import polars as pl

#: Points of a curve: more than a screen has pixels tell nothing.
_POINTS = 400

_SHOWN = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)

#: So many panels of a figure are drawn, and so many medians are said in words.
PANELS, SAID = 12, 6


def distribution(frame: pl.DataFrame) -> Figure | None:
    """Return the share of invocations that were answered within a time; what differs apart."""
    found = series_of(frame)
    if not found:
        return None
    panels = list(dict.fromkeys(series.group for series in found))
    drawn = [series for series in found if series.group in panels[:PANELS]]
    points = [
        {"group": series.group, "kind": series.kind, "ms": value / 1000, "share": 100 * share}
        for series in drawn
        for value, share in _steps(series.times)
    ]
    least = min(float(series.times[0]) for series in drawn) / 1000
    most = max(float(series.times[-1]) for series in drawn) / 1000
    curves = {
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2.5},
        "encoding": {
            "x": figure.axis("ms", "client time [ms]", figure.scale_of(least, most)),
            "y": figure.axis("share", "invocations [%]", {"domain": [0, 100]}),
            "order": {"field": "share"},
            **figure.kinds((series.kind for series in drawn), "color", "strokeDash"),
        },
    }

    def draw(width: int) -> dict[str, Any]:
        if len(panels) == 1:
            return figure.chart(width, 300, data=figure.data(points), **curves)
        spec = {"width": width - 70, "height": 110, **curves}
        return {
            "data": figure.data(points),
            "facet": {"row": _panels("group", panels[:PANELS])},
            "spacing": 10,
            "spec": spec,
        }

    words = f"The share of invocations that were answered within a time. {_said(found)}"
    if len(panels) > PANELS:
        words += f" The first {PANELS} of {len(panels)} are drawn; the table has all."
    quantiles = (f"{q:.0%} [ms]" for q in _SHOWN)
    columns = headed(found, "n", "least [ms]", *quantiles, "most [ms]")
    rows = [[*cells(found, series.group, series.kind), *_row(series.times)] for series in found]
    return Figure("distribution", "Distribution of client times", words, draw, Table(columns, rows))


def _panels(field: str, order: list[str]) -> dict[str, Any]:
    """Return what sets panels one beneath the other, each with its title."""
    header = {
        "labelColor": "currentColor",
        "labelAngle": 0,
        "labelAlign": "left",
        "labelOrient": "top",
        "labelAnchor": "start",
        "labelFontSize": 13,
    }
    return {"field": field, "sort": order, "title": None, "header": header}


def _said(found: list[Series]) -> str:
    if len(found) > SAID:
        return "What differs in what was asked for, or in how it began, is drawn apart."
    return " ".join(
        f"Half of the {each.kind} ones{each.group and f' ({each.group})'} within "
        f"{_median(each.times)} ms."
        for each in found
    )


def _steps(ordered: pl.Series) -> list[tuple[float, float]]:
    """Return points of the empirical distribution function, the first and the last included."""
    import numpy as np

    n = len(ordered)
    places = np.unique(np.linspace(0, n - 1, min(n, _POINTS)).round().astype(int))
    chosen = [(float(ordered[int(place)]), (int(place) + 1) / n) for place in places]
    return [(chosen[0][0], 0.0), *chosen]


def _median(ordered: pl.Series) -> str | None:
    return milliseconds(float(quantile(ordered.to_numpy()).value))


def _row(ordered: pl.Series) -> list[str | None]:
    found = [ordered.quantile(q, "linear") for q in _SHOWN]
    ends = float(ordered[0]), float(ordered[-1])
    return [f"{len(ordered):,}", *map(milliseconds, (ends[0], *found, ends[1]))]


#: Shares of the invocations between which phases are averaged: medians of phases would not add up.
_MIDDLE = (0.4, 0.6)

#: The phases, in order; what is left of the time until the first byte is the platform's.
_CONNECTING, _ENVIRONMENT, _BETWEEN, _HANDLER, _RECEIVING = (
    "connecting",
    "starting the environment",
    "platform and network",
    "function",
    "receiving",
)
_ORDER = (_CONNECTING, _ENVIRONMENT, _BETWEEN, _HANDLER, _RECEIVING)

#: Where there is little room names have two lines.
_LINES = {
    _ENVIRONMENT: ["starting the", "environment"],
    _BETWEEN: ["platform and", "network"],
}


def waterfall(frame: pl.DataFrame) -> Figure | None:
    """Return what an invocation consists of, one phase after the other."""
    found = [(series, span) for series in series_of(frame) for span in _phases(frame, series)]
    if not found:
        return None
    known = list(dict.fromkeys(series.name for series, _ in found))
    present = known[:PANELS]
    phases = [{"panel": series.name, **span} for series, span in found if series.name in present]
    # As they follow one another, whichever the first panel has.
    order = [phase for phase in _ORDER if any(each["phase"] == phase for each in phases)]

    def draw(width: int) -> dict[str, Any]:
        narrow = width < 500
        label: dict[str, Any] = {"title": None, "labelLimit": 200}
        if narrow:
            label["labelExpr"] = f"{json.dumps(_LINES)}[datum.label] || datum.label"
        x = figure.axis("from", "time [ms]", axis={"title": "time [ms]", "tickCount": 5})
        return {
            "data": figure.data(phases),
            "facet": {"row": _panels("panel", present)},
            "spacing": 10,
            "resolve": {"scale": {"x": "independent"}},
            "spec": {
                "width": width - (160 if narrow else 240),
                "height": {"step": 32 if narrow else 26},
                "layer": [
                    {
                        "mark": {"type": "bar", "color": BLUE, "minBandSize": 2},
                        "encoding": {
                            "y": {
                                "field": "phase",
                                "type": "nominal",
                                "sort": order,
                                "axis": label,
                            },
                            "x": x,
                            "x2": {"field": "to"},
                        },
                    },
                    {
                        "mark": {"type": "text", "align": "left", "dx": 4},
                        "encoding": {
                            "y": {"field": "phase", "type": "nominal", "sort": order},
                            "x": {"field": "to", "type": "quantitative"},
                            "text": {"field": "label"},
                        },
                    },
                ],
            },
        }

    words = (
        "What an invocation in the middle consists of, one phase after the other: the averages of "
        "the fifth of the invocations whose client times are around the median."
    )
    if len(known) > PANELS:
        words += f" The first {PANELS} of {len(known)} are drawn; the table has all."
    every = [series for series, _ in found]
    rows = [
        [*cells(every, series.group, series.kind), span["phase"], span["label"]]
        for series, span in found
    ]
    table = Table(headed(every, "phase", "average [ms]"), rows)
    return Figure("phases", "Phases of an invocation", words, draw, table)


def _phases(frame: pl.DataFrame, series: Series) -> list[dict[str, Any]]:
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
    connecting, started = pl.col("http_startup").fill_null(0), pl.col("initialization").fill_null(0)
    first = pl.col("http_first_byte_return")
    rest = first - connecting - started - pl.col("benchmark_time")
    low, high = (pl.col("client").quantile(q, "nearest") for q in _MIDDLE)
    middle = whole.filter(pl.col("client").is_between(low, high))
    means = middle.select(
        connecting.mean().alias(_CONNECTING),
        started.mean().alias(_ENVIRONMENT),
        # Clocks of two processes: what is in between may come out below nothing by microseconds.
        rest.clip(0).mean().alias(_BETWEEN),
        pl.col("benchmark_time").mean().alias(_HANDLER),
        (pl.col("client") - first).mean().alias(_RECEIVING),
    ).row(0, named=True)
    at = 0.0
    found: list[dict[str, Any]] = []
    for phase, microseconds in means.items():
        if phase == _ENVIRONMENT and not microseconds:
            continue
        end = at + microseconds / 1000
        label = milliseconds(microseconds)
        found.append({"phase": phase, "from": at, "to": end, "label": label})
        at = end
    return found


def interval(found: Quantile) -> str:
    """Return the interval of a median of times in words, with what it really covers."""
    if found.low is None or found.high is None or found.coverage is None:
        return f"too few for an interval at {found.confidence:.0%}: n = {found.n}"
    ends = f"{milliseconds(found.low)} to {milliseconds(found.high)} ms"
    return f"{found.confidence:.0%} interval {ends}, coverage {found.coverage:.1%}"
