"""A section of a report, and whose prices one is made with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sebs.analysis.report.figure import Figure, Table

if TYPE_CHECKING:
    import polars as pl

    from sebs.analysis.prices import Tariff
    from sebs.results.results import Results

#: Says whose prices apply to those of some results that ran on an architecture.
Pricing = Callable[["Results", "str | None"], "Tariff"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What is told of one run, or of several runs of one function.

    Attributes:
        name: Unique in the report.
        title: Its heading.
        answer: Sentences on what follows from a run of an experiment: what is read first.
        answers: The table behind them; ``None`` where there is none.
        words: Further sentences.
        summary: What the words say, as a table; ``None`` where there is none.
        figures: In the order in which they are shown.
        samples: Of each row of the summary the times, µs, ascending, for a sketch in a terminal;
            of rows without times nothing.
        method: How a run was measured; ``None`` of several runs.
    """

    name: str
    title: str
    answer: Sequence[str] = ()
    answers: Table | None = None
    words: Sequence[str] = ()
    summary: Table | None = None
    figures: Sequence[Figure] = ()
    samples: Sequence[pl.Series] = ()
    method: Table | None = None
