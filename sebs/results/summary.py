"""What a person reads first: medians, what differs apart, what failed, and what was wrong.

Intervals, comparisons and models belong to the analysis; these are plain order statistics. They
are taken of rows here; :mod:`sebs.results.table_summary` takes the same ones of a table.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sebs.results.levels import level_in, places, varying_in_rows
from sebs.results.manifest import Manifest
from sebs.results.rows import STARTS, Row, is_counted, is_wanted
from sebs.results.schema import Scalar

#: So many invocations of a group are shown one by one; nobody reads more than that.
SHOWN = 50

#: Where an error or a rejection tells no reason.
NO_REASON = "no reason was given"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One thing that is summed up.

    Attributes:
        key: Its key in JSON.
        title: What a person reads.
        unit: ``µs`` or ``MB``.
        columns: Of the table; the first one that an invocation has counts.
    """

    key: str
    title: str
    unit: str
    columns: tuple[str, ...]

    def value(self, row: Mapping[str, Any]) -> float | None:
        """Return what an invocation has; ``None`` where it was not measured."""
        known = (row.get(column) for column in self.columns)
        return next((value for value in known if value is not None), None)


QUANTITIES = (
    Quantity("client", "client", "µs", ("client",)),
    Quantity("benchmark", "benchmark", "µs", ("benchmark_time",)),
    Quantity("provider", "provider", "µs", ("provider",)),
    Quantity("initialization", "init", "µs", ("provider_initialization", "initialization")),
    Quantity("memory", "memory used", "MB", ("memory_used",)),
)


@dataclass(frozen=True, slots=True)
class Spread:
    """Order statistics of one quantity; all ``None`` where nothing was measured."""

    n: int
    minimum: float | None
    median: float | None
    maximum: float | None

    def serialize(self) -> dict[str, float | None]:
        """Return plain JSON values."""
        return {"n": self.n, "min": self.minimum, "median": self.median, "max": self.maximum}


@dataclass(frozen=True, slots=True)
class Shown:
    """One invocation of a group.

    Attributes:
        number: The how many-th of all it is, counted from 1.
        failure: Whether it failed.
        values: Of each quantity, ``None`` where it was not measured.
    """

    number: int
    failure: bool
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The successful invocations that differ in nothing, and how many such ones failed.

    Attributes:
        start: How they began.
        levels: What else tells them apart: column to its value.
        n: How many succeeded.
        failures: How many failed.
        spreads: Quantity's key to what the successful ones have.
        first: The first ones, failed ones included; none where there are levels.
    """

    start: str
    levels: Mapping[str, Scalar]
    n: int
    failures: int
    spreads: dict[str, Spread]
    first: tuple[Shown, ...] = ()

    @property
    def key(self) -> tuple[Scalar, ...]:
        """What tells it from the other groups."""
        return (self.start, *self.levels.values())

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values; times in microseconds, memory in MB."""
        own = {"start": self.start, "levels": dict(self.levels)}
        return {**own, **self.figures()}

    def figures(self) -> dict[str, Any]:
        """Return its numbers alone."""
        spreads = {key: spread.serialize() for key, spread in self.spreads.items()}
        return {"n": self.n, "failures": self.failures, **spreads}


@dataclass(frozen=True, slots=True)
class Summary:
    """What is said of results as a whole.

    Attributes:
        levels: The columns, beside the start, in which the invocations differ.
        groups: Those that there are, in the order of :func:`sebs.results.levels.places`; of what
            differs in nothing, cold ones first.
        reasons: Why invocations failed, to how many did, the commonest first.
        judged: How many outputs were judged.
        rejected: How many of these are wrong.
        rejections: Why, to how many are, the commonest first.
        unwanted: How many further invocations succeeded and are none of those asked for.
        retried: How many of those that failed are none of these either: they were made again, or
            given up.
    """

    levels: tuple[str, ...]
    groups: tuple[Group, ...]
    reasons: Mapping[str, int]
    judged: int
    rejected: int
    rejections: Mapping[str, int]
    unwanted: int = 0
    retried: int = 0

    @property
    def total(self) -> int:
        """How many invocations there are of those asked for, with all that failed."""
        return sum(group.n + group.failures for group in self.groups)

    @property
    def failed(self) -> int:
        """How many of them failed."""
        return sum(group.failures for group in self.groups)

    @property
    def made(self) -> int:
        """How many of those asked for were made."""
        return self.total - self.retried

    def by_start(self) -> dict[str, dict[str, Any]]:
        """Return, for each of the ways to begin, how many invocations did, as plain JSON values.

        With order statistics only where these invocations differ in nothing.
        """
        found: dict[str, dict[str, Any]] = {}
        for start in STARTS:
            groups = [group for group in self.groups if group.start == start]
            if len(groups) > 1:
                found[start] = {
                    "n": sum(group.n for group in groups),
                    "failures": sum(group.failures for group in groups),
                }
            else:
                found[start] = (groups[0] if groups else _group(start, {}, [])).figures()
        return found


