"""The contract of deployments: which one a program makes, and which one it takes up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from sebs.testing.rig import Capability, requires
from sebs.testing.workbench import Topic, Workbench

T = TypeVar("T")


class DeploymentContract(Topic):
    """How programs that come after one another, or at once, agree on one deployment."""

    def test_the_configuration_is_cached(self, bench: Workbench) -> None:
        """After the end, which may come twice, the next program finds the same deployment."""
        system = bench.system()
        system.shutdown()
        system.shutdown()
        cached = bench.cache.get_config(system.name())
        assert cached is not None
        assert cached["resources"]["resources_id"] == bench.resources_id
        again = bench.other_system(None, bench.cache)
        assert again.config.resources.resources_id == bench.resources_id

    @requires(Capability.STORAGE)
    def test_a_new_deployment_is_found_by_its_prefix(self, bench: Workbench) -> None:
        """Somebody without the cache takes it up."""
        prefix = bench.resources_id
        made = bench.other_system(None, bench.cache, prefix)
        resources_id = made.config.resources.resources_id
        assert resources_id.startswith(f"{prefix}-")
        assert resources_id in made.find_deployments()
        found = bench.other_system(None, bench.new_cache(), prefix)
        assert found.config.resources.resources_id == resources_id

    def test_a_deployment_outlives_a_program_that_dies(self, bench: Workbench) -> None:
        """One that never shut down leaves no orphans: the next takes up all that it made."""
        died = bench.other_system(None, bench.cache)
        function = bench.deploy(died)
        system = bench.other_system(None, bench.same_cache())
        assert system.config.resources.resources_id == died.config.resources.resources_id
        with bench.recording() as calls:
            assert bench.deploy(system).name == function.name
        assert calls == []

    def test_nothing_is_allocated_before_the_deployment_is_kept(self, bench: Workbench) -> None:
        """A program that dies before the cache knows of its deployment leaves nothing behind."""
        system = bench.make_system(None, bench.cache)
        with bench.recording() as calls, bench.power_cut("update_config"):
            bench.initialize(system)
        assert calls == []
        resources = system.config.resources
        if resources.has_resources_id:
            assert set(bench.rig.inventory(resources.resources_id)) == set()

    def test_programs_that_begin_at_once_share_a_deployment(self, bench: Workbench) -> None:
        """One makes it and the others take it up, although none was there when they began."""
        systems = [bench.make_system(None, bench.same_cache()) for _ in range(2)]
        at_once([partial(bench.initialize, system) for system in systems])
        one, other = (system.config.resources.resources_id for system in systems)
        assert one == other

    def test_of_programs_that_deploy_at_once_one_creates(self, bench: Workbench) -> None:
        """The others wait for it and reuse: together they upload what one alone uploads."""
        alone = bench.system()
        with bench.recording() as calls:
            bench.deploy(alone, bench.name(alone, "alone"), revision=2)
        expected = sum(map(bench.rig.is_upload, calls))
        systems = [bench.other_system(bench.resources_id, bench.same_cache()) for _ in range(2)]
        packages = [bench.benchmark(system) for system in systems]
        with bench.recording() as calls:
            one, other = at_once(
                [
                    partial(system.get_function, package)
                    for system, package in zip(systems, packages, strict=True)
                ]
            )
        assert one.serialize() == other.serialize()
        assert sum(map(bench.rig.is_upload, calls)) == expected, calls


def at_once(actions: Sequence[Callable[[], T]]) -> list[T]:
    """Begin all actions at the same moment, each in a thread; return what they returned."""
    barrier = threading.Barrier(len(actions))

    def act(action: Callable[[], T]) -> T:
        barrier.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(act, actions))
