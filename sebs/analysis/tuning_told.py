"""What a run of memory-tuning comes to, in words: which size to take, and why."""

from __future__ import annotations

from dataclasses import asdict
from math import isclose
from typing import TYPE_CHECKING, Any

from sebs.analysis.conclusion import Conclusion
from sebs.analysis.quantiles import fewest
from sebs.analysis.tuning import (
    COST,
    SPEED,
    Estimate,
    Size,
    Tuning,
    recommended,
    scores_of,
    tunings_of,
)
from sebs.results.caveats import memory_is_idle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sebs.results.results import Results

COLUMNS = (
    "payload",
    "memory [MB]",
    "start",
    "n",
    "failed",
    "median [ms]",
    "USD a million",
    "what is shown",
)


def conclude_tuning(results: Results) -> Conclusion:
    """Return which memory size to take for each payload, and why.

    Args:
        results: Of one run of memory-tuning.

    Raises:
        InvalidSampleError: No warm invocation succeeded.
        ResultFormatError: The results cannot be read.
    """
    tunings = tunings_of(results)
    objective, weight, hourly = _asked(results.manifest.parameters)
    words = [
        sentence
        for tuning in tunings
        for sentence in (*recommendation(tuning, objective, weight), *_break_even(tuning, hourly))
    ]
    chosen = {recommended(each, objective, weight).memory for each in tunings if each.front}
    if len(chosen) > 1:
        words.append(
            "The payloads call for different sizes, and a function has one: weigh them by how "
            "often each of them comes."
        )
    if chosen and memory_is_idle(results.manifest):
        words.append(
            "On this platform's process sandbox the memory size does not change how fast a "
            "function is: the recommendation says nothing about another platform."
        )
    document = {
        "objective": objective,
        "weight": weight,
        "vm_hourly": hourly,
        "memory_sets_speed": results.manifest.details.get("memory_sets_speed"),
        "payloads": [_document(tuning, objective, weight) for tuning in tunings],
    }
    rows = [row for tuning in tunings for row in rows_of(tuning)]
    return Conclusion(words, document, COLUMNS, rows)


def recommendation(tuning: Tuning, objective: str, weight: float) -> Iterator[str]:
    """Yield sentences: which size to take of one payload, and why.

    Args:
        tuning: What was measured.
        objective: What the size is to be best in.
        weight: Of the time in ``balanced``.
    """
    yield from _not_working(tuning)
    if not tuning.front:
        return
    best = recommended(tuning, objective, weight)
    if not tuning.priced:
        yield f"What the payload {tuning.payload} costs is not known: {tuning.unpriced}"
    asked = (
        f"for {objective}" if objective in (SPEED, COST) else f"balanced: time counts {weight:.0%}"
    )
    if not tuning.priced:
        asked = f"for {SPEED}, since no cost is known"
    reasons = " ".join(_reasons(tuning, best))
    yield f"Take {best.memory} MB for the payload {tuning.payload} ({asked}). {reasons}"
    if too_few := [size for size in tuning.compared() if size.time and size.time.low is None]:
        least = fewest(confidence=tuning.confidence)
        yield (
            f"{_sizes(too_few)}: too few invocations to tell sizes apart; with "
            f"{len(tuning.sizes)} sizes {least} of each are the least."
        )


def verdict(tuning: Tuning, size: Size) -> str:
    """Return what is shown of a size, compared with those on the front."""
    if size.time is None:
        return "does not work"
    if tuning.priced and size.cost is None:
        return "has no price"
    front = [tuning.size(memory) for memory in tuning.front]
    if size in front:
        return "on the front"
    # The first of the front is the cheapest of all, but for rounding.
    cheaper = [other for other in front[1:] if other.expense.value <= size.expense.value]
    rival = [front[0], *cheaper][-1]
    if rival.time is not None and rival.time.shown_below(size.time):
        return f"slower than {rival.memory} MB, and not cheaper"
    return f"not shown to be faster than {rival.memory} MB"


def rows_of(tuning: Tuning) -> list[list[str | None]]:
    """Return the rows of :data:`COLUMNS`; cold ones behind the warm ones of each size."""
    rows: list[list[str | None]] = []
    for size in tuning.sizes:
        name, memory = tuning.payload, f"{size.memory}"
        time = _interval(size.time, 1000)
        told = verdict(tuning, size)
        n, failed = f"{size.n:,}", f"{size.failed:,}"
        rows.append([name, memory, "warm", n, failed, time, _interval(size.cost), told])
        if size.cold is not None:
            cold = _interval(size.cold, 1000)
            rows.append([name, memory, "cold", f"{size.cold_n:,}", None, cold, None, None])
    return rows


