"""What the tests of the contract work with: systems, benchmarks and functions of one rig."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

import pytest

from sebs.benchmark import Benchmark
from sebs.cache import Cache
from sebs.experiments.config import ExperimentConfig
from sebs.faas.function import ExecutionResult, Function, Runtime, Trigger
from sebs.faas.system import System
from sebs.sebs_types import SystemVariant
from sebs.testing.probe import PROBE, Answer, read_answer, write_probe
from sebs.testing.rig import OF_TRIGGER, Capability, SystemRig

#: Triggers that a client calls and that answer.
CALLED = (Trigger.TriggerType.HTTP, Trigger.TriggerType.LIBRARY)


#: Property of the report of a test that is left out for what the rig declares.
LEFT_OUT = "left out"


class PowerCut(BaseException):
    """The program ends here; no handler of ordinary errors notices."""


class Workbench:
    """One deployment on a rig's platform, a cache, and all systems that were made on it.

    Args:
        rig: The provider's rig.
        directory: An empty directory.
    """

    def __init__(self, rig: SystemRig, directory: Path) -> None:
        self.rig = rig
        self.resources_id = f"contract-{uuid.uuid4().hex[:8]}"
        self._directory = directory
        self._systems: list[System] = []
        self._caches: list[Cache] = []
        self.cache = self.new_cache()

    # --- systems ---

    def new_cache(self) -> Cache:
        """Return an empty cache, as another user or another machine has."""
        return self._open_cache(self._directory / f"cache-{len(self._caches)}")

    def same_cache(self) -> Cache:
        """Return the deployment's cache, as another program has it at the same time."""
        return self._open_cache(self.cache.cache_dir)

    def _open_cache(self, directory: Path) -> Cache:
        cache = Cache(directory)
        self._caches.append(cache)
        return cache

    def system(self) -> System:
        """Return an initialized system of the deployment."""
        return self.other_system(self.resources_id, self.cache)

    def other_system(
        self, resources_id: str | None, cache: Cache, prefix: str | None = None
    ) -> System:
        """Return an initialized system of another deployment, or with another cache."""
        system = self.make_system(resources_id, cache)
        self.initialize(system, prefix)
        return system

    def make_system(self, resources_id: str | None, cache: Cache) -> System:
        """Return a system that is not initialized yet."""
        system = self.rig.make_system(cache, resources_id)
        self._systems.append(system)
        return system

    def initialize(self, system: System, prefix: str | None = None) -> None:
        """Initialize a system, its deployment included."""
        system.initialize(resource_prefix=prefix, quiet=True)
        if not system.config.resources.has_resources_id:
            system.initialize_resources(prefix, quiet=True)

    def restart(self) -> System:
        """Shut everything down, and return a system as the next program has it."""
        self.close()
        return self.system()

    def close(self) -> None:
        """Shut down all systems and caches."""
        while self._systems:
            self._systems.pop().shutdown()
        for cache in self._caches:
            cache.close()

    # --- functions ---

    def benchmark(
        self,
        system: System,
        *,
        revision: int = 1,
        timeout: int | None = None,
        memory: int | None = None,
        version: str | None = None,
        variant: SystemVariant = SystemVariant.PACKAGE,
    ) -> Benchmark:
        """Return the probe as a new program makes it; what is not given is as before."""
        suite = self._directory / f"revision-{revision}"
        if not suite.exists():
            write_probe(suite, revision)
        language = self.rig.language
        architecture = self.rig.architecture or self._first_architecture(system)
        wanted = version or self.rig.language_version
        if wanted is None:
            wanted = system.system_config.supported_language_versions(
                system.name(), language.value, architecture
            )[0]
        benchmark = Benchmark(
            PROBE,
            system.name(),
            ExperimentConfig(
                Runtime(language, wanted), architecture=architecture, system_variant=variant
            ),
            system.system_config,
            str(self._directory / "output"),
            system.cache_client,
            benchmarks_dirs=[suite],
            wrappers=system.wrappers(language),
        )
        config = benchmark.benchmark_config
        config.timeout = timeout or config.timeout
        config.memory = memory or config.memory
        return benchmark

    def deploy(self, system: System, func_name: str | None = None, **changes: Any) -> Function:
        """Bring the probe's function up to date; the changes are :meth:`benchmark`'s."""
        return system.get_function(self.benchmark(system, **changes), func_name)

    def name(self, system: System, word: str) -> str:
        """Return a valid name of a further function of the deployment."""
        return system.name_rules.make(["contract", word, self.resources_id])

    def inventory(self) -> set[str]:
        """Return what the platform has of the deployment."""
        return set(self.rig.inventory(self.resources_id))

    @contextmanager
    def recording(self) -> Iterator[list[str]]:
        """Collect the mutating calls that the platform gets in a ``with`` block."""
        before = len(self.rig.mutations())
        calls: list[str] = []
        yield calls
        calls += self.rig.mutations()[before:]

    @contextmanager
    def power_cut(self, write: str) -> Iterator[None]:
        """End the program when it is about to make a write of the cache, which must happen."""
        with mock.patch.object(self.cache, write, side_effect=PowerCut), pytest.raises(PowerCut):
            yield

    # --- invocations ---

    def callable_triggers(self) -> Sequence[Trigger.TriggerType]:
        """Return the types of trigger that are declared, are called by a client and answer."""
        return [kind for kind in CALLED if OF_TRIGGER[kind] in self.rig.capabilities]

    def trigger(
        self, system: System, function: Function, kind: Trigger.TriggerType | None = None
    ) -> Trigger:
        """Return the function's trigger of a type; it is created where it has none."""
        kind = kind or self.callable_triggers()[0]
        if not function.triggers(kind):
            system.create_trigger(function, kind)
            system.cache_client.update_function(function)
        return function.triggers(kind)[0]

    def invoke(self, system: System, function: Function, **event: Any) -> ExecutionResult:
        """Invoke a function once by the first declared trigger."""
        return self.trigger(system, function).sync_invoke(event)

    def ask(self, system: System, function: Function, **event: Any) -> Answer:
        """Invoke a function once, and return what the probe answered."""
        return read_answer(self.invoke(system, function, **event))

    def _first_architecture(self, system: System) -> str:
        offered = system.supported_languages().get(self.rig.language.value, {})
        for architecture, versions in offered.items():
            if versions:
                return architecture
        pytest.fail(f"{system.name()} declares no version of {self.rig.language}")


