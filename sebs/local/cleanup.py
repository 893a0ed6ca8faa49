"""Finding and deleting everything that one deployment has on the local platform."""

from __future__ import annotations

from collections.abc import Callable, Container
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.errors import CleanupError, FunctionGoneError, SebsError
from sebs.local.config import NAME
from sebs.local.gateway.logs import log_path
from sebs.local.gateway.metrics import KEPT_FILES, metrics_path, numbered

if TYPE_CHECKING:
    from sebs.cache import Cache
    from sebs.local.client import GatewayClient
    from sebs.local.resources import LocalResources

_FUNCTIONS, _LOGS, _METRICS = "functions", "logs", "metrics"

Found = dict[str, list[str]]


class Cleanup:
    """What belongs to one deployment: by kind, and how to be rid of it.

    Logs and metrics outlive their function. They belong to the deployment where the function does,
    where the cache says that it did, or where it has a name that this deployment makes.

    Args:
        client: The gateway.
        resources_id: The deployment.
        services: Its buckets and tables.
        cache: Forgets what is deleted.
    """

    def __init__(
        self, client: GatewayClient, resources_id: str, services: LocalResources, cache: Cache
    ) -> None:
        self._client = client
        self._resources_id = resources_id
        self._services = services
        self._cache = cache

    def find(self) -> Found:
        """Return the names of everything that the deployment has, by kind; nothing is changed."""
        existing = self._client.request("GET", "/-/functions")["functions"]
        owners = {function["name"]: function["resource_id"] for function in existing}
        own = {name for name, owner in owners.items() if owner == self._resources_id}
        cached = self._cached()

        def is_own(name: str) -> bool:
            if name in owners:
                return name in own
            return name in cached or name.startswith(f"sebs-{self._resources_id}-")

        home = self._client.home
        return {
            _FUNCTIONS: sorted(own),
            _LOGS: sorted(filter(is_own, _functions_with(home / "logs", ".log"))),
            _METRICS: sorted(filter(is_own, _functions_with(home / "metrics", ".jsonl"))),
            **self._services.allocated(),
        }

    def delete(self, found: Found) -> None:
        """Delete what was found, and let the cache forget it.

        Raises:
            CleanupError: Some could not be deleted; the others are.
        """
        failures: dict[str, str] = {}
        for kind, names in found.items():
            delete = self._deleter(kind)
            for name in names:
                try:
                    delete(name)
                except FunctionGoneError:
                    continue  # somebody else was faster
                except (SebsError, OSError) as error:
                    failures[f"{kind} {name}"] = str(error)
        self._forget(failures)
        if failures:
            raise CleanupError(
                f"{len(failures)} resources could not be deleted.", failures=failures
            )

    def _deleter(self, kind: str) -> Callable[[str], None]:
        home = self._client.home
        if kind == _FUNCTIONS:
            return self._delete_function
        if kind == _LOGS:
            return lambda name: _unlink(log_path(home, name), 1)
        if kind == _METRICS:
            return lambda name: _unlink(metrics_path(home, name), KEPT_FILES)
        return lambda name: self._services.remove(kind, name)

    def _delete_function(self, name: str) -> None:
        self._client.request("DELETE", f"/-/functions/{name}")

    def _cached(self) -> dict[str, dict[str, Any]]:
        """Return the functions that the cache takes for this deployment's, those gone included."""
        return {
            name: entry
            for name, entry in self._cache.get_all_functions(NAME).items()
            if entry.get("resource_id") == self._resources_id
        }

    def _forget(self, remaining: Container[str]) -> None:
        for name, entry in self._cached().items():
            if f"{_FUNCTIONS} {name}" not in remaining:
                language = entry["config"]["runtime"]["language"]
                self._cache.remove_function(NAME, entry["benchmark"], language, name)
        self._cache.remove_storage(NAME)
        self._cache.remove_nosql(NAME)


def _functions_with(directory: Path, suffix: str) -> set[str]:
    """Return the functions that have a file in a directory, full ones (``.log.1``) included."""
    return {path.name.partition(suffix)[0] for path in directory.glob(f"*{suffix}*")}


def _unlink(path: Path, kept: int) -> None:
    for file in (path, *(numbered(path, number) for number in range(1, kept + 1))):
        file.unlink(missing_ok=True)
