"""What memory buys: latency by memory size, what it costs, which sizes are worth their price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sebs.analysis.quantiles import Quantile, quantile
from sebs.analysis.report.figure import BLUE, GREEN, INK, Figure, Table, data, milliseconds, number

if TYPE_CHECKING:
    import polars as pl

    from sebs.analysis.cost import MemoryCost
    from sebs.results.results import Results


@dataclass(frozen=True, slots=True)
class Size:
    """What the warm invocations of one memory size took and cost.

    Attributes:
        memory: MB.
        client: Median of their client times, µs.
        cost: USD of a million; ``None`` where no price is known.
        best: Whether no other size is both as fast and as cheap; ``False`` without prices.
    """

    memory: int
    client: Quantile
    cost: float | None
    best: bool


def sizes_of(found: Sequence[Results], costs: Sequence[MemoryCost]) -> list[Size]:
    """Return the memory sizes at which there are warm invocations, ascending.

    Args:
        found: Runs of the same function.
        costs: What each size costs; empty where no price is known.
    """
    import polars as pl

    columns = ["memory", "client", "start", "failure"]
    table = pl.concat([results.wanted().select(columns).collect() for results in found])
    warm = table.filter(
        (pl.col("start") == "warm")
        & ~pl.col("failure").fill_null(False)
        & pl.col("memory").is_not_null()
        & pl.col("client").is_not_null()
    )
    samples: dict[int, pl.Series] = {
        key[0]: part["client"] for key, part in warm.group_by("memory")
    }
    prices = {each.memory: each.cost_per_million for each in costs}
    medians = {memory: quantile(samples[memory].to_numpy()) for memory in sorted(samples)}
    pairs = {memory: (median.value, prices.get(memory)) for memory, median in medians.items()}
    return [
        Size(memory, median, prices.get(memory), _is_best(memory, pairs))
        for memory, median in medians.items()
    ]


def _is_best(memory: int, pairs: dict[int, tuple[float, float | None]]) -> bool:
    """Whether a size is on the Pareto front: nothing else is as good in both, better in one."""
    time, cost = pairs[memory]
    if cost is None:
        return False
    return not any(
        other_cost is not None
        and other_time <= time
        and other_cost <= cost
        and (other_time < time or other_cost < cost)
        for other_time, other_cost in pairs.values()
    )


def by_memory(sizes: Sequence[Size]) -> Figure | None:
    """Return latency by memory with the cost beneath it; nothing where there is one size only."""
    if len(sizes) < 2:
        return None
    rows = [_point(size) for size in sizes]
    priced = [row for row in rows if row["cost"] is not None]

    def draw(width: int) -> dict[str, Any]:
        x = {
            "field": "memory",
            "type": "ordinal",
            "axis": {"title": "memory [MB]", "labelAngle": 0},
        }
        inner = {"width": width - 70, "height": 200}
        time = {"field": "ms", "type": "quantitative", "axis": {"title": "median [ms]"}}
        latency = {
            **inner,
            "data": data(rows),
            "encoding": {"x": x},
            "layer": [
                {
                    "mark": {"type": "rule", "strokeWidth": 2, "color": BLUE},
                    "encoding": {"y": {**time, "field": "low"}, "y2": {"field": "high"}},
                },
                {
                    "mark": {"type": "line", "color": BLUE, "point": {"size": 60, "color": BLUE}},
                    "encoding": {"y": time},
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

    words = (
        f"Median client time of warm invocations, with its interval: "
        f"{milliseconds(sizes[0].client.value)} ms at {sizes[0].memory} MB, "
        f"{milliseconds(sizes[-1].client.value)} ms at {sizes[-1].memory} MB."
    )
    words += " Beneath it what a million cost." if priced else " No price is known."
    return Figure("memory", "Latency and cost by memory", words, draw, _table(sizes))


_COST = "USD a million"


def pareto(sizes: Sequence[Size]) -> Figure | None:
    """Return time against cost, and the sizes that no other one beats."""
    points = [_point(size) for size in sizes if size.cost is not None]
    if len(points) < 2:
        return None
    front = sorted((point for point in points if point["best"]), key=lambda point: point["cost"])

    def draw(width: int) -> dict[str, Any]:
        scale = {"scale": {"zero": False, "padding": 24}}
        x = {"field": "cost", "type": "quantitative", "axis": {"title": _COST, "tickCount": 5}}
        y = {"field": "ms", "type": "quantitative", "axis": {"title": "median [ms]"}}
        place = {"x": {**x, **scale}, "y": {**y, **scale}}
        mark = {"type": "point", "filled": True, "size": 90, "opacity": 1}
        return {
            "width": width - 70,
            "height": 280,
            "encoding": place,
            "layer": [
                {
                    "data": data(front),
                    "mark": {"type": "line", "color": GREEN, "strokeDash": [6, 3]},
                },
                {
                    "data": data([point for point in points if not point["best"]]),
                    "mark": {**mark, "color": INK, "filled": False},
                },
                {"data": data(front), "mark": {**mark, "color": GREEN}},
                {
                    "data": data(points),
                    "mark": {"type": "text", "dy": -13},
                    "encoding": {"text": {"field": "label"}},
                },
            ],
        }

    names = ", ".join(f"{point['memory']} MB" for point in sorted(front, key=lambda p: p["memory"]))
    words = (
        f"What is fast against what is cheap. Nothing is as fast and as cheap as these sizes "
        f"(filled, on the Pareto front): {names}. Each of the others is beaten by one of them."
    )
    return Figure("pareto", "Time against cost", words, draw, _table(sizes))


def _point(size: Size) -> dict[str, Any]:
    median = size.client
    low, high = (median.value if end is None else end for end in (median.low, median.high))
    return {
        "memory": size.memory,
        "label": f"{size.memory} MB",
        "ms": median.value / 1000,
        "low": low / 1000,
        "high": high / 1000,
        "cost": size.cost,
        "best": size.best,
    }


def _table(sizes: Sequence[Size]) -> Table:
    columns = ["memory [MB]", "n", "median [ms]", "from [ms]", "to [ms]", f"{_COST}", "front"]
    rows = [
        [
            f"{size.memory}",
            f"{size.client.n:,}",
            *map(milliseconds, (size.client.value, size.client.low, size.client.high)),
            number(size.cost),
            "yes" if size.best else None if size.cost is None else "no",
        ]
        for size in sizes
    ]
    return Table(columns, rows)
