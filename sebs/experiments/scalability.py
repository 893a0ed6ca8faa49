"""Scalability: how fast a platform starts environments for bursts, and what bursts wait for it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from sebs.errors import ExperimentError, Problem
from sebs.experiments.cells import BURST
from sebs.experiments.experiment import Experiment
from sebs.experiments.open_loop import Sent, send
from sebs.experiments.parameters import Parameters
from sebs.experiments.together import Part, keep_together, recover
from sebs.invoke.evaluate import judge_outputs
from sebs.results.schema import Column

if TYPE_CHECKING:
    from sebs.analysis.conclusion import Conclusion
    from sebs.experiments.bench import Bench, Event, Subject
    from sebs.faas.result import ExecutionResult
    from sebs.faas.system import System
    from sebs.results.results import Results
    from sebs.results.run import Run
    from sebs.results.schema import Scalar
    from sebs.sebs import SeBS

#: Bursts in a row without a single answer that succeeded before the experiment ends.
FRUITLESS_BURSTS = 2

#: Invocations of a burst, each of which has a thread and a connection.
LARGEST_BURST = 2000

#: No clock that is right says more, Unix seconds: the year 10000.
_LAST_SECOND = 253_402_300_800

#: What an event has that says how long the function takes.
_SLEEP = "sleep"


class ScalabilityParameters(Parameters):
    """``experiments.scalability``.

    Attributes:
        benchmark: What is invoked; it takes as long as it says, so that invocations overlap.
        burst_sizes: Invocations of a burst.
        inter_arrival_times: Seconds from one invocation of a burst to the next; with 0 all are
            made at once.
        repetitions: Bursts of each size with each of these times.
        function_time: Seconds that an invocation takes, for a benchmark whose event has ``sleep``;
            by default what its input says.
        tolerated_lateness: Seconds; where an invocation began later than that the generator fell
            behind, and the burst is marked.
    """

    benchmark: str = Field(default="010.sleep", min_length=1)
    burst_sizes: list[Annotated[int, Field(ge=1, le=LARGEST_BURST)]] = Field(
        default=[10, 50, 100], alias="burst-sizes", min_length=1
    )
    inter_arrival_times: list[Annotated[NonNegativeFloat, Field(allow_inf_nan=False)]] = Field(
        default=[0.0], alias="inter-arrival-times", min_length=1
    )
    repetitions: PositiveInt = 6
    function_time: PositiveFloat | None = Field(default=None, alias="function-time")
    tolerated_lateness: PositiveFloat = Field(default=0.1, alias="tolerated-lateness")


@dataclass(frozen=True, slots=True)
class Burst:
    """Invocations that are made one shortly after the other.

    Attributes:
        size: How many.
        every: Seconds from one to the next.
        repetition: Which one of its kind, counted from 1.
    """

    size: int
    every: float
    repetition: int

    def __str__(self) -> str:
        return f"burst-of-{self.size}-every-{self.every:g}-s-{self.repetition}"

    @property
    def ids(self) -> list[str]:
        """The ids of its invocations."""
        return [f"{self}-{number}" for number in range(1, self.size + 1)]

    @property
    def offsets(self) -> list[float]:
        """When each is to begin, in seconds from the beginning of the burst."""
        return [number * self.every for number in range(self.size)]

    def point(self, sent: Sent) -> dict[str, Scalar]:
        """Return what was asked for with one of its invocations, and when it began."""
        return {
            "kind": BURST,
            "repetition": self.repetition,
            "burst_size": self.size,
            "inter_arrival": self.every,
            "intended": _microseconds(sent.intended.timestamp()),
            "late": sent.late,
            "entered": _microseconds(sent.result.times.handler_begin),
        }


class Scalability(Experiment):
    """The experiment."""

    NAME = "scalability"
    PARAMETERS = ScalabilityParameters
    FACTORS = (
        Column("burst_size", "integer", "", "invocations of its burst"),
        Column("inter_arrival", "number", "s", "from one invocation of the burst to the next"),
        Column("intended", "time", "UTC", "when it was to begin: latency runs from it", True),
        Column("late", "integer", "µs", "how much later it began", measured=True),
        Column("entered", "time", "UTC", "when its handler was, by the function's clock", True),
    )
    VARYING = ("kind",)
    JUDGED_BY = frozenset({"tolerated-lateness"})
    parameters: ScalabilityParameters

    def bursts(self) -> list[Burst]:
        """Return all bursts, in the order in which they are made."""
        asked = self.parameters
        found = [
            Burst(size, every, repetition)
            for size in dict.fromkeys(asked.burst_sizes)
            for every in dict.fromkeys(asked.inter_arrival_times)
            for repetition in range(1, asked.repetitions + 1)
        ]
        random.Random(asked.seed).shuffle(found)  # noqa: S311 - an order, no secret
        return found

    def wanted(self) -> Sequence[str]:
        """Return the ids of the invocations that are wanted."""
        return [each for burst in self.bursts() for each in burst.ids]

    def prepare(self, client: SeBS, system: System) -> None:
        """Look over what is asked for.

        Raises:
            ConfigurationError: The benchmark does not take as long as it is told to, or would time
                out.
            UsageError: The benchmark or its input size does not exist, or the platform cannot.
            LimitExceededError: The memory size is out of range.
        """
        super().prepare(client, system)
        if self.parameters.function_time is None:
            return
        self.refuse([*self.timed_out("function-time", self.parameters.function_time)])
        package = next(iter(self.packages.values()))
        size = self.parameters.input_size
        # A benchmark with data of its own works on them; its input is not made twice to find out.
        told = not package.uses_storage and _SLEEP in package.prepare_input(
            system.system_resources, size
        )
        if not told:
            place = f"experiments.{self.NAME}.function-time"
            why = f"the event of {package.benchmark} ({size}) has no {_SLEEP!r}"
            self.refuse([Problem(place, why)])

    def event(self, bench: Bench) -> Event:
        """Return what is sent."""
        event, seconds = bench.events[self.parameters.input_size], self.parameters.function_time
        return event if seconds is None else {**event, _SLEEP: seconds}

    def measure(self, run: Run, bench: Bench) -> Iterator[ExecutionResult]:
        """Make the bursts that the run lacks; one that was interrupted is made again as a whole.

        Raises:
            ColdStartError: The platform did not take it.
            ExperimentError: Burst after burst nothing succeeds.
        """
        recover(run)
        recorded = run.recorded()
        lacking = [burst for burst in self.bursts() if burst.ids[0] not in recorded]
        if not lacking:
            return
        subject, event = bench.subject(next(iter(bench.packages))), self.event(bench)
        fruitless = 0
        for burst in lacking:
            error = None
            succeeded = False
            subject.force_cold()
            for result in keep_together(run, str(burst), burst.size, _parts(burst, subject, event)):
                succeeded = succeeded or not result.stats.failure
                error = result.error or error
                yield result
            fruitless = 0 if succeeded else fruitless + 1
            if fruitless == FRUITLESS_BURSTS:
                raise ExperimentError(
                    f"{FRUITLESS_BURSTS} bursts in a row had no invocation that succeeded; the "
                    f"last one failed: {(error or 'nobody says why').rstrip('.')}.",
                    remedy="Put right what makes it so and begin a new run; what was measured is "
                    f"kept in {str(run.directory)!r}.",
                )

    def judge(self, run: Run, bench: Bench) -> None:
        """Judge the outputs by the event that was sent."""
        first, event = next(iter(self.packages.values())), self.event(bench)
        judge_outputs(run, bench.system, first, lambda _: event)

    @classmethod
    def process(cls, results: Results) -> Conclusion:
        """Return how fast environments came to serve, and how long the invocations waited.

        Raises:
            InvalidSampleError: No burst is complete.
        """
        from sebs.analysis.scaling_told import conclude_scaling

        return conclude_scaling(results)


def _parts(burst: Burst, subject: Subject, event: Mapping[str, object]) -> Iterator[Part]:
    for sent in send(burst.offsets, lambda: subject.invoke(dict(event))):
        yield Part(sent.place + 1, burst.point(sent), sent.result)


def _microseconds(seconds: float | None) -> int | None:
    """Return Unix time as the journal has it; nothing where no clock can say that."""
    if seconds is None or not 0 <= seconds < _LAST_SECOND:
        return None
    return round(seconds * 1e6)
