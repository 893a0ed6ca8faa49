"""Code packages on disk, named by what is in them.

A name never changes its content: a package is copied under a temporary name, flushed to the disk
and renamed. Whoever calls :meth:`PackageStore.place` or :meth:`PackageStore.remove` holds the
database's write lock, so a package is never removed while another process begins to refer to it.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sebs.cache.failures import explained
from sebs.cache.staging import Staging, flush_directory
from sebs.errors import CacheError

if TYPE_CHECKING:
    from hashlib import _Hash

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Staged:
    """A package that is copied and flushed, but not yet in the store."""

    name: str
    path: Path


class PackageStore:
    """The packages of one cache directory.

    Args:
        directory: Where they are; made when first needed.
        staging: Where they are copied before they are moved into place.
    """

    def __init__(self, directory: Path, staging: Staging) -> None:
        self._directory = directory
        self._staging = staging

    def path(self, name: str) -> Path:
        """Return where the package of that name is, or would be."""
        return self._directory / name

    @contextmanager
    def stage(self, source: Path) -> Iterator[Staged]:
        """Copy a file or a directory; it is gone after the block unless it was placed.

        Raises:
            CacheError: There is no such file, or it holds more than files, directories and links.
            CacheUnavailableError: The disk is full, or the directory read-only.
        """
        if not source.exists():
            raise CacheError(f"There is no code package at {source}.")
        with self._staging.directory() as directory:
            target = directory / "package"
            digest = hashlib.sha256()
            with explained(self._directory):
                if source.is_dir():
                    _copy_tree(source, target, digest)
                    name = digest.hexdigest()
                else:
                    _copy_file(source, target, digest)
                    name = digest.hexdigest() + source.suffix
            yield Staged(name, target)

    def place(self, staged: Staged) -> Path:
        """Move a staged package into the store; one with the same content is kept."""
        target = self.path(staged.name)
        with explained(target):
            self._directory.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                os.rename(staged.path, target)
                flush_directory(self._directory)
        return target

    def remove(self, name: str) -> None:
        """Remove a package; where the process dies in between, none stays under its name."""
        with self._staging.directory() as directory, explained(self.path(name)):
            try:
                os.rename(self.path(name), directory / "package")
            except FileNotFoundError:
                return
            flush_directory(self._directory)

    def names(self) -> list[str]:
        """Return the names of all packages on disk."""
        try:
            return sorted(os.listdir(self._directory))
        except FileNotFoundError:
            return []

    def size(self, name: str) -> int:
        """Return how many bytes a package takes."""
        path = self.path(name)
        if not path.is_dir():
            return path.lstat().st_size
        return sum(entry.lstat().st_size for entry in path.rglob("*") if not entry.is_dir())


def _copy_file(source: Path, target: Path, digest: _Hash) -> None:
    with open(source, "rb") as reader, open(target, "xb") as writer:
        while chunk := reader.read(_CHUNK):
            digest.update(chunk)
            writer.write(chunk)
        writer.flush()
        os.fsync(writer.fileno())


def _copy_tree(source: Path, target: Path, digest: _Hash) -> None:
    """Copy a directory; the digest covers names, kinds, permissions and contents, in order."""
    target.mkdir()
    with os.scandir(source) as entries:
        children = sorted(entries, key=lambda entry: os.fsencode(entry.name))
    for child in children:
        path, copy = Path(child.path), target / child.name
        status = child.stat(follow_symlinks=False)
        size = status.st_size if stat.S_ISREG(status.st_mode) else 0
        _digest_header(digest, status.st_mode, size, os.fsencode(child.name))
        if stat.S_ISLNK(status.st_mode):
            link = os.readlink(path)
            _digest_header(digest, 0, 0, os.fsencode(link))
            copy.symlink_to(link)
        elif stat.S_ISDIR(status.st_mode):
            _copy_tree(path, copy, digest)
        elif stat.S_ISREG(status.st_mode):
            _copy_file(path, copy, digest)
            copy.chmod(stat.S_IMODE(status.st_mode))
        else:
            raise CacheError(f"The code package has a file that is no file: {path}.")
    _digest_header(digest, 0, len(children), b"")
    flush_directory(target)


def _digest_header(digest: _Hash, mode: int, size: int, name: bytes) -> None:
    digest.update(b"%o %d %d " % (mode, size, len(name)) + name)
