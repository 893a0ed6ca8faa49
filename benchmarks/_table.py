"""The table that every benchmark prints: what was measured, beside a reference of the same run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple


class Row(NamedTuple):
    """One figure: what it is, what it should reach, what was measured, what the reference took."""

    what: str
    reach: str
    measured: str
    reference: str


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.3f} ms"


def median_time(action: Callable[[], object], repetitions: int) -> float:
    """Return the median duration of an action, in seconds."""

    def once() -> float:
        begin = time.perf_counter()
        action()
        return time.perf_counter() - begin

    return median(once() for _ in range(repetitions))


def print_table(rows: Sequence[Row]) -> None:
    """Print the rows as a Markdown table."""
    header = Row("what", "reach", "measured", "reference")
    widths = [max(len(cell) for cell in column) for column in zip(header, *rows, strict=True)]
    for line in (header, Row(*("-" * width for width in widths)), *rows):
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print(f"| {' | '.join(cells)} |")
