"""Eviction of idle environments: how many of those that idled for a time are still there."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeVar

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from sebs.errors import ExperimentError
from sebs.experiments.experiment import Experiment
from sebs.experiments.parameters import Parameters
from sebs.experiments.side_by_side import SideBySide
from sebs.experiments.trials import FACTORS, Made, Trial, Try
from sebs.invoke.evaluate import validate_outputs

if TYPE_CHECKING:
    from sebs.analysis.conclusion import Conclusion
    from sebs.experiments.bench import Bench, Event
    from sebs.faas.result import ExecutionResult
    from sebs.faas.system import System
    from sebs.results.results import Results
    from sebs.results.run import Run
    from sebs.sebs import SeBS

#: Tries of one trial in a row that tell nothing before the experiment ends.
FRUITLESS_TRIES = 5

_T = TypeVar("_T")

_Seconds = Annotated[NonNegativeFloat, Field(allow_inf_nan=False)]


class EvictionParameters(Parameters):
    """``experiments.eviction-model``.

    Attributes:
        benchmark: What is invoked; it works for as many seconds as its event's ``sleep`` says.
        delta_t: How long environments idle, seconds.
        invocations: How many environments are started at once.
        repetitions: Trials with the same of everything.
        sleep: How long an invocation works, seconds: long enough that so many at once get an
            environment each.
        memory_sizes: MB; where it is empty, the one memory size that is configured.
        functions: So many trials idle at the same time, each on a function of its own; one where
            the platform's clock is virtual.
    """

    benchmark: str = Field(default="010.sleep", min_length=1)
    delta_t: list[_Seconds] = Field(
        default=[1, *range(60, 1201, 60)], alias="delta-t", min_length=1
    )
    invocations: list[PositiveInt] = Field(default=[8], min_length=1)
    repetitions: PositiveInt = 3
    sleep: PositiveFloat = Field(default=1, allow_inf_nan=False)
    memory_sizes: list[PositiveInt] = Field(default=[], alias="memory-sizes")
    functions: PositiveInt = 10


class Eviction(Experiment):
    """The experiment."""

    NAME = "eviction-model"
    PARAMETERS = EvictionParameters
    FACTORS = FACTORS
    VARYING = ("memory", "architecture", "function", "kind", "size")
    AMENDABLE = frozenset({"functions"})
    parameters: EvictionParameters

    EXAMPLE: ClassVar = {"delta-t": [1, 60, 120], "repetitions": 1}

    #: Whether no trial idles on the real clock.
    _skips_time = False

    #: Set as soon as the platform is known: its virtual clock passes for all functions at once.
    _at_a_time = 1

    def memory_sizes(self) -> Sequence[int | None]:
        """Return the memory sizes to deploy with, MB."""
        return self.parameters.memory_sizes or super().memory_sizes()

    def copies(self) -> int:
        """Return how many functions with the same code are needed."""
        return min(self._at_a_time, len(self.trials()))

    def trials(self) -> list[Trial]:
        """Return the trials in their order.

        It is random within a memory size, so that what changes with the time of day does not look
        like an effect of idling.
        """
        asked = self.parameters
        repetitions = range(1, asked.repetitions + 1)
        points = list(product(_once(asked.delta_t), _once(asked.invocations), repetitions))
        order = random.Random(asked.seed)  # noqa: S311 - an order, no secret
        return [
            Trial(setting, *point)
            for setting in self.packages
            for point in order.sample(points, len(points))
        ]

    def wanted(self) -> Sequence[str]:
        """Return the ids of the invocations that are wanted where no trial is made twice."""
        return [each for trial in self.trials() for each in Try(trial, 1).ids]

    def lacking(self, run: Run) -> int:
        """Return how many of the wanted invocations a run lacks."""
        return sum(len(last.ids) for last in self._unmade(run))

    def least_duration(self, run: Run) -> float:
        """Return how long what a run lacks takes at least, seconds: idling, and invocations."""
        working = 2 * self.parameters.sleep
        lasting = [
            working + (0 if self._skips_time else each.trial.seconds) for each in self._unmade(run)
        ]
        # Those that idle at the same time do not wait for each other.
        return max(sum(lasting) / max(1, self.copies()), max(lasting, default=0))

    def prepare(self, client: SeBS, system: System) -> None:
        """Look over what is asked for.

        Raises:
            ConfigurationError: The function would time out.
            UsageError: The benchmark or its input size does not exist, or the platform cannot.
            LimitExceededError: A memory size is out of range.
        """
        super().prepare(client, system)
        self.refuse([*self.timed_out("sleep", self.parameters.sleep)])
        self._skips_time = system.clock_is_virtual
        self._at_a_time = 1 if self._skips_time else self.parameters.functions

    def measure(self, run: Run, bench: Bench) -> Iterator[ExecutionResult]:
        """Make the trials that the run lacks.

        Yields:
            The invocations of each trial when it is over.
        """
        made, tries, fruitless = _made(run), deque[Try](), Counter[Trial]()
        unwanted = {each.id for each in run.invocations() if each.point.get("wanted") is False}
        for last in self._last_tries(made):
            if last.fault(made):
                tries.append(last.next)
            else:
                _accept(run, unwanted.intersection(last.ids))

        def record(invocation: Made) -> None:
            run.record({**invocation.point, "wanted": False}, invocation.result)
            made[str(invocation.point["id"])] = invocation.result

        course = SideBySide(bench, self._event(bench), self.copies(), record)
        for attempt in course.make(tries):
            if fault := attempt.fault(made):
                fruitless[attempt.trial] += 1
                if fruitless[attempt.trial] == FRUITLESS_TRIES:
                    raise _fruitless(attempt, fault, run)
                tries.appendleft(attempt.next)
            else:
                _accept(run, attempt.ids)
                yield from (made[each] for each in attempt.ids)

    def judge(self, run: Run, bench: Bench) -> None:
        """Judge the outputs."""
        first = next(iter(self.packages.values()))
        validate_outputs(run, bench.system, first, self._event(bench))

    def _event(self, bench: Bench) -> Event:
        return {**bench.events[self.parameters.input_size], "sleep": self.parameters.sleep}

    def _unmade(self, run: Run) -> list[Try]:
        """Return the last try of each trial that has to be made, perhaps again."""
        made = _made(run)
        return [last for last in self._last_tries(made) if last.fault(made)]

    def _last_tries(self, made: Mapping[str, ExecutionResult]) -> list[Try]:
        """Return the last try of each trial, in the order of the plan."""
        numbers: dict[str, int] = {}
        for trial, number in map(Try.of, made):
            numbers[trial] = max(number, numbers.get(trial, 0))
        return [Try(trial, numbers.get(str(trial), 0)) for trial in self.trials()]

    @classmethod
    def process(cls, results: Results) -> Conclusion:
        """Return the period with which environments are evicted, by memory size.

        Raises:
            InvalidSampleError: No trial came to its end, or none idled.
        """
        from sebs.analysis.idling import conclude_eviction

        return conclude_eviction(results)


def _once(values: Iterable[_T]) -> list[_T]:
    return list(dict.fromkeys(values))


def _made(run: Run) -> dict[str, ExecutionResult]:
    return {each.id: each.result for each in run.invocations()}


def _accept(run: Run, ids: Iterable[str]) -> None:
    """Let the invocations of a try be the wanted ones of its trial."""
    for identifier in ids:
        run.amend(identifier, {"wanted": True})


def _fruitless(attempt: Try, fault: str, run: Run) -> ExperimentError:
    return ExperimentError(
        f"{FRUITLESS_TRIES} tries in a row of the trial {str(attempt.trial)!r} tell nothing; "
        f"the last one {fault}.",
        remedy="Put right what makes it so and go on with --resume; what was measured is kept in "
        f"{str(run.directory)!r}. Environments that are to be apart need a sleep that is longer "
        "than their start, and a platform that allows so many at once.",
    )
