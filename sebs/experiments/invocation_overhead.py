"""Invocation overhead: how long a request takes to its function, by the size of what is sent.

Trials of all sizes take turns, in an order that the seed decides, so that what changes while they
are made does not look like an effect of the size.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, ValidationInfo, field_validator

from sebs.errors import LimitExceededError, UsageError
from sebs.experiments import clocks
from sebs.experiments.bench import Setting
from sebs.experiments.cells import COLD, WARM, Cell, Kind, measure_cell
from sebs.experiments.experiment import Experiment
from sebs.experiments.parameters import Parameters
from sebs.results.schema import Column

if TYPE_CHECKING:
    from sebs.analysis.conclusion import Conclusion
    from sebs.experiments.bench import Bench, Event, Subject
    from sebs.experiments.config import ExperimentConfig
    from sebs.faas.result import ExecutionResult
    from sebs.faas.system import System
    from sebs.results.results import Results
    from sebs.results.run import Run
    from sebs.sebs import SeBS

#: The field of the event that has the payload; functions ignore it.
_PAYLOAD = "payload"


class InvocationOverheadParameters(Parameters):
    """``experiments.invocation-overhead``.

    Attributes:
        type: What gets larger: the event, or the package.
        begin: Bytes of the smallest request, or that the smallest package has more than it needs.
        end: Bytes of the largest.
        points: How many sizes, both ends included.
        spacing: Whether sizes are equally far from each other, or grow by the same factor.
        repetitions: Wanted invocations of each size, cold and warm.
        n: Warm invocations that the offset of the clocks is told from.
    """

    benchmark: str = Field(default="010.sleep", min_length=1)
    input_size: str = Field(default="none", alias="input-size", min_length=1)
    type: Literal["payload", "code"] = "payload"
    spacing: Literal["even", "geometric"] = "even"
    begin: NonNegativeInt = 1_000
    end: PositiveInt = Field(default=5_000_000, validate_default=True)
    points: int = Field(default=10, ge=2)
    repetitions: PositiveInt = 5
    n: PositiveInt = Field(default=20, alias="N")

    @field_validator("begin")
    @classmethod
    def _can_grow(cls, begin: int, info: ValidationInfo) -> int:
        if begin == 0 and info.data.get("spacing") == "geometric":
            raise ValueError("0 bytes do not grow by a factor")
        return begin

    @field_validator("end")
    @classmethod
    def _is_larger(cls, end: int, info: ValidationInfo) -> int:
        if end <= info.data.get("begin", 0):
            raise ValueError("must be larger than begin")
        return end

    def bytes_asked(self) -> list[int]:
        """Return the sizes, ascending."""
        steps = self.points - 1
        if self.spacing == "even":
            sizes = [self.begin + (self.end - self.begin) * at / steps for at in range(self.points)]
        else:
            factor = (self.end / self.begin) ** (1 / steps)
            sizes = [self.begin * factor**at for at in range(self.points)]
        return sorted({round(size) for size in sizes})


@dataclass(frozen=True, slots=True)
class PaddedSetting(Setting):
    """How a function is deployed whose package is larger than it need be.

    Attributes:
        padding: By how many bytes.
    """

    padding: int


@dataclass(frozen=True, slots=True)
class _Trial:
    """One invocation that is wanted.

    Attributes:
        size: What is asked for, bytes.
        cell: The size, and how it is to begin.
        id: Its id, the next one that the cell lacks.
    """

    size: int
    cell: Cell
    id: str


@dataclass(frozen=True, slots=True)
class _Target:
    """What is invoked to measure one size.

    Attributes:
        subject: The function.
        event: Makes what is sent, which may be large.
        columns: What its invocations have in common.
    """

    subject: Subject
    event: Callable[[], Event]
    columns: Mapping[str, Any]


class InvocationOverhead(Experiment):
    """The experiment."""

    NAME = "invocation-overhead"
    PARAMETERS = InvocationOverheadParameters
    FACTORS = (
        Column("padding_bytes", "integer", "B", "what the package has more than it needs"),
        Column("code_bytes", "integer", "B", "size of the package; null: does not vary", True),
        *clocks.FACTORS,
    )
    VARYING = ("memory", "architecture", "function", "kind")
    parameters: InvocationOverheadParameters

    def __init__(self, config: ExperimentConfig) -> None:
        super().__init__(config)
        self._written = ExitStack()

    # --- the plan ---

    @property
    def _kinds(self) -> list[Kind]:
        """How invocations are to begin: in a warm environment, the package is there already."""
        return [COLD, WARM] if self.parameters.type == "payload" else [COLD]

    def _trials(self) -> Iterator[_Trial]:
        """Yield the trials: each size, cold and warm, once in every turn."""
        asked, point = self.parameters, self._plain.point
        varied = "payload_bytes" if asked.type == "payload" else "padding_bytes"
        cells = [
            (size, Cell({**point, varied: size}, kind, asked.repetitions))
            for size in asked.bytes_asked()
            for kind in self._kinds
        ]
        for turn in range(asked.repetitions):
            order = _shuffled(cells, f"{asked.seed}-{turn}")
            yield from (_Trial(size, cell, cell.ids[turn]) for size, cell in order)

    def wanted(self) -> Sequence[str]:
        """Return the ids of the invocations that are wanted."""
        return [trial.id for trial in self._trials()]

    @property
    def _plain(self) -> Setting:
        """How the function itself is deployed; larger packages come after it."""
        return next(iter(self.packages))

    # --- preparing ---

    def prepare(self, client: SeBS, system: System) -> None:
        """Look over what is asked for.

        Raises:
            UsageError: The benchmark or its input size does not exist, or the platform cannot.
            LimitExceededError: A memory size is out of range, or the platform takes no request of
                the largest size.
        """
        super().prepare(client, system)
        if self.parameters.type == "payload":
            self._check_request(system)
        else:
            self._pad(client, system)

    def _check_request(self, system: System) -> None:
        size = self.parameters.end
        most = system.config.largest_event(self.config.trigger)
        if most is not None and size > most:
            raise LimitExceededError(
                f"A request of {size:,} bytes is too large: {system.name()} takes {most:,} by the "
                f"trigger {self.config.trigger!r}.",
                remedy=f"Set experiments.{self.NAME}.end to no more than that.",
            )

    def _pad(self, client: SeBS, system: System) -> None:
        """Write the larger packages' sources; they are removed when the experiment has ended."""
        from sebs.cache.staging import Staging
        from sebs.experiments.padding import padded_name, write_padded

        plain, asked = self.packages[self._plain], self.parameters
        staging = Staging(Path(system.cache_client.cache_dir, "staging"))
        directory = self._written.enter_context(staging.directory())
        sizes = asked.bytes_asked()
        write_padded(plain.benchmark_path, plain.language_name, sizes, asked.seed, directory)
        for size in sizes:
            name = padded_name(plain.benchmark, size)
            package = client.get_benchmark(name, system, self.config, benchmarks_dirs=[directory])
            setting = PaddedSetting(self._plain.memory, self._plain.architecture, size)
            self.packages[setting] = package

    def run(self, *args: Any, **options: Any) -> Run:
        """Measure what the run lacks, and return the run; see :meth:`Experiment.run`."""
        with self._written:
            return super().run(*args, **options)

    # --- measuring ---

    def measure(self, run: Run, bench: Bench) -> Iterator[ExecutionResult]:
        """Make the invocations that the run lacks, after the offset of the clocks was told.

        Raises:
            UsageError: The smallest size is too small for the event.
            PackageTooLargeError: The platform takes no package of the largest size.
            ExperimentError: Batch after batch gives nothing that is wanted, or the function does
                not say when it had the event.
            PlatformError: The platform refuses or does not answer.
        """
        recorded = run.recorded()
        lacking = [trial for trial in self._trials() if trial.id not in recorded]
        if not lacking:
            return
        targets = self._targets(bench, {trial.size for trial in lacking})
        base = bench.events[self.parameters.input_size]
        session = clocks.measure_offset(run, bench.subject(self._plain), base, self.parameters.n)
        for trial in lacking:
            yield from self._measure(run, trial, targets[trial.size], session)

    def _measure(
        self, run: Run, trial: _Trial, target: _Target, session: clocks.Session
    ) -> Iterator[ExecutionResult]:
        event = target.event()
        name = target.subject.function.name
        shared = {**target.columns, **session.columns, "function": name}
        return measure_cell(
            run,
            trial.cell,
            lambda: target.subject.invoke(event),
            target.subject.force_cold,
            lambda: int(trial.id not in run.recorded()),
            shared,
            clocks.noted,
        )

    def _targets(self, bench: Bench, sizes: set[int]) -> dict[int, _Target]:
        """Return what is invoked for each size; the largest is made first, and may be refused."""
        base = bench.events[self.parameters.input_size]
        largest_first = sorted(sizes, reverse=True)
        if self.parameters.type == "code":
            return {size: self._padded(bench, size, base) for size in largest_first}
        self._filling(base, min(sizes))
        subject = bench.subject(self._plain)
        return {size: _Target(subject, partial(self._sent, base, size), {}) for size in sizes}

    def _padded(self, bench: Bench, size: int, event: Event) -> _Target:
        plain = self._plain
        subject = bench.subject(PaddedSetting(plain.memory, plain.architecture, size))
        # An image is no package: what is known of it is by how much it is larger.
        columns = {"code_bytes": subject.package.code_size or size}
        return _Target(subject, lambda: event, columns)

    def _sent(self, base: Event, size: int) -> Event:
        """Return the event, as large as that with random text that its alphabet makes dense."""
        generator = random.Random(f"{self.parameters.seed}-{size}")  # noqa: S311 - to be repeated
        filling = self._filling(base, size)
        text = base64.urlsafe_b64encode(generator.randbytes(filling)).decode("ascii")[:filling]
        return {**base, _PAYLOAD: text}

    def _filling(self, base: Event, size: int) -> int:
        """Return how long the text is in a request of a size.

        Raises:
            UsageError: The request is larger without any.
        """
        from sebs.http import json_body

        least = len(json_body({**base, _PAYLOAD: ""}))
        if size < least:
            raise UsageError(
                f"A request of {size:,} bytes cannot be: without payload it has {least:,}.",
                remedy=f"Set experiments.{self.NAME}.begin to at least {least}.",
            )
        return size - least

    @classmethod
    def process(cls, results: Results) -> Conclusion:
        """Return the line of latency over size, cold and warm apart, and the clocks' offset.

        Raises:
            InvalidSampleError: Nothing was measured.
        """
        from sebs.analysis.invocation_overhead import conclude_overhead

        return conclude_overhead(results)


def _shuffled(cells: list[tuple[int, Cell]], seed: str) -> list[tuple[int, Cell]]:
    return random.Random(seed).sample(cells, len(cells))  # noqa: S311 - to be repeated
