"""Figures of the models, for the runs that measured what these need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sebs.analysis.report.figure import (
    Figure,
    Table,
    axis,
    chart,
    data,
    kinds,
    number,
)

if TYPE_CHECKING:
    from sebs.analysis.overhead import Delivery, Line
    from sebs.results.results import Results

#: Points of a figure.
_POINTS = 1500


def overhead(results: Results) -> Figure | None:
    """Return how long payloads took to reach their function, and the lines through them.

    Raises:
        InvalidSampleError: The run measured arrivals, but no line can be fitted to them.
    """
    from sebs.analysis.invocation_overhead import conclude_overhead, lines_of
    from sebs.analysis.overhead import MEGABYTE

    if "received" not in results.manifest.columns:
        return None
    what = "package" if results.manifest.parameters.get("type") == "code" else "payload"
    parts = lines_of(results)
    deliveries = [each for of in parts for each in of.part.sample]
    fitted = [(of, start, line) for of in parts for start, line in of.known.items()]
    starts = {start for _, start, _ in fitted}
    step = -(-len(deliveries) // _POINTS)
    points = [_delivered(each, MEGABYTE) for each in deliveries[::step]]
    ends = [
        {
            "kind": kind,
            "of": of.part.name,
            "mb": mb,
            "ms": 1000 * (line.intercept_s + (line.slope_s_per_mb or 0) * mb),
        }
        for of, kind, line in fitted
        for mb in (0.0, max(each.payload for each in of.part.sample) / MEGABYTE)
    ]

    def draw(width: int) -> dict[str, Any]:
        place = {"x": axis("mb", f"{what} [MB]"), "y": axis("ms", "time until received [ms]")}
        name = {"field": "of", "type": "nominal"}
        names = {
            "data": data(ends[1::2]),
            "mark": {"type": "text", "align": "right", "dy": -8},
            "encoding": {"text": name},
        }
        return chart(
            width,
            280,
            encoding=place,
            layer=[
                {
                    "data": data(points),
                    "mark": {"type": "point", "filled": True, "size": 36, "opacity": 1},
                    "encoding": kinds(starts, "color", "shape"),
                },
                {
                    "data": data(ends),
                    "mark": {"type": "line", "strokeWidth": 2},
                    "encoding": {**kinds(starts, "color"), "detail": name},
                },
                *([names] if len(parts) > 1 else []),
            ],
        )

    words = [
        f"How long invocations took to reach their function, by the size of the {what}.",
        *conclude_overhead(results).words,
        *(sentence for each in parts for sentence in _nothing_shown(each.known)),
    ]
    rows = [
        [
            *([of.part.name] if len(parts) > 1 else []),
            kind,
            f"{line.n:,}",
            number(line.intercept_s * 1000),
            _interval(line.intercept_low_s, line.intercept_high_s),
            None if line.slope_s_per_mb is None else number(line.slope_s_per_mb * 1000),
            _interval(line.slope_low_s_per_mb, line.slope_high_s_per_mb),
            None if line.r2 is None else f"{line.r2:.4f}",
        ]
        for of, kind, line in fitted
    ]
    interval = "95 % interval"
    which = ["invocations"] if len(parts) > 1 else []
    columns = [*which, "start", "n", "intercept [ms]", interval, "slope [ms/MB]", interval, "R²"]
    table = Table(columns, rows)
    return Figure("overhead", "Invocation overhead", " ".join(words), draw, table)


def _delivered(each: Delivery, megabyte: int) -> dict[str, Any]:
    kind = "cold" if each.is_cold else "warm"
    return {"kind": kind, "mb": each.payload / megabyte, "ms": each.latency * 1000}


def _nothing_shown(fitted: Mapping[str, Line]) -> list[str]:
    """Name the lines whose intercept may be nothing, or lies below it by chance."""
    return [
        f"The intercept of {kind} ones is not shown to differ from 0."
        for kind, line in fitted.items()
        if line.intercept_low_s is not None
        and line.intercept_high_s is not None
        and line.intercept_low_s <= 0 <= line.intercept_high_s
    ]


def _interval(low_s: float | None, high_s: float | None) -> str | None:
    if low_s is None or high_s is None:
        return None
    return f"{number(low_s * 1000)} to {number(high_s * 1000)}"
