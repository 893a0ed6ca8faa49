"""Object storage for functions on the local platform: the files themselves.

Part of a function's package, so it needs nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from typing import IO, Any

from .storage_keys import check_bucket, object_path, unique_name


class storage:  # noqa: N801 - the name that benchmarks use
    """Buckets and objects of the function's deployment."""

    instance: storage | None = None

    def __init__(self) -> None:
        self._root = os.environ["SEBS_LOCAL_STORAGE"]

    @staticmethod
    def get_instance() -> storage:
        """Return the one instance of this environment."""
        if storage.instance is None:
            storage.instance = storage()
        return storage.instance

    @staticmethod
    def unique_name(name: str) -> str:
        """Return a name that no other invocation uses: a random part before the extension."""
        key: str = unique_name(name)
        return key

    def upload(self, bucket: str, file: str, filepath: str, unique_name: bool = True) -> str:
        """Write a file to an object; return the key actually used."""
        key = self.unique_name(file) if unique_name else file
        with open(filepath, "rb") as source:
            self._write(bucket, key, lambda target: shutil.copyfileobj(source, target, 1 << 20))
        return key

    def download(self, bucket: str, file: str, filepath: str) -> None:
        """Write an object to a file."""
        shutil.copyfile(self._path(bucket, file), filepath)

    def upload_stream(self, bucket: str, file: str, data: Any) -> str:
        """Write bytes, or all that a binary stream holds, to an object; return the key used."""
        key = self.unique_name(file)
        if hasattr(data, "read"):
            data.seek(0)
            self._write(bucket, key, lambda target: shutil.copyfileobj(data, target, 1 << 20))
        else:
            self._write(bucket, key, lambda target: target.write(data))
        return key

    def download_stream(self, bucket: str, file: str) -> bytes:
        """Return an object's content."""
        with open(self._path(bucket, file), "rb") as source:
            return source.read()

    def download_directory(self, bucket: str, prefix: str, path: str) -> None:
        """Write all objects whose keys start with a prefix to files named by the whole keys."""
        for key in sorted(_keys(self._bucket(bucket), "", prefix)):
            target = os.path.join(path, key)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            self.download(bucket, key, target)

    def _bucket(self, bucket: str) -> str:
        path = os.path.join(self._root, check_bucket(bucket))
        if os.path.islink(path) or not os.path.isdir(path):
            raise FileNotFoundError(f"There is no bucket {bucket!r}")
        return path

    def _path(self, bucket: str, key: str) -> str:
        names = object_path(key)
        path = self._bucket(bucket)
        for name in names:
            path = os.path.join(path, name)
            if os.path.islink(path):
                raise ValueError(f"{path} is a symbolic link, which may lead out of the bucket")
        return path

    def _write(self, bucket: str, key: str, fill: Callable[[IO[bytes]], object]) -> None:
        """Make the object under another name and rename it, so that it is there whole or not."""
        path = self._path(bucket, key)
        temporary = os.path.join(self._root, ".staging", uuid.uuid4().hex)
        try:
            # What is made is as open as the storage itself, whatever this process's mask permits.
            mode = os.stat(self._root).st_mode & 0o770
            with open(temporary, "xb", opener=_open_private) as target:
                os.fchmod(target.fileno(), mode & 0o660)
                fill(target)
            directory = self._bucket(bucket)
            for name in object_path(key)[:-1]:
                directory = os.path.join(directory, name)
                with contextlib.suppress(FileExistsError):
                    os.mkdir(directory, 0o700)
                    os.chmod(directory, mode)
            os.replace(temporary, path)
        except BaseException:
            if os.path.exists(temporary):
                os.unlink(temporary)
            raise


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _keys(directory: str, above: str, prefix: str) -> Iterator[str]:
    for entry in os.scandir(directory):
        key = above + entry.name.replace("%25", "%")
        if entry.is_dir(follow_symlinks=False):
            below = f"{key}/"
            if below.startswith(prefix) or prefix.startswith(below):
                yield from _keys(entry.path, below, prefix)
        elif not entry.name.endswith("%") or entry.is_symlink():
            continue  # what the storage keeps for itself, or no object at all
        elif key[:-1].startswith(prefix):
            yield key[:-1]
