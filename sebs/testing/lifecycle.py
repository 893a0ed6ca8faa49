"""The contract of a function's life: created, reused, updated, lost, adopted."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest

from sebs.errors import FunctionNameTakenError
from sebs.faas.system import System
from sebs.testing.probe import MEMORY, PROBE, TIMEOUT
from sebs.testing.workbench import Topic, Workbench


class LifecycleContract(Topic):
    """What ``get_function`` and the hooks behind it do to the platform and to the cache."""

    def test_hooks_have_the_signatures_of_the_contract(self, bench: Workbench) -> None:
        """A script calls any platform in the same way."""
        system_type = type(bench.system())
        for name, declared in vars(System).items():
            if name.startswith("_") or not inspect.isfunction(inspect.unwrap(declared)):
                continue
            theirs = inspect.signature(getattr(system_type, name)).parameters.values()
            ours = inspect.signature(getattr(System, name)).parameters.values()
            assert [(p.name, p.kind) for p in theirs] == [(p.name, p.kind) for p in ours], name

    def test_a_new_function_is_created_and_cached(self, bench: Workbench) -> None:
        """Afterwards the platform has it, and the cache tells the truth of it."""
        system = bench.system()
        benchmark = bench.benchmark(system)
        function = system.get_function(benchmark)
        assert isinstance(function, system.function_type())
        assert function.name in bench.inventory()
        assert function.name == system.default_function_name(benchmark)
        assert function.benchmark == PROBE
        assert function.code_package_hash == benchmark.hash
        assert (function.config.timeout, function.config.memory) == (TIMEOUT, MEMORY)
        assert function.config.runtime.version == benchmark.language_version
        assert benchmark.functions[function.name] == function.serialize()

    def test_a_function_that_is_up_to_date_is_reused(self, bench: Workbench) -> None:
        """A later program changes nothing on the platform."""
        function = bench.deploy(bench.system())
        system = bench.restart()
        with bench.recording() as calls:
            again = bench.deploy(system)
        assert calls == []
        assert again.serialize() == function.serialize()
        assert not again.updated_code

    def test_changed_code_is_deployed_once(self, bench: Workbench) -> None:
        """New code is uploaded to the same function, and not again by the next program."""
        before = bench.deploy(bench.system())
        system = bench.restart()
        with bench.recording() as calls:
            after = bench.deploy(system, revision=2)
        assert any(bench.rig.is_upload(call) for call in calls), calls
        assert after.updated_code
        assert after.name == before.name
        assert after.code_package_hash != before.code_package_hash
        system = bench.restart()
        with bench.recording() as calls:
            bench.deploy(system, revision=2)
        assert calls == []

    def test_a_changed_configuration_never_uploads_code(self, bench: Workbench) -> None:
        """Memory and timeout are changed where the function is, and not again afterwards."""
        before = bench.deploy(bench.system())
        wanted: dict[str, Any] = {"memory": 2 * MEMORY, "timeout": 2 * TIMEOUT}
        system = bench.restart()
        with bench.recording() as calls:
            after = bench.deploy(system, **wanted)
        assert calls
        assert not any(bench.rig.is_upload(call) for call in calls), calls
        assert (after.config.memory, after.config.timeout) == (2 * MEMORY, 2 * TIMEOUT)
        assert (after.name, after.updated_code) == (before.name, False)
        system = bench.restart()
        with bench.recording() as calls:
            bench.deploy(system, **wanted)
        assert calls == []

    def test_a_function_deleted_behind_our_back_is_created_again(self, bench: Workbench) -> None:
        """What the cache claims is checked before it is believed."""
        function = bench.deploy(bench.system())
        bench.rig.delete_function(function.name)
        assert function.name not in bench.inventory()
        assert bench.deploy(bench.restart()).name == function.name
        assert function.name in bench.inventory()

    def test_a_cached_function_is_the_function(self, bench: Workbench) -> None:
        """Serialized, deserialized and serialized again it is the same, triggers included."""
        system = bench.system()
        function = bench.deploy(system)
        for kind in bench.callable_triggers():
            assert bench.trigger(system, function, kind).trigger_type() is kind
        stored = json.loads(json.dumps(function.serialize()))
        decoded = system.function_type().deserialize(json.loads(json.dumps(stored)))
        assert decoded.serialize() == stored
        types = [trigger.trigger_type() for trigger in function.triggers_all()]
        assert [trigger.trigger_type() for trigger in decoded.triggers_all()] == types

    def test_a_crash_before_the_cache_knows_of_a_function_leaves_no_second_one(
        self, bench: Workbench
    ) -> None:
        """The next program takes up what is there, and brings it up to date."""
        system = bench.system()
        with bench.power_cut("add_function"):
            bench.deploy(system)
        left_behind = bench.inventory()
        system = bench.restart()
        with bench.recording() as calls:
            function = bench.deploy(system, revision=2)
        assert bench.inventory() == left_behind
        assert function.name in left_behind
        assert any(bench.rig.is_upload(call) for call in calls), calls
        assert function.name in bench.cache.get_all_functions(system.name())

    @pytest.mark.parametrize(
        ("write", "change"),
        [("add_function", {"revision": 2}), ("update_function", {"memory": 2 * MEMORY})],
    )
    def test_a_crash_before_the_cache_knows_of_an_update_repeats_it(
        self, bench: Workbench, write: str, change: dict[str, Any]
    ) -> None:
        """The next program updates again, and the one after it has nothing left to do."""
        bench.deploy(bench.system())
        system = bench.restart()
        with bench.power_cut(write):
            bench.deploy(system, **change)
        system = bench.restart()
        with bench.recording() as calls:
            bench.deploy(system, **change)
        assert calls
        system = bench.restart()
        with bench.recording() as calls:
            bench.deploy(system, **change)
        assert calls == []

    def test_the_function_of_another_deployment_is_never_touched(self, bench: Workbench) -> None:
        """A name that somebody else's function has is refused."""
        system = bench.system()
        function = bench.deploy(system, bench.name(system, "taken"))
        other = bench.other_system(f"{bench.resources_id}-b", bench.new_cache())
        with bench.recording() as calls, pytest.raises(FunctionNameTakenError):
            bench.deploy(other, function.name, revision=2)
        assert calls == []
        assert function.name in bench.inventory()

    def test_many_functions_are_deployed_at_once(self, bench: Workbench) -> None:
        """Hooks for different functions do not disturb each other."""
        system = bench.system()
        names = [bench.name(system, f"many-{number}") for number in range(4)]
        report = system.get_functions([(bench.benchmark(system), name) for name in names])
        assert [failure.error for failure in report.failures] == []
        assert [function.name for function in report.functions] == names
        assert bench.inventory() >= set(names)

    def test_plans_and_builds_change_nothing(self, bench: Workbench) -> None:
        """A dry run says what would happen, for a new function and for one that differs."""
        system = bench.system()
        with bench.recording() as calls:
            system.build_function(bench.benchmark(system))
            creation = system.plan_function(bench.benchmark(system))
        assert (calls, creation.reuses) == ([], False)
        bench.deploy(system)
        with bench.recording() as calls:
            update = system.plan_function(bench.benchmark(system, revision=2, memory=2 * MEMORY))
        assert (calls, update.reuses, len(update.steps)) == ([], True, 2)
