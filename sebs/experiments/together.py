"""Invocations that count only all together, such as those of a burst.

They are written to a file of their own as they end, and to the run's journal when the last one
did. After an interruption that file says which it was: the whole is taken over as it is; of a part
everything is kept as not wanted, and the whole is made again. Either way every identifier of what
is wanted stays the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sebs.results.journal import Journal, read_journal
from sebs.results.rows import invocation_of, measured

if TYPE_CHECKING:
    from sebs.faas.result import ExecutionResult
    from sebs.results.run import Run
    from sebs.results.schema import Scalar

_FILE = "unfinished.jsonl"


@dataclass(frozen=True, slots=True)
class Part:
    """One of the invocations that count together.

    Attributes:
        number: Which one, counted from 1.
        point: What was asked for, without an identifier.
        result: What became of it.
    """

    number: int
    point: Mapping[str, Scalar]
    result: ExecutionResult


def keep_together(
    run: Run, whole: str, count: int, parts: Iterable[Part]
) -> Iterator[ExecutionResult]:
    """Journal invocations, once all of them are there.

    Args:
        run: Where they are kept; :func:`recover` was called before.
        whole: Name of what they are parts of; with the number of a part, its identifier.
        count: How many there will be.
        parts: As they end.

    Yields:
        The result of each as it ends.

    Raises:
        OSError: It cannot be written.
    """
    whole_try = {"whole": whole, "count": count, "attempt": _attempts(run, whole) + 1}
    with Journal(run.directory / _FILE) as journal:
        for part in parts:
            row = {**part.point, **measured(part.result)}
            journal.append({**whole_try, "number": part.number, "row": row})
            yield part.result
    recover(run)


def recover(run: Run) -> None:
    """Journal what an interruption left: as wanted where all parts are there, else as not wanted.

    May itself be interrupted, and called again.

    Args:
        run: The run.

    Raises:
        ResultFormatError: The file is no journal.
        OSError: It cannot be read or written.
    """
    path = run.directory / _FILE
    if not path.exists():
        return
    lines, recorded = list(read_journal(path)), run.recorded()
    complete = bool(lines) and len(lines) == lines[0]["count"]
    for line in lines:
        whole, number, shared = line["whole"], line["number"], {}
        identifier = f"{whole}-{number}"
        if not complete:
            identifier = f"{whole}-unwanted-{line['attempt']}-{number}"
            shared = {"wanted": False}
        if identifier not in recorded:
            each = invocation_of({**line["row"], "id": identifier})
            run.record({**each.point, **shared}, each.result)
    path.unlink()


def _attempts(run: Run, whole: str) -> int:
    """Return how many attempts at it were interrupted, and are kept."""
    prefix = f"{whole}-unwanted-"
    attempts = (
        each.removeprefix(prefix).partition("-")[0]
        for each in run.recorded()
        if each.startswith(prefix)
    )
    return max(map(int, attempts), default=0)
