"""The figure of the eviction experiment: which share stayed warm, and the model by memory size."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import cycle
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
from sebs.errors import InvalidSampleError

if TYPE_CHECKING:
    from sebs.analysis.eviction import EvictionModel
    from sebs.results.results import Results

#: Of the memory sizes in their order: colour, shape and dashes.
_LOOKS = (
    (BLUE, "circle", [1, 0]),
    (VERMILLION, "triangle-up", [6, 3]),
    (GREEN, "square", [2, 2]),
    (PURPLE, "diamond", [8, 3, 2, 3]),
)

#: Halvings that are drawn; afterwards less than a thousandth is left.
_HALVINGS = 10

#: Times so much longer than half of the others make a linear axis useless.
_FAR = 20


def idled(results: Results) -> list[str]:
    """Say what a run of the experiment is, and its model; nothing of another run."""
    from sebs.analysis.idling import models_by_memory, told

    if "kept" not in results.manifest.columns:
        return []
    try:
        found = models_by_memory(results)
    except InvalidSampleError:
        # The figure says why there is none.
        return []
    made = "Environments were started (fill), left idle, and looked for (probe)."
    return [
        made,
        *(f"{_named(memory)}: {told(model, observed)}" for memory, model, observed in found),
    ]


def eviction(results: Results) -> Figure | None:
    """Return which share of idle environments stayed warm, and the half-life model.

    Raises:
        InvalidSampleError: The run idled, but no model can be fitted to what it saw.
    """
    from sebs.analysis.idling import disagreed, models_by_memory, told

    if "delta_t" not in results.manifest.columns:
        return None
    named = {
        _named(memory): (model, observed) for memory, model, observed in models_by_memory(results)
    }
    seen: list[dict[str, Any]] = []
    fitted: list[dict[str, Any]] = []
    times = sorted({each.seconds for _, observed in named.values() for each in observed})
    scale = _scale(times)
    for name, (model, observed) in named.items():
        of = {"memory": name}
        seen += [{**of, "s": each.seconds, "share": 100 * each.share} for each in observed]
        fitted += [{**of, **each} for each in _steps(model, *scale["domain"])]

    def draw(width: int) -> dict[str, Any]:
        place = {
            "x": axis("s", "idle [s]", scale=scale),
            "y": axis("share", "still warm [%]", scale={"domain": [0, 105], "nice": False}),
        }
        step = {"type": "line", "interpolate": "step-after"}
        band = {"type": "area", "interpolate": "step-after", "fillOpacity": 0.25}
        until = {"y": {**place["y"], "field": "least"}, "y2": {"field": "most"}}
        looks = _looks(named, "color")
        points = {"type": "point", "filled": True, "size": 60, "opacity": 1}
        return chart(
            width,
            280,
            encoding=place,
            layer=[
                {"data": data(fitted), "mark": band, "encoding": {**until, **looks}},
                {"data": data(fitted), "mark": step, "encoding": _looks(named, "color", _DASH)},
                {"data": data(seen), "mark": points, "encoding": _looks(named, "color", "shape")},
            ],
        )

    rows = [
        [
            name,
            number(each.seconds),
            f"{each.trials}",
            f"{each.started}",
            f"{each.share:.0%}",
            f"{model.warm_share(each.seconds):.0%}",
        ]
        for name, (model, observed) in named.items()
        for each in observed
    ]
    table = Table(["memory", "idle [s]", "trials", "environments", "warm", "model"], rows)
    words = [
        "The share of environments that were still warm after idling, as points, and the "
        "half-life model, as steps; where its period may be another one, they are broad.",
        *(f"{name}: {told(*each)}" for name, each in named.items()),
        *disagreed(results),
    ]
    return Figure("eviction", "Eviction of idle environments", " ".join(words), draw, table)


def _named(memory: int | None) -> str:
    return "All" if memory is None else f"{memory} MB"


_DASH = "strokeDash"


def _scale(times: Sequence[float]) -> dict[str, Any]:
    """Return the scale of times of idling, ascending."""
    end = times[-1]
    if times[0] > 0 and end > _FAR * times[len(times) // 2]:
        return {"type": "log", "domain": [times[0], end], "nice": False, "padding": 6}
    return {"domain": [0, end or 1], "nice": False, "padding": 6}


def _steps(model: EvictionModel, begin: float, end: float) -> Iterator[dict[str, float]]:
    """Return the model's corners, and between which shares it is there."""
    ends = [each for each in (model.period_low_s, model.period_s, model.period_high_s) if each]
    corners = {begin, end, *(n * each for each in ends for n in range(1, _HALVINGS + 1))}
    for seconds in sorted(each for each in corners if begin <= each <= end):
        share = 100 * model.warm_share(seconds)
        least, most = share, share
        if model.period_s is not None and model.period_high_s is not None:
            periods = (model.period_low_s, model.period_high_s)
            least, most = (100 * 2.0 ** -(seconds // each) for each in periods)
        yield {"s": seconds, "share": share, "least": least, "most": most}


def _looks(names: Collection[str], *channels: str) -> dict[str, Any]:
    """Return encodings that tell memory sizes apart."""
    looks = [look for look, _ in zip(cycle(_LOOKS), names, strict=False)]
    place = {"color": 0, "shape": 1, _DASH: 2}
    legend = {"title": None, "orient": "top"} if len(names) > 1 else None
    return {
        channel: {
            "field": "memory",
            "type": "nominal",
            "scale": {"domain": list(names), "range": [look[place[channel]] for look in looks]},
            "legend": legend,
        }
        for channel in channels
    }
