"""Tables of JSON items in one SQLite file: what the local NoSQL storage does, whoever asks.

The client and the gateway, which asks for the functions, use the same file at once (WAL). A commit
survives the end of any process; the last ones before a loss of power may be undone
(``synchronous=NORMAL``, https://sqlite.org/pragma.html#pragma_synchronous), so that no flush of the
disk is measured as a function's work.
"""

from __future__ import annotations

import json
import os
import threading
import uuid
import weakref
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.errors import BucketNotFoundError, InvalidItemError, StorageError
from sebs.faas.tables import (
    MAX_PRIMARY,
    Key,
    Table,
    check_table,
    foreign_key,
    item_text,
    key_attributes,
    key_value,
    key_values,
)
from sebs.utils import is_text

if TYPE_CHECKING:
    from sqlite3 import Connection

#: Seconds that a writer waits for another one.
_BUSY_TIMEOUT = 30.0

_FORMAT = 1
_SCHEMA = (
    "CREATE TABLE tables (name TEXT PRIMARY KEY, owner TEXT NOT NULL,"
    " primary_name TEXT NOT NULL, secondary_name TEXT)",
    "CREATE TABLE items (name TEXT NOT NULL REFERENCES tables ON DELETE CASCADE,"
    " primary_value TEXT NOT NULL, secondary_value TEXT NOT NULL, item TEXT NOT NULL,"
    " PRIMARY KEY (name, primary_value, secondary_value))",
    f"PRAGMA user_version = {_FORMAT}",
)
_ONE = "name = ? AND primary_value = ? AND secondary_value = ?"


