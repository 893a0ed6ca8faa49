"""Invocations taken apart by what was asked for: a model is fitted to each part by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sebs.results.levels import level_columns, places, varying

if TYPE_CHECKING:
    import polars as pl

    from sebs.results.manifest import Manifest

T = TypeVar("T")

#: No column has this name.
_NAME = "a name"


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """What differs in nothing that was asked for, other than what a model is over.

    Attributes:
        level: Column to its value, of what tells this part from others; of the memory size always,
            which is ``None`` where nobody says.
        name: The same as people read it, such as ``128 MB``; empty where nobody says anything.
        sample: What a model is fitted to.
    """

    level: Mapping[str, Any]
    name: str
    sample: Sequence[T]


def parts_of(
    table: pl.LazyFrame,
    manifest: Manifest,
    over: Collection[str],
    sample_of: Callable[[pl.DataFrame], Sequence[T]],
) -> list[Part[T]]:
    """Return the parts of a table, numbers ascending.

    Args:
        table: Of :meth:`sebs.results.results.Results.wanted`, or some of its rows.
        manifest: Of the same results.
        over: Columns that the model is over: they take nothing apart.
        sample_of: Makes a sample of the rows of a part.

    Raises:
        ResultFormatError: The results cannot be read.
    """
    from sebs.analysis.report.invocations import label

    apart = {"memory", *varying(table, manifest)} - set(over)
    columns = [column for column in level_columns(manifest) if column.name in apart]
    names = [column.name for column in columns]
    found = table.with_columns(label(columns).alias(_NAME)).collect()
    frames = found.partition_by(names, as_dict=True, maintain_order=True)
    place = places(frames) if frames else {}
    return [
        Part(dict(zip(names, level, strict=True)), frame[_NAME][0] or "", sample_of(frame))
        for level, frame in sorted(frames.items(), key=lambda item: place[item[0]])
    ]


def differing(parts: Sequence[Part[T]]) -> list[str]:
    """Return what the parts differ in, as people read it; nothing of a single one."""
    columns = parts[0].level if parts else ()
    apart = (name for name in columns if len({part.level[name] for part in parts}) > 1)
    return [name.replace("_", " ") for name in apart]


def titles_of(level: Mapping[str, Any], manifest: Manifest) -> list[str]:
    """Return the titles of columns that have the values of a level, with their units."""
    units = {column.name: column.unit for column in level_columns(manifest)}
    return [f"{name.replace('_', ' ')}{units[name] and f' [{units[name]}]'}" for name in level]
