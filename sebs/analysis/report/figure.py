"""A figure: what it says in words, how it is drawn, and the table behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any, TypeVar

_T = TypeVar("_T")

#: A Vega-Lite specification.
Spec = dict[str, Any]

#: Makes the specification of a figure for a width in pixels.
Draw = Callable[[int], Spec]

#: Colours of Okabe and Ito, *Color Universal Design*, 2008, which colour-blind people can tell
#: apart; of them those that stand out on white and on black. Never the only thing that differs.
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"

#: Of what is beside the point, on white and on black.
GREY = "#808080"

#: Of lines and letters: the page's own colour, light or dark.
INK = "currentColor"

#: How an invocation began or ended, to its colour, shape and dashes.
KINDS: Mapping[str, tuple[str, str, list[int]]] = {
    "cold": (VERMILLION, "triangle-up", [6, 3]),
    "warm": (BLUE, "circle", [1, 0]),
    "unknown": (PURPLE, "square", [2, 2]),
    "failed": (INK, "cross", [1, 2]),
}


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers behind a figure, as they are shown.

    Attributes:
        columns: Titles, with units.
        rows: The cells; ``None`` where nothing is known.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str | None]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a report.

    Attributes:
        name: Of its files; unique in its section.
        title: What it is called.
        words: What it shows, for those who see it and for those who do not.
        draw: Makes the specification for a width in pixels.
        table: The numbers behind it.
    """

    name: str
    title: str
    words: str
    draw: Draw
    table: Table


def chart(width: int, height: int, **parts: Any) -> Spec:
    """Return the specification of one chart that is as wide as that, with its axes."""
    fit = {"autosize": {"type": "fit", "contains": "padding"}}
    return {"width": width, "height": height, **fit, **parts}


def data(rows: Iterable[Mapping[str, Any]]) -> Spec:
    """Return rows as the data of a chart."""
    return {"values": list(rows)}


def axis(field: str, title: str, scale: Spec | None = None, **more: Any) -> Spec:
    """Return the encoding of a number along an axis with few lines.

    Args:
        field: Of the data.
        title: With the unit.
        scale: Such as :func:`scale_of` returns; from zero on by default.
        more: Further parts of the encoding.
    """
    # Numbers that only just do not touch are read as one.
    lines: Spec = {"title": title, "labelOverlap": True, "labelSeparation": 8}
    shown: Spec = {"zero": True, "nice": True} if scale is None else scale
    if shown.get("type") == "log":
        marks = _logarithmic(*shown["domain"])
        # Vega leaves marks out where more are given than it would have chosen.
        lines |= {"values": marks, "tickCount": len(marks) + 1}
    else:
        lines["tickCount"] = 5
    return {"field": field, "type": "quantitative", "axis": lines, "scale": shown, **more}


def _logarithmic(least: float, most: float) -> list[float]:
    """Return what is labelled between two numbers: of each decade 1, 2 and 5, of many only 1."""
    low, high = floor(log10(least)), floor(log10(most))
    steps = (1, 2, 5) if high - low <= _DECADES else (1,)
    marks = (step * 10.0**decade for decade in range(low, high + 1) for step in steps)
    return [mark for mark in marks if least <= mark <= most]


#: Of so many powers of ten there is room for more labels than one.
_DECADES = 3


def scale_of(least: float, most: float, margin: float = 0.05) -> Spec:
    """Return a scale that shows all numbers between two, none of them negative.

    It is logarithmic where they spread so far that only such a one shows them all, and never begins
    below zero: no duration does.

    Args:
        least: The smallest number, at least 0.
        most: The largest one.
        margin: Which share of what is between them is left free on both sides.
    """
    if is_wide(least, most):
        return {"type": "log", "domain": [least, most], "nice": False, "padding": 6}
    free = margin * (most - least) or margin * most or 1.0
    return {"domain": [max(0.0, least - free), most + free], "zero": False, "nice": False}


def kinds(present: Iterable[str], *channels: str) -> dict[str, Spec]:
    """Return encodings that tell kinds of invocations apart: colour, and shape or dashes.

    Args:
        present: The kinds that there are.
        channels: Of ``color``, ``shape``, ``strokeDash``.
    """
    known = set(present)
    domain = [kind for kind in KINDS if kind in known]
    place = {"color": 0, "shape": 1, "strokeDash": 2}
    ranges = {channel: [KINDS[kind][place[channel]] for kind in domain] for channel in channels}
    return {
        channel: {
            "field": "kind",
            "type": "nominal",
            "scale": {"domain": domain, "range": ranges[channel]},
            "legend": {"title": None, "orient": "top"},
        }
        for channel in channels
    }


def panels(field: str, order: Sequence[str]) -> Spec:
    """Return what sets panels one beneath the other, each with its title."""
    header = {
        "labelColor": INK,
        "labelAngle": 0,
        "labelAlign": "left",
        "labelOrient": "top",
        "labelAnchor": "start",
        "labelFontSize": 13,
    }
    return {"field": field, "sort": list(order), "title": None, "header": header}


def evenly(ordered: Sequence[_T], most: int) -> list[_T]:
    """Return at most so many of some things, evenly, the first and the last one included."""
    if len(ordered) <= most:
        return list(ordered)
    return [ordered[round(at * (len(ordered) - 1) / (most - 1))] for at in range(most)]


def is_wide(least: float, most: float) -> bool:
    """Whether numbers spread so far that only a logarithmic axis shows all of them."""
    return least > 0 and most / least > _WIDE


_WIDE = 15


def number(value: float | None) -> str | None:
    """Return a number with three digits that mean something."""
    if value is None:
        return None
    size = abs(value)
    for least, decimals in ((100, 0), (10, 1), (1, 2), (0.1, 3)):
        if size >= least:
            return f"{value:,.{decimals}f}"
    return f"{value:.3g}"


def percent(share: float) -> str:
    """Return a share with three digits at most; half of a percent is not rounded away."""
    return f"{100 * share:.3g}%"


def milliseconds(microseconds: float | None) -> str | None:
    """Return a duration as it is shown, without its unit."""
    return None if microseconds is None else number(microseconds / 1000)
