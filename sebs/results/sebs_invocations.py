"""Invocations that SeBS stored, as rows of our table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sebs.errors import ResultFormatError
from sebs.faas.result import ExecutionResult
from sebs.results.manifest import Manifest
from sebs.results.results import Results
from sebs.results.rows import Row, check_row, measured
from sebs.results.schema import Column
from sebs.results.sebs_dialects import Dialect, dialect_of

#: What was asked for, as columns of the table, and what was stored of it.
Found = Sequence[tuple[Row, Any]]

#: Detail of a manifest that says which zone the client's clock times were taken to be of.
CLIENT_ZONE = "client_zone"


def results_of(manifest: Manifest, found: Found, name: str) -> Results:
    """Return what SeBS stored as results, which say what was taken for what.

    Args:
        manifest: What was run.
        found: The invocations.
        name: Their file, for errors.

    Raises:
        ResultFormatError: There are none, or a value cannot be.
    """
    if not found:
        raise ResultFormatError(
            f"{name!r} has not a single invocation.", remedy="Was its writer interrupted?"
        )
    stored = [each for _, each in found]
    dialect = dialect_of(stored, manifest.deployment, manifest.begun)
    zone = {} if dialect.zone is None else {CLIENT_ZONE: str(dialect.zone)}
    told = replace(
        manifest,
        details={**manifest.details, **zone},
        remarks=[*manifest.remarks, *dialect.remarks()],
    )
    rows = rows_of(found, name, manifest.columns, dialect)
    if len(sizes := {row["memory"] for row in rows if "memory" in row}) == 1:
        # Of one that failed nobody says it, and it was asked of the same function.
        rows = [{**row, "memory": size} for size in sizes for row in rows]
    return Results(told, rows)


def rows_of(
    found: Found, name: str, columns: Mapping[str, Column], dialect: Dialect | None = None
) -> list[Row]:
    """Return invocations as rows.

    Args:
        found: The invocations.
        name: Their file, for errors.
        columns: Every column that there is, by its name.
        dialect: How they were stored; ``None`` where it was as we do.

    Raises:
        ResultFormatError: A value cannot be; the message says of which invocation.
    """
    rows = []
    for number, (point, stored) in enumerate(found, start=1):
        place = f"Invocation {number} of {name}"
        if not isinstance(stored, Mapping):
            raise ResultFormatError(f"{place} is {stored!r}, which is no object.")
        row = {"id": str(number), **point, **_measured(stored, dialect, place)}
        check_row(row, columns, place)
        rows.append(row)
    return rows


def _measured(stored: Mapping[str, Any], dialect: Dialect | None, place: str) -> Row:
    told = stored if dialect is None else dialect.translated(stored)
    try:
        result = ExecutionResult.deserialize(told)
    except ResultFormatError as error:
        raise ResultFormatError(f"{place}: {error}") from error
    if container := result.output.get("container_id"):
        result.environment_id = result.environment_id or str(container)
    row = measured(result)
    if row["start"] == "unknown" and "cold_start" in (stored.get("stats") or {}):
        # Functions of SeBS always tell; that of a failure is what was there before.
        row["start"] = "warm"
    if "billed_memory" in row:
        row["memory"] = row["billed_memory"]
    return row
