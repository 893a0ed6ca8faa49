"""The local object storage: buckets are directories, objects are files.

Whatever happens to its writer, an object is there whole or not at all: it is written under a
temporary name in ``.staging`` and renamed. What is deleted is renamed into the same directory
first. A bucket says in ``%owner`` whose it is; no object's file has such a name.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sebs.errors import (
    BucketNotFoundError,
    ObjectNotFoundError,
    SebsError,
    StorageError,
    UnsafePathError,
)
from sebs.faas.config import Resources
from sebs.local.buckets import LocalBuckets
from sebs.local.keys import directory_part, object_part, object_path
from sebs.s3.names import is_bucket_name
from sebs.utils import flush_to_disk

if TYPE_CHECKING:
    from sebs.cache import Cache

#: The variable that tells a function where the storage is.
STORAGE_VARIABLE = "SEBS_LOCAL_STORAGE"

_OWNER = "%owner"
_STAGING = ".staging"

#: Seconds without any change after which something in ``.staging`` has nobody who works on it.
_ABANDONED = 3600.0

#: How often an upload starts again because its directory was cleaned away under it.
_ATTEMPTS = 100

_CHUNK = 1 << 20


class LocalStorage(LocalBuckets):
    """Buckets and objects below one directory, which only this user may enter.

    Symbolic links in it are never followed.

    Args:
        root: The directory; made with the first bucket.
        region: Region of the buckets, which means nothing here.
        cache_client: The cache.
        resources: The deployment's resources.
        replace_existing: Whether inputs that are there are uploaded again.
    """

    def __init__(
        self,
        root: Path,
        region: str,
        cache_client: Cache,
        resources: Resources,
        replace_existing: bool = False,
    ) -> None:
        super().__init__(region, cache_client, resources, replace_existing)
        self._root = root
        self._swept = False

    def envs(self) -> dict[str, str]:
        """Return the variable that tells a function where the storage is."""
        return {STORAGE_VARIABLE: str(self._root)}

    def owner(self, bucket_name: str) -> str | None:
        """Return the resource id of the deployment that made a bucket; ``None`` without one."""
        if not is_bucket_name(bucket_name) or (self._root / bucket_name).is_symlink():
            return None
        with _explained(f"The bucket {bucket_name}"):
            try:
                return (self._root / bucket_name / _OWNER).read_text(encoding="utf-8")
            except (FileNotFoundError, NotADirectoryError):
                return None

    def exists_bucket(self, bucket_name: str) -> bool:
        """Return whether a bucket exists."""
        return self.owner(bucket_name) is not None

    def list_buckets(self, bucket_name: str | None = None) -> list[str]:
        """Return the sorted buckets whose name contains ``bucket_name``; all where ``None``."""
        with _explained("The storage"):
            try:
                names = os.listdir(self._root)
            except FileNotFoundError:
                return []
        return sorted(name for name in names if (bucket_name or "") in name and self.owner(name))

    def _make_bucket(self, name: str, owner: str) -> None:
        with _explained(f"The bucket {name}"), self._staged() as staged:
            _make_directory(staged, self._mode())
            (staged / _OWNER).write_text(owner, encoding="utf-8")
            with suppress(FileExistsError):
                # Fails where there is such a bucket, for no bucket is ever an empty directory.
                _rename_directory(staged, self._root / name)

    def upload(self, bucket_name: str, filepath: str, key: str) -> None:
        """Write a file to an object.

        Raises:
            BucketNotFoundError: No such bucket.
            UnsafePathError: The key would leave the bucket.
            StorageError: The file cannot be read, or the object not be written.
        """
        names = object_path(key)
        bucket = self._bucket(bucket_name)
        with _explained(f"The object {key} in {bucket_name}"), self._staged() as staged:
            descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as target, open(filepath, "rb") as source:
                os.fchmod(descriptor, self._mode() & 0o660)
                shutil.copyfileobj(source, target, _CHUNK)
                flush_to_disk(target)
            for _ in range(_ATTEMPTS):
                self._bucket(bucket_name)
                with suppress(FileNotFoundError):
                    os.replace(staged, self._make_directories(bucket, names[:-1]) / names[-1])
                    return
            raise StorageError(f"The bucket {bucket_name} was cleaned {_ATTEMPTS} times meanwhile.")

    def download(self, bucket_name: str, key: str, filepath: str) -> None:
        """Write an object to a file.

        Raises:
            BucketNotFoundError: No such bucket.
            ObjectNotFoundError: No such object.
            UnsafePathError: The key would leave the bucket.
            StorageError: The object cannot be read, or the file not be written.
        """
        names = object_path(key)
        bucket = self._bucket(bucket_name)
        with _explained(f"The object {key} in {bucket_name}"):
            _refuse_links(bucket, names)
            try:
                source = bucket.joinpath(*names).open("rb")
            except FileNotFoundError:
                raise ObjectNotFoundError(
                    f"The bucket {bucket_name} has no object {key!r}."
                ) from None
            with source, open(filepath, "wb") as target:
                shutil.copyfileobj(source, target, _CHUNK)

    def list_bucket(self, bucket_name: str, prefix: str = "") -> list[str]:
        """Return the keys in a bucket that start with a prefix, in the order of their UTF-8.

        Raises:
            BucketNotFoundError: No such bucket.
        """
        bucket = self._bucket(bucket_name)
        with _explained(f"The bucket {bucket_name}"):
            return sorted(_keys(bucket, "", prefix))

    def clean_bucket(self, bucket_name: str) -> None:
        """Delete all objects of a bucket, and keep it.

        Raises:
            BucketNotFoundError: No such bucket.
        """
        bucket = self._bucket(bucket_name)
        with _explained(f"The bucket {bucket_name}"):
            for name in os.listdir(bucket):
                if name != _OWNER:
                    self._discard(bucket / name)

    def remove_bucket(self, bucket_name: str) -> None:
        """Delete a bucket and all that is in it.

        Raises:
            BucketNotFoundError: No such bucket.
        """
        bucket = self._bucket(bucket_name)
        with _explained(f"The bucket {bucket_name}"):
            self._discard(bucket)

    def _mode(self) -> int:
        """Return the permissions of what is made: those of the storage's own directory.

        The gateway opens it to the group where functions run as another user.
        """
        return self._root.stat().st_mode & 0o770

    def _make_directories(self, bucket: Path, names: Sequence[str]) -> Path:
        """Make the directories of an object's prefix, one by one: never the bucket itself."""
        directory = bucket
        for name in names:
            directory = directory / name
            _make_directory(directory, self._mode())
        _refuse_links(bucket, names)
        return directory

    def _bucket(self, name: str) -> Path:
        """Return the directory of a bucket that exists."""
        if not self.exists_bucket(name):
            raise BucketNotFoundError(f"There is no bucket {name!r} in {self._root}.")
        return self._root / name

    def _discard(self, path: Path) -> None:
        with self._staged() as staged, suppress(FileNotFoundError):
            path.rename(staged)

    @contextmanager
    def _staged(self) -> Iterator[Path]:
        """Yield a path for something to be made or deleted; what is there afterwards is deleted."""
        staging = self._root / _STAGING
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_directory(staging, self._mode())
        if not self._swept:
            self._swept = True
            _sweep(staging)
        path = staging / uuid.uuid4().hex
        try:
            yield path
        finally:
            _remove(path)


