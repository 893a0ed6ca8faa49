"""By how much a function's clock is ahead of this machine's, told from invocations of it.

The function says when its handler was entered and when it returned, so that every warm invocation
is a round trip between the two clocks, and no function has to reach this machine. The invocations
are kept in the run, as ones that nobody asked for; a resumed run tells the offset anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sebs.errors import ExperimentError
from sebs.experiments.cells import WARM, Cell, measure_cell
from sebs.results.schema import Column

if TYPE_CHECKING:
    from sebs.experiments.bench import Event, Subject
    from sebs.faas.result import ExecutionResult
    from sebs.results.run import Run
    from sebs.results.schema import Scalar

#: What an invocation says of the function's clock.
FACTORS = (
    Column("received", "time", "UTC", "when the function had the event, by its clock", True),
    Column("answered", "time", "UTC", "when it had its answer, by its clock", True),
    Column("offset", "number", "s", "by how much its clock is ahead of the client's", True),
    Column("session", "integer", "", "invocations that the offset was told from", True),
)

#: The kind of the invocations that the offset is told from.
CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Session:
    """What was found between a start of the experiment, or a resumption, and its end.

    Attributes:
        number: Counted from 1.
        offset: By how much the function's clock is ahead, seconds.
    """

    number: int
    offset: float

    @property
    def columns(self) -> dict[str, Scalar]:
        """The same as factors."""
        return {"session": self.number, "offset": self.offset}


def noted(result: ExecutionResult) -> dict[str, Scalar]:
    """Return the factors that an invocation itself says, µs since 1970; none where it failed."""
    begin, end = result.times.handler_begin, result.times.handler_end
    if begin is None or end is None:
        return {}
    return {"received": round(begin * 1e6), "answered": round(end * 1e6)}


def measure_offset(run: Run, subject: Subject, event: Event, n: int) -> Session:
    """Invoke a warm function so many times, and return the offset that the quickest one shows.

    Args:
        run: Where the invocations are kept.
        subject: The function.
        event: What is sent; small.
        n: How many invocations.

    Raises:
        ExperimentError: They fail, or do not say when the handler was entered.
        InvalidSampleError: A clock was set meanwhile.
    """
    from sebs.analysis.invocation_overhead import round_trip
    from sebs.analysis.offsets import clock_offset

    number = 1 + max((_session(row) for row in run.rows()), default=0)
    cell = Cell({"kind": CLOCK, "session": number}, WARM, n)
    shared: dict[str, Scalar] = {
        **subject.setting.point,
        "kind": CLOCK,
        "function": subject.function.name,
        "wanted": False,
    }
    for result in measure_cell(
        run, cell, lambda: subject.invoke(event), subject.force_cold, shared=shared, noted=noted
    ):
        if not noted(result):
            raise ExperimentError(
                "The function does not say when its handler was entered.",
                remedy="Take a language, or a platform, whose wrapper says it.",
            )
    mine = [row for row in run.rows() if _session(row) == number]
    trips = [trip for row in mine if (trip := round_trip(row)) is not None]
    return Session(number, clock_offset(trips).seconds)


def _session(row: Mapping[str, Any]) -> int:
    return row.get("session") or 0
