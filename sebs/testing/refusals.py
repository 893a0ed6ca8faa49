"""The contract of what a platform cannot do: it says so by name, before anything is done."""

from __future__ import annotations

import time
from typing import Any

import pytest

from sebs.errors import UnsupportedLanguageError
from sebs.faas.function import Trigger
from sebs.sebs_types import SystemVariant
from sebs.testing.rig import OF_TRIGGER, Capability
from sebs.testing.workbench import Topic, Workbench


class RefusalContract(Topic):
    """What is asked for and not supported is a named error, and changes nothing."""

    def test_an_unsupported_language_version_is_refused(self, bench: Workbench) -> None:
        """Before anything is built or called; the message lists what there is instead."""
        system = bench.system()
        benchmark = bench.benchmark(system, version="0.0")
        supported = bench.benchmark(system).language_version
        with bench.recording() as calls, pytest.raises(UnsupportedLanguageError) as caught:
            system.get_function(benchmark)
        assert calls == []
        assert benchmark.code_location is None
        for word in (system.name(), "0.0", benchmark.architecture, supported):
            assert word in str(caught.value)

    def test_an_unsupported_variant_is_refused(self, bench: Workbench) -> None:
        """For a new function as for one that exists."""
        system = bench.system()
        unknown = [SystemVariant("no-such-variant")]
        if Capability.CONTAINERS not in bench.rig.capabilities:
            unknown.append(SystemVariant.CONTAINER)
        function = bench.deploy(system)
        for variant in unknown:
            with bench.recording() as calls:
                with pytest.raises(NotImplementedError):
                    bench.deploy(system, bench.name(system, "variant"), variant=variant)
                with pytest.raises(NotImplementedError):
                    system.update_function(function, bench.benchmark(system), variant, None)
            assert calls == []

    @pytest.mark.parametrize("kind", Trigger.TriggerType, ids=lambda kind: kind.value)
    def test_an_undeclared_trigger_is_refused(
        self, bench: Workbench, kind: Trigger.TriggerType
    ) -> None:
        """And a declared one is made and attached."""
        system = bench.system()
        function = bench.deploy(system)
        count = len(function.triggers(kind))
        if OF_TRIGGER[kind] in bench.rig.capabilities:
            trigger = system.create_trigger(function, kind)
            assert trigger.trigger_type() is kind
            assert trigger in function.triggers(kind)
            return
        with bench.recording() as calls, pytest.raises(NotImplementedError):
            system.create_trigger(function, kind)
        assert calls == []
        assert len(function.triggers(kind)) == count

    def test_what_cannot_be_deleted_is_refused(self, bench: Workbench) -> None:
        """Rather than reported as deleted."""
        system = bench.system()
        function = bench.deploy(system)
        with bench.recording() as calls:
            if Capability.DELETE not in bench.rig.capabilities:
                with pytest.raises(NotImplementedError):
                    system.delete_function(function.name, function.serialize())
            if Capability.CLEANUP not in bench.rig.capabilities:
                with pytest.raises(NotImplementedError):
                    system.cleanup_resources(dry_run=True)
        assert calls == []

    def test_what_the_platform_lacks_is_refused(self, bench: Workbench) -> None:
        """Storage and log, when they are asked for and not before: all else works without them."""
        system = bench.system()
        function, now = bench.deploy(system), int(time.time())
        metrics: dict[str, Any] = {}
        with bench.recording() as calls:
            if Capability.STORAGE not in bench.rig.capabilities:
                with pytest.raises(NotImplementedError):
                    system.system_resources.get_storage()
            if Capability.METRICS not in bench.rig.capabilities:
                with pytest.raises(NotImplementedError):
                    system.download_metrics(function.name, now, now + 1, {}, metrics)
        assert (calls, metrics) == ([], {})
