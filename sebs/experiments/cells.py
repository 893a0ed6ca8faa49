"""Invocations of one kind that belong together, and measuring what is not recorded of them.

The plan is pure: the same parameters give the same ids, so that an interrupted run goes on by
leaving out what its journal has.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import as_completed
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from sebs.errors import ExperimentError
from sebs.experiments.daemon_pool import DaemonPool

if TYPE_CHECKING:
    from sebs.faas.result import ExecutionResult
    from sebs.results.run import Run
    from sebs.results.schema import Scalar

#: Batches in a row that give nothing that was asked for before the experiment ends.
FRUITLESS_BATCHES = 5

AskedKind = Literal["cold", "warm", "burst", "sequential"]
Kind = Literal[AskedKind, "parallel"]
COLD: AskedKind = "cold"
WARM: AskedKind = "warm"
BURST: AskedKind = "burst"
SEQUENTIAL: AskedKind = "sequential"
KINDS: tuple[AskedKind, ...] = (COLD, WARM, BURST, SEQUENTIAL)

#: Several at a time, whichever way they begin; for experiments whose times begin in the function.
PARALLEL: Kind = "parallel"

#: Kinds before whose batches a cold start is forced.
_FORCED = (COLD, BURST)


@dataclass(frozen=True, slots=True)
class Cell:
    """The invocations of one kind at one point.

    Attributes:
        point: What they have in common: columns of the table, and factors; unique in the plan
            together with the kind. Its values make their ids.
        kind: One of :data:`KINDS`, or :data:`PARALLEL`.
        repetitions: How many are wanted, at most.
        concurrency: How many are made at a time; ``sequential`` ones are made one by one.
    """

    point: Mapping[str, Scalar]
    kind: Kind
    repetitions: int
    concurrency: int = 1

    def __str__(self) -> str:
        return "-".join(str(value) for value in (*self.point.values(), self.kind))

    @property
    def ids(self) -> list[str]:
        """The ids of the wanted invocations, in their order."""
        return [f"{self}-{number}" for number in range(1, self.repetitions + 1)]

    @property
    def at_a_time(self) -> int:
        """How many are made at a time."""
        return 1 if self.kind == SEQUENTIAL else self.concurrency

    def fits(self, result: ExecutionResult) -> bool:
        """Say whether an invocation is one of those that are wanted."""
        if result.stats.failure:
            return False
        if self.kind == COLD:
            return result.stats.cold_start
        return self.kind != WARM or not result.stats.cold_start


def measure_cell(
    run: Run,
    cell: Cell,
    invoke: Callable[[], ExecutionResult],
    force_cold: Callable[[], None],
    left: Callable[[], int] = lambda: sys.maxsize,
    shared: Mapping[str, Scalar] = MappingProxyType({}),
    noted: Callable[[ExecutionResult], Mapping[str, Scalar]] = lambda _: {},
) -> Iterator[ExecutionResult]:
    """Measure what the run lacks of a cell, and journal each invocation as it ends.

    An invocation that is not what was wanted (it failed, or began the other way) is journalled,
    too, as not wanted, and made again: its id says which try it was.

    Args:
        run: Where the invocations are kept.
        cell: What is wanted.
        invoke: Invokes once; may be called from several threads at once, and raises nothing.
        force_cold: Makes the next invocations cold.
        left: Asked before each batch how many more may be made; with 0 it ends.
        shared: Further columns that all invocations have, and that are no part of their ids.
        noted: Gives the factors that say what came of an invocation.

    Yields:
        The wanted invocations.

    Raises:
        ExperimentError: Batch after batch gives nothing that is wanted.
        OSError: The journal cannot be written.
    """
    recorded, shared = run.recorded(), {**cell.point, "kind": cell.kind, **shared}
    missing = [each for each in cell.ids if each not in recorded]
    unwanted = sum(each.startswith(f"{cell}-unwanted-") for each in recorded)
    fruitless, why_not = 0, ""
    with DaemonPool(cell.at_a_time, "sebs-experiment") as pool:
        while missing and (most := left()) > 0:
            if cell.kind in _FORCED:
                force_cold()
            batch, fruitless = missing[: min(cell.at_a_time, most)], fruitless + 1
            for future in as_completed([pool.submit(invoke) for _ in batch]):
                result = future.result()
                columns = {**shared, **noted(result)}
                if cell.fits(result):
                    _record(run, missing.pop(0), columns, result)
                    fruitless = 0
                    yield result
                else:
                    unwanted += 1
                    identifier = f"{cell}-unwanted-{unwanted}"
                    _record(run, identifier, {**columns, "wanted": False}, result)
                    why_not = _why_not(result)
            if fruitless == FRUITLESS_BATCHES:
                raise ExperimentError(
                    f"{FRUITLESS_BATCHES} batches in a row gave no invocation of {str(cell)!r}; "
                    f"the last one {why_not}.",
                    remedy="Put right what makes it so and go on with --resume; what was measured "
                    f"is kept in {str(run.directory)!r}.",
                )


def _record(
    run: Run, identifier: str, shared: Mapping[str, Scalar], result: ExecutionResult
) -> None:
    number = int(identifier.rpartition("-")[2])
    run.record({"id": identifier, **shared, "repetition": number}, result)


def _why_not(result: ExecutionResult) -> str:
    if result.stats.failure:
        return f"failed: {(result.error or '').rstrip('.')}"
    return "was cold" if result.stats.cold_start else "was warm"
