"""The figure of how a platform starts environments for bursts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sebs.analysis.report.figure import (
    BLUE,
    GREEN,
    PURPLE,
    VERMILLION,
    Figure,
    Table,
    axis,
    chart,
    data,
    number,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sebs.analysis.quantiles import Quantile
    from sebs.analysis.scaling import Scaling
    from sebs.results.results import Results

#: Colours and dashes of lines; there are no more lines than these.
_COLOURS = (BLUE, VERMILLION, GREEN, PURPLE)
_DASHES = ([1, 0], [8, 3], [3, 3], [10, 3, 2, 3])


def environments_started(results: Results) -> Figure | None:
    """Return how many environments served a burst, by the time since it was to begin.

    Raises:
        InvalidSampleError: The run has bursts, but none that is complete.
    """
    from sebs.analysis.scaling import scalings_of
    from sebs.analysis.scaling_told import named

    if "burst_size" not in results.manifest.columns:
        return None
    found = scalings_of(results)
    served = [scaling for scaling in found if scaling.curve]
    if not served:
        return None
    drawn = _few(served)
    names = [named(scaling) for scaling in drawn]
    end = max(scaling.curve[-1] for scaling in drawn)
    points = [
        {"burst": name, "s": seconds, "environments": count}
        for name, scaling in zip(names, drawn, strict=True)
        for seconds, count in (
            (0.0, 0),
            *zip(scaling.curve, range(1, len(scaling.curve) + 1), strict=True),
            (end * 1.03, len(scaling.curve)),
        )
    ]

    def draw(width: int) -> dict[str, Any]:
        line: dict[str, Any] = {"field": "burst", "type": "nominal"}
        legend = {"title": None, "orient": "top", "columns": 2, "symbolType": "stroke"}
        colour = {"scale": {"domain": names, "range": _COLOURS[: len(names)]}, "legend": legend}
        dash = {"scale": {"domain": names, "range": _DASHES[: len(names)]}, "legend": legend}
        return chart(
            width,
            300,
            data=data(points),
            mark={"type": "line", "interpolate": "step-after", "strokeWidth": 2},
            encoding={
                "x": axis("s", "since the burst was to begin [s]"),
                "y": axis("environments", "environments that serve"),
                "color": {**line, **colour},
                "strokeDash": {**line, **dash},
            },
        )

    words = (
        "When the first, the second, ... environment of a burst began to serve: medians over "
        "bursts, from the moment at which the first invocation was to be sent."
    )
    if len(drawn) < len(served):
        words += f" {len(drawn)} of {len(served)} kinds of bursts are drawn, evenly."
    return Figure("scaling", "Environments of a burst", words, draw, _table(found))


def _few(served: Sequence[Scaling]) -> list[Scaling]:
    """Return as many as can be told apart, evenly, with the first and the last one."""
    most = len(_COLOURS)
    if len(served) <= most:
        return list(served)
    return [served[round(place * (len(served) - 1) / (most - 1))] for place in range(most)]


def _table(found: Sequence[Scaling]) -> Table:
    columns = [
        *("burst", "apart [s]", "bursts", "environments", "half [s]", "90 % [s]", "all [s]"),
        *("cold", "failed", "throttled", "fell behind"),
    ]
    rows = [
        [
            f"{each.burst_size:,}",
            f"{each.inter_arrival_s:g}",
            f"{each.bursts}",
            f"{each.reached.value:g}",
            *(_seconds(time) for time in (each.half, each.most, each.all)),
            None if each.cold_share is None else f"{each.cold_share:.0%}",
            f"{each.failed:,}",
            f"{each.throttled:,}",
            f"{each.behind}",
        ]
        for each in found
    ]
    return Table(columns, rows)


def _seconds(time: Quantile | None) -> str | None:
    return None if time is None else number(time.value)
