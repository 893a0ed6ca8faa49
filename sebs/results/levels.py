"""What tells the invocations of a run apart: times of different ones are never pooled.

That is how they began, and everything that was asked for and is not the same for all: the memory
size, the kind, the run's own factors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sebs.results.schema import ASKED, Column, Scalar

if TYPE_CHECKING:
    import polars as pl

    from sebs.results.manifest import Manifest

#: Columns that tell one invocation from the next, or one copy of a function from the other, and
#: not one kind of invocations from another.
_SINGLE = frozenset({"id", "experiment", "function", "repetition", "wanted"})


def level_columns(manifest: Manifest) -> list[Column]:
    """Return the columns that may tell invocations of a run apart."""
    factors = (each for each in manifest.factors if not each.measured and each.type != "time")
    return [*(each for each in ASKED if each.name not in _SINGLE), *factors]


def level_in(row: Mapping[str, Any], name: str, fixed: Mapping[str, Scalar]) -> Scalar:
    """Return what a row has in a column, or else what the manifest says for all."""
    value: Scalar = row.get(name)
    return fixed.get(name) if value is None else value


def places(combinations: Iterable[tuple[Scalar, ...]]) -> dict[tuple[Scalar, ...], int]:
    """Return where what tells invocations apart is shown: the place of each combination.

    Numbers ascend, whatever the order is in which they were measured; the rest is in the order in
    which it first occurs.

    Args:
        combinations: Values of the same columns, as they occur.
    """
    occurring = list(dict.fromkeys(combinations))
    firsts = [
        {v: at for at, v in reversed(list(enumerate(each)))}
        for each in zip(*occurring, strict=True)
    ]

    def key(values: tuple[Scalar, ...]) -> list[tuple[bool, float]]:
        return [
            (True, value) if isinstance(value, int | float) else (False, first[value])
            for first, value in zip(firsts, values, strict=True)
        ]

    return {values: at for at, values in enumerate(sorted(occurring, key=key))}


def varying_in_rows(rows: Iterable[Mapping[str, Any]], manifest: Manifest) -> tuple[str, ...]:
    """Return the names of the columns in which rows differ from each other; null is a value."""
    found, fixed = list(rows), manifest.fixed
    names = (column.name for column in level_columns(manifest))
    return tuple(n for n in names if len({level_in(row, n, fixed) for row in found}) > 1)


def varying(table: pl.LazyFrame, manifest: Manifest) -> tuple[str, ...]:
    """Return what :func:`varying_in_rows` returns of the same invocations.

    Args:
        table: Of :meth:`sebs.results.results.Results.wanted`.
        manifest: Of the same results.

    Raises:
        polars.exceptions.PolarsError: Its file is broken.
    """
    import polars as pl

    names = [column.name for column in level_columns(manifest)]
    values = [pl.col(name) for name in names]
    # Without sorting or hashing: two values that differ are all that is looked for.
    differ = [(each.min() != each.max()) for each in values]
    partly = [(each.null_count() > 0) & (each.count() > 0) for each in values]
    told = [
        (one.fill_null(False) | other).alias(name)
        for name, one, other in zip(names, differ, partly, strict=True)
    ]
    found: Any = table.select(told).collect(engine="streaming")
    return tuple(name for name in names if found[name].item())