def leave_out(request: pytest.FixtureRequest, reason: str) -> NoReturn:
    """Skip a test because of what the rig says of itself; a property of the report tells it apart.

    Such a skip is a statement about the platform, not about the machine that the tests run on.
    """
    request.node.user_properties.append((LEFT_OUT, reason))
    pytest.skip(reason)


class Topic:
    """One part of the contract: tests that are given a workbench."""

    @pytest.fixture
    def rig(self) -> SystemRig:
        """Return the provider's rig; this is the one fixture that a provider overrides."""
        raise NotImplementedError("Override the fixture `rig` and return a sebs.testing.SystemRig.")

    @pytest.fixture
    def bench(
        self, rig: SystemRig, request: pytest.FixtureRequest, tmp_path: Path
    ) -> Iterator[Workbench]:
        """Return a fresh workbench, unless the test needs what the rig does not declare."""
        required: Sequence[Capability] = getattr(request.function, "required_capabilities", ())
        for capability in required:
            if capability not in rig.capabilities:
                leave_out(request, f"{capability} is not declared: {capability.value}")
        bench = Workbench(rig, tmp_path / "sebs-contract")
        if Capability.EXECUTES in required and not bench.callable_triggers():
            leave_out(request, "no trigger is declared that a client calls")
        yield bench
        bench.close()
