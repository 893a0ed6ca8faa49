"""The figure of which memory sizes are worth their price, by payload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sebs.analysis.report.figure import GREEN, INK, Figure, Table, axis, data, scale_of
from sebs.analysis.report.naming import nameless, names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sebs.analysis.tuning import Estimate, Size, Tuning
    from sebs.results.results import Results

#: Room around the points, for the names of the sizes.
_MARGIN = 0.1

#: Pixels of a panel.
_HEIGHT = 260


def is_tuned(results: Results) -> bool:
    """Whether a run is of memory-tuning, and has the figure of :func:`tuning`."""
    asked = results.manifest.parameters
    return "payload" in results.manifest.columns and bool(asked.get("objective"))


def tuning(results: Results) -> Figure | None:
    """Return time against cost of each size, and the front; against memory without prices.

    Raises:
        InvalidSampleError: The run is of memory-tuning, but no warm invocation succeeded.
    """
    from sebs.analysis.tuning import tunings_of
    from sebs.analysis.tuning_told import COLUMNS, recommendation, rows_of

    if not is_tuned(results):
        return None
    found = tunings_of(results)
    drawn = [each for each in found if each.front]
    asked = results.manifest.parameters

    def draw(width: int) -> dict[str, Any]:
        return {"vconcat": [_chart(each, width, len(found) > 1) for each in drawn]}

    told = (
        sentence
        for each in found
        for sentence in recommendation(each, asked["objective"], asked["weight"])
    )
    each_at = ", ".join(dict.fromkeys(f"{each.confidence:.1%}" for each in found))
    words = (
        f"{' '.join(told)} The figure has the median client time of warm invocations against what "
        "is paid, with the intervals of both. These hold for all sizes together (Bonferroni: "
        f"{each_at} each), so they are wider than that of one size alone. The line joins the sizes "
        "that are worth their price (filled): each is shown to be faster than the cheaper ones."
        f"{nameless(max((each.compared() for each in drawn), key=len, default=()))}"
    )
    rows = [row for each in found for row in rows_of(each)]
    return Figure("tuning", "Which memory size to take", words, draw, Table(COLUMNS, rows))


def _chart(found: Tuning, width: int, named: bool) -> dict[str, Any]:
    points = [_point(found, size, size.time) for size in found.compared() if size.time is not None]
    front = [point for point in points if point["front"]]
    others = [point for point in points if not point["front"]]
    paid = "USD a million" if found.priced else "memory [MB]"
    lows, highs = ([point[end] for point in points] for end in ("low", "high"))
    across_lows, across_highs = (
        [point[end] for point in points] for end in ("paid_low", "paid_high")
    )
    x = axis("paid", paid, scale_of(min(across_lows), max(across_highs), _MARGIN))
    y = axis("ms", "median client time [ms]", scale_of(min(lows), max(highs), _MARGIN))
    mark = {"type": "point", "filled": True, "size": 90, "opacity": 1}
    at = {"x": x, "y": y}
    upright = {**at, "y": {**y, "field": "low"}, "y2": {"field": "high"}}
    across = {**at, "x": {**x, "field": "paid_low"}, "x2": {"field": "paid_high"}}
    rule = {"type": "rule", "strokeWidth": 2, "color": INK, "opacity": 0.5}
    title = {"text": found.payload, "color": INK, "fontSize": 13, "anchor": "start"}
    return {
        "width": width - 70,
        "height": _HEIGHT,
        **({"title": title} if named else {}),
        "layer": [
            {"data": data(points), "mark": rule, "encoding": upright},
            {"data": data(points), "mark": rule, "encoding": across},
            {
                "data": data(sorted(front, key=lambda point: point["paid"])),
                "mark": {"type": "line", "color": GREEN, "strokeDash": [6, 3]},
                "encoding": at,
            },
            {
                "data": data(others),
                "mark": {**mark, "filled": False, "color": INK},
                "encoding": at,
            },
            {"data": data(front), "mark": {**mark, "color": GREEN}, "encoding": at},
            *names(points, "front", x, y, width - 70, _HEIGHT),
        ],
    }


def _point(found: Tuning, size: Size, time: Estimate) -> dict[str, Any]:
    paid = size.expense
    low, high = _ends(time)
    paid_low, paid_high = _ends(paid)
    return {
        "label": f"{size.memory} MB",
        "ms": time.value * 1000,
        "low": low * 1000,
        "high": high * 1000,
        "paid": paid.value,
        "paid_low": paid_low,
        "paid_high": paid_high,
        "front": size.memory in found.front,
    }


def _ends(estimate: Estimate) -> Sequence[float]:
    return [estimate.value if end is None else end for end in (estimate.low, estimate.high)]