class TableStore:
    """The tables in one file; threads and processes may use it at once.

    Every operation raises :class:`~sebs.errors.BucketNotFoundError` where there is no such table,
    :class:`~sebs.errors.InvalidItemError` where the keys are not the table's, and
    :class:`~sebs.errors.StorageError` where the file cannot be read or written.

    Args:
        directory: Where the file lies; made with it, on first use.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / "tables.sqlite"
        self._lock = threading.Lock()
        self._opened: Connection | None = None
        self._pid = 0

    # Tables.

    def tables(self, owner: str) -> list[str]:
        """Return the sorted names of a deployment's tables."""
        if not self._path.exists():
            return []
        with self._transaction() as connection:
            rows = connection.execute("SELECT name FROM tables WHERE owner = ?", (owner,))
            return sorted(name for (name,) in rows)

    def exists(self, name: str) -> bool:
        """Return whether there is a table of this name."""
        if not self._path.exists():
            return False
        with self._transaction() as connection:
            return _find(connection, name) is not None

    def create(self, table: Table) -> None:
        """Create a table; one with the same owner and keys may exist already.

        Raises:
            InvalidNameError: Its name is empty or too long, or its keys have the same name.
            StorageError: It exists with another owner or other keys.
        """
        check_table(table)
        with self._transaction(write=True) as connection:
            present = _find(connection, table.name)
            if present is None:
                connection.execute("INSERT INTO tables VALUES (?, ?, ?, ?)", table)
            elif present != table:
                raise StorageError(
                    f"The table {table.name!r} exists as another one: {present[1:]}, not "
                    f"{table[1:]}.",
                    remedy="Remove it first.",
                )

    def clear(self, name: str) -> None:
        """Delete all items of a table."""
        with self._transaction(write=True) as connection:
            _require(connection, name)
            connection.execute("DELETE FROM items WHERE name = ?", (name,))

    def remove(self, name: str) -> None:
        """Delete a table with all its items."""
        with self._transaction(write=True) as connection:
            _require(connection, name)
            connection.execute("DELETE FROM tables WHERE name = ?", (name,))

    # Items.

    def insert(
        self, name: str, primary: Key, secondary: Key | None, data: Mapping[str, Any]
    ) -> None:
        """Write an item in the place of any other with its keys; they become part of it."""
        with self._transaction(write=True) as connection:
            values = key_values(_require(connection, name), primary, secondary)
            _write(connection, name, values, {**data, **key_attributes(primary, secondary)})

    def update(
        self, name: str, primary: Key, secondary: Key | None, updates: Mapping[str, Any]
    ) -> None:
        """Set some attributes of an item, which is made where there is none; others stay.

        Raises:
            InvalidItemError: A key is among the attributes.
        """
        with self._transaction(write=True) as connection:
            values = key_values(_require(connection, name), primary, secondary)
            keys = key_attributes(primary, secondary)
            if changed := sorted(keys.keys() & updates.keys()):
                raise InvalidItemError(f"The keys of an item cannot be updated: {changed}.")
            if updates:
                present = _read(connection, name, values) or {}
                _write(connection, name, values, {**present, **updates, **keys})

    def get(self, name: str, primary: Key, secondary: Key | None) -> dict[str, Any] | None:
        """Return an item, ``None`` where there is none."""
        with self._transaction() as connection:
            values = key_values(_require(connection, name), primary, secondary)
            return _read(connection, name, values)

    def query(self, name: str, primary: Key, secondary_name: str | None) -> list[dict[str, Any]]:
        """Return all items with a primary key, in the order of their secondary keys' UTF-8."""
        with self._transaction() as connection:
            table = _require(connection, name)
            if secondary_name != table.secondary:
                raise foreign_key(table, "secondary", secondary_name)
            value = key_value(table, "primary", table.primary, primary, MAX_PRIMARY)
            rows = connection.execute(
                "SELECT item FROM items WHERE name = ? AND primary_value = ?"
                " ORDER BY secondary_value",
                (name, value),
            )
            return [json.loads(item) for (item,) in rows]

    def delete(self, name: str, primary: Key, secondary: Key | None) -> None:
        """Delete an item, if it is there."""
        with self._transaction(write=True) as connection:
            values = key_values(_require(connection, name), primary, secondary)
            connection.execute(f"DELETE FROM items WHERE {_ONE}", (name, *values))  # noqa: S608 - a constant

    # The file.

    @contextmanager
    def _transaction(self, *, write: bool = False) -> Iterator[Connection]:
        """Yield the connection in a transaction: what it reads is of one moment."""
        import sqlite3

        try:
            with self._lock:
                connection = self._connection()
                connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
        except sqlite3.Error as error:
            raise StorageError(f"{self._path}: {error}.") from error

    def _connection(self) -> Connection:
        """Return this process's connection; one that was open before a fork is not used."""
        if self._opened is None or self._pid != os.getpid():
            if not self._path.exists():
                self._create()
            self._opened = _connect(self._path)
            self._pid = os.getpid()
            weakref.finalize(self, _close, self._opened, self._pid)
            (found,) = self._opened.execute("PRAGMA user_version").fetchone()
            if found != _FORMAT:
                self._opened = None
                raise StorageError(
                    f"{self._path} has format {found}; this version of sebs reads {_FORMAT}.",
                    remedy="Move it away, or use another home for the local platform.",
                )
        return self._opened

    def _create(self) -> None:
        """Make the file whole under another name, and link it into place."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary = self._path.with_name(f".{uuid.uuid4().hex}.tmp")
            try:
                with closing(_connect(temporary)) as connection:
                    connection.execute("PRAGMA journal_mode = WAL")
                    for statement in _SCHEMA:
                        connection.execute(statement)
                with suppress(FileExistsError):  # another process was faster
                    os.link(temporary, self._path)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror}.") from error


def _connect(path: Path) -> Connection:
    import sqlite3

    connection = sqlite3.connect(
        path,
        timeout=_BUSY_TIMEOUT,
        isolation_level=None,  # transactions begin where the code says so
        check_same_thread=False,  # the store has a lock
    )
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


#: Connections that a forked child inherited. To close one would take its parent's locks away.
_inherited: list[Connection] = []


def _close(connection: Connection, pid: int) -> None:
    if pid == os.getpid():
        connection.close()
    else:
        _inherited.append(connection)


def _find(connection: Connection, name: str) -> Table | None:
    if not is_text(name):
        return None
    row = connection.execute("SELECT * FROM tables WHERE name = ?", (name,)).fetchone()
    return Table(*row) if row else None


def _require(connection: Connection, name: str) -> Table:
    table = _find(connection, name)
    if table is None:
        raise BucketNotFoundError(f"There is no table {name!r}.")
    return table


def _read(connection: Connection, name: str, values: tuple[str, str]) -> dict[str, Any] | None:
    query = f"SELECT item FROM items WHERE {_ONE}"  # noqa: S608 - a constant
    row = connection.execute(query, (name, *values)).fetchone()
    return json.loads(row[0]) if row else None


def _write(
    connection: Connection, name: str, values: tuple[str, str], item: Mapping[str, Any]
) -> None:
    connection.execute(
        "REPLACE INTO items VALUES (?, ?, ?, ?)", (name, *values, item_text(values, item))
    )
