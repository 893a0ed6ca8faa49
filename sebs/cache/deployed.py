"""What was built and deployed: code packages, container images, functions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.cache.functions import FunctionEntries
from sebs.cache.locks import Locks
from sebs.cache.store import CodeKey, Store
from sebs.cache.tables import CONTAINERS, FUNCTIONS, Row
from sebs.errors import CacheError
from sebs.utils import LoggingBase

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark
    from sebs.faas.function import Function


def _code_key(deployment: str, code_package: Benchmark) -> CodeKey:
    return CodeKey(
        deployment=deployment,
        benchmark=code_package.benchmark,
        language=code_package.language_name,
        language_version=code_package.language_version,
        architecture=str(code_package.architecture),
        system_variant=str(code_package.system_variant),
    )


def _dates(row: Row) -> dict[str, str]:
    return {"created": row["created"], "modified": row["modified"]}


class DeploymentCache(LoggingBase):
    """The part of the cache that :class:`~sebs.cache.cache.Cache` has about code and functions.

    Args:
        directory: The cache directory.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._store = Store(directory)
        self._locks = Locks(directory / "locks")

    # --- code packages and container images ---

    def get_code_package(
        self,
        deployment: str,
        benchmark: str,
        language: str,
        language_version: str,
        architecture: str,
        system_variant: str = "package",
    ) -> dict[str, Any] | None:
        """Return a cached code package, or ``None`` where there is none on disk.

        Returns:
            ``hash``, ``size`` in bytes, ``location`` (absolute path) and ``date`` (``created`` and
            ``modified``, ISO 8601).
        """
        row = self._store.get_package(
            CodeKey(
                deployment,
                benchmark,
                language,
                language_version,
                str(architecture),
                str(system_variant),
            )
        )
        if row is None:
            return None
        return {
            "hash": row["hash"],
            "size": row["size"],
            "location": str(row["path"]),
            "date": _dates(row),
        }

    def add_code_package(self, deployment_name: str, code_package: Benchmark) -> str:
        """Copy a built code package into the cache, in place of an earlier one.

        Args:
            deployment_name: The platform's key.
            code_package: The benchmark, whose ``code_location`` is a file or a directory.

        Returns:
            Where the cache has it.

        Raises:
            CacheError: There is nothing at ``code_location``.
        """
        if code_package.code_location is None:
            raise CacheError(f"{code_package.benchmark} has no code package to cache.")
        path = self._store.put_package(
            _code_key(deployment_name, code_package),
            code_package.hash,
            code_package.code_size,
            Path(code_package.code_location),
        )
        self.logging.debug("Cached the code package %s.", path)
        return str(path)

    def update_code_package(self, deployment_name: str, code_package: Benchmark) -> str:
        """Do what :meth:`add_code_package` does; the name is SeBS's."""
        return self.add_code_package(deployment_name, code_package)

    def get_container(
        self,
        deployment: str,
        benchmark: str,
        language: str,
        language_version: str,
        architecture: str,
        system_variant: str = "container",
    ) -> dict[str, Any] | None:
        """Return a cached container image, or ``None``.

        Returns:
            ``hash``, ``uri`` (``None`` once invalidated), ``image-id`` (or ``None``) and ``date``.
        """
        with self._store.database.reading() as rows:
            row = rows.get(
                CONTAINERS,
                deployment=deployment,
                benchmark=benchmark,
                language=language,
                language_version=language_version,
                architecture=str(architecture),
                system_variant=str(system_variant),
            )
        if row is None:
            return None
        return {
            "hash": row["hash"],
            "uri": row["uri"],
            "image-id": row["image_id"],
            "date": _dates(row),
        }

    def add_container(
        self, deployment_name: str, code_package: Benchmark, image_id: str | None = None
    ) -> None:
        """Remember the image of a benchmark, in place of an earlier one.

        Args:
            deployment_name: The platform's key.
            code_package: The benchmark, with its ``container_uri``.
            image_id: The engine's id of the image, where it is known.
        """
        self._store.put_container(
            _code_key(deployment_name, code_package),
            code_package.hash,
            code_package.container_uri,
            image_id,
        )

    def update_container_uri(
        self,
        deployment: str,
        benchmark: str,
        language: str,
        language_version: str,
        architecture: str,
        uri: str,
    ) -> None:
        """Change where the image of a benchmark is, in all its variants."""
        self._store.update_containers(
            uri,
            deployment=deployment,
            benchmark=benchmark,
            language=language,
            language_version=language_version,
            architecture=str(architecture),
        )

    def invalidate_all_container_uris(self, deployment: str) -> None:
        """Forget where the images of a platform are, so that they are pushed again when used."""
        self._store.update_containers(None, deployment=deployment)

    # --- functions ---

    def get_functions(self, deployment: str, benchmark: str, language: str) -> FunctionEntries:
        """Return the functions of a benchmark: name to entry, read on each look-up."""
        return FunctionEntries(self._store, deployment, benchmark, language)

    def get_all_functions(self, deployment: str) -> dict[str, dict[str, Any]]:
        """Return all functions of a platform: name to entry."""
        return FunctionEntries(self._store, deployment, None, None).copy()

    def add_function(
        self,
        deployment_name: str,
        language_name: str,
        code_package: Benchmark,
        function: Function,
    ) -> None:
        """Insert a function, or replace the one of that name on the platform.

        Raises:
            CacheError: ``function.serialize()`` is no JSON, or holds what looks like a secret.
        """
        self._store.put_function(
            deployment_name,
            code_package.benchmark,
            str(language_name),
            function.name,
            function.serialize(),
        )

    def update_function(self, function: Function) -> None:
        """Replace the entry of a function that the cache knows.

        The platform is the function's ``deployment_name`` where it has one, else the one whose
        :meth:`function_lock` for that name this thread holds, else the only one that has it.

        Raises:
            CacheError: No such function, or one on several platforms and none of the above says
                which; or the entry cannot be stored.
        """
        self._store.update_function(
            self._deployment_of(function), function.benchmark, function.name, function.serialize()
        )

    def _deployment_of(self, function: Function) -> str | None:
        named: str | None = getattr(function, "deployment_name", None)
        if named is not None:
            return named
        locked = [
            name[1]
            for name in self._locks.names_held()
            if name[0] == "function" and name[2] == function.name
        ]
        return locked[0] if len(locked) == 1 else None

    def remove_function(self, deployment: str, benchmark: str, language: str, name: str) -> None:
        """Forget a function; nothing happens where the cache does not know it."""
        self._store.delete(
            FUNCTIONS, deployment=deployment, benchmark=benchmark, language=language, name=name
        )
