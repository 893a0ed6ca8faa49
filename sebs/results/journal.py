"""The append-only journal of a run: what was measured survives whatever kills the run.

One JSON object a line, each written with one system call to a file opened for appending. A process
that is killed loses nothing that was appended before; at most the last line is torn, and a reader
leaves it out. One process at a time may append.
"""

from __future__ import annotations

import fcntl
import json
import logging
import math
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sebs.errors import ResultFormatError, UsageError
from sebs.results.encoding import encoded

_log = logging.getLogger("sebs.Journal")

#: After each attempt to lock, seconds.
_PAUSES_S = (0.01, 0.05, 0.2, 0.0)

_plain = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


class Journal:
    """Appends records to a file; a context manager.

    Args:
        path: The file; made where it does not exist. A torn last line is closed first, so that it
            does not swallow the next record.

    Raises:
        UsageError: Another process appends to it.
        OSError: The file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        if not self._lock():
            self.close()
            raise UsageError(
                f"Another process is writing to {str(path)!r}.",
                remedy="Wait until it has ended, or end it.",
            )
        size = os.fstat(self._descriptor).st_size
        if size and os.pread(self._descriptor, 1, size - 1) != b"\n":
            os.write(self._descriptor, b"\n")

    def _lock(self) -> bool:
        """Lock the file; a reader that looks whether somebody writes holds it for a moment."""
        for pause_s in _PAUSES_S:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(pause_s)
            else:
                return True
        return False

    def append(self, record: Mapping[str, Any]) -> None:
        """Append one record; halves of Unicode characters in it become question marks.

        Raises:
            ResultFormatError: A number in it is not finite: JSON has no such number.
            OSError: The disk is full; what was appended before is still there.
        """
        line = encoded(record, _plain) + b"\n"
        # Numbers that are not finite are NaN and Infinity; a letter is looked for in no time.
        if (b"N" in line or b"I" in line) and (odd := _not_finite(record)):
            raise ResultFormatError(
                f"This cannot be journalled: {record!r}: {odd} is no finite number."
            )
        written = os.write(self._descriptor, line)
        if written != len(line):
            raise OSError(f"{self._path} took {written} of {len(line)} bytes; is the disk full?")

    def close(self) -> None:
        """Close the file; safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def is_written(path: Path) -> bool:
    """Return whether a process, perhaps this one, appends to a journal; ``False`` without one.

    Raises:
        OSError: It cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _not_finite(record: Mapping[str, Any]) -> str:
    """Return the names of the numbers that are not finite."""
    return ", ".join(
        name
        for name, value in record.items()
        if isinstance(value, float) and not math.isfinite(value)
    )


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a journal, without lines that a killed writer left torn.

    Raises:
        ResultFormatError: A whole line is JSON but no object: the file is no journal.
        OSError: The file cannot be read.
    """
    return (record for _, record in read_lines(path))


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield what :func:`read_journal` does, each with the number of its line.

    Raises:
        ResultFormatError: A whole line is JSON but no object: the file is no journal.
        OSError: The file cannot be read.
    """
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                record = json.loads(line)
            except ValueError:
                # The last line of a writer that was killed; another one went on after it.
                _log.warning("Line %d of %s is torn and left out.", number, path)
                continue
            if not isinstance(record, dict):
                if line.endswith(b"\n"):
                    raise ResultFormatError(f"Line {number} of {path} is no journal record.")
                continue
            yield number, record
