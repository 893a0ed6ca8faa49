"""The distributions of many groups of invocations: marks along a line for each, levels below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sebs.analysis.quantiles import quantile
from sebs.analysis.report.by_level import Panel, grid, level_of, numbered, panels_of
from sebs.analysis.report.figure import (
    INK,
    KINDS,
    Draw,
    Spec,
    axis,
    data,
    milliseconds,
    scale_of,
)

if TYPE_CHECKING:
    from sebs.analysis.report.invocations import Series

#: So many marks stand for all invocations of a row, each for as many of them as another.
_MARKS = 50

#: Of so many panels the medians are said in words.
_SAID = 6


def strips(found: Sequence[Series]) -> tuple[Draw, str]:
    """Return what draws the distributions of many series, and how that is to be read.

    Args:
        found: Of :func:`sebs.analysis.report.invocations.series_of`; at least one.
    """
    panels, rest = panels_of(found)
    marks = {panel: [_marked(series) for series in panel.rows] for panel in panels}
    scales = _scales(panels, marks)

    def layers(panel: Panel, rows: Spec) -> list[Spec]:
        x = axis("ms", "client time [ms]", scales[panel.kind])
        points = [
            {"level": level_of(series), "ms": ms}
            for series, shown in zip(panel.rows, marks[panel], strict=True)
            for ms in shown
        ]
        medians = [_median(series) for series in panel.rows]
        tick = {"type": "tick", "orient": "vertical", "size": 12, "thickness": 1.5, "opacity": 1}
        dot = {"type": "point", "filled": True, "size": 55, "opacity": 1, "color": INK}
        place = {"x": x, "y": rows}
        return [
            {
                "data": data(points),
                "mark": {**tick, "color": KINDS[panel.kind][0]},
                "encoding": place,
            },
            {"data": data(medians), "mark": dot, "encoding": place},
            *numbered("median [ms]", medians, rows),
        ]

    words = (
        "Each row has the client times of a group of invocations. A mark is one of them, or, of "
        f"more than {_MARKS}, 2\u00a0% of them: the first is then the 1st percentile, the last the "
        f"99th. The dot is the median. {_said(panels)}{rest}"
    )
    return lambda width: grid(panels, width, layers), words


def _said(panels: Sequence[Panel]) -> str:
    """Return between what the medians of each panel lie."""
    told = []
    for panel in panels[:_SAID]:
        medians = sorted((_median(series) for series in panel.rows), key=lambda row: row["ms"])
        ends = dict.fromkeys(
            f"{row['label']} ms ({row['level']})" for row in medians[:: len(medians) - 1 or 1]
        )
        told.append(f"{panel.title} {' to '.join(ends)}")
    return f"Medians: {'; '.join(told)}."


def _marked(series: Series) -> list[float]:
    """Return the times at which there are marks, ms."""
    import numpy as np

    times = series.times.to_numpy() / 1000
    if len(times) <= _MARKS:
        return [float(time) for time in times]
    return [float(time) for time in np.quantile(times, (np.arange(_MARKS) + 0.5) / _MARKS)]


def _median(series: Series) -> dict[str, Any]:
    median = float(quantile(series.times.to_numpy()).value)
    return {"level": level_of(series), "ms": median / 1000, "label": milliseconds(median)}


def _scales(panels: Sequence[Panel], marks: dict[Panel, list[list[float]]]) -> dict[str, Spec]:
    """Return an axis for each way in which invocations began: panels of the same share it."""
    shown: dict[str, list[float]] = {}
    for panel in panels:
        shown.setdefault(panel.kind, []).extend(
            end for row in marks[panel] for end in (row[0], row[-1])
        )
    return {kind: scale_of(min(of), max(of)) for kind, of in shown.items()}
