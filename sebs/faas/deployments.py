"""Settling a deployment's resource id, and deleting the functions that the cache knows."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sebs.errors import CleanupError, FunctionGoneError, UnsupportedOperationError
from sebs.faas.config import Resources, new_resources_id

if TYPE_CHECKING:
    from sebs.faas.system import System


def settle_resources_id(system: System, prefix: str | None, quiet: bool) -> None:
    """Give a platform's deployment its resource id; see ``System.initialize_resources``.

    Of several processes one makes a deployment and the others take it up: the id is settled under
    the cache's lock, and kept in the cache before anything is allocated under it.
    """
    if (configured := _configured(system)) is not None:
        if not quiet:
            system.logging.info("Using deployment %s.", configured)
        return
    system.cache_client.lock()
    try:
        is_new = _settle(system, prefix, quiet)
    finally:
        system.cache_client.unlock()
    if is_new:
        with suppress(UnsupportedOperationError):  # a platform without storage
            storage = system.system_resources.get_storage()
            storage.get_bucket(Resources.StorageBucketType.BENCHMARKS)


def existing_deployment(system: System, prefix: str | None) -> str | None:
    """Return the deployment to take up: the configured one, else the first that fits the prefix.

    The one that the cache remembers is the first, if it fits. A resource id that is in use now
    stays as it is; nothing is allocated.
    """
    if (configured := _configured(system)) is not None:
        return configured
    kept = _kept(system)
    if kept is not None and (prefix is None or prefix in kept):
        return kept
    if prefix is None:
        return None
    return next((found for found in _deployments(system) if prefix in found), None)


def _settle(system: System, prefix: str | None, quiet: bool) -> bool:
    """Take up a deployment, or make an id for a new one, and keep it; return whether it is new."""
    resources = system.config.resources
    found = existing_deployment(system, prefix)
    if found is None and not quiet and (others := _deployments(system)):
        system.logging.warning(
            "A new deployment is made although these exist: %s. "
            "To use one, give its resource id in the configuration.",
            ", ".join(others),
        )
    wanted = found or new_resources_id(prefix)
    if resources.has_resources_id and resources.resources_id != wanted:
        resources.resources_id = None  # its buckets are another deployment's
    resources.resources_id = wanted
    if not quiet:
        made = "Using" if found else "Made"
        system.logging.info("%s deployment %s.", made, wanted)
    if wanted != _kept(system):
        # At once with its region: whoever is killed now leaves no deployment in another one's.
        place = {"region": system.config.region, "resources": {"resources_id": wanted}}
        system.cache_client.update_config(val=place, keys=[system.name()])
    return found is None


def _configured(system: System) -> str | None:
    """Return the resource id that is in use, unless only the cache remembered it."""
    resources = system.config.resources
    # A provider's own class may lack the mark; its id is then taken for a configured one.
    if resources.has_resources_id and not getattr(resources, "remembered", False):
        return resources.resources_id
    return None


def _deployments(system: System) -> list[str]:
    try:
        return system.find_deployments()
    except UnsupportedOperationError:  # a platform without storage
        return []


def _kept(system: System) -> str | None:
    """Return the resource id in the cache; another process may have kept it a moment ago."""
    configuration = system.cache_client.get_config(system.name())
    resources = configuration.get("resources") if isinstance(configuration, dict) else None
    return resources.get("resources_id") if isinstance(resources, dict) else None


def delete_cached_functions(system: System, dry_run: bool) -> list[str]:
    """Delete all functions that the cache knows; see ``System.cleanup_functions``."""
    functions = system.cache_client.get_all_functions(system.name())
    if dry_run:
        return list(functions)
    failures: dict[str, str] = {}
    for name, entry in functions.items():
        try:
            system.delete_function(name, entry)
        except FunctionGoneError:
            system.logging.info("Function %s was gone already.", name)
        except UnsupportedOperationError:
            raise
        except Exception as error:  # noqa: BLE001 - the platform's SDK raises its own; all are told
            failures[name] = str(error)
            continue
        system.cache_client.remove_function(
            system.name(), entry["benchmark"], entry["config"]["runtime"]["language"], name
        )
    if failures:
        raise CleanupError(
            f"{len(failures)} of {len(functions)} functions could not be deleted.",
            failures=failures,
        )
    return list(functions)
