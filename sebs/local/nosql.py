"""The local NoSQL storage: tables in a SQLite file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.errors import BucketNotFoundError
from sebs.faas.nosql import NoSQLStorage
from sebs.local.tables import Table, TableStore

if TYPE_CHECKING:
    from sebs.cache import Cache
    from sebs.faas.config import Resources

#: The variable that tells a function what stands before a table's own name in the platform's.
TABLES_VARIABLE = "SEBS_LOCAL_TABLES"


class LocalNoSQL(NoSQLStorage):
    """Tables of one deployment; threads, processes and functions may use them at once.

    A table's name says deployment and benchmark, so it is known before there is such a table.

    Args:
        directory: Where the SQLite file lies; made with the first table.
        region: Region of the tables, which means nothing here.
        cache_client: The cache.
        resources: The deployment's resources.
    """

    def __init__(
        self, directory: Path, region: str, cache_client: Cache, resources: Resources
    ) -> None:
        super().__init__(region, cache_client, resources)
        self._store = TableStore(directory)

    @staticmethod
    def deployment_name() -> str:
        """Return the key of the platform."""
        return "local"

    def get_tables(self, benchmark: str) -> dict[str, str]:
        """Return a benchmark's tables: its own name to the platform's.

        The cache may remember those of another deployment, which are not this one's to use.
        """
        prefix = self._prefix(benchmark)
        tables = super().get_tables(benchmark)
        return {name: actual for name, actual in tables.items() if actual == prefix + name}

    def benchmark_envs(self, benchmark: str) -> dict[str, str]:
        """Return the environment variables that a benchmark's function needs to reach its tables.

        Address and secret of the service are no part of them: every execution environment is told
        by the gateway that starts it.
        """
        return {TABLES_VARIABLE: self._prefix(benchmark)}

    def allocated(self) -> list[str]:
        """Return the platform's names of this deployment's tables."""
        return self._store.tables(self._cloud_resources.resources_id)

    def create_table(
        self, benchmark: str, name: str, primary_key: str, secondary_key: str | None = None
    ) -> str:
        """Create a table, or take over the deployment's own that exists.

        Raises:
            InvalidNameError: The name is empty or too long, or both keys have the same name.
            StorageError: It exists with other keys.
        """
        actual = self._prefix(benchmark) + name
        self._store.create(
            Table(actual, self._cloud_resources.resources_id, primary_key, secondary_key)
        )
        return actual

    def exists_table(self, name: str) -> bool:
        """Return whether the platform knows a table of that name."""
        return self._store.exists(name)

    def write_to_table(
        self,
        benchmark: str,
        table: str,
        data: dict[str, Any],
        primary_key: tuple[str, str],
        secondary_key: tuple[str, str] | None = None,
    ) -> None:
        """Write one item.

        Raises:
            BucketNotFoundError: No such table.
            InvalidItemError: The table cannot hold it, or its keys are other ones.
        """
        actual = self._get_table_name(benchmark, table)
        if actual is None:
            raise BucketNotFoundError(f"The benchmark {benchmark} has no table {table!r}.")
        self._store.insert(actual, primary_key, secondary_key, data)

    def clear_table(self, name: str) -> str:
        """Delete all items of a table, and keep it; the name is the platform's."""
        self._store.clear(name)
        return name

    def remove_table(self, name: str) -> str:
        """Delete a table; the name is the platform's."""
        self._store.remove(name)
        return name

    def _prefix(self, benchmark: str) -> str:
        # A slash, which no benchmark's name has, so that no two tables share a name.
        return f"sebs-benchmarks-{self._cloud_resources.resources_id}/{benchmark}/"
