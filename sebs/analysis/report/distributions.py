"""The figure of how times are distributed: curves of few groups, rows of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sebs.analysis.quantiles import Quantile, quantile
from sebs.analysis.report import figure
from sebs.analysis.report.by_level import FEW
from sebs.analysis.report.figure import Draw, Figure, Spec, Table, milliseconds
from sebs.analysis.report.invocations import Series, cells, headed, series_of
from sebs.analysis.report.strips import strips

if TYPE_CHECKING:
    import polars as pl

#: Points of a curve: more than a screen has pixels tell nothing.
_POINTS = 400

_SHOWN = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)

#: So many medians are said in words.
_SAID = 6


def distribution(frame: pl.DataFrame) -> Figure | None:
    """Return how the client times of invocations are distributed; what differs apart."""
    found = series_of(frame)
    if not found:
        return None
    groups = list(dict.fromkeys(series.group for series in found))
    draw, words = _curves(found, groups) if len(groups) <= FEW else strips(found)
    quantiles = (f"{q:.0%} [ms]" for q in _SHOWN)
    columns = headed(found, "n", "least [ms]", *quantiles, "most [ms]")
    rows = [[*cells(found, series.group, series.kind), *_row(series.times)] for series in found]
    return Figure("distribution", "Distribution of client times", words, draw, Table(columns, rows))


def _curves(found: Sequence[Series], groups: list[str]) -> tuple[Draw, str]:
    """Return what draws the share of invocations that were answered within a time, and words."""
    points = [
        {"group": series.group, "kind": series.kind, "ms": value / 1000, "share": 100 * share}
        for series in found
        for value, share in _steps(series.times)
    ]
    least = min(float(series.times[0]) for series in found) / 1000
    most = max(float(series.times[-1]) for series in found) / 1000
    curves = {
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2.5},
        "encoding": {
            "x": figure.axis("ms", "client time [ms]", figure.scale_of(least, most)),
            "y": figure.axis("share", "invocations [%]", {"domain": [0, 100]}),
            "order": {"field": "share"},
            **figure.kinds((series.kind for series in found), "color", "strokeDash"),
        },
    }

    def draw(width: int) -> Spec:
        if len(groups) == 1:
            return figure.chart(width, 300, data=figure.data(points), **curves)
        return {
            "data": figure.data(points),
            "facet": {"row": figure.panels("group", groups)},
            "spacing": 10,
            "spec": {"width": width - 70, "height": 110, **curves},
        }

    return draw, f"The share of invocations that were answered within a time. {_said(found)}"


def _said(found: Sequence[Series]) -> str:
    if len(found) > _SAID:
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


def interval(found: Quantile) -> str:
    """Return the interval of a median of times in words, with what it really covers."""
    if found.low is None or found.high is None or found.coverage is None:
        return f"too few for an interval at {found.confidence:.0%}: n = {found.n}"
    ends = f"{milliseconds(found.low)} to {milliseconds(found.high)} ms"
    return f"{found.confidence:.0%} interval {ends}, coverage {found.coverage:.1%}"
