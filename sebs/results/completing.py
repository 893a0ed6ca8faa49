"""What a file of others leaves out: when it was measured, and what the user tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sebs.errors import UsageError
from sebs.results.manifest import FINISHED, Manifest
from sebs.results.results import Results
from sebs.results.schema import Scalar

#: Detail of a manifest that says where the time of the beginning is from, if nobody measured it.
BEGUN_FROM = "begun_from"

#: Columns of the table that are attributes of a manifest of their own, called so there.
_ATTRIBUTES = {
    "platform": "deployment",
    "region": "region",
    "benchmark": "benchmark",
    "size": "size",
}


def dated(results: Results, path: Path) -> Results:
    """Return results of a file, with the time at which they were measured.

    That is what the file says, else when the first invocation began, else when the file was
    written, which is marked as such.

    Args:
        results: What was read from it.
        path: The file.
    """
    manifest = replace(results.manifest, state=FINISHED)
    begins = [row["begin"] / 1e6 for row in results.rows() if row.get("begin")]
    if not manifest.begun and begins:
        manifest = replace(manifest, begun=min(begins), ended=max(begins))
    elif not manifest.begun:
        written = path.stat().st_mtime
        details = {**manifest.details, BEGUN_FROM: f"modification time of {path.name}"}
        manifest = replace(manifest, begun=written, ended=written, details=details)
    return Results(manifest, results.rows())


def completed(results: Results, told: Mapping[str, Scalar]) -> Manifest:
    """Return the manifest of results with what the user tells of them.

    Args:
        results: Of a file.
        told: Columns of the table that are the same for all invocations.

    Raises:
        UsageError: The file says otherwise.
    """
    manifest = results.manifest
    for column, value in told.items():
        said = {row[column] for row in results.rows() if row.get(column) is not None}
        if manifest.fixed.get(column) is not None:
            said.add(manifest.fixed[column])
        if said - {value}:
            there = ", ".join(sorted(map(str, said)))
            raise UsageError(
                f"The {column} is {there} by the file, and {value} by what you say.",
                remedy="Leave out what the file says itself.",
            )
    own: dict[str, Any] = {
        _ATTRIBUTES[name]: value for name, value in told.items() if name in _ATTRIBUTES
    }
    rest = {name: value for name, value in told.items() if name not in _ATTRIBUTES}
    return replace(manifest, **own, constants={**manifest.constants, **rest})