def _keys(directory: Path, above: str, prefix: str) -> Iterator[str]:
    """Yield the keys below a directory that start with a prefix.

    Args:
        directory: The directory.
        above: What its keys begin with; empty, or ends in a slash.
        prefix: What is looked for.
    """
    try:
        entries = list(os.scandir(directory))
    except FileNotFoundError:
        return  # cleaned away meanwhile
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            part = directory_part(entry.name)
            below = f"{above}{part}/"
            if part is not None and (below.startswith(prefix) or prefix.startswith(below)):
                yield from _keys(directory / entry.name, below, prefix)
        elif entry.is_file(follow_symlinks=False):
            part = object_part(entry.name)
            if part is not None and f"{above}{part}".startswith(prefix):
                yield f"{above}{part}"


def _make_directory(path: Path, mode: int) -> None:
    """Make a directory, whatever the program's mask permits; one that exists stays as it is."""
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
        path.chmod(mode)


def _refuse_links(bucket: Path, names: Sequence[str]) -> None:
    path = bucket
    for name in names:
        path = path / name
        if path.is_symlink():
            raise UnsafePathError(f"{path} is a symbolic link, which may lead out of the bucket.")


def _rename_directory(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError as error:
        if target.is_symlink() or target.exists():
            raise FileExistsError(str(target)) from error
        raise


def _sweep(staging: Path) -> None:
    """Remove what writers left behind that were killed.

    The time of the last change counts, which a rename sets as well.
    """
    for entry in os.scandir(staging):
        with suppress(FileNotFoundError):
            if time.time() - entry.stat(follow_symlinks=False).st_ctime > _ABANDONED:
                _remove(Path(entry.path))


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Say of what the operating system complains."""
    try:
        yield
    except SebsError:
        raise
    except OSError as error:
        raise StorageError(f"{what}: {error.strerror or error} ({error.filename}).") from error
