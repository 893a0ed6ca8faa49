"""What memory buys: latency by memory size, what it costs, which sizes are worth their price."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sebs.analysis.quantiles import CONFIDENCE, Quantile, quantile
from sebs.analysis.report.figure import (
    BLUE,
    GREEN,
    INK,
    PURPLE,
    Figure,
    Table,
    axis,
    data,
    milliseconds,
    number,
    scale_of,
)
from sebs.analysis.report.naming import nameless, names

if TYPE_CHECKING:
    import polars as pl

    from sebs.analysis.cost import MemoryCost

#: Colours and dashes of the kinds of warm invocations, in the order in which there are any: none
#: has the colour of cold ones.
_KINDS = ((BLUE, [1, 0]), (INK, [6, 3]), (PURPLE, [2, 2]), (GREEN, [8, 2, 2, 2]))


@dataclass(frozen=True, slots=True)
class Size:
    """What the warm invocations of one memory size and one kind took and cost.

    Attributes:
        memory: MB.
        kind: What was asked for: warm, burst, sequential, ...; ``None`` where nobody says.
        client: Median of their client times, µs.
        cost: USD of a million; ``None`` where no price is known, or another kind's is taken.
        together: The same median with an interval that holds together with those of all sizes that
            have a price; ``None`` without one.
        best: Whether it is worth its price, :func:`sebs.analysis.tuning.front_of`.
    """

    memory: int
    kind: str | None
    client: Quantile
    cost: float | None
    together: Quantile | None
    best: bool


def sizes_of(
    frame: pl.DataFrame, costs: Sequence[MemoryCost], priced: str | None = None
) -> list[Size]:
    """Return the memory sizes at which there are warm invocations, ascending, each kind apart.

    Args:
        frame: Invocations of one function; of :class:`sebs.analysis.report.parts.Part`.
        costs: What each size costs; empty where no price is known.
        priced: The kind of invocations that the costs are of.
    """
    import polars as pl

    warm = frame.filter(
        pl.col("start") == "warm",
        ~pl.col("failure").fill_null(False),
        pl.col("memory").is_not_null(),
        pl.col("client").is_not_null(),
    )
    order = warm["kind"].unique(maintain_order=True).to_list()
    samples: dict[tuple[int, str | None], pl.Series] = {
        (key[0], key[1]): part["client"] for key, part in warm.group_by("memory", "kind")
    }
    prices: dict[tuple[float, str | None], float] = {
        (each.memory, priced): each.cost_per_million for each in costs
    }
    keys = sorted(samples, key=lambda key: (order.index(key[1]), key[0]))
    sold = [key for key in keys if key in prices]
    # As in memory tuning: so that the intervals of all sizes hold at once (Bonferroni).
    confidence = 1 - (1 - CONFIDENCE) / max(1, len(sold))
    together = {key: quantile(samples[key].to_numpy(), confidence=confidence) for key in sold}
    front = _front(
        {memory: (together[memory, kind], prices[memory, kind]) for memory, kind in sold}
    )
    return [
        Size(
            *key,
            client=quantile(samples[key].to_numpy()),
            cost=prices.get(key),
            together=together.get(key),
            best=key in together and key[0] in front,
        )
        for key in keys
    ]


def _front(sold: dict[int, tuple[Quantile, float]]) -> list[int]:
    """Return which memory sizes are worth their price: the same notion as in memory tuning."""
    from sebs.analysis.tuning import Estimate, front_of
    from sebs.analysis.tuning import Size as Priced

    return front_of(
        [
            Priced(
                memory=memory,
                n=time.n,
                failed=0,
                time=Estimate(time.value, time.low, time.high),
                cost=Estimate(cost, None, None),
                billed_ms=None,
                break_even_per_hour=None,
                cold=None,
                cold_n=0,
            )
            for memory, (time, cost) in sold.items()
        ]
    )


def by_memory(sizes: Sequence[Size]) -> Figure | None:
    """Return latency by memory with the cost beneath it; nothing where there is one size only."""
    if len({size.memory for size in sizes}) < 2:
        return None
    rows = [_point(size, size.client) for size in sizes]
    priced = [row for row in rows if row["cost"] is not None]
    apart = _by_kind(list(dict.fromkeys(row["kind"] for row in rows)))

    letters = sum(len(f"{memory}") + 1 for memory in {size.memory for size in sizes})

    def draw(width: int) -> dict[str, Any]:
        # Upright where they would run into each other.
        angle = 0 if letters * _LETTER < width - 70 else -90
        x = {
            "field": "memory",
            "type": "ordinal",
            "axis": {"title": "memory [MB]", "labelAngle": angle},
        }
        inner = {"width": width - 70, "height": 200}
        time = {"field": "ms", "type": "quantitative", "axis": {"title": "median client time [ms]"}}
        latency = {
            **inner,
            "data": data(rows),
            "encoding": {"x": x, "color": apart["color"]},
            "layer": [
                {
                    "mark": {"type": "rule", "strokeWidth": 2},
                    "encoding": {"y": {**time, "field": "low"}, "y2": {"field": "high"}},
                },
                {
                    "mark": {"type": "line", "point": {"size": 60}},
                    "encoding": {"y": time, "strokeDash": apart["strokeDash"]},
                },
            ],
        }
        cost = {
            **inner,
            "data": data(priced),
            "mark": {"type": "bar", "color": GREEN},
            "encoding": {
                "x": x,
                "y": {"field": "cost", "type": "quantitative", "axis": {"title": _COST}},
            },
        }
        return {"vconcat": [latency, cost] if priced else [latency]}

    words = f"Median client time of warm invocations, with its 95 % interval: {_said(sizes)}."
    words += " Beneath it what a million cost." if priced else " No price is known."
    return Figure(
        "memory",
        "Latency and cost by memory",
        words,
        draw,
        _table([(size, size.client) for size in sizes]),
    )


def _by_kind(kinds: list[str]) -> dict[str, Any]:
    """Return encodings that tell kinds apart; without a legend where there is one only."""
    styles = [_KINDS[at % len(_KINDS)] for at in range(len(kinds))]
    shown = {"title": None, "orient": "top", "symbolType": "stroke", "symbolStrokeWidth": 2}
    legend = shown if len(kinds) > 1 else None
    ranges = {"color": [each[0] for each in styles], "strokeDash": [each[1] for each in styles]}
    return {
        channel: {
            "field": "kind",
            "type": "nominal",
            "scale": {"domain": kinds, "range": values},
            "legend": legend,
        }
        for channel, values in ranges.items()
    }


def _said(sizes: Sequence[Size]) -> str:
    kinds = list(dict.fromkeys(size.kind for size in sizes))
    ends = []
    for kind in kinds:
        those = [size for size in sizes if size.kind == kind]
        named = f"{kind}: " if len(kinds) > 1 else ""
        shown = those if len(those) <= _NAMED else (those[0], those[-1])
        told = (f"{milliseconds(s.client.value)} ms at {s.memory} MB" for s in shown)
        ends.append(named + ", ".join(dict.fromkeys(told)))
    return "; ".join(ends)


_COST = "USD a million"

#: Pixels of a letter, and of time against cost.
_LETTER, _HEIGHT = 7, 280

#: So many memory sizes are told of in words; of more the first and the last.
_NAMED = 5


def pareto(sizes: Sequence[Size]) -> Figure | None:
    """Return time against cost, and the sizes that are worth their price."""
    priced = [(size, size.together) for size in sizes if size.together is not None]
    if len(priced) < 2:
        return None
    points = [_point(*each) for each in priced]
    front = sorted((point for point in points if point["best"]), key=lambda point: point["cost"])

    def draw(width: int) -> dict[str, Any]:
        place = {
            "x": axis("cost", _COST, _around(point["cost"] for point in points)),
            "y": axis(
                "ms",
                "median client time [ms]",
                _around(point[end] for point in points for end in ("low", "high")),
            ),
        }
        ends = {"y": {**place["y"], "field": "low"}, "y2": {"field": "high"}}
        mark = {"type": "point", "filled": True, "size": 90, "opacity": 1}
        return {
            "width": width - 70,
            "height": _HEIGHT,
            "encoding": place,
            "layer": [
                {
                    "data": data(points),
                    "mark": {"type": "rule", "strokeWidth": 2, "color": INK, "opacity": 0.5},
                    "encoding": ends,
                },
                {
                    "data": data(front),
                    "mark": {"type": "line", "color": GREEN, "strokeDash": [6, 3]},
                },
                {
                    "data": data([point for point in points if not point["best"]]),
                    "mark": {**mark, "color": INK, "filled": False},
                },
                {"data": data(front), "mark": {**mark, "color": GREEN}},
                *names(points, "best", place["x"], place["y"], width - 70, _HEIGHT),
            ],
        }

    worth = ", ".join(f"{point['memory']} MB" for point in sorted(front, key=lambda p: p["memory"]))
    found = (
        f"Worth their price (filled, joined by the line): {worth}. The first is the cheapest, each "
        "dearer one is shown to be faster than the one before."
        if len(front) > 1
        else f"The cheapest is {worth} (filled)."
    )
    others = (
        " No other is shown to be faster than each that costs no more."
        if len(front) < len(points)
        else ""
    )
    words = (
        "What is fast against what is cheap: medians of the client times of warm invocations. "
        f"{found}{others} The intervals hold for all sizes together (Bonferroni: "
        f"{priced[0][1].confidence:.1%} each).{nameless(points)}"
    )
    return Figure("pareto", "Time against cost", words, draw, _table(priced))


def _around(values: Iterable[float]) -> dict[str, Any]:
    """Return a scale with space for the names of the points."""
    found = list(values)
    return scale_of(min(found), max(found), margin=0.15)


def _point(size: Size, median: Quantile) -> dict[str, Any]:
    low, high = (median.value if end is None else end for end in (median.low, median.high))
    return {
        "memory": size.memory,
        "kind": size.kind or "",
        "label": f"{size.memory} MB",
        "ms": median.value / 1000,
        "low": low / 1000,
        "high": high / 1000,
        "cost": size.cost,
        "best": size.best,
    }


def _table(sizes: Sequence[tuple[Size, Quantile]]) -> Table:
    """Return what is known of sizes, each with the interval of its median that is drawn."""
    several = len({size.kind for size, _ in sizes}) > 1
    asked = ["kind"] if several else []
    columns = ["memory [MB]", *asked, "n", "median [ms]", "from [ms]", "to [ms]", _COST, "front"]
    rows = [
        [
            f"{size.memory}",
            *([size.kind] if several else []),
            f"{median.n:,}",
            *map(milliseconds, (median.value, median.low, median.high)),
            number(size.cost),
            "yes" if size.best else None if size.cost is None else "no",
        ]
        for size, median in sizes
    ]
    return Table(columns, rows)
