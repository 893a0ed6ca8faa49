"""The database file: how it comes into being, connections, transactions.

SQLite in WAL mode with ``synchronous=FULL``: readers never wait, writers take turns, and what was
committed survives the loss of power (https://sqlite.org/wal.html). The file is made complete under
a temporary name and linked into place, so no process ever sees half a schema.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sebs.cache.failures import explained
from sebs.cache.staging import Staging, flush_directory
from sebs.cache.tables import SCHEMA, SCHEMA_VERSION, Rows
from sebs.errors import CacheFormatError, CacheUnavailableError

if TYPE_CHECKING:
    from sqlite3 import Connection

#: Marks the file as ours (https://sqlite.org/pragma.html#pragma_application_id): "SeBS" in ASCII.
APPLICATION_ID = 0x53654253
#: How long a writer waits for its turn, in seconds.
BUSY_TIMEOUT = 120


class _Handle:
    """A connection of one thread of one process, closed when that thread is gone."""

    def __init__(self, connection: Connection, path: Path) -> None:
        self.connection = connection
        self.pid = os.getpid()
        self.file = _identity(path)
        self._close = weakref.finalize(self, _close_in, self.pid, connection)

    def close(self) -> None:
        self._close()

    def serves(self, path: Path) -> bool:
        """Whether this process opened it, and the file is still the one that was opened."""
        return self.pid == os.getpid() and self.file == _identity(path)


#: Connections that a forked child inherited. To close one would take its parent's locks away.
_inherited: list[Connection] = []


def _close_in(pid: int, connection: Connection) -> None:
    if pid == os.getpid():
        connection.close()
    else:
        _inherited.append(connection)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


class Database:
    """The rows of one cache directory; safe to use from many threads and processes at once.

    Args:
        path: The database file; made on the first write.
        staging: Where it is made before it is moved into place.
    """

    def __init__(self, path: Path, staging: Staging) -> None:
        self.path = path
        self._staging = staging
        self._thread = threading.local()
        self._handles: weakref.WeakSet[_Handle] = weakref.WeakSet()
        self._handles_lock = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[Rows]:
        """Yield the rows for reading; a cache that does not exist yet reads as an empty one.

        Raises:
            CacheUnavailableError: The directory cannot be read.
            CacheFormatError: The file is corrupt, or of a newer version.
        """
        with explained(self.path):
            if _identity(self.path) is None:
                with closing(_empty()) as connection:
                    yield Rows(connection)
            elif self._is_writable():
                yield Rows(self._connection())
            else:
                with closing(_open_read_only(self.path)) as connection:
                    yield Rows(connection)

    @contextmanager
    def writing(self) -> Iterator[Rows]:
        """Yield the rows for one transaction: all that the block writes is kept, or nothing.

        It holds the write lock from its beginning, so what the block reads cannot change under it.

        Raises:
            CacheUnavailableError: Read-only directory, full disk, or no turn within two minutes.
            CacheFormatError: The file is corrupt, or of a newer version.
        """
        with explained(self.path):
            self._ensure_created()
            connection = self._connection()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield Rows(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the connections of all threads; a later use opens new ones."""
        with self._handles_lock:
            for handle in list(self._handles):
                handle.close()
            self._handles.clear()
        self._thread = threading.local()

    def _connection(self) -> Connection:
        handle: _Handle | None = getattr(self._thread, "handle", None)
        if handle is None or not handle.serves(self.path):
            self._staging.sweep()
            handle = self._thread.handle = _Handle(_open(self.path), self.path)
            with self._handles_lock:
                self._handles.add(handle)
        return handle.connection

    def _is_writable(self) -> bool:
        # WAL needs to write beside the file, even to read (https://sqlite.org/wal.html#readonly).
        return os.access(self.path.parent, os.W_OK) and os.access(self.path, os.W_OK)

    def _ensure_created(self) -> None:
        if _identity(self.path) is None:
            self._create()
        elif not self._is_writable():
            raise CacheUnavailableError(
                f"The cache {self.path} is read-only.",
                remedy="Make the directory writable for this user, or choose another one with "
                "--cache or SEBS_CACHE_DIR.",
            )

    def _create(self) -> None:
        with self._staging.directory() as directory:
            path = directory / self.path.name
            with closing(_connect(path)) as connection:
                # Into the file itself, and the log last: what a log holds would be moved into the
                # file when it is closed, where a full disk is no error.
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute("BEGIN")
                for statement in SCHEMA:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                connection.execute("COMMIT")
                connection.execute("PRAGMA journal_mode = WAL")
            with suppress(FileExistsError):  # another process was faster: its file is as good
                os.link(path, self.path)
                flush_directory(self.path.parent)


def _connect(target: str | Path, *, uri: bool = False) -> Connection:
    import sqlite3

    connection = sqlite3.connect(
        target,
        timeout=BUSY_TIMEOUT,
        isolation_level=None,  # transactions begin where the code says so
        check_same_thread=False,  # closed by whichever thread closes the cache
        uri=uri,
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def _open(path: Path) -> Connection:
    return _checked(_connect(path), path)


def _open_read_only(path: Path) -> Connection:
    # Without a log beside it nobody is writing, and SQLite may read the bare file.
    has_log = path.with_name(f"{path.name}-wal").exists()
    mode = "mode=ro" if has_log else "mode=ro&immutable=1"
    return _checked(_connect(f"{path.as_uri()}?{mode}", uri=True), path)


def _empty() -> Connection:
    connection = _connect(":memory:")
    for statement in SCHEMA:
        connection.execute(statement)
    return connection


def _checked(connection: Connection, path: Path) -> Connection:
    """Return the connection, or close it and say why the file is none of ours."""
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION_ID:
            raise CacheFormatError(
                f"{path} is no cache of sebs.",
                remedy="Move the file away, or choose another directory with --cache.",
            )
        if version > SCHEMA_VERSION:
            raise CacheFormatError(
                f"The cache {path} has format {version}; this version of sebs reads up to "
                f"{SCHEMA_VERSION}.",
                remedy="Upgrade sebs, or choose another directory with --cache.",
            )
    except BaseException:
        connection.close()
        raise
    return connection
