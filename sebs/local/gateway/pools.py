"""All functions that the gateway serves, each with its pool of environments."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from sebs.local.gateway.environment import Environment, Owner
from sebs.local.gateway.fence import Fence
from sebs.local.gateway.functions import Definition
from sebs.local.gateway.limits import Watch
from sebs.local.gateway.logs import FunctionLog, log_path
from sebs.local.gateway.metrics import MetricsLog, metrics_path
from sebs.local.gateway.packages import PackageStore
from sebs.local.gateway.pool import Pool

_PREFIX = b"/functions/"


class Pools:
    """The pools by name, and all environments by process.

    Args:
        home: The local platform's directory.
        packages: The unpacked packages.
        fence: Encloses the environments.
    """

    def __init__(self, home: Path, packages: PackageStore, fence: Fence) -> None:
        #: By the path that their requests have.
        self.by_path: dict[bytes, Pool] = {}
        #: Every environment whose process has not ended, by pid.
        self.environments: dict[int, Environment] = {}
        #: Variables with which every environment reaches the platform's data services.
        self.services: Mapping[str, str] = {}
        # Variables for the environments of one deployment, by its resource id; kept here only.
        self._credentials: dict[str, Mapping[str, str]] = {}
        self._home = home
        self._packages = packages
        self._fence = fence
        #: How memory is limited.
        self.memory_limit = fence.kind
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
        needed.update(each.definition.sha256 for each in self.environments.values())
        await asyncio.get_running_loop().run_in_executor(None, self._packages.collect, needed)

    def start_environment(self, owner: Owner, definition: Definition, log: int) -> Environment:
        """Start one environment for a pool."""
        environment_id = secrets.token_hex(8)
        enclosure = self._fence.enclose(environment_id, definition.memory)
        try:
            environment = Environment(
                owner,
                definition,
                environment_id,
                self._home,
                self._packages.path(definition.sha256),
                log,
                {**self._credentials.get(definition.resource_id, {}), **self.services},
                enclosure,
            )
        except OSError:
            self._fence.release(environment_id)
            raise
        self.environments[environment.pid] = environment
        return environment

    def environment_ended(self, environment: Environment) -> None:
        """Forget an environment."""
        self.environments.pop(environment.pid, None)
        self._fence.release(environment.id)

    def _watched(self) -> Iterator[tuple[Environment, FunctionLog]]:
        for pool in self:
            for environment in [*pool.serving, *pool.ending]:
                yield environment, pool.log


def _path(name: str) -> bytes:
    return _PREFIX + name.encode()
