"""Opens results, whatever they are: runs of ours, files of SeBS's. They are known by content."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sebs.errors import NoResultsError, ResultFormatError
from sebs.results.completing import completed, dated
from sebs.results.decoding import decoded
from sebs.results.journal import is_written
from sebs.results.manifest import FINISHED, INTERRUPTED, MANIFEST, Manifest, require_readable
from sebs.results.own_files import (
    is_own_csv,
    is_own_document,
    is_parquet,
    read_own_csv,
    read_own_document,
    read_own_parquet,
)
from sebs.results.results import Results
from sebs.results.rows import Invocation, Row, invocation_of, measured
from sebs.results.run import JOURNAL, TABLE, Run
from sebs.results.schema import Scalar
from sebs.results.sebs_documents import read_document, read_first_version
from sebs.results.sebs_tables import read_table
from sebs.results.second_version import SecondVersion


def read_results(path: Path) -> Results:
    """Open results.

    Args:
        path: A run's directory, a file in one, or a file that SeBS wrote.

    Raises:
        NoResultsError: There is nothing, or no results.
        ResultFormatError: They are broken; the message has the file and the line.
    """
    if path.is_dir():
        return _read_run(path)
    if path.name in (MANIFEST, JOURNAL, TABLE):
        return _read_run(path.parent)
    return _read_file(path)


def _read_file(path: Path) -> Results:
    try:
        if is_parquet(path):
            return read_own_parquet(path)
        # Text would have other ends of lines than what is quoted in it.
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise NoResultsError(
            f"There is no {str(path)!r}.",
            remedy="Name a run's directory, as `sebs results list` shows them, or a file.",
        ) from error
    except OSError as error:
        raise ResultFormatError(f"{str(path)!r} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise NoResultsError(f"{str(path)!r} is no text.", remedy=_KNOWN) from error
    if not text.strip():
        raise ResultFormatError(f"{str(path)!r} is empty.", remedy=_INTERRUPTED)
    if is_own_csv(text):
        return read_own_csv(text, str(path))
    if text.lstrip()[0] not in "{[":
        return dated(read_table(text, str(path)), path)
    document = decoded(text, str(path), remedy=_INTERRUPTED)
    if is_own_document(document):
        return read_own_document(document, str(path))
    return dated(read_document(document, str(path)), path)


_INTERRUPTED = "Was its writer interrupted?"

#: What to do about a file that is none of results.
_KNOWN = "Known are runs of sebs, named by their directory, and the JSON and CSV that SeBS writes."


def survey(directory: Path) -> tuple[list[tuple[Path, Manifest]], list[str]]:
    """Return the manifests of all runs in a directory, the oldest first, and what is broken.

    A run that nobody records any more is ``interrupted`` in it.

    Raises:
        NoResultsError: There is no such directory, or it is itself a run.
    """
    if not directory.is_dir():
        raise NoResultsError(
            f"There is no directory {str(directory)!r}.",
            remedy="Name the one that was given as --output-dir when runs were made.",
        )
    if (directory / MANIFEST).exists():
        raise NoResultsError(
            f"{str(directory)!r} is a run, and holds none.",
            remedy=f"Show it: sebs results show {directory}",
        )
    found, faults = [], []
    inner = sorted(each for each in directory.iterdir() if each.is_dir())
    holders = [each for each in inner if _holds_runs(each)]
    if holders:
        are = "directory holds" if len(holders) == 1 else "directories hold"
        example = shlex.quote(str(holders[0]))
        faults.append(f"{len(holders)} {are} runs of their own; see: sebs results list {example}")
    for path in (each for each in inner if each not in holders):
        try:
            manifest = _read_run(path).manifest
            found.append((path, replace(manifest, state=state_of(path, manifest))))
        except ResultFormatError as error:
            faults.append(error.message)
    return sorted(found, key=lambda pair: pair[1].begun), faults


def _holds_runs(directory: Path) -> bool:
    """Whether a directory is none of a run, and has some in it."""
    return not (directory / MANIFEST).exists() and any(directory.glob(f"*/{MANIFEST}"))


def state_of(directory: Path | None, manifest: Manifest) -> str:
    """Return whether a run is finished, running or interrupted; manifests do not tell the latter.

    Args:
        directory: Where it is kept; ``None`` where nobody can record it any more.
        manifest: Its manifest.

    Raises:
        OSError: Its journal cannot be read.
    """
    if manifest.state == FINISHED:
        return FINISHED
    recorded = directory is not None and is_written(directory / JOURNAL)
    return manifest.state if recorded else INTERRUPTED


def import_results(
    results: Results, output_dir: Path, told: Mapping[str, Scalar] | None = None
) -> Run:
    """Make a run of results that were read; what they were read from stays as it is.

    Args:
        results: What was read.
        output_dir: Where the run's directory is made.
        told: Columns of the table, the same for all, which the results do not have.

    Raises:
        UsageError: The results say otherwise than what is told.
        ResultFormatError: They are broken.
        OSError: The directory cannot be made.
    """
    before = completed(results, told or {})
    # What cannot be is to be known before anything is made.
    made = [(row, invocation_of(row)) for row in results.rows()]
    run = Run.create(output_dir, before)
    try:
        with run:
            _fill(run, before, made)
    except BaseException:
        # A part of what there was would pass for the whole.
        shutil.rmtree(run.directory, ignore_errors=True)
        raise
    return run


def _fill(run: Run, before: Manifest, made: Sequence[tuple[Row, Invocation]]) -> None:
    """Record what was made elsewhere, with the machine and the time of its measurement."""
    run.manifest = replace(
        run.manifest, machine=before.machine, begun=before.begun, ended=before.ended
    )
    for row, each in made:
        run.record(each.point, each.result)
        told_later = {name: row.get(name) for name in ("start", "valid", "rejection")}
        known = measured(each.result).items()
        if news := {k: v for k, v in told_later.items() if v is not None and (k, v) not in known}:
            run.amend(each.id, news)
    run.findings, run.remarks = dict(before.findings), list(before.remarks)
    run.finish()
    if before.state != FINISHED:
        # It can be gone on with; what had not ended has not.
        run.manifest = replace(run.manifest, state=before.state, ended=before.ended)
        run.manifest.write(run.directory)


def _read_run(directory: Path) -> Results:
    path = directory / MANIFEST
    if not path.exists():
        if any(directory.glob(f"*/{MANIFEST}")):
            raise NoResultsError(
                f"{str(directory)!r} holds runs, and is none itself.",
                remedy=f"Name one of them: sebs results list {directory}",
            )
        return Run.load(directory)
    beside = f"Restore it from a copy; the invocations are in {JOURNAL} beside it."
    stored = decoded(path.read_bytes(), str(path), remedy=beside)
    version = require_readable(stored, str(path))
    if "cases" in stored:
        raise NoResultsError(f"{str(directory)!r} is a regression, and no run.")
    if version == 1:
        return read_first_version(directory, stored)
    if version == 2:
        return SecondVersion(directory, Manifest.deserialize(stored, str(path)))
    return Run.load(directory)
