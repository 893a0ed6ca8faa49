"""Many groups of invocations in one figure: a row for each level, so that levels are compared.

What differs beside the level, and how invocations began, has a panel of its own. Panels stand
beside each other where there is room, and one beneath the other on a phone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sebs.analysis.report.figure import INK, Spec, data, evenly
from sebs.analysis.report.invocations import Series

#: So many series, or groups of them, are read in panels of their own; more only in rows.
FEW = 4

#: So many panels, and rows of one, are drawn.
_PANELS, _ROWS = 12, 30

#: Pixels: of a row, between panels, beside one for its numbers, of a letter.
_STEP, _SPACE, _NUMBERS, _LETTER = 20, 28, 80, 7

#: Pixels of a figure from which on two panels stand beside each other.
_ROOM = 600

#: What stands for a level that has no value.
_NONE = "-"


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Invocations that differ in their level alone.

    Attributes:
        title: What they are called together.
        kind: How they began.
        rows: The series of each level, in the order in which they are shown.
    """

    title: str
    kind: str
    rows: Sequence[Series]

    @property
    def levels(self) -> list[str]:
        """What its rows are called."""
        return [level_of(series) for series in self.rows]


def level_of(series: Series) -> str:
    """Return what the row of a series is called."""
    return series.level or _NONE


def panels_of(found: Sequence[Series]) -> tuple[list[Panel], str]:
    """Return the panels that are drawn of some series, and what is to be said of them.

    Args:
        found: Of :func:`sebs.analysis.report.invocations.series_of`.
    """
    families: dict[tuple[str, str], list[Series]] = {}
    for series in found:
        families.setdefault((series.others, series.kind), []).append(series)
    panels = [
        Panel(rows[0].family, kind, evenly(rows, _ROWS))
        for (_, kind), rows in list(families.items())[:_PANELS]
    ]
    words = ""
    if len({panel.kind for panel in panels}) < len(panels):
        words += " Panels whose invocations began the same way share an axis."
    if (drawn := sum(len(panel.rows) for panel in panels)) < len(found):
        words += f" {drawn} of {len(found)} rows are drawn; the table has all."
    return panels, words


def grid(panels: Sequence[Panel], width: int, layers: Callable[[Panel, Spec], list[Spec]]) -> Spec:
    """Return panels side by side, as far as there is room.

    Args:
        panels: At least one.
        width: Of the whole, pixels.
        layers: What one of them shows, given the encoding of its rows.
    """
    columns = 2 if width >= _ROOM and len(panels) > 1 else 1
    each = (width - (columns - 1) * _SPACE) // columns
    names = max(len(level) for panel in panels for level in panel.levels) * _LETTER + 10
    room = min(names, each // 2)
    title = {"color": INK, "fontSize": 13, "anchor": "start"}
    return {
        "concat": [
            {
                "title": {"text": panel.title, **title},
                "width": each - room - _NUMBERS,
                "height": {"step": _STEP},
                "layer": layers(panel, _rows(panel, room)),
            }
            for panel in panels
        ],
        "columns": columns,
        "spacing": _SPACE,
    }


def _rows(panel: Panel, limit: int) -> Spec:
    look = {"title": None, "labelLimit": limit, "labelPadding": 5, "grid": True}
    look.update(ticks=False, domainOpacity=0)
    return {"field": "level", "type": "nominal", "sort": panel.levels, "axis": look}


def numbered(title: str, numbers: Sequence[Spec], rows: Spec) -> list[Spec]:
    """Return layers with a number to the right of each row.

    Args:
        title: Above them.
        numbers: With ``level`` and ``label``.
        rows: The encoding of rows.
    """
    text = {"type": "text", "align": "left"}
    beside = {"x": {"value": "width"}}
    return [
        {
            "data": data(numbers),
            "mark": {**text, "dx": 8},
            "encoding": {**beside, "y": rows, "text": {"field": "label"}},
        },
        {
            "data": data([{}]),
            "mark": {**text, "dx": 8, "dy": -10, "text": title},
            "encoding": {**beside, "y": {"value": 0}},
        },
    ]
