"""The local platform's data services, and what a function must know to reach them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.errors import StorageError
from sebs.faas.resources import SystemResources
from sebs.local.nosql import LocalNoSQL
from sebs.local.s3_storage import LocalS3Storage
from sebs.local.storage import LocalStorage

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark
    from sebs.cache import Cache
    from sebs.local.buckets import LocalBuckets
    from sebs.local.config import LocalConfig

_BUCKETS, _TABLES = "buckets", "tables"


class LocalResources(SystemResources):
    """Object storage, as the configuration wants it, and NoSQL tables.

    Neither needs the gateway to run: files and servers are used directly.

    Args:
        config: Configuration of the platform; ``config.home`` is its directory.
        cache_client: The cache.
        docker_client: Of no use here.
    """

    def __init__(
        self,
        config: LocalConfig,
        cache_client: Cache,
        docker_client: Any = None,
    ) -> None:
        super().__init__(config, cache_client, docker_client)
        home = Path(config.home)
        self._storage: LocalBuckets
        if config.s3 is not None:
            self._storage = LocalS3Storage(config.s3, cache_client, config.resources)
        else:
            self._storage = LocalStorage(
                home / "storage", config.region, cache_client, config.resources
            )
        self._nosql = LocalNoSQL(home / "nosql", config.region, cache_client, config.resources)

    def get_storage(self, replace_existing: bool | None = None) -> LocalBuckets:
        """Return the object storage.

        Args:
            replace_existing: Whether inputs that are there are uploaded again; ``None`` leaves it
                as it is.
        """
        if replace_existing is not None:
            self._storage.replace_existing = replace_existing
        return self._storage

    def get_nosql_storage(self) -> LocalNoSQL:
        """Return the NoSQL storage."""
        return self._nosql

    def function_environment(self, benchmark: Benchmark) -> dict[str, str]:
        """Return the variables with which a benchmark's function reaches its buckets and tables.

        There is no secret among them. They depend on the deployment and the benchmark alone, not
        on what has been allocated by now.
        """
        return {**self._storage.envs(), **self._nosql.benchmark_envs(benchmark.benchmark)}

    def allocated(self) -> dict[str, list[str]]:
        """Return the names of everything that this deployment allocated, by kind."""
        return {_BUCKETS: self._storage.allocated(), _TABLES: self._nosql.allocated()}

    def remove(self, kind: str, name: str) -> None:
        """Delete one of the things that :meth:`allocated` lists, with all that is in it.

        Raises:
            StorageError: It is not this deployment's, or is gone already.
        """
        if name not in self.allocated().get(kind, []):
            raise StorageError(f"{name!r} is none of this deployment's {kind}.")
        if kind == _BUCKETS:
            self._storage.remove_bucket(name)
        else:
            self._nosql.remove_table(name)
