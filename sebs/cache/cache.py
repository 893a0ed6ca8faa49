"""The cache as the rest of sebs, and programs written for SeBS, see it."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.cache.deployed import DeploymentCache
from sebs.cache.documents import decode
from sebs.cache.tables import CONFIGURATIONS, RESOURCES
from sebs.errors import CacheError

if TYPE_CHECKING:
    from sebs.cache.importing import ImportReport
    from sebs.cache.inventory import CleanReport, Entry

_STORAGE, _NOSQL, _ATTACHED = "storage", "nosql", "attached"
_COARSE_LOCK = "cache"


class Cache(DeploymentCache):
    """What earlier runs built and deployed: packages, images, functions, resources, configuration.

    Any number of threads and processes may use one cache directory at once. To make this object
    costs nothing: the database is opened by the first use, and made by the first write. A cache in
    a read-only directory can be read. Nothing that looks like a secret is ever written.

    Every method that writes raises :class:`~sebs.errors.CacheUnavailableError` where the directory
    is read-only, full or no directory, and every method raises
    :class:`~sebs.errors.CacheFormatError` where the cache is corrupt or of a newer version.

    Args:
        cache_dir: Directory of the cache.
        docker_client: Kept for programs written for SeBS; the cache needs no Docker engine.
    """

    def __init__(self, cache_dir: str | os.PathLike[str], docker_client: object = None) -> None:
        self.cache_dir = Path(os.path.abspath(cache_dir))
        self.docker_client = docker_client
        super().__init__(self.cache_dir)

    def __repr__(self) -> str:
        return f"Cache({str(self.cache_dir)!r})"

    # --- storage and NoSQL mappings ---

    def get_storage_config(self, deployment: str, benchmark: str) -> dict[str, Any] | None:
        """Return the buckets and prefixes of a benchmark, or ``None``."""
        return self._store.get_resource(deployment, benchmark, _STORAGE)

    def update_storage(self, deployment: str, benchmark: str, config: dict[str, Any]) -> None:
        """Replace the buckets and prefixes of a benchmark."""
        self._store.put_resource(deployment, benchmark, _STORAGE, config)

    def remove_storage(self, deployment: str) -> None:
        """Forget the buckets of all benchmarks of a platform."""
        self._store.delete(RESOURCES, deployment=deployment, kind=_STORAGE)

    def get_nosql_config(self, deployment: str, benchmark: str) -> dict[str, Any] | None:
        """Return the tables of a benchmark, or ``None``."""
        return self._store.get_resource(deployment, benchmark, _NOSQL)

    def get_nosql_configs(self, deployment: str) -> dict[str, dict[str, Any]]:
        """Return the tables of all benchmarks of a platform: benchmark to tables."""
        with self._store.database.reading() as rows:
            found = rows.find(RESOURCES, deployment=deployment, kind=_NOSQL)
        return {
            row["benchmark"]: decode(row["config"], f"nosql.{row['benchmark']}") for row in found
        }

    def update_nosql(self, deployment: str, benchmark: str, config: dict[str, Any]) -> None:
        """Replace the tables of a benchmark."""
        self._store.put_resource(deployment, benchmark, _NOSQL, config)

    def remove_nosql(self, deployment: str) -> None:
        """Forget the tables of all benchmarks of a platform."""
        self._store.delete(RESOURCES, deployment=deployment, kind=_NOSQL)

    # --- functions that are not ours ---

    def get_attached(self, deployment: str | None = None) -> list[dict[str, Any]]:
        """Return what is remembered of functions that are not ours, of one platform or of all.

        Each has its ``deployment`` and ``alias``, and what :meth:`remember_attached` was told.
        """
        where = {} if deployment is None else {"deployment": deployment}
        with self._store.database.reading() as rows:
            found = rows.find(RESOURCES, kind=_ATTACHED, **where)
        return [
            {
                "deployment": row["deployment"],
                "alias": row["benchmark"],
                **decode(row["config"], f"attached.{row['benchmark']}"),
            }
            for row in found
        ]

    def remember_attached(self, deployment: str, alias: str, config: dict[str, Any]) -> None:
        """Remember how to attach a function under an alias; one of that alias is replaced."""
        self._store.put_resource(deployment, alias, _ATTACHED, config)

    def forget_attached(self, deployment: str, alias: str) -> None:
        """Forget an alias; the function stays as it is."""
        self._store.delete(RESOURCES, deployment=deployment, benchmark=alias, kind=_ATTACHED)

    # --- configuration of platforms ---

    def get_config(self, cloud: str) -> dict[str, Any] | None:
        """Return the cached configuration of a platform, or ``None``."""
        return self._store.get_configuration(cloud)

    def get_config_key(self, keys: list[str]) -> Any:
        """Return the value at a path whose first key is the platform, or ``None``."""
        value: Any = self.get_config(keys[0])
        for key in keys[1:]:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def update_config(self, val: Any, keys: list[str]) -> None:
        """Set the value at a path; objects on the way are made, and an object is merged.

        Args:
            val: A JSON value, nothing secret.
            keys: The platform's key, then the keys below it.

        Raises:
            CacheError: No platform is named, or the value is no JSON or holds what looks secret.
        """
        if not keys:
            raise CacheError("update_config needs at least the platform's key.")
        for key in reversed(keys[1:]):
            val = {key: val}
        self._store.merge_configuration(keys[0], val)

    def remove_config_key(self, keys: list[str]) -> None:
        """Remove the value at a path whose first key is the platform, if it is there."""
        if len(keys) == 1:
            self.remove_config(keys[0])
        else:
            self._store.remove_configuration_key(keys[0], keys[1:])

    def remove_config(self, cloud: str) -> None:
        """Forget the configuration of a platform."""
        self._store.delete(CONFIGURATIONS, deployment=cloud)

    # --- locks ---

    def lock(self) -> None:
        """Wait for the lock of the whole cache, which excludes other threads and processes.

        A thread that holds it may take it again. No method of the cache needs it: it is for a
        caller who wants several of them to be one step.
        """
        self._locks.acquire(_COARSE_LOCK)

    def unlock(self) -> None:
        """Give the lock of the whole cache back; harmless where this thread does not hold it."""
        self._locks.release(_COARSE_LOCK)

    def locked(self) -> AbstractContextManager[None]:
        """Hold the lock of the whole cache for the duration of a ``with`` block."""
        return self._locks.hold(_COARSE_LOCK)

    def function_lock(self, deployment: str, name: str) -> AbstractContextManager[None]:
        """Hold the lock of one function for the duration of a ``with`` block.

        It excludes other threads and processes, may be taken again by the thread that holds it,
        and is released when its holder is killed.
        """
        return self._locks.hold("function", deployment, name)

    # --- indexes of source trees ---

    def tree_index(self, root: str | os.PathLike[str]) -> bytes | None:
        """Return what :meth:`store_tree_index` stored for a directory, or ``None``."""
        return self._store.get_tree(root)

    def store_tree_index(self, root: str | os.PathLike[str], data: bytes) -> None:
        """Store what is known of the files in a directory, so that unchanged ones are skipped."""
        self._store.put_tree(root, data)

    # --- maintenance ---

    def entries(self, deployment: str | None = None, benchmark: str | None = None) -> list[Entry]:
        """Return one line for everything in the cache, or for one platform or benchmark."""
        from sebs.cache.inventory import entries

        return entries(self._store, deployment, benchmark)

    def show(self, deployment: str | None = None, benchmark: str | None = None) -> dict[str, Any]:
        """Return everything in the cache, or about one platform or benchmark, in full.

        The document is the one that :meth:`export` writes.
        """
        from sebs.cache.inventory import document

        return document(self._store, deployment, benchmark)

    def clean(
        self,
        deployment: str | None = None,
        benchmark: str | None = None,
        dry_run: bool = False,
    ) -> CleanReport:
        """Forget everything, or what belongs to one platform or benchmark; remove leftovers.

        What is deployed stays deployed; it is only forgotten. Packages that nothing refers to any
        more, and temporary files of processes that died, are removed in any case.

        Args:
            deployment: Only what belongs to this platform.
            benchmark: Only what belongs to this benchmark; a platform's configuration does not.
            dry_run: Only report what would go.
        """
        from sebs.cache.inventory import clean

        return clean(self._store, deployment, benchmark, dry_run=dry_run)

    def export(self, path: str | os.PathLike[str]) -> None:
        """Write everything but the packages themselves to one JSON document.

        Raises:
            CacheUnavailableError: The file cannot be written.
        """
        from sebs.cache.inventory import export

        export(self._store, Path(path))

    def import_(self, path: str | os.PathLike[str]) -> ImportReport:
        """Add what :meth:`export` wrote; packages whose files still exist are copied.

        Raises:
            CacheFormatError: The file is no such document, or of a newer version.
        """
        from sebs.cache.importing import import_document

        return import_document(self._store, Path(path))

    def import_sebs_cache(self, directory: str | os.PathLike[str]) -> ImportReport:
        """Add what a JSON cache directory of SeBS holds.

        What is malformed is reported by name and does not stop the rest. Secrets, which SeBS
        caches, are left out and reported.

        Raises:
            CacheError: There is no such directory.
        """
        from sebs.cache.sebs_import import import_sebs_cache

        return import_sebs_cache(self._store, Path(directory))

    def close(self) -> None:
        """Close the database; a later use opens it again."""
        self._store.database.close()

    def shutdown(self) -> None:
        """Do what :meth:`close` does; the name is SeBS's."""
        self.close()

    def __enter__(self) -> Cache:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
