"""Unpacked packages: one directory a package, named by the hash of its zip file.

A package is its functions' working directory, shared by all of their environments, so nobody may
write to it, as on the platforms: what one invocation left there would change the next.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import uuid
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

from sebs.benchmark.package import extract_zip

#: Mode bits without any that permit writing.
_NO_WRITING = 0o555


class PackageError(ValueError):
    """A package that is not what the request said."""


class PackageStore:
    """Unpacks each package once and keeps it as long as a function needs it.

    Args:
        directory: Where the unpacked packages lie; it exists.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def path(self, sha256: str) -> Path:
        """Return the directory of an unpacked package."""
        return self._directory / sha256

    def unpack(self, archive: Path, sha256: str) -> None:
        """Make sure that the package is there, whole.

        It is unpacked under a temporary name and renamed, so that neither a crash nor a second
        request for the same package leaves a part of it.

        Raises:
            PackageError: The file cannot be read, has another hash, is no archive, or has an
                entry that would leave the package's directory.
        """
        target = self.path(sha256)
        if target.is_dir():
            return
        try:
            with archive.open("rb") as stream:
                found = _sha256(stream.fileno())
        except OSError as error:
            raise PackageError(f"package: {archive} cannot be read: {error.strerror}.") from error
        if found != sha256:
            raise PackageError(f"package: {archive} has the SHA-256 {found}, not {sha256}.")
        temporary = self._directory / f".{sha256}.{uuid.uuid4().hex[:8]}.tmp"
        try:
            temporary.mkdir()
            extract_zip(archive, temporary)
            _protect(temporary)
            os.rename(temporary, target)
        except FileExistsError:
            pass  # another request for the same package was faster
        except OSError as error:
            if not target.is_dir():
                raise PackageError(f"package: {archive} cannot be unpacked: {error}.") from error
        finally:
            _remove(temporary)

    def collect(self, needed: Container[str]) -> None:
        """Remove every package that is not needed any more, and remains of broken unpacking."""
        for entry in os.scandir(self._directory):
            if entry.name not in needed:
                _remove(entry.path)


def _protect(package: Path) -> None:
    """Take everybody's permission to write; a link has none of its own."""
    for directory, _, names in os.walk(package):
        for name in names:
            path = os.path.join(directory, name)
            mode = os.lstat(path).st_mode
            if not stat.S_ISLNK(mode):
                os.chmod(path, stat.S_IMODE(mode) & _NO_WRITING)
        os.chmod(directory, _NO_WRITING)


def _remove(package: str | Path) -> None:
    """Remove a package, or a part of one: only what may be written to can be emptied."""
    for directory, _, _ in os.walk(package):
        with suppress(OSError):  # somebody else's: its removal fails as well, and stays quiet
            os.chmod(directory, 0o700)
    shutil.rmtree(package, ignore_errors=True)


def _sha256(descriptor: int) -> str:
    digest = hashlib.sha256()
    while chunk := os.read(descriptor, 1 << 20):
        digest.update(chunk)
    return digest.hexdigest()
