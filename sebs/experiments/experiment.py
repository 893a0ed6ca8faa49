"""What every experiment is: prepared, run (again, where it was interrupted), and concluded from."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from sebs.config_schema import check
from sebs.errors import (
    ConfigurationError,
    IncomparableRunsError,
    LimitExceededError,
    Problem,
    UsageError,
)
from sebs.experiments.bench import Bench, Setting, bench_of
from sebs.experiments.parameters import Parameters
from sebs.invoke.evaluate import validate_outputs
from sebs.invoke.run import start_run
from sebs.invoke.watching import watched

if TYPE_CHECKING:
    from sebs.analysis.conclusion import Conclusion
    from sebs.benchmark import Benchmark
    from sebs.experiments.config import ExperimentConfig
    from sebs.faas.result import ExecutionResult
    from sebs.faas.system import System
    from sebs.results.results import Results
    from sebs.results.run import Run
    from sebs.results.schema import Column
    from sebs.sebs import SeBS

#: Shows the progress of so many invocations: the invocations, and how many there will be.
Watch = Callable[[Iterable["ExecutionResult"], int], Iterable["ExecutionResult"]]


class Experiment(ABC):
    """One experiment; a subclass says what is invoked, and what follows from it.

    The plan is pure: the same parameters give the same ids of invocations, in the same order, so
    that an interrupted run goes on with those that its journal lacks.

    Args:
        config: What is built and run; its settings have the experiment's parameters.

    Raises:
        ConfigurationError: The parameters cannot be used; the message has all problems.
    """

    #: Its name: of its parameters in the configuration, and in manifests.
    NAME: ClassVar[str]

    #: The shape of its parameters.
    PARAMETERS: ClassVar[type[Parameters]] = Parameters

    #: Columns of its own in the table of invocations.
    FACTORS: ClassVar[tuple[Column, ...]] = ()

    #: Columns of the table that every invocation's point says by itself.
    VARYING: ClassVar[tuple[str, ...]] = ()

    #: Parameters that may be others when a run is resumed: they say when it ends, not what it is.
    AMENDABLE: ClassVar[frozenset[str]] = frozenset()

    #: Parameters by which what was measured is judged afterwards: others may be taken then.
    JUDGED_BY: ClassVar[frozenset[str]] = frozenset()

    #: Parameters that the shortest section that makes sense has.
    EXAMPLE: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, config: ExperimentConfig) -> None:
        section = config.settings.get(self.NAME, {})
        self.refuse(check(f"experiments.{self.NAME}", self.PARAMETERS, section))
        self.parameters = self.PARAMETERS.model_validate(section)
        self.config = config
        self.packages: dict[Setting, Benchmark] = {}

    # --- what a subclass says ---

    @abstractmethod
    def wanted(self) -> Sequence[str]:
        """Return the ids of the invocations that are wanted; known once it is prepared."""

    @abstractmethod
    def measure(self, run: Run, bench: Bench) -> Iterator[ExecutionResult]:
        """Make the invocations that the run lacks, and journal each as it ends.

        Yields:
            The wanted ones, so that their progress is shown.

        Raises:
            ExperimentError: What is asked for cannot be had; what was measured is kept.
            PlatformError: The platform refuses or does not answer.
        """

    @classmethod
    @abstractmethod
    def process(cls, results: Results) -> Conclusion:
        """Return what follows from the invocations.

        Raises:
            InvalidSampleError: Too little was measured, or nothing that means anything.
        """

    @classmethod
    def judged_by(cls, results: Results, others: Mapping[str, Any]) -> Results:
        """Return the same results, to be judged by other parameters than they were measured with.

        Args:
            results: Of one run of the experiment.
            others: Parameters of :attr:`JUDGED_BY`, as the configuration has them.

        Raises:
            UsageError: A parameter is none of these.
            ConfigurationError: A value cannot be used.
        """
        if strange := sorted(others.keys() - cls.JUDGED_BY):
            known = ", ".join(sorted(cls.JUDGED_BY))
            raise UsageError(
                f"A run of {cls.NAME} that was made is judged by no other {', '.join(strange)}.",
                remedy=f"Others may be taken of {known}." if known else "Measure anew.",
            )
        if not others:
            return results
        parameters = {**results.manifest.parameters, **others}
        keys = {field.alias or name for name, field in cls.PARAMETERS.model_fields.items()}
        section = {key: parameters[key] for key in keys & parameters.keys()}
        if problems := check(f"experiments.{cls.NAME}", cls.PARAMETERS, section):
            raise ConfigurationError("The run cannot be judged by that:", problems=problems)
        judged = copy(results)
        judged.manifest = replace(results.manifest, parameters=parameters)
        return judged

    def memory_sizes(self) -> Sequence[int | None]:
        """Return the memory sizes to deploy with, MB; ``None`` is the benchmark's own."""
        return [self.config.memory]

    def architectures(self) -> Sequence[str]:
        """Return the architectures to deploy for."""
        return [self.config.architecture]

    def sizes(self) -> Sequence[str]:
        """Return the sizes of the inputs that are sent."""
        return [self.parameters.input_size]

    def copies(self) -> int:
        """Return how many functions with the same code are needed."""
        return 1

    def planned(self) -> int | None:
        """Return how many invocations are wanted; ``None`` where that shows as they are made."""
        return len(self.wanted())

    def lacking(self, run: Run) -> int:
        """Return how many of the wanted invocations a run lacks."""
        return len(set(self.wanted()) - run.recorded())

    def least_duration(self, run: Run) -> float:
        """Return how long what a run lacks takes at least, seconds; 0 where nothing is known."""
        return 0

    def refuse(self, problems: Sequence[Problem]) -> None:
        """Refuse the experiment where there are problems.

        Raises:
            ConfigurationError: There are, and these.
        """
        if problems:
            message = f"The experiment {self.NAME!r} cannot be run:"
            raise ConfigurationError(message, problems=problems)

    def timed_out(self, parameter: str, seconds: float) -> Iterator[Problem]:
        """Yield a problem where a function that is to take so long does not come to its end.

        Args:
            parameter: What says how long, as the configuration has it.
            seconds: How long.
        """
        timeout = min(each.benchmark_config.timeout for each in self.packages.values())
        if timeout <= seconds:
            fault = f"must be less than the timeout, {timeout} s: see experiments.timeout"
            yield Problem(f"experiments.{self.NAME}.{parameter}", fault)

    def judge(self, run: Run, bench: Bench) -> None:
        """Judge the outputs; experiments that send more than one event say which one is whose."""
        first = next(iter(self.packages.values()))
        validate_outputs(run, bench.system, first, bench.events[self.parameters.input_size])

    # --- what is the same for all ---

    def prepare(self, client: SeBS, system: System) -> None:
        """Look over what is asked for, before the platform is connected to.

        Raises:
            UsageError: The benchmark or its input size does not exist, or the platform cannot.
            LimitExceededError: A memory size is out of range.
        """
        from sebs.faas.deploy import check_request

        for memory, architecture in product(self.memory_sizes(), self.architectures()):
            config = deepcopy(self.config)
            config.memory, config.architecture = memory, architecture
            package = client.get_benchmark(self.parameters.benchmark, system, config)
            for size in self.sizes():
                package.input_module.require_size(size)
            try:
                check_request(system, package, None)
            except LimitExceededError as error:
                raise self._of_section(error, memory) from error
            self.packages[Setting(package.benchmark_config.memory, architecture)] = package

    def announcement(self, run: Run) -> str:
        """Return what is going to be done: how many invocations, and how long that takes."""
        at_most = "" if self.planned() is not None else "at most "
        functions = f" of {self.copies()} functions" if self.copies() > 1 else ""
        least = self.least_duration(run)
        lasting = f", which takes at least {_duration(least)}" if least else ""
        return f"To be made: {at_most}{self.lacking(run):,} invocations{functions}{lasting}."

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
        with bench_of(system, self.packages, self.sizes(), self.config, self.copies()) as bench:
            if resumed is None:
                run = self._start(bench, output_dir, configuration)
            else:
                run = self._checked(resumed, system)
            with run:
                begun(run)
                with watched(run):
                    for _ in watch(self.measure(run, bench), self.lacking(run)):
                        pass
                self.judge(run, bench)
                run.finish()
        return run

    def _of_section(self, error: LimitExceededError, memory: int | None) -> LimitExceededError:
        """Return an error that names the keys by which an experiment is told: it has no options."""
        allowed, _, place = (error.remedy or "").partition(": set ")
        if not place:
            return error
        change = f"set {place.partition(' or --')[0].rstrip('.')}"
        if "experiments.memory" in change and memory in getattr(
            self.parameters, "memory_sizes", ()
        ):
            change = f"change experiments.{self.NAME}.memory-sizes, which has {memory}"
        return LimitExceededError(error.message, remedy=f"{allowed}: {change}.")

    def _start(
        self, bench: Bench, output_dir: Path, configuration: Mapping[str, Any] | None
    ) -> Run:
        setting, package = next(iter(self.packages.items()))
        subject = bench.subject(setting)
        return start_run(
            output_dir,
            bench.system,
            package,
            subject.function,
            size="" if "size" in self.VARYING else self.parameters.input_size,
            trigger_type=subject.trigger.trigger_type(),
            repetitions=self.planned(),
            configuration=configuration,
            experiment=self.NAME,
            parameters=self._asked(),
            varying=self.VARYING,
            factors=self.FACTORS,
            seed=self.parameters.seed,
        )

    def _checked(self, run: Run, system: System) -> Run:
        """Return the run, unless it is of something else than what would be measured now."""
        was, package = run.manifest, next(iter(self.packages.values()))
        asked, kept = self._kept(self._asked()), self._kept(was.parameters)
        pairs = {
            "experiment": (was.experiment, self.NAME),
            "platform": (was.deployment, system.name()),
            "deployment": (was.resources_id, system.config.resources.resources_id),
            **{
                f"experiments.{self.NAME}.{name}": (kept.get(name), asked.get(name))
                for name in (asked | kept)
            },
            "benchmark hash": (was.benchmark_hash, package.hash),
            "trigger": (was.constants.get("trigger"), self.config.trigger),
        }
        differing = [
            f"{what} was {json.dumps(before)} and is {json.dumps(after)}"
            for what, (before, after) in pairs.items()
            if before != after
        ]
        if differing:
            raise IncomparableRunsError(
                f"{str(run.directory)!r} cannot be resumed: {'; '.join(differing)}.",
                remedy="Give the configuration that it was begun with, or begin a new run.",
            )
        return run

    def _kept(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters that a resumed run must share."""
        return {key: value for key, value in parameters.items() if key not in self.AMENDABLE}

    def _asked(self) -> dict[str, Any]:
        """Return everything that the plan depends on."""
        return {
            **self.parameters.serialize(),
            "memory-sizes": sorted({setting.memory for setting in self.packages}),
            "architectures": sorted({setting.architecture for setting in self.packages}),
        }


def _duration(seconds: float) -> str:
    """Return a duration as a person says it."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
