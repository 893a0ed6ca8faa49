"""Figures of the models, for the runs that measured what these need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sebs.analysis.overhead import MEGABYTE
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

#: Pieces of a line.
_STEPS = 40


def overhead(results: Results) -> Figure | None:
    """Return how long payloads took to reach their function, and the lines through them.

    Raises:
        InvalidSampleError: The run measured arrivals, but no line can be fitted to them.
    """
    from sebs.analysis.invocation_overhead import conclude_overhead, lines_of

    if "received" not in results.manifest.columns:
        return None
    what = "package" if results.manifest.parameters.get("type") == "code" else "payload"
    parts = lines_of(results)
    deliveries = [each for of in parts for each in of.part.sample]
    fitted = [(of, start, line) for of in parts for start, line in of.known.items()]
    starts = {start for _, start, _ in fitted}
    step = -(-len(deliveries) // _POINTS)
    points = [_delivered(each) for each in deliveries[::step]]
    lines = [
        {"kind": kind, "of": of.part.name, **along}
        for of, kind, line in fitted
        for along in _along(line, of.part.sample, kind == "cold")
    ]
    known = [*(each["ms"] for each in points), *(each["high"] for each in lines)]
    # No duration is below zero; what clocks make of one shall be seen all the same.
    shown = {"domain": [min(0.0, *(each["ms"] for each in points)), max(known)], "nice": True}

    def draw(width: int) -> dict[str, Any]:
        y = axis("ms", "time until received [ms]", shown)
        name = {"field": "of", "type": "nominal"}
        looks = kinds(starts, "color", "shape", "strokeDash")
        # The symbols of points would have the dashes of lines around them.
        legend = {**looks["color"]["legend"], "symbolStrokeWidth": 0}
        looks = {channel: {**look, "legend": legend} for channel, look in looks.items()}
        colour, shape, dashes = ({name: looks[name]} for name in ("color", "shape", "strokeDash"))
        names = {
            "data": data(each for each in lines if each["is_last"]),
            "mark": {"type": "text", "align": "right", "dy": -8},
            "encoding": {"text": name},
        }
        band = {"y": {**y, "field": "low"}, "y2": {"field": "high"}}
        return chart(
            width,
            280,
            encoding={"x": axis("mb", f"{what} [MB]"), "y": y},
            layer=[
                {
                    "data": data(lines),
                    "mark": {"type": "area", "fillOpacity": 0.2, "clip": True},
                    "encoding": {**band, **colour, "detail": name},
                },
                {
                    "data": data(points),
                    "mark": {"type": "point", "filled": True, "size": 36, "opacity": 1},
                    "encoding": {**colour, **shape},
                },
                {
                    "data": data(lines),
                    "mark": {"type": "line", "strokeWidth": 2, "clip": True},
                    "encoding": {**colour, **dashes, "detail": name},
                },
                *([names] if len(parts) > 1 else []),
            ],
        )

    words = [
        f"How long invocations took to reach their function, by the size of the {what}. "
        "Shaded: where the lines may lie, at 95 %.",
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


def _delivered(each: Delivery) -> dict[str, Any]:
    kind = "cold" if each.is_cold else "warm"
    return {"kind": kind, "mb": each.payload / MEGABYTE, "ms": each.latency * 1000}


def _along(line: Line, sample: Sequence[Delivery], is_cold: bool) -> Iterator[dict[str, Any]]:
    """Yield points of a line, ms, and the interval of the mean at each of them.

    Half of Student's interval at x is t · s · √(1/n + (x - m)² / S), for a mean size m and the sum
    S of the squares of distances to it. Of those of intercept and slope, a and b, that is
    √(a² + b² · (x² - 2 · x · m)).
    """
    sizes = [each.payload / MEGABYTE for each in sample if each.is_cold is is_cold]
    mean, most = sum(sizes) / len(sizes), max(each.payload / MEGABYTE for each in sample)
    slope = line.slope_s_per_mb or 0.0
    intercept_half = _half(line.intercept_s, line.intercept_high_s)
    slope_half = _half(slope, line.slope_high_s_per_mb)
    for step in range(_STEPS + 1):
        mb = most * step / _STEPS
        ms = 1000 * (line.intercept_s + slope * mb)
        squares = intercept_half**2 + slope_half**2 * (mb**2 - 2 * mb * mean)
        half = 1000 * max(0.0, squares) ** 0.5
        ends = {"low": ms - half, "high": ms + half}
        yield {"mb": mb, "ms": ms, **ends, "is_last": step == _STEPS}


def _half(value: float, high: float | None) -> float:
    return 0.0 if high is None else high - value


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
