"""Figures of the models, for the runs that measured what these need."""

from __future__ import annotations

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
    from sebs.analysis.overhead import MEGABYTE, fit_overhead
    from sebs.analysis.samples import deliveries_of

    if "received" not in results.manifest.columns:
        return None
    what = "package" if results.manifest.parameters.get("type") == "code" else "payload"
    found = deliveries_of(results)
    lines = dict(zip(("cold", "warm"), fit_overhead(found), strict=True))
    fitted = {kind: line for kind, line in lines.items() if line is not None}
    step = -(-len(found) // _POINTS)
    points = [_delivered(each, MEGABYTE) for each in found[::step]]
    most = max(each.payload for each in found) / MEGABYTE
    ends = [
        {"kind": kind, "mb": mb, "ms": 1000 * (line.intercept_s + (line.slope_s_per_mb or 0) * mb)}
        for kind, line in fitted.items()
        for mb in (0.0, most)
    ]

    def draw(width: int) -> dict[str, Any]:
        place = {"x": axis("mb", f"{what} [MB]"), "y": axis("ms", "until received [ms]")}
        return chart(
            width,
            280,
            encoding=place,
            layer=[
                {
                    "data": data(points),
                    "mark": {"type": "point", "filled": True, "size": 36, "opacity": 1},
                    "encoding": kinds(fitted, "color", "shape"),
                },
                {
                    "data": data(ends),
                    "mark": {"type": "line", "strokeWidth": 2},
                    "encoding": kinds(fitted, "color"),
                },
            ],
        )

    said = " ".join(f"{kind.capitalize()}: {_line(line, what)}." for kind, line in fitted.items())
    words = f"How long invocations took to reach their function, by the size of the {what}. {said}"
    rows = [
        [
            kind,
            f"{line.n:,}",
            number(line.intercept_s * 1000),
            _interval(line.intercept_low_s, line.intercept_high_s),
            None if line.slope_s_per_mb is None else number(line.slope_s_per_mb * 1000),
            _interval(line.slope_low_s_per_mb, line.slope_high_s_per_mb),
            None if line.r2 is None else f"{line.r2:.4f}",
        ]
        for kind, line in fitted.items()
    ]
    interval = "95 % interval"
    columns = ["start", "n", "intercept [ms]", interval, "slope [ms/MB]", interval, "R²"]
    table = Table(columns, rows)
    return Figure("overhead", "Invocation overhead", words, draw, table)


def _delivered(each: Delivery, megabyte: int) -> dict[str, Any]:
    kind = "cold" if each.is_cold else "warm"
    return {"kind": kind, "mb": each.payload / megabyte, "ms": each.latency * 1000}


def _line(line: Line, what: str) -> str:
    constant = f"{number(line.intercept_s * 1000)} ms"
    if line.slope_s_per_mb is None:
        return f"{constant}, every {what} being of one size"
    told = f"{constant} and {number(line.slope_s_per_mb * 1000)} ms for each MB"
    if line.depends_on_size is False:
        return f"{told}, which may be chance"
    return told


def _interval(low_s: float | None, high_s: float | None) -> str | None:
    if low_s is None or high_s is None:
        return None
    return f"{number(low_s * 1000)} to {number(high_s * 1000)}"
