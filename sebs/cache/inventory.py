"""What is in the cache: listing it, writing it out as one document, forgetting it.

The document is a JSON object: ``format`` (``"sebs-cache"``), ``version``, and one list for each
table (``functions``, ``packages``, ``containers``, ``resources``, ``configurations``), whose
objects have the table's columns. ``entry`` and ``config`` are JSON objects, and a package has the
absolute ``location`` of its file or directory instead of its content.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sebs.cache.documents import decode
from sebs.cache.failures import explained
from sebs.cache.store import Store
from sebs.cache.tables import (
    CONFIGURATIONS,
    CONTAINERS,
    FUNCTIONS,
    PACKAGES,
    RESOURCES,
    TREES,
    Row,
    Rows,
    Table,
)
from sebs.utils import write_atomically

DOCUMENT_FORMAT = "sebs-cache"
DOCUMENT_VERSION = 1
#: The tables that belong to a platform, in the order of the document.
DOCUMENTED = (FUNCTIONS, PACKAGES, CONTAINERS, RESOURCES, CONFIGURATIONS)
#: Columns that hold a JSON object as text.
JSON_COLUMNS = ("entry", "config")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the cache.

    Attributes:
        kind: ``function``, ``package``, ``container``, ``storage``, ``nosql``, ``attached`` or
            ``configuration``.
        deployment: The platform's key.
        benchmark: Name of the benchmark; the alias of what is attached; ``None`` for a
            configuration.
        name: Of a function its name; of a package or image its language, version, architecture and
            variant; else ``None``.
        modified: When it was last written, ISO 8601.
        size: Bytes of a code package, else ``None``.
    """

    kind: str
    deployment: str
    benchmark: str | None
    name: str | None
    modified: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class CleanReport:
    """What was forgotten and removed; with a dry run, what would be.

    Attributes:
        entries: What the cache forgot.
        packages: Code packages that were removed from the disk.
        temporaries: What writers that died had left.
        freed: Bytes that the packages took.
        dry_run: Whether nothing was done.
    """

    entries: tuple[Entry, ...]
    packages: tuple[Path, ...]
    temporaries: tuple[Path, ...]
    freed: int
    dry_run: bool


def entries(store: Store, deployment: str | None, benchmark: str | None) -> list[Entry]:
    """Return one line for each thing in the cache."""
    return [
        _entry(table, row)
        for table, rows in _tables(store, deployment, benchmark).items()
        for row in rows
    ]


def document(store: Store, deployment: str | None, benchmark: str | None) -> dict[str, Any]:
    """Return all that the cache knows, as one JSON value."""
    found = _tables(store, deployment, benchmark)
    return {
        "format": DOCUMENT_FORMAT,
        "version": DOCUMENT_VERSION,
        **{table.name: [_record(store, row) for row in rows] for table, rows in found.items()},
    }


def export(store: Store, path: Path) -> None:
    """Write the document to a file, whole or not at all."""
    text = json.dumps(document(store, None, None), indent=2)
    with explained(path):
        write_atomically(path, text.encode())


def clean(
    store: Store, deployment: str | None, benchmark: str | None, *, dry_run: bool
) -> CleanReport:
    """Forget what belongs to a platform or benchmark, or everything; remove leftovers."""
    where = _filter(deployment, benchmark)
    with store.database.reading() if dry_run else store.database.writing() as rows:
        found = _find(rows, where)
        going = {_key(PACKAGES, row) for row in found.get(PACKAGES, [])}
        kept = {row["file"] for row in rows.find(PACKAGES) if _key(PACKAGES, row) not in going}
        doomed = [name for name in store.packages.names() if name not in kept]
        freed = sum(store.packages.size(name) for name in doomed)
        if not dry_run:
            for table in found:
                rows.delete(table, **where)
            if not where:
                rows.delete(TREES)
    if not dry_run:
        store.drop_unreferenced_packages(doomed)
    return CleanReport(
        entries=tuple(_entry(table, row) for table, rows in found.items() for row in rows),
        packages=tuple(store.packages.path(name) for name in doomed),
        temporaries=tuple(store.staging.sweep(dry_run=dry_run)),
        freed=freed,
        dry_run=dry_run,
    )


def _filter(deployment: str | None, benchmark: str | None) -> dict[str, str]:
    wanted = {"deployment": deployment, "benchmark": benchmark}
    return {column: value for column, value in wanted.items() if value is not None}


def _find(rows: Rows, where: dict[str, str]) -> dict[Table, list[Row]]:
    """Return the rows with these values, of the tables that have such columns."""
    return {
        table: rows.find(table, **where)
        for table in DOCUMENTED
        if where.keys() <= set(table.columns)
    }


def _tables(store: Store, deployment: str | None, benchmark: str | None) -> dict[Table, list[Row]]:
    with store.database.reading() as rows:
        return _find(rows, _filter(deployment, benchmark))


def _key(table: Table, row: Row) -> tuple[Any, ...]:
    return tuple(row[column] for column in table.key)


def _entry(table: Table, row: Row) -> Entry:
    code = ("language", "language_version", "architecture", "system_variant")
    is_code = table in (PACKAGES, CONTAINERS)
    return Entry(
        kind=row.get("kind", table.name.removesuffix("s")),
        deployment=row["deployment"],
        benchmark=row.get("benchmark"),
        name=" ".join(row[column] for column in code) if is_code else row.get("name"),
        modified=row["modified"],
        size=row.get("size"),
    )


def _record(store: Store, row: Row) -> Row:
    record: Row = {
        column: decode(value, column) if column in JSON_COLUMNS else value
        for column, value in row.items()
    }
    if "file" in record:
        record["location"] = str(store.packages.path(record.pop("file")))
    return record
