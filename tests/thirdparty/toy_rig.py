"""The toy's rig: what its provider tells the contract."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sebs_toy.cloud import Cloud

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


@contextmanager
def toy_rig(system_type: type[System]) -> Iterator[SystemRig]:
    """Give a provider of the toy's platform a region of its own."""
    region = f"region-{uuid.uuid4().hex[:8]}"
    cloud = Cloud.region(region)

    def inventory(resources_id: str) -> set[str]:
        functions = {name for name, each in cloud.functions.items() if each.owner == resources_id}
        return functions | {name for name in cloud.buckets if name.endswith(f"-{resources_id}")}

    yield SystemRig(
        make_system=system_factory(system_type, {"region": region}),
        capabilities=CAPABILITIES,
        inventory=inventory,
        mutations=lambda: cloud.calls,
        is_upload=lambda call: call.startswith(("put_function", "put_object")),
        delete_function=cloud.delete_function,
        count_invocations=lambda name: Counter(each["function"] for each in cloud.log)[name],
        secrets=lambda: [cloud.key],
    )
    cloud.close()
    del Cloud.regions[region]
