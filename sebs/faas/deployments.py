"""Settling a deployment's resource id, and deleting the functions that the cache knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sebs.errors import CleanupError, FunctionGoneError, SebsError, UnsupportedOperationError
from sebs.faas.config import Resources, new_resources_id

if TYPE_CHECKING:
    from sebs.faas.system import System


def settle_resources_id(system: System, prefix: str | None, quiet: bool) -> None:
    """Give a platform's deployment its resource id; see ``System.initialize_resources``."""
    resources = system.config.resources
    if resources.has_resources_id:
        if not quiet:
            system.logging.info("Using deployment %s.", resources.resources_id)
        return
    existing = system.find_deployments()
    matching = next((found for found in existing if prefix is not None and prefix in found), None)
    if matching is not None:
        resources.resources_id = matching
        if not quiet:
            system.logging.info("Using deployment %s, which exists.", matching)
        return
    if existing and not quiet:
        system.logging.warning(
            "A new deployment is made although these exist: %s. "
            "To use one, give its resource id in the configuration.",
            ", ".join(existing),
        )
    resources.resources_id = new_resources_id(prefix)
    if not quiet:
        system.logging.info("Made deployment %s.", resources.resources_id)
    storage = system.system_resources.get_storage()
    storage.get_bucket(Resources.StorageBucketType.BENCHMARKS)


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
        except SebsError as error:
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
