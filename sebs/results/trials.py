"""Results whose rows are no invocations, but trials: so many environments idled, so many stayed.

The files of others that tell of the eviction experiment are such ones; runs of ours have each
invocation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sebs.results.levels import places
from sebs.results.rows import is_wanted
from sebs.results.schema import Scalar

if TYPE_CHECKING:
    from sebs.results.manifest import Manifest

#: The factors by which trials are known.
_FACTORS = frozenset({"started", "delta_t", "warm"})

#: What may tell trials apart beside the time; those of any number of environments belong together.
_LEVELS = ("memory", "function_time")


@dataclass(frozen=True, slots=True)
class Trials:
    """Those that idled for the same time, and do not differ in what was asked for.

    Attributes:
        level: What else tells them apart: column to its value.
        delta_t: How long they idled, seconds.
        n: How many trials.
        environments: How many environments were started in all of them.
        warm: How many of these were still warm.
    """

    level: Mapping[str, Scalar]
    delta_t: float
    n: int
    environments: int
    warm: int


def are_trials(manifest: Manifest) -> bool:
    """Whether rows are trials, and no invocations."""
    return {factor.name for factor in manifest.factors} >= _FACTORS


def trials_in(rows: Iterable[Mapping[str, Any]], manifest: Manifest) -> list[Trials]:
    """Return what trials there are, by what was asked for and in the order of their times.

    Args:
        rows: Of results; those of invocations are no trials.
        manifest: Of the same results.
    """
    if not are_trials(manifest):
        return []
    fixed, groups = manifest.fixed, dict[tuple[Any, ...], list[tuple[int, int]]]()
    for row in rows:
        if is_wanted(row) and all(row.get(name) is not None for name in _FACTORS):
            level = tuple(row.get(name, fixed.get(name)) for name in _LEVELS)
            counts = groups.setdefault((*level, row["delta_t"]), [])
            counts.append((row["started"], row["warm"]))
    varying = [name for at, name in enumerate(_LEVELS) if len({key[at] for key in groups}) > 1]
    found = [
        Trials(
            {name: key[_LEVELS.index(name)] for name in varying},
            key[-1],
            len(counts),
            sum(started for started, _ in counts),
            sum(warm for _, warm in counts),
        )
        for key, counts in groups.items()
    ]
    place = places(map(_place, found))
    return sorted(found, key=lambda each: place[_place(each)])


def _place(trials: Trials) -> tuple[Scalar, ...]:
    return (*trials.level.values(), trials.delta_t)


def counted(trials: Iterable[Trials]) -> dict[str, int]:
    """Return how many trials, environments and warm ones there are, as plain JSON values."""
    every = list(trials)
    return {
        "n": sum(each.n for each in every),
        "environments": sum(each.environments for each in every),
        "warm": sum(each.warm for each in every),
    }
