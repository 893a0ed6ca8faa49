"""NoSQL storage in tables whose names say deployment and benchmark."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from sebs.errors import BucketNotFoundError
from sebs.faas.nosql import NoSQLStorage
from sebs.faas.tables import Key, Table

if TYPE_CHECKING:
    from sebs.cache import Cache
    from sebs.faas.config import Resources


class Tables(Protocol):
    """The service that has the tables; their names are the platform's."""

    def tables(self, owner: str) -> list[str]:
        """Return the sorted names of a deployment's tables."""

    def exists(self, name: str) -> bool:
        """Return whether there is a table of this name."""

    def create(self, table: Table) -> None:
        """Create a table; one with the same owner and keys may exist already."""

    def insert(
        self, name: str, primary: Key, secondary: Key | None, data: Mapping[str, Any]
    ) -> None:
        """Write an item in the place of any other with its keys; they become part of it."""

    def clear(self, name: str) -> None:
        """Delete all items of a table."""

    def remove(self, name: str) -> None:
        """Delete a table with all its items."""


class TableStorage(NoSQLStorage):
    """Tables of one deployment; threads, processes and functions may use them at once.

    A table's name says deployment and benchmark, so it is known before there is such a table.

    Args:
        service: Has the tables.
        variable: The variable that tells a function what stands before a table's own name in the
            platform's.
        region: Region of the tables.
        cache_client: The cache.
        resources: The deployment's resources.
    """

    def __init__(
        self,
        service: Tables,
        variable: str,
        region: str,
        cache_client: Cache,
        resources: Resources,
    ) -> None:
        super().__init__(region, cache_client, resources)
        self._service = service
        self._variable = variable

    @abstractmethod
    def table_prefix(self, benchmark: str) -> str:
        """Return what stands before a benchmark's own names in the platform's; no two share one."""

    def get_tables(self, benchmark: str) -> dict[str, str]:
        """Return a benchmark's tables: its own name to the platform's.

        The cache may remember those of another deployment, which are not this one's to use.
        """
        prefix = self.table_prefix(benchmark)
        tables = super().get_tables(benchmark)
        return {name: actual for name, actual in tables.items() if actual == prefix + name}

    def benchmark_envs(self, benchmark: str) -> dict[str, str]:
        """Return the environment variables that a benchmark's function needs to find its tables.

        How it is let in is no part of them.
        """
        return {self._variable: self.table_prefix(benchmark)}

    def allocated(self) -> list[str]:
        """Return the platform's names of this deployment's tables."""
        return self._service.tables(self._cloud_resources.resources_id)

    def create_table(
        self, benchmark: str, name: str, primary_key: str, secondary_key: str | None = None
    ) -> str:
        """Create a table, or take over the deployment's own that exists.

        Raises:
            InvalidNameError: No table may have this name, or both keys have the same name.
            StorageError: It exists with other keys.
        """
        actual = self.table_prefix(benchmark) + name
        owner = self._cloud_resources.resources_id
        self._service.create(Table(actual, owner, primary_key, secondary_key))
        return actual

    def exists_table(self, name: str) -> bool:
        """Return whether the platform knows a table of that name."""
        return self._service.exists(name)

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
        self._service.insert(actual, primary_key, secondary_key, data)

    def clear_table(self, name: str) -> str:
        """Delete all items of a table, and keep it; the name is the platform's."""
        self._service.clear(name)
        return name

    def remove_table(self, name: str) -> str:
        """Delete a table; the name is the platform's."""
        self._service.remove(name)
        return name
