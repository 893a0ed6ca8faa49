"""The metrics log: one line of JSON an invocation, as a cloud's log has it.

A line is written with one ``write`` on a descriptor in append mode before the answer is sent, so
what was answered is in the log even if the gateway is killed at the next instant. Full files are
renamed; a reader sees the old ones first.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

#: Bytes after which a file is full, and full files that are kept: together about 1.5 million
#: invocations a function.
ROTATE_BYTES = 64 * 1024 * 1024
KEPT_FILES = 8


class MetricsLog:
    """Appends to one function's log.

    Args:
        path: The file that is written to; full ones are named ``PATH.1`` (the newest) and so on.
        rotate_bytes: Size after which the file is full.
    """

    def __init__(self, path: Path, rotate_bytes: int = ROTATE_BYTES) -> None:
        self._path = path
        self._rotate_bytes = rotate_bytes
        #: Records that could not be written, because the disk was full for example.
        self.lost = 0
        self._open()

    def append(self, line: bytes) -> None:
        """Write one record, a whole line.

        A log that cannot be written must not fail the invocation: the record is counted as lost,
        and the first loss is reported on standard error.
        """
        try:
            os.write(self._descriptor, line)
        except OSError as error:
            self.lost += 1
            if self.lost == 1:
                print(f"{self._path}: metrics are lost: {error}", file=sys.stderr)  # noqa: T201 - the gateway's log
            return
        self._size += len(line)
        if self._size >= self._rotate_bytes:
            self._rotate()

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _open(self) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, 0o600)
        self._size = os.fstat(self._descriptor).st_size
        if self._size and os.pread(self._descriptor, 1, self._size - 1) != b"\n":
            # A killed writer left a part of a line: the next record must not become its rest.
            os.write(self._descriptor, b"\n")

    def _rotate(self) -> None:
        os.close(self._descriptor)
        for number in range(KEPT_FILES - 1, 0, -1):
            if numbered(self._path, number).exists():
                os.replace(numbered(self._path, number), numbered(self._path, number + 1))
        os.replace(self._path, numbered(self._path, 1))
        self._open()


def read_metrics(
    home: Path,
    name: str,
    start: float,
    end: float,
    request_ids: Collection[str] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield the records of a function's invocations, the oldest first.

    The gateway need not run. Lines that are no record (the last one of a killed writer) are
    skipped.

    Args:
        home: The local platform's directory.
        name: The function's name.
        start: Unix seconds; invocations that began before are left out.
        end: Unix seconds; invocations that began after are left out.
        request_ids: Only these invocations, where given.
    """
    current = metrics_path(home, name)
    for path in [*(numbered(current, number) for number in range(KEPT_FILES, 0, -1)), current]:
        try:
            stream = path.open("rb")
        except FileNotFoundError:
            continue
        with stream:
            if os.fstat(stream.fileno()).st_mtime < start - 1:
                continue
            for line in stream:
                record = _parse(line)
                if record is None or not start <= record["begin"] <= end:
                    continue
                if request_ids is None or record["request_id"] in request_ids:
                    yield record


def metrics_path(home: Path, name: str) -> Path:
    """Return the file that a function's metrics are appended to."""
    return home / "metrics" / f"{name}.jsonl"


def numbered(path: Path, number: int) -> Path:
    """Return the name of a full file; 1 is the newest."""
    return path.with_name(f"{path.name}.{number}")


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
        return record if "begin" in record and "request_id" in record else None
    except (ValueError, TypeError):
        return None