def _asked(parameters: Mapping[str, Any]) -> tuple[str, float, float | None]:
    """Return objective, weight and the price of a machine; the experiment has the defaults."""
    return parameters["objective"], parameters["weight"], parameters.get("vm-hourly")


def _not_working(tuning: Tuning) -> Iterator[str]:
    for size in tuning.sizes:
        if size.time is None:
            yield (
                f"With {size.memory} MB not one warm invocation with the payload {tuning.payload} "
                f"succeeded, and {size.failed} failed."
            )


def _reasons(tuning: Tuning, best: Size) -> Iterator[str]:
    """Yield why that size, compared with its neighbours on the front, or with what it displaced."""
    place = tuning.front.index(best.memory)
    if place > 0:
        yield _compared(best, tuning.size(tuning.front[place - 1]))
    elif displaced := _slower_for_the_same(tuning, best):
        yield _compared(best, displaced[-1])
    if place + 1 < len(tuning.front):
        further = tuning.size(tuning.front[place + 1])
        yield _compared(further, best)
        return
    slower = [size for size in tuning.compared() if size.memory != best.memory]
    if not slower:
        yield "It is the only size that can be compared."
    else:
        also = " and none is shown to be cheaper" if place == 0 and tuning.priced else ""
        small = "" if tuning.priced or place > 0 else ", the smallest that works"
        yield f"No size is shown to be faster than {best.memory} MB{small}{also}."


def _slower_for_the_same(tuning: Tuning, best: Size) -> list[Size]:
    """Return the sizes that cost as much as the best one and are shown to be slower, ascending."""
    return [
        size
        for size in tuning.compared()
        if isclose(size.expense.value, best.expense.value)
        and best.time is not None
        and size.time is not None
        and best.time.shown_below(size.time)
    ]


def _compared(size: Size, other: Size) -> str:
    """Return how a size that is shown to be faster compares with another."""
    assert size.time is not None
    assert other.time is not None
    saved = 1 - size.time.value / other.time.value
    least = 1 - (size.time.high or 0) / (other.time.low or 1)
    most = 1 - (size.time.low or 0) / (other.time.high or 1)
    told = (
        f"{size.memory} MB takes {saved:.0%} less time than {other.memory} MB "
        f"({least * 100:.0f} to {most:.0%})"
    )
    if size.cost is None or other.cost is None:
        return f"{told}."
    if not other.cost.shown_below(size.cost):
        return f"{told} and is not shown to cost more."
    return f"{told} and costs {size.cost.value / other.cost.value - 1:.0%} more."


def _break_even(tuning: Tuning, hourly: float | None) -> Iterator[str]:
    for size in tuning.sizes:
        if size.memory in tuning.front and size.break_even_per_hour is not None:
            yield (
                f"A machine for {hourly:g} USD an hour is cheaper than {size.memory} MB from "
                f"{size.break_even_per_hour:,.0f} requests an hour with the payload "
                f"{tuning.payload} on, if it serves that many."
            )


def _sizes(sizes: Sequence[Size]) -> str:
    return ", ".join(f"{size.memory}" for size in sizes) + " MB"


def _interval(estimate: Estimate | None, factor: float = 1) -> str | None:
    from sebs.analysis.report.figure import number

    if estimate is None:
        return None
    shown = f"{number(estimate.value * factor)}"
    if estimate.low is None or estimate.high is None:
        return f"{shown} (no interval)"
    return f"{shown} ({number(estimate.low * factor)} to {number(estimate.high * factor)})"


def _document(tuning: Tuning, objective: str, weight: float) -> dict[str, Any]:
    best = recommended(tuning, objective, weight) if tuning.front else None
    scores = scores_of(tuning, weight)
    return {
        "architecture": tuning.architecture,
        "payload": tuning.payload,
        "confidence_each": tuning.confidence,
        "recommended": None if best is None else best.memory,
        "reason": None if best is None else " ".join(_reasons(tuning, best)),
        "front": list(tuning.front),
        "unpriced": tuning.unpriced or None,
        "sizes": [_size(tuning, size, scores.get(size.memory)) for size in tuning.sizes],
    }


def _size(tuning: Tuning, size: Size, score: float | None) -> dict[str, Any]:
    plain = asdict(size)
    time, cost, cold = (plain.pop(name) or {} for name in ("time", "cost", "cold"))
    return {
        **plain,
        **{f"median{end}_s": time.get(name) for name, end in _ENDS.items()},
        **{f"cost_per_million{end}": cost.get(name) for name, end in _ENDS.items()},
        **{f"cold_median{end}_s": cold.get(name) for name, end in _ENDS.items()},
        "score": score,
        "on_front": size.memory in tuning.front,
        "verdict": verdict(tuning, size),
    }


_ENDS = {"value": "", "low": "_low", "high": "_high"}
