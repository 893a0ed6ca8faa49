"""Memory tuning: which memory size to give a function, judged by what it buys and what it costs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, StringConstraints

from sebs.errors import (
    ExperimentError,
    LimitExceededError,
    PriceUnknownError,
    Problem,
)
from sebs.experiments.cells import COLD, WARM, Cell, Kind, measure_cell
from sebs.experiments.experiment import Experiment
from sebs.experiments.parameters import Parameters
from sebs.experiments.prices import Prices
from sebs.experiments.stopping import Precision, Sample, precision_told
from sebs.invoke.evaluate import judge_outputs
from sebs.results.schema import Column

if TYPE_CHECKING:
    from sebs.analysis.conclusion import Conclusion
    from sebs.analysis.prices import Tariff
    from sebs.experiments.bench import Bench, Event, Setting, Subject
    from sebs.faas.result import ExecutionResult
    from sebs.faas.system import System
    from sebs.results.results import Results
    from sebs.results.run import Run
    from sebs.sebs import SeBS

#: In how many rounds all sizes take their turns: what changes with time changes for all of them.
ROUNDS = 5

#: A name makes an identifier of invocations.
_Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.]+$")]


class MemoryTuningParameters(Parameters):
    """``experiments.memory-tuning``.

    Attributes:
        memory_sizes: MB; at least two.
        input_sizes: Whose events are sent; where it is empty, that of ``input-size``.
        events: Further payloads by name: each is the event of ``input-size`` with these keys
            replaced.
        objective: What the recommended size is best in.
        weight: Of the time in ``balanced``; that of the cost is one minus it.
        repetitions: Warm invocations of each size with each payload; with a precision, the most.
        cold: Cold invocations of each size with each payload.
        concurrent_invocations: How many are made at a time.
        precision: Ends the warm ones of each size and payload as soon as it is reached.
        prices: Whose prices apply; by default the platform's own.
        vm_hourly: USD of an hour of the machine that would do the same.
    """

    memory_sizes: list[PositiveInt] = Field(alias="memory-sizes", min_length=2)
    input_sizes: list[str] = Field(default=[], alias="input-sizes")
    events: dict[_Name, dict[str, Any]] = Field(default={})
    objective: Literal["speed", "cost", "balanced"] = "balanced"
    weight: float = Field(default=0.5, ge=0, le=1)
    repetitions: PositiveInt = 50
    cold: NonNegativeInt = 0
    concurrent_invocations: PositiveInt = Field(default=1, alias="concurrent-invocations")
    precision: Precision | None = None
    prices: Prices | None = None
    vm_hourly: PositiveFloat | None = Field(default=None, alias="vm-hourly")


@dataclass(frozen=True, slots=True)
class Payload:
    """What is sent.

    Attributes:
        name: Of the payload: that of the input's size, or that of the event.
        size: Of the benchmark's input.
        changes: Keys that are replaced in its event.
    """

    name: str
    size: str
    changes: Mapping[str, Any] = field(default_factory=dict)

    def event(self, bench: Bench) -> Event:
        """Return the event."""
        return {**bench.events[self.size], **self.changes}


@dataclass(slots=True)
class _Series:
    """Invocations of one size with one payload, and what there is of them.

    Attributes:
        cell: What is wanted.
        payload: What is sent.
        subject: The function.
        sample: What was measured.
        given_up: Why no more are tried.
    """

    cell: Cell
    payload: Payload
    subject: Subject
    sample: Sample
    given_up: ExperimentError | None = None


class MemoryTuning(Experiment):
    """The experiment. Each size has a function of its own, so that none waits for another."""

    NAME = "memory-tuning"
    PARAMETERS = MemoryTuningParameters
    FACTORS = (Column("payload", "text", "", "size of the input, or name of the event"),)
    VARYING = ("memory", "architecture", "function", "kind", "size")
    JUDGED_BY = frozenset({"objective", "weight", "prices", "vm-hourly"})
    EXAMPLE: ClassVar = {"benchmark": "110.dynamic-html", "memory-sizes": [256, 512]}
    parameters: MemoryTuningParameters

    def memory_sizes(self) -> Sequence[int | None]:
        """Return the memory sizes to deploy with, MB."""
        return sorted(set(self.parameters.memory_sizes))

    def sizes(self) -> Sequence[str]:
        """Return the sizes of the inputs that are sent."""
        return list(dict.fromkeys(payload.size for payload in self.payloads()))

    def copies(self) -> int:
        """Return how many functions are needed: one for each memory size."""
        return len(self.memory_sizes())

    def payloads(self) -> list[Payload]:
        """Return what is sent, each payload once."""
        asked = self.parameters
        sizes = list(dict.fromkeys(asked.input_sizes))
        if not sizes and not asked.events:
            sizes = [asked.input_size]
        events = asked.events.items()
        return [Payload(size, size) for size in sizes] + [
            Payload(name, asked.input_size, changes) for name, changes in events
        ]

    def prepare(self, client: SeBS, system: System) -> None:
        """Look over what is asked for.

        Raises:
            ConfigurationError: A memory size is not sold, two payloads have the same name, or
                there is one memory size only.
            UsageError: The benchmark or its input size does not exist, or the platform cannot.
            LimitExceededError: A memory size is out of the platform's range.
            PriceUnknownError: There are no such prices.
        """
        self.refuse([*self._ambiguous(), *self._not_sold(system)])
        super().prepare(client, system)

    def _ambiguous(self) -> Iterator[Problem]:
        if len(self.memory_sizes()) < 2:
            yield Problem(f"experiments.{self.NAME}.memory-sizes", "must be two different sizes")
        for name in self.parameters.events.keys() & set(self.parameters.input_sizes):
            yield Problem(f"experiments.{self.NAME}.events.{name}", "is the name of an input size")

    def _not_sold(self, system: System) -> Iterator[Problem]:
        """Name the sizes that cannot be bought; one that was paid for could not be recommended."""
        from sebs.analysis.prices import Bills

        tariff = self._tariff(system)
        if tariff is None or tariff.plan.bills is not Bills.CONFIGURED:
            return
        for size in sorted(set(self.parameters.memory_sizes)):
            try:
                tariff.plan.memory.require(size)
            except LimitExceededError as error:
                place = f"experiments.{self.NAME}.memory-sizes"
                yield Problem(place, f"{tariff.plan.title}: {error}")

    def _tariff(self, system: System) -> Tariff | None:
        """Return whose prices apply; a platform that has none has them only where some are named.

        Raises:
            PriceUnknownError: The named ones do not exist.
        """
        named = self.parameters.prices
        if named is not None:
            return named.tariff(self.config.architecture)
        own = Prices(provider=system.name(), region=system.config.region)
        try:
            return own.tariff(self.config.architecture)
        except PriceUnknownError:
            return None

    def cell(self, setting: Setting, payload: Payload, kind: Kind) -> Cell:
        """Return what is measured of one size with one payload."""
        asked = self.parameters
        repetitions = asked.cold if kind == COLD else asked.repetitions
        point = {**setting.point, "payload": payload.name}
        return Cell(point, kind, repetitions, asked.concurrent_invocations)

    def kinds(self) -> list[Kind]:
        """Return which kinds of invocations are made, in that order."""
        return [WARM, COLD] if self.parameters.cold else [WARM]

    def wanted(self) -> Sequence[str]:
        """Return the ids of the invocations that are wanted."""
        return [
            each
            for setting in self.packages
            for payload in self.payloads()
            for kind in self.kinds()
            for each in self.cell(setting, payload, kind).ids
        ]

    def planned(self) -> int | None:
        """Return how many there will be; with a precision, that shows."""
        return len(self.wanted()) if self.parameters.precision is None else None

    def measure(self, run: Run, bench: Bench) -> Iterator[ExecutionResult]:
        """Make the invocations that the run lacks, all sizes in turns.

        A size at which the function does not work, such as one that is too small for it, is given
        up after a bounded number of tries; the others go on.

        Raises:
            ExperimentError: It works at no size.
        """
        run.remarks = []
        series = self._series(run, bench)
        order = random.Random(self.parameters.seed)  # noqa: S311 - an order, no secret
        for kind in self.kinds():
            of_kind = [each for each in series if each.cell.kind == kind]
            for turn in range(1, ROUNDS + 1):
                order.shuffle(of_kind)
                for each in of_kind:
                    yield from self._go_on(run, bench, each, turn)
            failures = [each.given_up for each in of_kind if each.given_up is not None]
            if len(failures) == len(of_kind):
                raise failures[0]
            run.remarks += [f"Given up: {error.message}" for error in failures]
        run.remarks += self._precision_told(series)

    def _series(self, run: Run, bench: Bench) -> list[_Series]:
        recorded = {each.id: each.result for each in run.invocations()}
        subjects = [bench.subject(each, copy) for copy, each in enumerate(bench.packages)]
        return [
            _Series(cell, payload, subject, Sample(recorded[i] for i in cell.ids if i in recorded))
            for subject in subjects
            for payload in self.payloads()
            for kind in self.kinds()
            for cell in [self.cell(subject.setting, payload, kind)]
        ]

    def _go_on(
        self, run: Run, bench: Bench, series: _Series, turn: int
    ) -> Iterator[ExecutionResult]:
        """Make what one size has to have when its turn is over."""
        cell, subject, sample = series.cell, series.subject, series.sample
        goal = -(-cell.repetitions * turn // ROUNDS)

        def left() -> int:
            enough = len(sample) >= goal or self._precise(cell.kind, sample)
            # So many at a time are made of a size to the end of its turn.
            return 0 if enough else cell.at_a_time

        if series.given_up is not None or not left():
            return
        event = series.payload.event(bench)
        shared = {"function": subject.function.name, "size": series.payload.size}
        try:
            for result in measure_cell(
                run, cell, lambda: subject.invoke(event), subject.force_cold, left, shared
            ):
                sample.add(result)
                yield result
        except ExperimentError as error:
            series.given_up = error

    def _precise(self, kind: Kind, sample: Sample) -> bool:
        precision = self.parameters.precision
        return kind == WARM and precision is not None and bool(precision.reached(sample.times))

    def _precision_told(self, series: Sequence[_Series]) -> Iterator[str]:
        """Say how those warm ones ended that were to be precise."""
        if self.parameters.precision is not None:
            named = {
                str(each.cell): (each.sample, each.cell.repetitions)
                for each in series
                if each.cell.kind == WARM and each.given_up is None
            }
            yield from precision_told(self.parameters.precision, named)

    def judge(self, run: Run, bench: Bench) -> None:
        """Judge each output by the payload that was sent."""
        first = next(iter(self.packages.values()))
        events = {payload.name: payload.event(bench) for payload in self.payloads()}
        judge_outputs(run, bench.system, first, lambda each: events[str(each.point["payload"])])

    @classmethod
    def process(cls, results: Results) -> Conclusion:
        """Return what each size takes and costs, which are worth it, and which one to take.

        Raises:
            InvalidSampleError: No warm invocation succeeded.
        """
        from sebs.analysis.tuning_told import conclude_tuning

        return conclude_tuning(results)
