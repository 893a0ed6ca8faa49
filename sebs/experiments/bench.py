"""What an experiment measures with: functions as they are deployed, ready to be invoked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sebs.invoke.peering import peer_event
from sebs.invoke.run import attempt
from sebs.invoke.triggers import trigger_of

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark
    from sebs.experiments.config import ExperimentConfig
    from sebs.faas.function import Function, Trigger
    from sebs.faas.result import ExecutionResult
    from sebs.faas.system import System
    from sebs.results.schema import Scalar

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """How a function is deployed.

    Attributes:
        memory: MB.
        architecture: ``x64`` or ``arm64``.
    """

    memory: int
    architecture: str

    @property
    def point(self) -> dict[str, Scalar]:
        """The same as columns of the table of invocations."""
        return {"memory": self.memory, "architecture": self.architecture}


@dataclass(frozen=True, slots=True)
class Subject:
    """A function that is invoked; the methods may be called from several threads at once.

    Attributes:
        system: Its platform.
        setting: How it is deployed.
        package: What it runs.
        function: The function.
        trigger: By what it is invoked.
    """

    system: System
    setting: Setting
    package: Benchmark
    function: Function
    trigger: Trigger

    def invoke(self, event: Event) -> ExecutionResult:
        """Invoke once; an invocation that got no answer is a failed result."""
        return attempt(self.trigger.sync_invoke, event)

    def force_cold(self) -> None:
        """Make the next invocations cold.

        Raises:
            ColdStartError: The platform did not take it.
            PlatformError: It does not answer.
        """
        self.system.enforce_cold_start([self.function], self.package)


class Bench:
    """Deploys what is measured; made by :func:`bench_of`.

    Args:
        system: The platform, initialized.
        packages: What is deployed with each setting.
        events: What is sent, by size of the input.
        trigger_type: By what functions are invoked.
    """

    def __init__(
        self,
        system: System,
        packages: Mapping[Setting, Benchmark],
        events: Mapping[str, Event],
        trigger_type: Trigger.TriggerType,
    ) -> None:
        self.system = system
        self.packages = packages
        self.events = events
        self._trigger_type = trigger_type

    def subject(self, setting: Setting, copy: int = 0) -> Subject:
        """Deploy a function with a setting, and return it.

        A function has one setting at a time: what was returned before for the same copy and
        architecture has this one now.

        Args:
            setting: One of the packages'.
            copy: Which of several functions with the same code.

        Raises:
            PlatformError: The platform refuses or does not answer.
        """
        package = self.packages[setting]
        name = function_name(self.system, package, copy)
        function = self.system.get_function(package, name)
        trigger = trigger_of(self.system, function, self._trigger_type)
        return Subject(self.system, setting, package, function, trigger)


def function_name(system: System, package: Benchmark, copy: int = 0) -> str:
    """Return the name of a benchmark's function; the first copy has the default one."""
    default = system.default_function_name(package)
    return system.name_rules.make([default, f"copy-{copy}"]) if copy else default


@contextmanager
def bench_of(
    system: System,
    packages: Mapping[Setting, Benchmark],
    sizes: Sequence[str],
    config: ExperimentConfig,
    copies: int = 1,
) -> Iterator[Bench]:
    """Prepare the inputs and the peer of a benchmark, and hold its functions, within the block.

    Args:
        system: The platform, initialized.
        packages: What is deployed with each setting; at least one.
        sizes: Of the inputs.
        config: What is built and run.
        copies: How many functions with the same code are needed.

    Raises:
        UsageError: It is not known where functions reach the peer.
        StorageError: The inputs cannot be uploaded.
    """
    from sebs.faas.function import Trigger

    first = next(iter(packages.values()))
    names = {
        function_name(system, package, copy)
        for package in packages.values()
        for copy in range(copies)
    }
    with ExitStack() as stack:
        peer = stack.enter_context(peer_event(first, system, config.peer_address))
        # Another run of the same function would change it, and share its environments. In their
        # order, so that no two runs wait for one another.
        for name in sorted(names):
            stack.enter_context(system.cache_client.function_lock(system.name(), name))
        events = {
            size: {
                **first.prepare_input(system.system_resources, size, config.update_storage),
                **peer,
            }
            for size in sizes
        }
        yield Bench(system, packages, events, Trigger.TriggerType.get(config.trigger))
