"""A deployed function that tests measure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from sebs.errors import ColdStartError
from sebs.invoke.evaluate import fetch_metrics, validate_outputs
from sebs.invoke.run import Code, attempt, start_run
from sebs.invoke.triggers import present_trigger, trigger_of
from sebs.invoke.watching import watched
from sebs.pytest_plugin.plain import plainly
from sebs.pytest_plugin.samples import Sample, reasons, sorted_out
from sebs.results.caveats import caveats
from sebs.results.rows import start_of

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark
    from sebs.config import Configuration
    from sebs.faas.function import Function, Trigger
    from sebs.faas.result import ExecutionResult
    from sebs.faas.system import System
    from sebs.results.run import Run

Event = dict[str, Any]

#: How many invocations more than twice those that are wanted may begin otherwise than wanted.
_PATIENCE = 10


@dataclass(frozen=True, slots=True)
class Place:
    """Where functions are measured.

    Attributes:
        system: The platform.
        configuration: The effective one, which is kept with runs.
        output_dir: Where runs are kept.
        alone: Keeps other processes of this session from measuring, within a block.
        tell: Called with a line for each sample.
    """

    system: System
    configuration: Configuration
    output_dir: Path
    alone: Callable[[], AbstractContextManager[None]]
    tell: Callable[[str], None]


class MeasuredFunction(ABC):
    """A function on a platform: invoked, and measured warm and cold.

    Args:
        place: Where it is measured.
    """

    def __init__(self, place: Place) -> None:
        self._place = place

    @property
    def system(self) -> System:
        """The platform."""
        return self._place.system

    @plainly
    def invoke(self, payload: Event | None = None) -> ExecutionResult:
        """Invoke once, whether that is cold or warm, and keep nothing.

        Args:
            payload: The event; ``None`` is the benchmark's own, or an empty one.
        """
        with self._ready() as (_, trigger):
            return attempt(trigger.sync_invoke, self._event(payload))

    @plainly
    def warm(
        self, invocations: int, payload: Event | None = None, *, tolerated_failures: int = 0
    ) -> Sample:
        """Invoke until so many warm invocations succeeded, one after the other.

        The test fails where more invocations fail than are tolerated, or an output is wrong.

        Args:
            invocations: How many; cold ones between them are left out, and counted.
            payload: The event; ``None`` is the benchmark's own, or an empty one.
            tolerated_failures: How many may fail beside them.

        Raises:
            ColdStartError: Environments do not stay long enough to be warm.
            PlatformError: The platform does not answer.
        """
        __tracebackhide__ = True
        return self._measure("warm", invocations, payload, tolerated_failures)

    @plainly
    def cold(
        self, invocations: int, payload: Event | None = None, *, tolerated_failures: int = 0
    ) -> Sample:
        """Force so many cold starts, one after the other, and measure each.

        The test fails where more invocations fail than are tolerated, or an output is wrong.

        Args:
            invocations: How many; warm ones between them are left out, and counted.
            payload: The event; ``None`` is the benchmark's own, or an empty one.
            tolerated_failures: How many may fail beside them.

        Raises:
            ColdStartError: They cannot be forced.
            AttachedFunctionError: The function is not ours, and nobody permitted it.
            PlatformError: The platform does not answer.
        """
        __tracebackhide__ = True
        return self._measure("cold", invocations, payload, tolerated_failures)

    # --- what the two kinds of functions differ in ---

    @abstractmethod
    def _ready(self) -> AbstractContextManager[tuple[Function, Trigger]]:
        """Hold the function, deployed as it shall be, within a block; also its trigger."""

    @abstractmethod
    def _code(self) -> Code:
        """Return what it runs."""

    @abstractmethod
    def _event(self, payload: Event | None) -> Event:
        """Return the event to send."""

    @abstractmethod
    def _force_cold(self, function: Function) -> None:
        """Make the next invocation cold."""

    @abstractmethod
    def _judge(self, run: Run, payload: Event | None) -> None:
        """Judge the outputs."""

    @abstractmethod
    def _size(self) -> str:
        """Return the size of the input."""

    # --- inside ---

    def _measure(
        self, kind: str, wanted: int, payload: Event | None, tolerated_failures: int
    ) -> Sample:
        __tracebackhide__ = True
        with self._place.alone(), self._ready() as (function, trigger):
            run = start_run(
                self._place.output_dir,
                self.system,
                self._code(),
                function,
                size=self._size(),
                trigger_type=trigger.trigger_type(),
                repetitions=None,
                forced_cold=kind == "cold",
                configuration=self._place.configuration.as_dict(),
            )
            event = self._event(payload)
            try:
                with watched(run):
                    self._invoke(run, kind, wanted, tolerated_failures, function, trigger, event)
                if any(start_of(each.result) == "unknown" for each in run.invocations()):
                    fetch_metrics(run, self.system, function.name)
                self._judge(run, payload)
            finally:
                run.finish()
        sample = self._sample(run, kind, function, trigger)
        self._place.tell(str(sample) if sample.results else f"{sample.function}: no {kind} one")
        for caveat in sample.caveats:
            self._place.tell(caveat)
        _check(sample, tolerated_failures)
        return sample

    def _invoke(
        self,
        run: Run,
        kind: str,
        wanted: int,
        tolerated_failures: int,
        function: Function,
        trigger: Trigger,
        event: Event,
    ) -> None:
        counted = failed = number = 0
        while counted < wanted and failed <= tolerated_failures:
            if number - counted - failed > wanted + _PATIENCE:
                raise ColdStartError(
                    f"Of {number - failed} invocations of {function.name} only {counted} were "
                    f"{kind}, {wanted} are wanted."
                )
            if kind == "cold":
                self._force_cold(function)
            number += 1
            result = attempt(trigger.sync_invoke, event)
            run.record({"id": str(number)}, result)
            failed += result.stats.failure
            # Of those of which nobody tells yet, the platform's log tells later.
            counted += not result.stats.failure and start_of(result) in (kind, "unknown")

    def _sample(self, run: Run, kind: str, function: Function, trigger: Trigger) -> Sample:
        def fetch() -> Sample:
            with run:
                fetch_metrics(run, self.system, function.name)
                run.finish()
            return sorted_out(sample, run.invocations())

        words = f"{self._code().benchmark} on {self._where()}, {_deployed(function, trigger)}"
        empty = Sample(kind, (), (), 0, words, run.directory, tuple(caveats(run)), fetch)
        sample = sorted_out(empty, run.invocations())
        return sample

    def _where(self) -> str:
        name, region = self.system.name(), self.system.config.region
        return name if region in (None, "", name) else f"{name} ({region})"


class MeasuredBenchmark(MeasuredFunction):
    """A benchmark that is deployed for the tests, with an input of its own.

    Args:
        place: Where it is measured.
        package: The benchmark.
        size: Of its input.
        trigger_type: By what it is invoked.
        peer: What the event must have for the function to reach the benchmark's peer.
    """

    def __init__(
        self,
        place: Place,
        package: Benchmark,
        size: str,
        trigger_type: Trigger.TriggerType,
        peer: Event,
    ) -> None:
        super().__init__(place)
        self._package = package
        self._input_size = size
        self._trigger_type = trigger_type
        resources = place.system.system_resources
        self._prepared = {**package.prepare_input(resources, size, False), **peer}

    @contextmanager
    def _ready(self) -> Iterator[tuple[Function, Trigger]]:
        name = self.system.default_function_name(self._package)
        # Another session with the same cache would change it, and share its environments.
        with self.system.cache_client.function_lock(self.system.name(), name):
            function = self.system.get_function(self._package, name)
            yield function, trigger_of(self.system, function, self._trigger_type)

    def _code(self) -> Code:
        return self._package

    def _event(self, payload: Event | None) -> Event:
        return self._prepared if payload is None else payload

    def _force_cold(self, function: Function) -> None:
        self.system.enforce_cold_start([function], self._package)

    def _judge(self, run: Run, payload: Event | None) -> None:
        if payload is None:
            validate_outputs(run, self.system, self._package, self._prepared)

    def _size(self) -> str:
        return self._input_size


class MeasuredAttached(MeasuredFunction):
    """Code that is no benchmark, or a function that exists already.

    Args:
        place: Where it is measured.
        target: What the platform attaches it by.
        options: With which it does.
        trigger: Key of the trigger; ``None`` is the one by which the platform tells most.
        may_force: Whether cold starts may be forced.
    """

    def __init__(
        self,
        place: Place,
        target: str,
        options: Mapping[str, Any],
        trigger: str | None,
        may_force: bool,
    ) -> None:
        super().__init__(place)
        self._target = target
        self._options = options
        self._wanted_trigger = trigger
        self._may_force = may_force
        with self._ready() as (function, _):
            self._label = function.benchmark

    @contextmanager
    def _ready(self) -> Iterator[tuple[Function, Trigger]]:
        with self.system.cache_client.function_lock(self.system.name(), self._target):
            # Each time: the same code may have been attached with other options meanwhile.
            function = self.system.attach_function(self._target, **self._options)
            yield function, present_trigger(function, self._wanted_trigger)

    def _code(self) -> Code:
        from sebs.faas.attached import ForeignCode

        return ForeignCode(self._label)

    def _event(self, payload: Event | None) -> Event:
        return {} if payload is None else payload

    def _force_cold(self, function: Function) -> None:
        from sebs.faas.attached import Attached, Change

        assert isinstance(function, Attached), f"{function!r} is not attached"
        with function.permitting(*[Change.COLD_START] * self._may_force):
            self.system.enforce_cold_start([function], cast("Benchmark", self._code()))

    def _judge(self, run: Run, payload: Event | None) -> None:
        """Nothing tells what its outputs should be."""

    def _size(self) -> str:
        return "attached"


def _deployed(function: Function, trigger: Trigger) -> str:
    config = function.config
    runtime = f"{config.runtime.language.value} {config.runtime.version}"
    memory = f"{config.memory} MB" if config.memory else "memory unknown"
    return f"{memory}, {runtime}, {trigger.trigger_type().value}"


def _check(sample: Sample, tolerated_failures: int) -> None:
    """Fail the test where too much failed."""
    __tracebackhide__ = True
    if len(sample.failures) > tolerated_failures:
        made = len(sample.results) + len(sample.failures) + sample.left_out
        pytest.fail(
            f"{len(sample.failures)} of {made} invocations failed, {tolerated_failures} are "
            f"tolerated; {sample.kind}, {sample.function}:\n{reasons(sample.failures)}\n"
            f"kept in {sample.directory}"
        )
