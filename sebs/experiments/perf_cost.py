"""Performance and cost: one benchmark, invoked cold, warm, in bursts and in sequence, by memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, PositiveInt

from sebs.config_schema import Strict, check
from sebs.errors import ConfigurationError, IncomparableRunsError
from sebs.experiments.cells import KINDS, Cell, Kind, measure_cell, plan
from sebs.invoke.evaluate import validate_outputs
from sebs.invoke.peering import peer_event
from sebs.invoke.run import attempt, start_run
from sebs.invoke.triggers import trigger_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sebs.benchmark import Benchmark
    from sebs.experiments.config import ExperimentConfig
    from sebs.faas.function import Function, Trigger
    from sebs.faas.result import ExecutionResult
    from sebs.faas.system import System
    from sebs.results.run import Run
    from sebs.sebs import SeBS

#: Shows the progress of so many invocations: the invocations, and how many there will be.
Watch = Callable[[Iterable["ExecutionResult"], int], Iterable["ExecutionResult"]]


class Parameters(Strict):
    """``experiments.perf-cost``.

    Attributes:
        benchmark: What is invoked.
        input_size: Size of its input.
        experiments: Kinds of invocation; all of them where nothing is said.
        repetitions: Wanted invocations of each kind with each memory size.
        concurrent_invocations: How many are made at a time; ``sequential`` is one by one.
        memory_sizes: MB; where it is empty, the one memory size that is configured.
    """

    benchmark: str
    input_size: str = Field(alias="input-size")
    experiments: list[Kind] = Field(default=list(KINDS), min_length=1)
    repetitions: PositiveInt = 50
    concurrent_invocations: PositiveInt = Field(default=10, alias="concurrent-invocations")
    memory_sizes: list[PositiveInt] = Field(default=[], alias="memory-sizes")


class PerfCost:
    """The experiment.

    Args:
        config: What is built and run; its settings have the experiment's parameters.

    Raises:
        ConfigurationError: The parameters cannot be used; the message has all problems.
    """

    NAME = "perf-cost"

    def __init__(self, config: ExperimentConfig) -> None:
        section = config.settings.get(self.NAME, {})
        if problems := check(f"experiments.{self.NAME}", Parameters, section):
            raise ConfigurationError(
                f"The experiment {self.NAME!r} cannot be run:", problems=problems
            )
        self.parameters = Parameters.model_validate(section)
        self._config = config
        self._packages: dict[int, Benchmark] = {}

    @property
    def cells(self) -> list[Cell]:
        """What is measured, in its order; known once the experiment is prepared."""
        asked = self.parameters
        kinds = list(dict.fromkeys(asked.experiments))
        return plan(list(self._packages), kinds, asked.repetitions, asked.concurrent_invocations)

    def prepare(self, client: SeBS, system: System) -> None:
        """Look over what is asked for, before the platform is connected to.

        Raises:
            UsageError: The benchmark or its input size does not exist, or the platform cannot.
            LimitExceededError: A memory size is out of range.
        """
        from sebs.faas.deploy import check_request

        sizes: Sequence[int | None] = self.parameters.memory_sizes or [self._config.memory]
        for memory in sizes:
            config = deepcopy(self._config)
            config.memory = memory
            package = client.get_benchmark(self.parameters.benchmark, system, config)
            package.input_module.require_size(self.parameters.input_size)
            check_request(system, package, None)
            self._packages[package.benchmark_config.memory] = package

    def run(
        self,
        system: System,
        output_dir: Path,
        *,
        resumed: Run | None = None,
        configuration: Mapping[str, Any] | None = None,
        begun: Callable[[Run], None] = lambda _: None,
        watch: Watch = lambda results, _: results,
    ) -> Run:
        """Measure what the run lacks, and return the run.

        Args:
            system: The platform, initialized.
            output_dir: Where a new run is kept.
            resumed: The run to go on with; ``None`` begins a new one.
            configuration: The effective one, to be kept with the run.
            begun: Told of the run before the first invocation.
            watch: Shows the progress.

        Raises:
            IncomparableRunsError: The resumed run is of something else.
            ExperimentError: What is asked for cannot be had; what was measured is kept.
            PlatformError: The platform refuses or does not answer.
        """
        first = next(iter(self._packages.values()))
        name = system.default_function_name(first)
        # Another run of the same function would change it, and share its environments.
        with (
            peer_event(first, system, self._config.peer_address) as peer,
            system.cache_client.function_lock(system.name(), name),
        ):
            size = self.parameters.input_size
            payload = first.prepare_input(
                system.system_resources, size, self._config.update_storage
            )
            payload |= peer
            function, trigger = self._deploy(system, name, self.cells[0].memory)
            new = partial(self._start, system, function, trigger, output_dir, configuration)
            run = new() if resumed is None else self._checked(resumed, system, first)
            with run:
                begun(run)
                lacking = [cell for cell in self.cells if set(cell.ids) - run.recorded()]
                total = sum(len(set(cell.ids) - run.recorded()) for cell in lacking)
                measured = (self._measure(run, system, name, cell, payload) for cell in lacking)
                for _ in watch(chain.from_iterable(measured), total):
                    pass
                validate_outputs(run, system, first, payload)
                run.finish()
        return run

    def _measure(
        self, run: Run, system: System, name: str, cell: Cell, payload: dict[str, Any]
    ) -> Iterator[ExecutionResult]:
        function, trigger = self._deploy(system, name, cell.memory)
        force = partial(system.enforce_cold_start, [function], self._packages[cell.memory])
        return measure_cell(run, cell, lambda: attempt(trigger.sync_invoke, payload), force)

    def _deploy(self, system: System, name: str, memory: int) -> tuple[Function, Trigger]:
        from sebs.faas.function import Trigger

        function = system.get_function(self._packages[memory], name)
        kind = Trigger.TriggerType.get(self._config.trigger)
        return function, trigger_of(system, function, kind)

    def _start(
        self,
        system: System,
        function: Function,
        trigger: Trigger,
        output_dir: Path,
        configuration: Mapping[str, Any] | None,
    ) -> Run:
        return start_run(
            output_dir,
            system,
            self._packages[self.cells[0].memory],
            function,
            size=self.parameters.input_size,
            trigger_type=trigger.trigger_type(),
            repetitions=sum(cell.repetitions for cell in self.cells),
            configuration=configuration,
            experiment=self.NAME,
            parameters=self._asked(),
            varying=("memory", "kind"),
        )

    def _checked(self, run: Run, system: System, package: Benchmark) -> Run:
        """Return the run, unless it is of something else than what would be measured now."""
        was, now = run.manifest, self._asked()
        pairs = {
            "experiment": (was.experiment, self.NAME),
            "platform": (was.deployment, system.name()),
            "deployment": (was.resources_id, system.config.resources.resources_id),
            "parameters": (dict(was.parameters), now),
            "benchmark hash": (was.benchmark_hash, package.hash),
            "trigger": (was.constants["trigger"], self._config.trigger),
            "architecture": (was.constants["architecture"], self._config.architecture),
        }
        differing = [what for what, (before, after) in pairs.items() if before != after]
        if differing:
            raise IncomparableRunsError(
                f"{str(run.directory)!r} cannot be resumed: it has another {', '.join(differing)}.",
                remedy="Give the configuration that it was begun with, or begin a new run.",
            )
        return run

    def _asked(self) -> dict[str, Any]:
        asked = self.parameters.model_dump(by_alias=True)
        return {**asked, "memory-sizes": list(self._packages)}
