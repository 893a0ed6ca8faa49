"""A plan of invocations by memory size and kind, and measuring what is not recorded of it.

The plan is pure: the same parameters give the same ids, so that an interrupted run goes on by
leaving out what its journal has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sebs.errors import ExperimentError

if TYPE_CHECKING:
    from sebs.faas.result import ExecutionResult
    from sebs.results.run import Run
    from sebs.results.schema import Scalar

#: Batches in a row that give nothing that was asked for before the experiment ends.
FRUITLESS_BATCHES = 5

Kind = Literal["cold", "warm", "burst", "sequential"]
COLD: Kind = "cold"
WARM: Kind = "warm"
BURST: Kind = "burst"
SEQUENTIAL: Kind = "sequential"
KINDS: tuple[Kind, ...] = (COLD, WARM, BURST, SEQUENTIAL)

#: Kinds before whose batches a cold start is forced.
_FORCED = (COLD, BURST)


@dataclass(frozen=True, slots=True)
class Cell:
    """The invocations of one kind with one memory size.

    Attributes:
        memory: MB.
        kind: One of :data:`KINDS`.
        repetitions: How many are wanted.
        concurrency: How many are made at a time.
    """

    memory: int
    kind: Kind
    repetitions: int
    concurrency: int

    @property
    def ids(self) -> list[str]:
        """The ids of the wanted invocations, in their order."""
        return [f"{self.memory}-{self.kind}-{number}" for number in range(1, self.repetitions + 1)]

    def fits(self, result: ExecutionResult) -> bool:
        """Say whether an invocation is one of those that are wanted."""
        if result.stats.failure:
            return False
        if self.kind == COLD:
            return result.stats.cold_start
        return self.kind != WARM or not result.stats.cold_start


def plan(
    memories: Sequence[int], kinds: Sequence[Kind], repetitions: int, concurrency: int
) -> list[Cell]:
    """Return the cells in the order in which they are measured."""
    return [
        Cell(memory, kind, repetitions, 1 if kind == SEQUENTIAL else concurrency)
        for memory in memories
        for kind in kinds
    ]


def measure_cell(
    run: Run,
    cell: Cell,
    invoke: Callable[[], ExecutionResult],
    force_cold: Callable[[], None],
) -> Iterator[ExecutionResult]:
    """Measure what the run lacks of a cell, and journal each invocation as it ends.

    An invocation that is not what was wanted (it failed, or began the other way) is journalled,
    too, and made again: its id says which try it was.

    Args:
        run: Where the invocations are kept.
        cell: What is wanted.
        invoke: Invokes once; may be called from several threads at once, and raises nothing.
        force_cold: Makes the next invocations cold.

    Yields:
        The wanted invocations.

    Raises:
        ExperimentError: Batch after batch gives nothing that is wanted.
        OSError: The journal cannot be written.
    """
    fruitless = 0
    with ThreadPoolExecutor(cell.concurrency, thread_name_prefix="sebs-experiment") as executor:
        while missing := [each for each in cell.ids if each not in run.recorded()]:
            batch = missing[: cell.concurrency]
            if cell.kind in _FORCED:
                force_cold()
            wanted, unwanted = 0, ""
            for future in as_completed([executor.submit(invoke) for _ in batch]):
                result = future.result()
                if cell.fits(result):
                    _record(run, cell, batch[wanted], result)
                    wanted += 1
                    yield result
                else:
                    _record(run, cell, _unwanted_id(run, cell), result)
                    unwanted = _why_not(result)
            fruitless = 0 if wanted else fruitless + 1
            if fruitless == FRUITLESS_BATCHES:
                raise ExperimentError(
                    f"{FRUITLESS_BATCHES} batches in a row gave no {cell.kind} invocation with "
                    f"{cell.memory} MB; the last one {unwanted}.",
                    remedy="Put right what makes it so and go on with --resume; what was measured "
                    f"is kept in {str(run.directory)!r}.",
                )


def _record(run: Run, cell: Cell, identifier: str, result: ExecutionResult) -> None:
    number = int(identifier.rpartition("-")[2])
    point: dict[str, Scalar] = {"id": identifier, "memory": cell.memory, "kind": cell.kind}
    run.record(point | {"repetition": number}, result)


def _unwanted_id(run: Run, cell: Cell) -> str:
    prefix = f"{cell.memory}-{cell.kind}-unwanted-"
    return f"{prefix}{1 + sum(each.startswith(prefix) for each in run.recorded())}"


def _why_not(result: ExecutionResult) -> str:
    if result.stats.failure:
        return f"failed: {(result.error or '').rstrip('.')}"
    return "was cold" if result.stats.cold_start else "was warm"
