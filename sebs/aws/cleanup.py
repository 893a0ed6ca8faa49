"""Everything that a deployment has on AWS: finding it, and being rid of it.

What it is, is decided by tags, not by the cache: the cache may be another machine's, or lost. The
tagging API lists what carries our tag, but a little late; names that only this deployment makes,
and those that the cache remembers, are looked at as well. Nothing is deleted before its own tag was
read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from sebs.aws import http_apis
from sebs.aws.clients import CONNECTIONS
from sebs.aws.config import NAME
from sebs.aws.faults import explained
from sebs.aws.log_groups import delete_log_group, log_group, log_groups, log_owner
from sebs.aws.tags import OWNER, owner
from sebs.errors import CleanupError, FunctionGoneError, SebsError

if TYPE_CHECKING:
    from sebs.aws.clients import Clients
    from sebs.aws.config import AWSConfig
    from sebs.aws.ecr import Repository
    from sebs.aws.functions import Functions
    from sebs.aws.resources import AWSSystemResources
    from sebs.aws.roles import Roles
    from sebs.cache import Cache

_FUNCTIONS, _LOGS, _APIS, _REPOSITORIES, _ROLES = (
    "functions",
    "log groups",
    "HTTP APIs",
    "repositories",
    "roles",
)

#: Kind of resource to names.
Found = dict[str, list[str]]


class Cleanup:
    """What belongs to one deployment: by kind, and how to be rid of it.

    Args:
        clients: The deployment's clients.
        config: Its configuration.
        functions: Its functions.
        roles: Its role.
        repository: Its repository of images.
        services: Its buckets and tables.
        cache: Forgets what is deleted.
    """

    def __init__(
        self,
        clients: Clients,
        config: AWSConfig,
        functions: Functions,
        roles: Roles,
        repository: Repository,
        services: AWSSystemResources,
        cache: Cache,
    ) -> None:
        self._clients = clients
        self._resources_id = config.resources.resources_id
        self._functions = functions
        self._roles = roles
        self._repository = repository
        self._services = services
        self._cache = cache

    def find(self) -> Found:
        """Return the names of everything that the deployment has, by kind; nothing is changed."""
        functions = self._find_functions()
        return {
            _FUNCTIONS: functions,
            _LOGS: self._find_logs(functions),
            _APIS: sorted(http_apis.http_apis(self._clients, self._resources_id)),
            **self._services.allocated(),
            _REPOSITORIES: self._repository.allocated(),
            # Its own, that is: one that the configuration gives has another name.
            _ROLES: [self._roles.name] if self._roles.exists() else [],
        }

    def delete(self, found: Found) -> None:
        """Delete what was found, several at once, and let the cache forget it.

        Functions go first, since they make logs, and the role last, since they need it.

        Raises:
            CleanupError: Some could not be deleted; the others are.
        """
        failures: dict[str, str] = {}
        for kind, names in found.items():
            delete = self._deleter(kind)
            for name, error in _each(delete, names):
                failures[f"{kind} {name}"] = str(error)
        self._forget(failures)
        if failures:
            raise CleanupError(
                f"{len(failures)} resources could not be deleted.",
                failures=failures,
                remedy="Run the same again.",
            )

    def _deleter(self, kind: str) -> Callable[[str], None]:
        own: dict[str, Callable[[str], None]] = {
            _FUNCTIONS: self._functions.delete,
            _LOGS: lambda name: delete_log_group(self._clients, name),
            _APIS: lambda name: http_apis.delete_http_api(self._clients, name),
            _REPOSITORIES: self._repository.remove,
            _ROLES: lambda name: self._roles.delete(),
        }
        return own.get(kind) or (lambda name: self._services.remove(kind, name))

    # --- finding ---

    def _find_functions(self) -> list[str]:
        names = {arn.split(":")[6] for arn in self._tagged("lambda:function")}
        names |= {name for name in self._listed() if name.startswith(f"sebs-{self._resources_id}-")}
        names |= self._cached().keys()
        return sorted(name for name in names if self._is_own(name))

    def _is_own(self, name: str) -> bool:
        try:
            return self._functions.find(name).owner == self._resources_id
        except FunctionGoneError:
            return False

    def _find_logs(self, functions: Iterable[str]) -> list[str]:
        """Return the log groups of our functions, and those of functions that are gone.

        The name of another deployment may begin as ours does, so the tag decides.
        """
        names = {log_group(name) for name in (*functions, *self._cached())}
        names |= {arn.split(":", 6)[6] for arn in self._tagged("logs:log-group")}
        groups = dict(log_groups(self._clients, log_group(f"sebs-{self._resources_id}-")))
        for name in names - groups.keys():
            groups |= {n: arn for n, arn in log_groups(self._clients, name) if n == name}
        certain = {log_group(name) for name in functions}
        return sorted(
            name
            for name, arn in groups.items()
            if name in certain or log_owner(self._clients, arn) == self._resources_id
        )

    def _listed(self) -> Iterator[str]:
        with explained("Listing the functions"):
            pages = self._clients.control("lambda").get_paginator("list_functions").paginate()
            for page in pages:
                yield from (function["FunctionName"] for function in page["Functions"])

    def _tagged(self, kind: str) -> Iterator[str]:
        """Yield the ARNs of what carries our tag."""
        with explained("Listing what carries the deployment's tag"):
            pages = (
                self._clients.control("resourcegroupstaggingapi")
                .get_paginator("get_resources")
                .paginate(
                    TagFilters=[{"Key": OWNER, "Values": [self._resources_id]}],
                    ResourceTypeFilters=[kind],
                )
            )
            for page in pages:
                for entry in page["ResourceTagMappingList"]:
                    if owner(entry.get("Tags")) == self._resources_id:
                        yield str(entry["ResourceARN"])

    # --- the cache ---

    def _cached(self) -> dict[str, dict[str, Any]]:
        """Return the functions that the cache takes for this deployment's, those gone included."""
        return {
            name: entry
            for name, entry in self._cache.get_all_functions(NAME).items()
            if entry.get("resource_id") == self._resources_id
        }

    def _forget(self, remaining: Iterable[str]) -> None:
        remaining = set(remaining)
        for name, entry in self._cached().items():
            if f"{_FUNCTIONS} {name}" not in remaining:
                language = entry["config"]["runtime"]["language"]
                self._cache.remove_function(NAME, entry["benchmark"], language, name)
        self._cache.remove_storage(NAME)
        self._cache.remove_nosql(NAME)
        self._cache.invalidate_all_container_uris(NAME)


def _each(action: Callable[[str], None], names: list[str]) -> Iterator[tuple[str, SebsError]]:
    """Do something with each, several at once; yield those that failed, and why."""
    with ThreadPoolExecutor(max_workers=CONNECTIONS // 2) as executor:
        outcomes = [(name, executor.submit(action, name)) for name in names]
        for name, outcome in outcomes:
            error = outcome.exception()
            if isinstance(error, SebsError):
                yield name, error
            elif error is not None:
                raise error
