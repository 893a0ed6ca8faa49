"""Opens results, whatever they are: runs of ours, files of SeBS's. They are known by content."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from sebs.errors import ResultFormatError
from sebs.results.manifest import MANIFEST, Manifest, require_readable
from sebs.results.results import Results
from sebs.results.rows import invocation_of
from sebs.results.run import Run
from sebs.results.sebs_documents import read_document, read_first_version
from sebs.results.sebs_tables import read_table
from sebs.results.second_version import SecondVersion


def read_results(path: Path) -> Results:
    """Open results.

    Args:
        path: A run's directory, a file in one, or a file that SeBS wrote.

    Raises:
        ResultFormatError: They are none, or broken; the message has the file and the line.
    """
    if path.is_dir():
        return _read_run(path)
    if path.name == MANIFEST:
        return _read_run(path.parent)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ResultFormatError(f"{str(path)!r} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ResultFormatError(f"{str(path)!r} is no text.") from error
    if not text.strip():
        raise ResultFormatError(f"{str(path)!r} is empty.")
    if text.lstrip()[0] not in "{[":
        return read_table(text, str(path))
    try:
        document = json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        raise ResultFormatError(f"{str(path)!r} is no whole JSON document: {error}.") from error
    return read_document(document, str(path))


def survey(directory: Path) -> tuple[list[tuple[Path, Manifest]], list[str]]:
    """Return the manifests of all runs in a directory, the oldest first, and what is broken.

    Raises:
        ResultFormatError: There is no such directory.
    """
    if not directory.is_dir():
        raise ResultFormatError(f"There is no directory {str(directory)!r}.")
    found, faults = [], []
    for path in sorted(each for each in directory.iterdir() if each.is_dir()):
        try:
            found.append((path, _read_run(path).manifest))
        except ResultFormatError as error:
            faults.append(str(error))
    return sorted(found, key=lambda pair: pair[1].begun), faults


def import_results(results: Results, output_dir: Path) -> Run:
    """Make a run of results that were read; what they were read from stays as it is.

    Raises:
        ResultFormatError: They are broken.
        OSError: The directory cannot be made.
    """
    before = results.manifest
    with Run.create(output_dir, before) as run:
        # The machine and the time are those of the measurement, not of this conversion.
        run.manifest = replace(
            run.manifest, machine=before.machine, begun=before.begun, ended=before.ended
        )
        for row in results.rows():
            each = invocation_of(row)
            run.record(each.point, each.result)
            run.amend(each.id, {name: row.get(name) for name in ("start", "valid", "rejection")})
        run.findings = dict(before.findings)
        run.finish()
    return run


def _read_run(directory: Path) -> Results:
    path = directory / MANIFEST
    if not path.exists():
        return Run.load(directory)
    try:
        stored = json.loads(path.read_bytes())
    except ValueError as error:
        raise ResultFormatError(f"{str(path)!r} is no JSON: {error}.") from error
    version = require_readable(stored, str(path))
    if "cases" in stored:
        raise ResultFormatError(f"{str(directory)!r} is a regression, and no run.")
    if version == 1:
        return read_first_version(directory, stored)
    if version == 2:
        return SecondVersion(directory, Manifest.deserialize(stored, str(path)))
    return Run.load(directory)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number")
