"""A run: invocations kept in a directory of their own.

The directory holds ``manifest.json`` (what is run; written first), ``journal.jsonl`` (a line an
invocation as it ends, and what became known of one later), and, once the run is finished and where
polars is installed, ``invocations.parquet`` (the table). The journal is the truth: the table is
used only as long as it has all of it.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.errors import NoResultsError, ResultFormatError
from sebs.faas.result import ExecutionResult
from sebs.results import table
from sebs.results.decoding import decoded
from sebs.results.journal import Journal, read_lines
from sebs.results.manifest import INVOKE, MANIFEST, Manifest
from sebs.results.processor_use import ProcessorUse
from sebs.results.results import Results
from sebs.results.rows import Row, answered, check_row
from sebs.results.schema import DURATIONS, FORMAT_VERSION, Scalar, askable
from sebs.utils import make_directory

if TYPE_CHECKING:
    import polars as pl

_log = logging.getLogger("sebs.Run")

JOURNAL, TABLE = "journal.jsonl", "invocations.parquet"


class Run(Results):
    """One run on disk; a context manager, which closes it.

    Any number of processes may read it, one at a time may record. Not safe for several threads.

    Attributes:
        directory: Where it is kept.
        manifest: What is run.
        findings: What the platform reported beside the invocations; kept by :meth:`finish`.
        remarks: Sentences on how it went; kept likewise.
    """

    def __init__(self, directory: Path, manifest: Manifest) -> None:
        super().__init__(manifest)
        self.directory = directory
        self.findings: dict[str, Any] = dict(manifest.findings)
        self.remarks: list[str] = list(manifest.remarks)
        self._askable = askable(manifest.factors)
        self._journal: Journal | None = None
        self._recorded: set[str] | None = None

    @classmethod
    def create(cls, output_dir: Path, manifest: Manifest) -> Run:
        """Make a run's directory and write its manifest; from now on it is recorded.

        Args:
            output_dir: Where the directory is made.
            manifest: What is run; versions, machine and time are filled in.

        Raises:
            UsageError: There is a file where the directory is to be made.
            ResultFormatError: A factor is called like a column of the table.
            OSError: The directory cannot be made.
        """
        now = datetime.now(timezone.utc)
        experiment = "" if manifest.experiment == INVOKE else manifest.experiment
        what = [experiment, manifest.benchmark, manifest.deployment]
        named = [re.sub(r"[^\w.@+-]+", "_", part) for part in what if part]
        directory = output_dir / "-".join([*named, f"{now:%Y%m%dT%H%M%SZ}", uuid.uuid4().hex[:6]])
        started = manifest.started()
        make_directory(output_dir)
        directory.mkdir()
        started.write(directory)
        run = cls(directory, started)
        run._open()
        return run

    @classmethod
    def load(cls, directory: Path) -> Run:
        """Open a run, finished or not.

        Raises:
            NoResultsError: There is none.
            ResultFormatError: Its manifest is broken, or another version of sebs wrote it.
        """
        path = directory / MANIFEST
        try:
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NoResultsError(
                f"There is no run in {str(directory)!r}: it has no {MANIFEST}.",
                remedy="Name a directory that `sebs results list` shows.",
            ) from error
        manifest = Manifest.deserialize(decoded(data, str(path)), str(path))
        if manifest.version != FORMAT_VERSION:
            raise ResultFormatError(
                f"{str(path)!r} has version {manifest.version}, and is only read.",
                remedy=f"Convert it: sebs results import {directory}",
            )
        return cls(directory, manifest)

    def recorded(self) -> frozenset[str]:
        """Return the ids of the invocations that were made."""
        return frozenset(self._ids())

    def record(self, point: Mapping[str, Scalar], result: ExecutionResult) -> None:
        """Keep an invocation at once.

        Args:
            point: What was asked for: ``id``, and columns of the table or factors that differ from
                the manifest's constants.
            result: What was measured.

        Raises:
            ResultFormatError: The point has no id, one that is recorded, or columns that are not.
            UsageError: Another process is recording.
            OSError: The journal cannot be written.
        """
        identifier = point.get("id")
        if not isinstance(identifier, str):
            raise ResultFormatError(f"The id of an invocation is a text, not {identifier!r}.")
        if not self._askable.issuperset(point):
            raise ResultFormatError(
                f"Points of this run have no {sorted(point.keys() - self._askable)}.",
                remedy="Name them as factors in the manifest.",
            )
        journal = self._open()
        recorded = self._ids()
        if identifier in recorded:
            raise ResultFormatError(f"Invocation {identifier!r} is recorded already.")
        told = chain(point.items(), answered(result).items())
        row = {name: value for name, value in told if value is not None}
        if min(filter(None, map(row.get, DURATIONS)), default=0) < 0:
            for name in [name for name in DURATIONS if row.get(name, 0) < 0]:
                _log.warning(
                    "%s of %s is %d: a clock was set back.", name, identifier, row.pop(name)
                )
        journal.append(row)
        recorded.add(identifier)

    def amend(self, identifier: str, values: Mapping[str, Any]) -> None:
        """Keep what became known of an invocation later; what was journalled stays as it is.

        Args:
            identifier: Its id.
            values: Columns of the table; null says nothing.

        Raises:
            UsageError: Another process is recording.
            OSError: The journal cannot be written.
        """
        self._open().append({table.AMENDS: identifier, **values})

    def judge(self, identifier: str, rejection: str | None) -> None:
        """Keep the judgement of an output: why it is wrong, or ``None`` where it is right."""
        self.amend(identifier, {"valid": rejection is None, "rejection": rejection or ""})

    def note_session(
        self, before: Manifest, begun: float, ended: float, processors: ProcessorUse
    ) -> None:
        """Keep that it was measured for a time, beside what it had before.

        May be called again while the time goes on, by one thread; nothing is kept of a time in
        which nothing was recorded.

        Args:
            before: The manifest from before that time.
            begun: Unix time at which it began.
            ended: Unix time at which it ended, or until which it has gone on.
            processors: What the client's did meanwhile.

        Raises:
            OSError: The directory cannot be written.
        """
        if self._journal is None:
            return
        self.manifest = replace(
            self.manifest,
            sessions=[*before.sessions, {"begun": begun, "ended": ended}],
            processors=ProcessorUse.deserialize(before.processors).plus(processors).serialize(),
        )
        self.manifest.write(self.directory)

    def finish(self) -> None:
        """Write the table, where polars is installed, and say in the manifest that it is finished.

        May be called again, after more was recorded or amended.

        Raises:
            OSError: The directory cannot be written.
        """
        tabled = checksum = None
        if table.has_polars():
            tabled = self._size()
            checksum = table.write_parquet(self._from_journal(), self.directory / TABLE)
        self.manifest = self.manifest.finished(self.findings, self.remarks, tabled, checksum)
        self.manifest.write(self.directory)
        self.close()

    def close(self) -> None:
        """Let others record; safe to call twice."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def rows(self) -> list[Row]:
        """Return what was measured, in the order in which it was; nulls are left out."""
        path, columns = self.directory / JOURNAL, self.manifest.columns
        rows: dict[str, Row] = {}
        for number, record in read_lines(path) if path.exists() else ():
            place = f"Line {number} of {path}"
            amended = record.pop(table.AMENDS, None)
            check_row(record, columns, place)
            if amended is None and isinstance(record.get("id"), str):
                rows.setdefault(record["id"], record)
            elif isinstance(amended, str) and amended in rows:
                given = {name: value for name, value in record.items() if value is not None}
                rows[amended].update(given)
            else:
                raise ResultFormatError(f"{place} tells of no invocation.")
        return list(rows.values())

    def _frame(self) -> pl.LazyFrame:
        path = self.directory / TABLE
        whole = self.manifest.tabled is not None and self.manifest.tabled == self._size()
        if whole and path.exists():
            found = table.read_parquet(path, self.manifest)
            if found is not None:
                return found
            _log.warning("%s is not what was written: the journal beside it is read.", path)
        if self._size() and table.has_strangers(self.directory / JOURNAL, self.manifest):
            return table.from_rows(self.rows(), self.manifest).lazy()
        return self._from_journal().lazy()

    def _from_journal(self) -> pl.DataFrame:
        path = self.directory / JOURNAL
        if not self._size():
            return table.from_rows([], self.manifest)
        return table.from_journal(path, self.manifest, self.rows)

    def _size(self) -> int:
        path = self.directory / JOURNAL
        return path.stat().st_size if path.exists() else 0

    def _open(self) -> Journal:
        if self._journal is None:
            self._journal = Journal(self.directory / JOURNAL)
            self._recorded = None
        return self._journal

    def _ids(self) -> set[str]:
        if self._recorded is None:
            path = self.directory / JOURNAL
            records = (record for _, record in read_lines(path)) if path.exists() else ()
            self._recorded = {record["id"] for record in records if "id" in record}
        return self._recorded