def start_in(row: Mapping[str, Any]) -> str:
    """Return how an invocation began; tables of others may not say."""
    start = row.get("start")
    return start if start in STARTS else "unanswered" if row.get("failure") else "unknown"


def summarize(rows: Iterable[Row], manifest: Manifest) -> Summary:
    """Return what is said of rows; what failed is counted, and in no figure.

    Args:
        rows: Of a run.
        manifest: Of the same run.
    """
    every = list(enumerate(rows, start=1))
    numbered = [(number, row) for number, row in every if is_counted(row)]
    asked = [row for _, row in every if is_wanted(row)]
    wrong = [row for row in asked if row.get("valid") is False]
    levels = varying_in_rows((row for _, row in numbered), manifest)
    return Summary(
        levels=levels,
        groups=in_order(_groups(numbered, levels, manifest.fixed)),
        reasons=_occurring(row.get("error") for _, row in numbered if row.get("failure")),
        judged=sum(row.get("valid") is not None for row in asked),
        rejected=len(wrong),
        rejections=_occurring(row.get("rejection") for row in wrong),
        unwanted=len(every) - len(numbered),
        retried=len(numbered) - len(asked),
    )


def in_order(groups: Iterable[Group]) -> tuple[Group, ...]:
    """Return groups in the order in which they are shown, those of one combination as they come."""
    found = list(groups)
    place = places(tuple(group.levels.values()) for group in found)
    return tuple(sorted(found, key=lambda group: place[tuple(group.levels.values())]))


def _groups(
    numbered: Iterable[tuple[int, Row]], levels: Sequence[str], fixed: Mapping[str, Scalar]
) -> Iterator[Group]:
    found: dict[tuple[Scalar, ...], dict[str, list[tuple[int, Row]]]] = {}
    for number, row in numbered:
        at = found.setdefault(tuple(level_in(row, name, fixed) for name in levels), {})
        at.setdefault(start_in(row), []).append((number, row))
    for values, starts in found.items():
        for start in (each for each in STARTS if each in starts):
            yield _group(start, dict(zip(levels, values, strict=True)), starts[start])


def _group(start: str, levels: Mapping[str, Scalar], numbered: Sequence[tuple[int, Row]]) -> Group:
    good = [row for _, row in numbered if not row.get("failure")]
    spreads = {quantity.key: _spread(good, quantity) for quantity in QUANTITIES}
    first = tuple(
        Shown(number, bool(row.get("failure")), tuple(each.value(row) for each in QUANTITIES))
        for number, row in (() if levels else numbered[:SHOWN])
    )
    return Group(start, levels, len(good), len(numbered) - len(good), spreads, first)


def _spread(rows: Sequence[Row], quantity: Quantity) -> Spread:
    values = [value for value in map(quantity.value, rows) if value is not None]
    if not values:
        return Spread(0, None, None, None)
    return Spread(len(values), min(values), statistics.median(values), max(values))


def _occurring(reasons: Iterable[str | None]) -> dict[str, int]:
    return commonest_first(Counter(reason or NO_REASON for reason in reasons))


def commonest_first(counts: Mapping[str, int]) -> dict[str, int]:
    """Return reasons with how often each occurs: in alphabetic order where that is the same."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
