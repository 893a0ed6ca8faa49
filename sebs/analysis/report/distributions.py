"""Figures of how times are distributed, and of what they consist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sebs.analysis.quantiles import Quantile, quantile
from sebs.analysis.report.figure import (
    BLUE,
    Figure,
    Table,
    axis,
    chart,
    data,
    is_wide,
    kinds,
    milliseconds,
    number,
)
from sebs.analysis.report.invocations import measured_kinds, times

if TYPE_CHECKING:
    import polars as pl

#: Points of a curve: more than a screen has pixels tell nothing.
_POINTS = 400

_SHOWN = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def distribution(frame: pl.DataFrame) -> Figure | None:
    """Return the share of invocations that were answered within a time, cold and warm apart."""
    present = measured_kinds(frame)
    if not present:
        return None
    samples = {kind: times(frame, kind) for kind in present}
    points = [
        {"kind": kind, "ms": value / 1000, "share": 100 * share}
        for kind, ordered in samples.items()
        for value, share in _steps(ordered)
    ]
    least = min(float(ordered[0]) for ordered in samples.values())
    most = max(float(ordered[-1]) for ordered in samples.values())

    def draw(width: int) -> dict[str, Any]:
        return chart(
            width,
            300,
            data=data(points),
            mark={"type": "line", "interpolate": "step-after", "strokeWidth": 2.5},
            encoding={
                "x": axis("ms", "client time [ms]", log=is_wide(least, most)),
                "y": axis("share", "invocations [%]"),
                "order": {"field": "share"},
                **kinds(present, "color", "strokeDash"),
            },
        )

    said = [f"Half of the {kind} ones within {_median(samples[kind])} ms." for kind in present]
    words = "The share of invocations that were answered within a time. " + " ".join(said)
    rows = [_row(kind, samples[kind]) for kind in present]
    columns = ["start", "n", "least [ms]", *(f"{q:.0%} [ms]" for q in _SHOWN), "most [ms]"]
    return Figure("distribution", "Distribution of client times", words, draw, Table(columns, rows))


def _steps(ordered: pl.Series) -> list[tuple[float, float]]:
    """Return points of the empirical distribution function, the first and the last included."""
    import numpy as np

    n = len(ordered)
    places = np.unique(np.linspace(0, n - 1, min(n, _POINTS)).round().astype(int))
    chosen = [(float(ordered[int(place)]), (int(place) + 1) / n) for place in places]
    return [(chosen[0][0], 0.0), *chosen]


def _median(ordered: pl.Series) -> str | None:
    return milliseconds(float(quantile(ordered.to_numpy()).value))


def _row(kind: str, ordered: pl.Series) -> list[str | None]:
    found = [ordered.quantile(q, "linear") for q in _SHOWN]
    ends = float(ordered[0]), float(ordered[-1])
    return [kind, f"{len(ordered):,}", *map(milliseconds, (ends[0], *found, ends[1]))]


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


def waterfall(frame: pl.DataFrame) -> Figure | None:
    """Return what an invocation consists of, one phase after the other."""
    phases = [
        {"kind": kind, "phase": phase, **span}
        for kind in measured_kinds(frame)
        for phase, span in _phases(frame, kind)
    ]
    if not phases:
        return None
    present = list(dict.fromkeys(each["kind"] for each in phases))
    order = list(dict.fromkeys(each["phase"] for each in phases))

    def draw(width: int) -> dict[str, Any]:
        narrow = width < 500
        label = {"title": None, "labelLimit": 110 if narrow else 200}
        x = axis("from", "time [ms]", axis={"title": "time [ms]", "tickCount": 5})
        return {
            "data": data(phases),
            "facet": {
                "row": {
                    "field": "kind",
                    "sort": present,
                    "title": None,
                    "header": {
                        "labelColor": "currentColor",
                        "labelAngle": 0,
                        "labelAlign": "left",
                        "labelOrient": "top",
                        "labelAnchor": "start",
                        "labelFontSize": 13,
                    },
                }
            },
            "resolve": {"scale": {"x": "independent"}},
            "spec": {
                "width": width - (150 if narrow else 210),
                "height": {"step": 26},
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
                            "x": {**x, "scale": {"zero": True}},
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
    rows = [[p["kind"], p["phase"], number(p["to"] - p["from"])] for p in phases]
    table = Table(["start", "phase", "average [ms]"], rows)
    return Figure("phases", "Phases of an invocation", words, draw, table)


def _phases(frame: pl.DataFrame, kind: str) -> list[tuple[str, dict[str, Any]]]:
    import polars as pl

    whole = frame.filter(
        (pl.col("kind") == kind)
        & pl.all_horizontal(
            pl.col("client", "http_first_byte_return", "benchmark_time").is_not_null()
        )
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
    at, found = 0.0, []
    for phase, microseconds in means.items():
        if phase == _ENVIRONMENT and not microseconds:
            continue
        end = at + microseconds / 1000
        found.append((phase, {"from": at, "to": end, "label": milliseconds(microseconds)}))
        at = end
    return found


def interval(found: Quantile) -> str:
    """Return the interval of a median of times in words, with what it really covers."""
    if found.low is None or found.high is None or found.coverage is None:
        return f"too few for an interval at {found.confidence:.0%}: n = {found.n}"
    ends = f"{milliseconds(found.low)} to {milliseconds(found.high)} ms"
    return f"{found.confidence:.0%} interval {ends}, coverage {found.coverage:.1%}"
