"""Names of points in a figure, as far as there is room for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import log
from typing import Any

from sebs.analysis.report.figure import Spec, data

#: Pixels of a letter, of a line, of a point, and from the end of an interval to a name beside it.
_LETTER, _LINE, _POINT = 7, 13, 10
_AWAY = {"high": -9, "low": 11}

#: Of so many points all names are expected to be there; of more the words say that some may lack.
_EXPECTED = 6

#: Centre and half the size of something drawn, pixels.
_Box = tuple[float, float, float, float]


def names(
    points: Sequence[Mapping[str, Any]], first: str, x: Spec, y: Spec, width: float, height: float
) -> list[Spec]:
    """Return layers that name points above or below their intervals, by turns.

    A name that would lie on another one, or on a point, goes to the other side; where there is no
    room, either, the point has none.

    Args:
        points: With ``label``, and ``low`` and ``high`` of the intervals.
        first: What points have that are named before others.
        x: Their place along the axis in which they are neighbours.
        y: That along the axis of the intervals.
        width: Of the panel, pixels.
        height: Of the panel, pixels.
    """
    at_x = _place(x["scale"], [point[x["field"]] for point in points], width)
    at_y = _place(y["scale"], [point[end] for point in points for end in _AWAY], -height)
    ordered = sorted(points, key=lambda point: point[x["field"]])
    taken: list[_Box] = [
        (at_x(point[x["field"]]), at_y(point[y["field"]]), _POINT / 2, _POINT / 2)
        for point in ordered
    ]
    sides: dict[str, list[int]] = {end: [] for end in _AWAY}
    for turn, point in sorted(enumerate(ordered), key=lambda each: not each[1][first]):
        others = [*taken[:turn], *taken[turn + 1 :]]
        half = len(point["label"]) * _LETTER / 2
        for end in sorted(_AWAY, reverse=bool(turn % 2)):
            box = (at_x(point[x["field"]]), at_y(point[end]) + _AWAY[end], half, _LINE / 2)
            if not any(_touch(box, other) for other in others):
                sides[end].append(turn)
                taken.append(box)
                break
    return [
        {
            "data": data(ordered[turn] for turn in sorted(named)),
            "mark": {"type": "text", "dy": _AWAY[end]},
            "encoding": {"x": x, "y": {**y, "field": end}, "text": {"field": "label"}},
        }
        for end, named in sides.items()
    ]


def nameless(points: Sequence[Any]) -> str:
    """Say that some of many points may have no name; nothing of few."""
    return " The table names what there was no room to name." if len(points) > _EXPECTED else ""


def _place(scale: Spec, values: Sequence[float], pixels: float) -> Callable[[float], float]:
    """Return where a scale of :func:`sebs.analysis.report.figure.scale_of` draws a number."""
    measure: Callable[[float], float] = log if scale.get("type") == "log" else float
    least, most = map(measure, scale.get("domain", (min(values), max(values))))
    return lambda value: pixels * (measure(value) - least) / ((most - least) or 1.0)


def _touch(one: _Box, other: _Box) -> bool:
    return abs(one[0] - other[0]) < one[2] + other[2] and abs(one[1] - other[1]) < one[3] + other[3]
