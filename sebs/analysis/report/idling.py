"""The figure of the eviction experiment: which share stayed warm, and the model by memory size."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import cycle
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from sebs.analysis.report.figure import (
    BLUE,
    GREEN,
    INK,
    PURPLE,
    Figure,
    Table,
    axis,
    chart,
    data,
    percent,
)

if TYPE_CHECKING:
    from sebs.analysis.eviction import AfterIdling, EvictionModel
    from sebs.analysis.idling import Fitted
    from sebs.results.results import Results

#: Of the memory sizes in their order: colour, shape and dashes.
_LOOKS = (
    (BLUE, "circle", [1, 0]),
    (INK, "triangle-up", [6, 3]),
    (GREEN, "square", [2, 2]),
    (PURPLE, "diamond", [8, 3, 2, 3]),
)

#: Pixels from which on the legend is one line, and of a letter in it.
_ROOM, _LETTER = 500, 7

#: Halvings that are drawn; afterwards less than a thousandth is left.
_HALVINGS = 10

#: Times so much longer than half of the others make a linear axis useless.
_FAR = 20


def eviction(results: Results) -> Figure | None:
    """Return which share of idle environments stayed warm, and the half-life model.

    Raises:
        InvalidSampleError: The run idled, but no model can be fitted to what it saw.
    """
    from sebs.analysis.idling import disagreed, models_of

    if "delta_t" not in results.manifest.columns:
        return None
    named = {each.part.name or "All": each for each in models_of(results)}
    refuted = [name for name, each in named.items() if each.together]
    seen: list[dict[str, Any]] = []
    fitted: list[dict[str, Any]] = []
    times = sorted({after.seconds for each in named.values() for after in each.observed})
    scale = _scale(times)
    for name, each in named.items():
        of = {"memory": name}
        seen += [{**of, "s": after.seconds, "share": 100 * after.share} for after in each.observed]
        if name not in refuted:
            fitted += [{**of, **step} for step in _steps(each.model, *scale["domain"])]
    keys = _keys(fitted)

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
            title=_legend(keys, width),
            encoding=place,
            layer=[
                {"data": data(fitted), "mark": band, "encoding": {**until, **looks}},
                {"data": data(fitted), "mark": step, "encoding": _looks(named, "color", _DASH)},
                {"data": data(seen), "mark": points, "encoding": _looks(named, "color", "shape")},
            ],
        )

    columns = ["memory", "idle [s]", "trials", "environments", "warm", "model"]
    rows = [_row(name, each, after) for name, each in named.items() for after in each.observed]
    told = {name: f"{name}: {each.told}" for name, each in named.items()}
    words = [
        # What no period describes is not to be taken for one by who reads on no further.
        *(told[name] for name in refuted),
        "The share of environments that were still warm after idling"
        f"{', and the half-life model' if fitted else ''}.",
        *keys,
        *_not_drawn(refuted, named),
        *(sentence for name, sentence in told.items() if name not in refuted),
        *disagreed(results),
    ]
    table = Table(columns, rows)
    return Figure("eviction", "Eviction of idle environments", " ".join(words), draw, table)


def _row(name: str, fitted: Fitted, after: AfterIdling) -> list[str | None]:
    share = fitted.warm_share(after.seconds)
    return [
        name,
        f"{after.seconds:,g}",
        f"{after.trials}",
        f"{after.started}",
        percent(after.share),
        None if share is None else percent(share),
    ]


def _keys(fitted: Sequence[dict[str, Any]]) -> list[str]:
    """Say what is what in the figure, for there is more than one kind of mark."""
    keys = ["Points: what was observed."]
    if fitted:
        keys.append("Steps: the model.")
    if any(each["least"] < each["most"] for each in fitted):
        keys.append("Shaded: where they are with other periods that fit equally well.")
    return keys


def _legend(keys: Sequence[str], width: int) -> dict[str, Any]:
    lines = keys if width < _ROOM else [" ".join(keys)]
    look = {"color": INK, "fontSize": 12, "fontWeight": "normal", "anchor": "start", "offset": 8}
    return {"text": [line for each in lines for line in wrap(each, width // _LETTER)], **look}


def _not_drawn(refuted: Sequence[str], named: Collection[str]) -> list[str]:
    if not refuted:
        return []
    of = f" of {' and '.join(refuted)}" if len(named) > 1 else ""
    return [f"The model{of} is not drawn: what was observed contradicts it."]


_DASH = "strokeDash"


def _scale(times: Sequence[float]) -> dict[str, Any]:
    """Return the scale of times of idling, ascending."""
    end = times[-1]
    if times[0] > 0 and end > _FAR * times[len(times) // 2]:
        return {"type": "log", "domain": [times[0], end], "nice": False, "padding": 6}
    return {"domain": [0, end or 1], "nice": False, "padding": 6}


def _steps(model: EvictionModel, begin: float, end: float) -> Iterator[dict[str, float]]:
    """Return the model's corners, and between which shares it is there.

    The shares of all periods that fit change at whole multiples of the shortest and of the longest
    of them, and nowhere else. Corners are counted, not divided: what is left of 2 · P / P in
    floating point may be a halving too few.
    """
    if model.period_s is None or model.period_high_s is None:
        share = 100 * model.warm_share(begin)
        yield from ({"s": at, "share": share, "least": share, "most": share} for at in (begin, end))
        return
    periods = (model.period_s, model.period_low_s, model.period_high_s)
    corners = [[n * each for n in range(1, _HALVINGS + 1)] for each in periods]
    inside = {begin, end, *(at for of in corners for at in of if begin <= at <= end)}
    for seconds in sorted(inside):
        share, least, most = (100 * 2.0 ** -sum(at <= seconds for at in of) for of in corners)
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
