"""The tables of the cache, and the few statements that work on any of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlite3 import Connection

Row = dict[str, Any]

#: Version of the tables below. A newer cache is refused; an older one would be migrated on opening.
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Table:
    """A table: each row has its key, its values, and when it was created and last modified."""

    name: str
    key: tuple[str, ...]
    values: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in order."""
        return (*self.key, *self.values, "created", "modified")


_CODE = (
    "deployment",
    "benchmark",
    "language",
    "language_version",
    "architecture",
    "system_variant",
)

#: A function's identity on its platform is its name; benchmark and language are what it runs.
FUNCTIONS = Table("functions", ("deployment", "name"), ("benchmark", "language", "entry"))
PACKAGES = Table("packages", _CODE, ("hash", "size", "file"))
CONTAINERS = Table("containers", _CODE, ("hash", "uri", "image_id"))
RESOURCES = Table("resources", ("deployment", "benchmark", "kind"), ("config",))
CONFIGURATIONS = Table("configurations", ("deployment",), ("config",))
TREES = Table("trees", ("root",), ("data",))

TABLES = (FUNCTIONS, PACKAGES, CONTAINERS, RESOURCES, CONFIGURATIONS, TREES)

SCHEMA = (
    *(
        f"CREATE TABLE {table.name} ({', '.join(f'{column}' for column in table.columns)}, "
        f"PRIMARY KEY ({', '.join(table.key)}))"
        for table in TABLES
    ),
    "CREATE INDEX functions_of_benchmark ON functions (deployment, benchmark, language)",
    "CREATE INDEX packages_of_file ON packages (file)",
)


class Rows:
    """Reads and writes rows through one connection.

    Names of tables and columns come from the constants above; values are always bound.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, table: Table, **where: Any) -> list[Row]:
        """Return the rows with these values, ordered by their key."""
        return [
            dict(zip(table.columns, values, strict=True))
            for values in self._select(table.columns, table, where)
        ]

    def get(self, table: Table, **where: Any) -> Row | None:
        """Return the only row with these values, or ``None``."""
        return next(iter(self.find(table, **where)), None)

    def column(self, table: Table, column: str, **where: Any) -> list[Any]:
        """Return one column of the rows with these values, ordered by their key."""
        return [value for (value,) in self._select((column,), table, where)]

    def count(self, table: Table, **where: Any) -> int:
        """Return how many rows have these values."""
        statement = f"SELECT count(*) FROM {table.name}{_condition(where)}"  # noqa: S608 - constants
        (number,) = self._connection.execute(statement, tuple(where.values())).fetchone()
        return int(number)

    def put(self, table: Table, **row: Any) -> None:
        """Insert a row, or replace the values of the row with its key."""
        now = datetime.now(timezone.utc).isoformat(timespec="microseconds")
        columns = table.columns
        changed = (*table.values, "modified")
        statement = (
            f"INSERT INTO {table.name} ({', '.join(columns)}) "  # noqa: S608 - constants
            f"VALUES ({', '.join('?' * len(columns))}) "
            f"ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET "
            f"{', '.join(f'{column} = excluded.{column}' for column in changed)}"
        )
        given = {"created": now, "modified": now, **row}
        self._connection.execute(statement, tuple(given[column] for column in columns))

    def delete(self, table: Table, **where: Any) -> None:
        """Delete the rows with these values."""
        statement = f"DELETE FROM {table.name}{_condition(where)}"  # noqa: S608 - constants
        self._connection.execute(statement, tuple(where.values()))

    def _select(
        self, columns: Iterable[str], table: Table, where: dict[str, Any]
    ) -> list[tuple[Any, ...]]:
        statement = (
            f"SELECT {', '.join(columns)} FROM {table.name}"  # noqa: S608 - constants
            f"{_condition(where)} ORDER BY {', '.join(table.key)}"
        )
        return self._connection.execute(statement, tuple(where.values())).fetchall()


def _condition(where: dict[str, Any]) -> str:
    return f" WHERE {' AND '.join(f'{column} = ?' for column in where)}" if where else ""
