"""NoSQL storage of a platform: tables with a primary and, where wanted, a secondary key."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from sebs.utils import LoggingBase

if TYPE_CHECKING:
    from sebs.cache import Cache
    from sebs.faas.config import Resources


class NoSQLStorage(ABC, LoggingBase):
    """Tables of one deployment.

    A benchmark knows its tables by the names it gave them; the platform may know them by others.
    The mapping from one to the other is kept in the cache.

    Args:
        region: Region of the tables.
        cache_client: The cache.
        resources: The deployment's resources.
    """

    def __init__(self, region: str, cache_client: Cache, resources: Resources) -> None:
        super().__init__()
        self._region = region
        self._cache_client = cache_client
        self._cloud_resources = resources
        self._tables: dict[str, dict[str, str]] = {}

    @property
    def cache_client(self) -> Cache:
        """The cache."""
        return self._cache_client

    @property
    def region(self) -> str:
        """Region of the tables."""
        return self._region

    @staticmethod
    @abstractmethod
    def deployment_name() -> str:
        """Return the key of the platform."""

    @abstractmethod
    def create_table(
        self, benchmark: str, name: str, primary_key: str, secondary_key: str | None = None
    ) -> str:
        """Create a table, or take over the deployment's own that exists.

        Args:
            benchmark: Benchmark that uses it.
            name: Name that the benchmark gives it.
            primary_key: Name of the partition key.
            secondary_key: Name of the sort key, or ``None``.

        Returns:
            The name by which the platform knows it.
        """

    def exists_table(self, name: str) -> bool:
        """Return whether the platform knows a table of that name.

        The default believes what the cache says, which tables deleted elsewhere can make untrue.
        """
        return True

    @abstractmethod
    def write_to_table(
        self,
        benchmark: str,
        table: str,
        data: dict[str, Any],
        primary_key: tuple[str, str],
        secondary_key: tuple[str, str] | None = None,
    ) -> None:
        """Write one item.

        Args:
            benchmark: Benchmark that uses the table.
            table: Name that the benchmark gives it.
            data: The item without its keys.
            primary_key: Name and value of the partition key.
            secondary_key: Name and value of the sort key, or ``None``.

        Raises:
            BucketNotFoundError: No such table.
        """

    @abstractmethod
    def clear_table(self, name: str) -> str:
        """Delete all items of a table, and keep it; the name is the platform's."""

    @abstractmethod
    def remove_table(self, name: str) -> str:
        """Delete a table; the name is the platform's."""

    def envs(self) -> dict[str, str]:
        """Return the environment variables that a function needs to reach the storage."""
        return {}

    def get_tables(self, benchmark: str) -> dict[str, str]:
        """Return a benchmark's tables: its own name to the platform's."""
        if benchmark not in self._tables:
            self.retrieve_cache(benchmark)
        return dict(self._tables.get(benchmark, {}))

    def _get_table_name(self, benchmark: str, table: str) -> str | None:
        return self.get_tables(benchmark).get(table)

    def create_benchmark_tables(
        self, benchmark: str, name: str, primary_key: str, secondary_key: str | None = None
    ) -> None:
        """Make sure that a benchmark's table exists, and remember its name."""
        known = self._get_table_name(benchmark, name)
        if known is not None and self.exists_table(known):
            self.logging.info("Table %s of %s exists already.", name, benchmark)
            return
        actual = self.create_table(benchmark, name, primary_key, secondary_key)
        self._tables.setdefault(benchmark, {})[name] = actual
        self.update_cache(benchmark)

    def retrieve_cache(self, benchmark: str) -> bool:
        """Read a benchmark's tables from the cache; return whether it had any."""
        cached = self._cache_client.get_nosql_config(self.deployment_name(), benchmark)
        if not cached:
            return False
        self._tables[benchmark] = dict(cached["tables"])
        return True

    def update_cache(self, benchmark: str) -> None:
        """Write a benchmark's tables to the cache."""
        self._cache_client.update_nosql(
            self.deployment_name(), benchmark, {"tables": self._tables.get(benchmark, {})}
        )
