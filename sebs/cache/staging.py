"""Temporary directories whose owner's death shows, so that what it left can be swept.

A writer holds an ``flock`` on its directory. The kernel releases it when the process ends, however
it ends, in whatever container it ran; a process id would be reused, and means nothing elsewhere.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sebs.cache.failures import explained


class Staging:
    """Where files are made before they are renamed into place.

    Args:
        root: Directory of the temporary directories, on the file system of what is made in them.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def directory(self) -> Iterator[Path]:
        """Yield a fresh directory of this process; removed afterwards with all that is in it.

        Raises:
            CacheUnavailableError: It cannot be made.
        """
        path, descriptor = self._claim()
        try:
            yield path
        finally:
            try:
                shutil.rmtree(path)
            finally:
                os.close(descriptor)

    def sweep(self, *, dry_run: bool = False) -> list[Path]:
        """Remove, or only list, the directories whose writers are dead."""
        swept = []
        for path in self._children():
            # Gone already, alive, no directory of ours, or another user's: none of our business.
            with suppress(FileNotFoundError, BlockingIOError, NotADirectoryError, PermissionError):
                descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if not dry_run:
                        shutil.rmtree(path)
                    swept.append(path)
                finally:
                    os.close(descriptor)
        return swept

    def _claim(self) -> tuple[Path, int]:
        """Make and lock a directory; again where a sweeper took it for a leftover in between."""
        with explained(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            while True:
                path = self._root / uuid.uuid4().hex
                path.mkdir()
                with suppress(FileNotFoundError):
                    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
                    if path.exists():
                        return path, descriptor
                    os.close(descriptor)

    def _children(self) -> list[Path]:
        try:
            with os.scandir(self._root) as entries:
                return sorted(Path(entry.path) for entry in entries)
        except FileNotFoundError:
            return []


def flush_directory(path: Path) -> None:
    """Wait until the disk knows the names in a directory."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
