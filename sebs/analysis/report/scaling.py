"""The figure of how a platform starts environments for bursts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sebs.analysis.report.figure import (
    BLUE,
    GREEN,
    INK,
    PURPLE,
    Figure,
    Table,
    axis,
    data,
    evenly,
    number,
    percent,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sebs.analysis.quantiles import Quantile
    from sebs.analysis.scaling import Scaling
    from sebs.results.results import Results

#: Colours and dashes of lines; a panel has no more lines than these. There are so many panels.
_COLOURS = (BLUE, INK, PURPLE, GREEN)
_DASHES = ([1, 0], [8, 3], [3, 3], [10, 3, 2, 3])
_PANELS = 3

#: So many kinds of bursts are told of in words; of more the largest of each panel.
_SAID = 4

_SINCE = "since the burst was to begin [s]"


def environments_started(results: Results) -> Figure | None:
    """Return how many environments served a burst, by the time since it was to begin.

    Raises:
        InvalidSampleError: The run has bursts, but none that is complete.
    """
    from sebs.analysis.scaling import scalings_of
    from sebs.analysis.scaling_told import told, warned

    if "burst_size" not in results.manifest.columns:
        return None
    found = scalings_of(results)
    served = [scaling for scaling in found if scaling.curve]
    if not served:
        return None
    panels = [
        evenly([each for each in served if each.inter_arrival_s == apart], len(_COLOURS))
        for apart in sorted({scaling.inter_arrival_s for scaling in served})[:_PANELS]
    ]

    def draw(width: int) -> dict[str, Any]:
        return {"vconcat": [_panel(panel, width) for panel in panels]}

    words = (
        "When the first, the second, ... environment of a burst began to serve: medians over "
        "bursts, from the moment at which the first invocation was to be sent."
    )
    if (drawn := sum(map(len, panels))) < len(served):
        words += f" {drawn} of {len(served)} kinds of bursts are drawn; the table has all."
    # What the bursts that are drawn came to, as far as one reads that; of all what went wrong.
    those = [scaling for panel in panels for scaling in panel]
    if len(those) > _SAID:
        those = [panel[-1] for panel in panels]
    sentences = [sentence for scaling in those for sentence in told(scaling)]
    others = (scaling for scaling in found if scaling not in those)
    sentences += [sentence for scaling in others for sentence in warned(scaling)]
    return Figure(
        "scaling", "Environments of a burst", " ".join([words, *sentences]), draw, _table(found)
    )


def _panel(drawn: Sequence[Scaling], width: int) -> dict[str, Any]:
    """Return the chart of bursts that were sent in the same way."""
    sizes = [f"{scaling.burst_size:,}" for scaling in drawn]
    end = max(scaling.curve[-1] for scaling in drawn) * 1.03
    points = [
        {"burst": size, "s": seconds, "environments": count}
        for size, scaling in zip(sizes, drawn, strict=True)
        for count, seconds in enumerate((0.0, *scaling.curve))
    ]
    points += [
        {"burst": size, "s": end, "environments": len(scaling.curve)}
        for size, scaling in zip(sizes, drawn, strict=True)
    ]
    apart = drawn[0].inter_arrival_s
    sent = f"one every {apart:g} s" if apart else "all sent at once"
    line: dict[str, Any] = {"field": "burst", "type": "nominal"}
    legend = {"title": "burst of", "orient": "right", "symbolType": "stroke", "symbolSize": 400}
    ranges = {"color": _COLOURS, "strokeDash": _DASHES}
    axes = {
        "x": axis("s", _SINCE, {"zero": True, "nice": False}),
        "y": axis("environments", "environments that serve"),
    }
    return {
        "width": width - 150,
        "height": 240,
        "title": {"text": sent, "color": INK, "fontSize": 13, "anchor": "start"},
        "data": data(points),
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
        "encoding": {
            **axes,
            **{
                name: {
                    **line,
                    "scale": {"domain": sizes, "range": each[: len(sizes)]},
                    "legend": legend,
                }
                for name, each in ranges.items()
            },
        },
    }


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
            None if each.cold_share is None else percent(each.cold_share),
            f"{each.failed:,}",
            f"{each.throttled:,}",
            f"{each.behind}",
        ]
        for each in found
    ]
    return Table(columns, rows)


def _seconds(time: Quantile | None) -> str | None:
    return None if time is None else number(time.value)
