"""A trial of the eviction experiment: environments are started, left idle, and looked for.

A trial counts as a whole or not at all, so each try of one has ids of its own, and its invocations
are wanted only once all of them are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from sebs.experiments.daemon_pool import DaemonPool
from sebs.results.schema import Column

if TYPE_CHECKING:
    from sebs.experiments.bench import Event, Setting, Subject
    from sebs.faas.result import ExecutionResult
    from sebs.results.schema import Scalar

#: Those that start the environments, and those that look for them afterwards.
Kind = Literal["fill", "probe"]
FILL: Kind = "fill"
PROBE: Kind = "probe"

#: Columns of the table of invocations; those that fill have neither a time of idling nor a result.
#: After whichever time, cold ones are of one sample, and warm ones of another.
FACTORS = (
    Column("environments", "integer", "", "how many are started at once, and looked for"),
    Column("delta_t", "number", "s", "how long they idled before", measured=True),
    Column("kept", "boolean", "", "whether one of them served it", measured=True),
)


@dataclass(frozen=True, slots=True)
class Trial:
    """So many environments that idle for so long.

    Attributes:
        setting: How the function is deployed.
        seconds: ΔT, how long they idle.
        environments: D_init, how many there are.
        repetition: Which trial of these it is, counted from 1.
    """

    setting: Setting
    seconds: float
    environments: int
    repetition: int

    def __str__(self) -> str:
        setting = f"{self.setting.memory}-{self.setting.architecture}"
        return f"{setting}-{self.seconds:.12g}s-{self.environments}-{self.repetition}"

    def point(self, kind: Kind) -> dict[str, Scalar]:
        """Return columns that all its invocations of a kind have."""
        idled = {"delta_t": self.seconds} if kind == PROBE else {}
        own = {"environments": self.environments, "repetition": self.repetition}
        return {**self.setting.point, "kind": kind, **own, **idled}


@dataclass(frozen=True, slots=True)
class Try:
    """One time that a trial is made.

    Attributes:
        trial: The trial.
        number: Counted from 1; 0 is none.
    """

    trial: Trial
    number: int

    @property
    def next(self) -> Try:
        """The try that follows."""
        return replace(self, number=self.number + 1)

    @property
    def ids(self) -> list[str]:
        """The ids of its invocations."""
        return [*self.ids_of(FILL), *self.ids_of(PROBE)]

    def ids_of(self, kind: Kind) -> list[str]:
        """Return the ids of its invocations of a kind."""
        positions = range(1, self.trial.environments + 1)
        return [f"{self.trial}{_TRY}{self.number}-{kind}-{position}" for position in positions]

    @staticmethod
    def of(identifier: str) -> tuple[str, int]:
        """Return the trial that an invocation belongs to, and the number of the try."""
        trial, _, rest = identifier.rpartition(_TRY)
        return trial, int(rest.partition("-")[0])

    def fault(self, made: Mapping[str, ExecutionResult]) -> str | None:
        """Say why the try tells nothing of the trial; ``None`` where it does.

        Args:
            made: Invocations by their ids, others included.
        """
        judges = {FILL: _not_filled, PROBE: _not_apart}
        for kind, judge in judges.items():
            ids = self.ids_of(kind)
            if not made.keys() >= set(ids):
                return "was broken off"
            if fault := judge([made[each] for each in ids]):
                return fault
        return None


_TRY = "-try-"


@dataclass(frozen=True, slots=True)
class Made:
    """An invocation that was made.

    Attributes:
        point: What was asked for, its id included, and whether an environment was kept.
        result: What came of it.
    """

    point: Mapping[str, Scalar]
    result: ExecutionResult


def conduct(
    attempt: Try,
    subject: Subject,
    event: Event,
    wait: Callable[[float], bool],
    tell: Callable[[Made], None],
) -> None:
    """Make a try, unless it turns out before its end that it tells nothing.

    Args:
        attempt: What is to be made.
        subject: The function, which nobody else invokes meanwhile.
        event: What it is invoked with.
        wait: Lets so many seconds pass on the platform; says whether they did.
        tell: Is told of each invocation as it ends.

    Raises:
        ColdStartError: The platform did not take it.
        PlatformError: It does not answer.
    """
    count = attempt.trial.environments
    with DaemonPool(count, "sebs-environment") as pool:

        def at_once(kind: Kind) -> Iterator[tuple[dict[str, Scalar], ExecutionResult]]:
            """Invoke as often as there are to be environments, at the same time."""
            shared = {**attempt.trial.point(kind), "function": subject.function.name}
            ids = attempt.ids_of(kind)
            futures = {pool.submit(subject.invoke, event): identifier for identifier in ids}
            for future in as_completed(futures):
                yield {"id": futures[future], **shared}, future.result()

        subject.force_cold()
        fill: list[ExecutionResult] = []
        for point, result in at_once(FILL):
            fill.append(result)
            tell(Made(point, result))
        if _not_filled(fill) or not wait(attempt.trial.seconds):
            return
        started = {result.environment_id for result in fill}
        for point, result in at_once(PROBE):
            known = bool(result.environment_id)
            kept = {"kept": result.environment_id in started} if known else {}
            tell(Made({**point, **kept}, result))


def _not_filled(fill: Sequence[ExecutionResult]) -> str | None:
    """Say why invocations did not start an environment each."""
    if fault := _not_apart(fill):
        return fault
    if warm := sum(not result.stats.cold_start for result in fill):
        return f"found {warm} of {len(fill)} environments there although none was to be"
    return None


def _not_apart(results: Sequence[ExecutionResult]) -> str | None:
    """Say why invocations were not served by an environment each."""
    errors = [(result.error or "").rstrip(".") for result in results if result.stats.failure]
    if errors:
        return f"had {len(errors)} of {len(results)} invocations fail: {errors[0]}"
    environments = {result.environment_id for result in results} - {""}
    if len(environments) < len(results):
        return f"had {len(results)} invocations at once share environments: {len(environments)}"
    return None
