"""Performance and cost: one benchmark, invoked cold, warm, in bursts and in sequence, by memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, PositiveInt

from sebs.errors import PriceUnknownError
from sebs.experiments.cells import KINDS, AskedKind, Cell, measure_cell
from sebs.experiments.experiment import Experiment
from sebs.experiments.parameters import Parameters
from sebs.experiments.prices import Prices
from sebs.experiments.stopping import Budget, Limits, Precision, Sample, precision_told

if TYPE_CHECKING:
    from sebs.analysis.conclusion import Conclusion
    from sebs.experiments.bench import Bench, Event, Setting, Subject
    from sebs.faas.result import ExecutionResult
    from sebs.faas.system import System
    from sebs.results.results import Results
    from sebs.results.run import Run
    from sebs.sebs import SeBS


class PerfCostParameters(Parameters):
    """``experiments.perf-cost``.

    Attributes:
        experiments: Kinds of invocation; all of them where nothing is said.
        repetitions: Wanted invocations of each kind with each memory size; with a precision, the
            most that are made to reach it.
        concurrent_invocations: How many are made at a time; ``sequential`` is one by one.
        memory_sizes: MB; where it is empty, the one memory size that is configured.
        architectures: Where it is empty, the one that is configured.
        precision: Ends each kind with each memory size as soon as it is reached.
        budget: Ends the experiment.
        prices: Whose prices apply; by default the platform's own.
    """

    experiments: list[AskedKind] = Field(default=list(KINDS), min_length=1)
    repetitions: PositiveInt = 50
    concurrent_invocations: PositiveInt = Field(default=10, alias="concurrent-invocations")
    memory_sizes: list[PositiveInt] = Field(default=[], alias="memory-sizes")
    architectures: list[Literal["x64", "arm64"]] = Field(default=[])
    precision: Precision | None = None
    budget: Limits | None = None
    prices: Prices | None = None


class PerfCost(Experiment):
    """The experiment."""

    NAME = "perf-cost"
    PARAMETERS = PerfCostParameters
    VARYING = ("memory", "architecture", "function", "kind")
    EXAMPLE: ClassVar = {"benchmark": "110.dynamic-html"}
    AMENDABLE = frozenset({"budget"})
    parameters: PerfCostParameters

    def memory_sizes(self) -> Sequence[int | None]:
        """Return the memory sizes to deploy with, MB."""
        return self.parameters.memory_sizes or super().memory_sizes()

    def architectures(self) -> Sequence[str]:
        """Return the architectures to deploy for."""
        return list(dict.fromkeys(self.parameters.architectures)) or super().architectures()

    def cells(self, setting: Setting) -> list[Cell]:
        """Return what is measured with a setting, in its order."""
        asked = self.parameters
        return [
            Cell(setting.point, kind, asked.repetitions, asked.concurrent_invocations)
            for kind in dict.fromkeys(asked.experiments)
        ]

    def wanted(self) -> Sequence[str]:
        """Return the ids of the invocations that are wanted."""
        cells = (cell for setting in self.packages for cell in self.cells(setting))
        return [each for cell in cells for each in cell.ids]

    def planned(self) -> int | None:
        """Return how many there will be; with a precision or a budget, that shows."""
        asked = self.parameters
        return len(self.wanted()) if asked.precision is None and asked.budget is None else None

    def prepare(self, client: SeBS, system: System) -> None:
        """Look over what is asked for.

        Raises:
            UsageError: The benchmark or its input size does not exist, or the platform cannot.
            LimitExceededError: A memory size is out of range.
            PriceUnknownError: Prices are named, or money is limited, and nobody knows them.
        """
        super().prepare(client, system)
        self._budget(system)

    def measure(self, run: Run, bench: Bench) -> Iterator[ExecutionResult]:
        """Make the invocations that the run lacks, unless the budget ends it."""
        event = bench.events[self.parameters.input_size]
        budget = self._budget(bench.system)
        recorded = {each.id: each.result for each in run.invocations()}
        run.remarks = []
        series = [
            (setting, cell, Sample(recorded[each] for each in cell.ids if each in recorded))
            for setting in bench.packages
            for cell in self.cells(setting)
        ]
        for setting, cell, sample in series:
            if self._lacking(cell, sample) and budget.left():
                subject = bench.subject(setting)
                yield from self._measure(run, cell, subject, event, sample, budget)
        run.remarks = list(self._ended([(cell, sample) for _, cell, sample in series], budget))

    def _measure(
        self,
        run: Run,
        cell: Cell,
        subject: Subject,
        event: Event,
        sample: Sample,
        budget: Budget,
    ) -> Iterator[ExecutionResult]:
        def invoke() -> ExecutionResult:
            result = subject.invoke(event)
            budget.spend(result, subject.setting)
            return result

        def left() -> int:
            return budget.left() if self._lacking(cell, sample) else 0

        shared = {"function": subject.function.name}
        for result in measure_cell(run, cell, invoke, subject.force_cold, left, shared):
            sample.add(result)
            yield result

    def _lacking(self, cell: Cell, sample: Sample) -> bool:
        """Say whether a cell has neither all its invocations nor the precision."""
        precision = self.parameters.precision
        precise = precision is not None and precision.reached(sample.times) is not None
        return len(sample) < cell.repetitions and not precise

    def _ended(self, cells: Sequence[tuple[Cell, Sample]], budget: Budget) -> Iterator[str]:
        """Say what ended the experiment, where that is not that all was made."""
        if (spent := budget.spent()) is not None and any(self._lacking(*each) for each in cells):
            yield f"The budget of {spent} is spent; what lacks was not made."
        if (precision := self.parameters.precision) is not None:
            named = {str(cell): (sample, cell.repetitions) for cell, sample in cells}
            yield from precision_told(precision, named)

    def _budget(self, system: System) -> Budget:
        """Return a budget of which nothing is spent.

        Raises:
            PriceUnknownError: Prices are named, or money is limited, and nobody knows them.
        """
        limits, prices = self.parameters.budget or Limits(), self.parameters.prices
        if prices is None and limits.usd is None:
            return Budget(limits)
        own = Prices(provider=system.name(), region=system.config.region)
        try:
            return Budget(
                limits, {each: (prices or own).tariff(each) for each in self.architectures()}
            )
        except PriceUnknownError as error:
            why = "" if prices else "A budget in USD needs prices. "
            raise PriceUnknownError(
                f"{why}{error}",
                remedy=f"Name provider and region in experiments.{self.NAME}.prices.",
            ) from error

    @classmethod
    def process(cls, results: Results) -> Conclusion:
        """Return quantiles by memory size, architecture, kind and start, and what it costs.

        Raises:
            InvalidSampleError: Nothing was measured.
        """
        from sebs.analysis.performance import conclude_performance

        return conclude_performance(results)
