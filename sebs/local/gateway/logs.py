"""The functions' own output: one file a function, bounded."""

from __future__ import annotations

import os
from pathlib import Path

#: Bytes of a log after which its content moves to ``LOG.1``, in the place of what was there.
ROTATE_BYTES = 16 * 1024 * 1024


def log_path(home: Path, name: str) -> Path:
    """Return the file that a function's standard output and error are appended to."""
    return home / "logs" / f"{name}.log"


class FunctionLog:
    """The file that all environments of a function print to.

    The environments write to it directly, so printing never waits for the gateway. For the same
    reason the file cannot be renamed away under them: its newest part is copied and the file cut.

    Args:
        path: The file.
        rotate_bytes: Size after which it is cut.
    """

    def __init__(self, path: Path, rotate_bytes: int = ROTATE_BYTES) -> None:
        self._path = path
        self._rotate_bytes = rotate_bytes
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self.descriptor = os.open(path, flags, 0o600)

    def bound(self) -> None:
        """Cut the file if it is full; what was printed during the copy may be lost."""
        size = os.fstat(self.descriptor).st_size
        if size < self._rotate_bytes:
            return
        newest = os.pread(self.descriptor, self._rotate_bytes, size - self._rotate_bytes)
        os.ftruncate(self.descriptor, 0)
        self._path.with_name(f"{self._path.name}.1").write_bytes(newest)

    def close(self) -> None:
        """Close the file; the environments keep their own descriptors."""
        os.close(self.descriptor)
