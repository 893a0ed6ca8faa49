"""The contract of deleting: what is ours goes, all of it, and nothing else."""

from __future__ import annotations

import pytest

from sebs.errors import FunctionGoneError
from sebs.sebs_types import StorageBucketType
from sebs.testing.rig import Capability, requires
from sebs.testing.workbench import Topic, Workbench


class CleanupContract(Topic):
    """What the three ways of deleting do to the platform and to the cache."""

    @requires(Capability.DELETE)
    def test_a_deleted_function_is_gone(self, bench: Workbench) -> None:
        """Deleting it again says that there is none."""
        system = bench.system()
        function = bench.deploy(system)
        system.delete_function(function.name, function.serialize())
        assert function.name not in bench.inventory()
        with pytest.raises(FunctionGoneError):
            system.delete_function(function.name, function.serialize())

    @requires(Capability.DELETE)
    def test_the_functions_of_the_cache_are_deleted_and_forgotten(self, bench: Workbench) -> None:
        """Those of somebody else's cache stay; one that is gone already is no error."""
        other = bench.other_system(f"{bench.resources_id}-b", bench.new_cache())
        others = bench.deploy(other)
        system = bench.system()
        names = {bench.name(system, "first"), bench.name(system, "second")}
        for name in names:
            bench.deploy(system, name)
        with bench.recording() as calls:
            assert set(system.cleanup_functions(dry_run=True)) == names
        assert calls == []
        assert set(bench.cache.get_all_functions(system.name())) == names
        bench.rig.delete_function(min(names))
        assert set(system.cleanup_functions(dry_run=False)) == names
        assert not names & bench.inventory()
        assert bench.cache.get_all_functions(system.name()) == {}
        assert others.name in bench.rig.inventory(other.config.resources.resources_id)

    @requires(Capability.CLEANUP)
    def test_everything_that_is_ours_is_deleted(self, bench: Workbench) -> None:
        """A dry run lists it and changes nothing; afterwards the platform has none of it."""
        other = bench.other_system(f"{bench.resources_id}-b", bench.new_cache())
        bench.deploy(other)
        others_id = other.config.resources.resources_id
        system = bench.system()
        function = bench.deploy(system)
        if Capability.STORAGE in bench.rig.capabilities:
            for each in (other, system):
                storage = each.system_resources.get_storage()
                storage.get_bucket(StorageBucketType.BENCHMARKS)
        before, others = bench.inventory(), set(bench.rig.inventory(others_id))

        with bench.recording() as calls:
            announced = system.cleanup_resources(dry_run=True)
        assert calls == []
        assert bench.inventory() == before
        assert function.name in {name for names in announced.values() for name in names}

        assert system.cleanup_resources() == announced
        assert bench.inventory() == set()
        assert set(bench.rig.inventory(others_id)) == others
        assert not any(system.cleanup_resources(dry_run=True).values())

    @requires(Capability.CLEANUP)
    def test_a_deployment_can_be_built_again_after_it_was_deleted(self, bench: Workbench) -> None:
        """No program trusts what it remembers of resources that are gone."""
        system = bench.system()
        before = bench.deploy(system)
        system.cleanup_resources()
        function = bench.deploy(bench.restart())
        assert function.name == before.name
        assert function.name in bench.inventory()
