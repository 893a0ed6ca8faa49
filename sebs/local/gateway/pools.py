"""All functions that the gateway serves, each with its pool of environments."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from sebs.local.gateway.environment import Environment, Owner
from sebs.local.gateway.functions import Definition
from sebs.local.gateway.limits import Watch
from sebs.local.gateway.logs import FunctionLog, log_path
from sebs.local.gateway.metrics import MetricsLog, metrics_path
from sebs.local.gateway.packages import PackageStore
from sebs.local.gateway.pool import Pool
from sebs.local.gateway.process_sandbox import ProcessSandbox
from sebs.local.gateway.sandbox import Sandbox

_PREFIX = b"/functions/"


class Sandboxes(NamedTuple):
    """The kinds of sandbox that there are."""

    processes: ProcessSandbox
    containers: Sandbox

    def of(self, definition: Definition) -> Sandbox:
        """Return the one that a function's environments run in."""
        return self.processes if definition.container is None else self.containers


class Pools:
    """The pools by name, and all environments.

    Args:
        home: The local platform's directory.
        packages: The unpacked packages.
        sandboxes: What environments are launched in.
    """

    def __init__(self, home: Path, packages: PackageStore, sandboxes: Sandboxes) -> None:
        #: By the path that their requests have.
        self.by_path: dict[bytes, Pool] = {}
        # Every environment that has not ended.
        self._environments: set[Environment] = set()
        #: Variables with which a function, by its path, reaches the platform's services.
        self.services: Callable[[bytes], Mapping[str, str]] = lambda _path: {}
        # Variables for the environments of one deployment, by its resource id; kept here only.
        self._credentials: dict[str, Mapping[str, str]] = {}
        self._home = home
        self._packages = packages
        self._sandboxes = sandboxes
        #: How the memory of processes is limited.
        self.memory_limit = sandboxes.processes.memory_limit
        self._watch = Watch(self._watched)
        self.watch = self._watch.arm

    def __iter__(self) -> Iterator[Pool]:
        return iter(self.by_path.values())

    def get(self, name: str) -> Pool | None:
        """Return the pool of a function, if there is such a function."""
        return self.by_path.get(_path(name))

    def add(self, definition: Definition) -> None:
        """Serve one more function."""
        name = definition.name
        self.by_path[_path(name)] = Pool(
            self,
            definition,
            MetricsLog(metrics_path(self._home, name)),
            FunctionLog(log_path(self._home, name)),
        )

    def remove(self, name: str) -> None:
        """Serve a function no more; its environments are the caller's to end."""
        del self.by_path[_path(name)]

    def equip(self, resource_id: str, variables: Mapping[str, str]) -> list[Environment]:
        """Give a deployment's functions other credentials.

        Returns:
            The environments with those of before, which serve no more.
        """
        if self._credentials.get(resource_id) == variables:
            return []
        self._credentials[resource_id] = variables
        owned = [pool for pool in self if pool.definition.resource_id == resource_id]
        return [environment for pool in owned for environment in pool.recycle()]

    async def collect_packages(self) -> None:
        """Remove the packages that no function and no environment needs.

        Removing a large one takes its time, which the requests must not wait for.
        """
        needed = {pool.definition.sha256 for pool in self}
        needed.update(each.definition.sha256 for each in self._environments)
        await asyncio.get_running_loop().run_in_executor(None, self._packages.collect, needed)

    def start_environment(self, owner: Owner, definition: Definition, log: int) -> Environment:
        """Start one environment for a pool."""
        environment = Environment(
            owner,
            definition,
            secrets.token_hex(8),
            self._home,
            self._packages.path(definition.sha256),
            log,
            {
                **self._credentials.get(definition.resource_id, {}),
                **self.services(_path(definition.name)),
            },
            self._sandboxes.of(definition),
        )
        self._environments.add(environment)
        return environment

    def environment_ended(self, environment: Environment) -> None:
        """Forget an environment."""
        self._environments.discard(environment)

    def _watched(self) -> Iterator[tuple[Environment, FunctionLog]]:
        for pool in self:
            for environment in [*pool.serving, *pool.ending]:
                yield environment, pool.log


def _path(name: str) -> bytes:
    return _PREFIX + name.encode()
