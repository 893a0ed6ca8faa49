"""The toy's rig: what its provider tells the contract."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sebs_toy import Toy
from sebs_toy.cloud import Cloud

from sebs.errors import UnsupportedOperationError
from sebs.faas.function import ExecutionResult
from sebs.faas.nosql import NoSQLStorage
from sebs.faas.resources import SystemResources
from sebs.faas.storage import PersistentStorage
from sebs.faas.system import System
from sebs.testing import Capability, SystemRig, system_factory

CAPABILITIES = frozenset(
    {
        Capability.EXECUTES,
        Capability.HTTP,
        Capability.LIBRARY,
        Capability.COLD_START,
        Capability.METRICS,
        Capability.STORAGE,
        Capability.DELETE,
        Capability.CLEANUP,
    }
)


#: What a platform may lack and a provider still work.
SERVICES = frozenset({Capability.STORAGE, Capability.METRICS})


class NoServices(SystemResources):
    """A platform with neither object storage nor tables."""

    def get_storage(self, replace_existing: bool | None = None) -> PersistentStorage:
        raise UnsupportedOperationError("The platform has no object storage.")

    def get_nosql_storage(self) -> NoSQLStorage:
        raise UnsupportedOperationError("The platform has no NoSQL storage.")


class BareToy(Toy):
    """The toy of a platform that runs functions and has nothing else."""

    @property
    def system_resources(self) -> SystemResources:
        return NoServices(self.config, self.cache_client)

    def download_metrics(
        self,
        function_name: str,
        start_time: int,
        end_time: int,
        requests: dict[str, ExecutionResult],
        metrics: dict[str, Any],
    ) -> None:
        raise UnsupportedOperationError("The platform has no log of invocations.")


@contextmanager
def toy_rig(
    system_type: type[System], capabilities: frozenset[Capability] = CAPABILITIES
) -> Iterator[SystemRig]:
    """Give a provider of the toy's platform a region of its own."""
    region = f"region-{uuid.uuid4().hex[:8]}"
    cloud = Cloud.region(region)

    def inventory(resources_id: str) -> set[str]:
        functions = {name for name, each in cloud.functions.items() if each.owner == resources_id}
        return functions | {name for name in cloud.buckets if name.endswith(f"-{resources_id}")}

    yield SystemRig(
        make_system=system_factory(system_type, {"region": region}),
        capabilities=capabilities,
        inventory=inventory,
        mutations=lambda: cloud.calls,
        is_upload=lambda call: call.startswith(("put_function", "put_object")),
        delete_function=cloud.delete_function,
        count_invocations=lambda name: Counter(each["function"] for each in cloud.log)[name],
        secrets=lambda: [cloud.key],
    )
    cloud.close()
    del Cloud.regions[region]
