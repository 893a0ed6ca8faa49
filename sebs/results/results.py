"""Results that can be read: what was asked, what was measured, as objects and as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sebs.results import table
from sebs.results.manifest import Manifest
from sebs.results.rows import Invocation, Row, invocation_of
from sebs.results.summary import Summary, summarize

if TYPE_CHECKING:
    import polars as pl


class Results:
    """Results in memory, such as those of a file that others wrote.

    Args:
        manifest: What was run.
        rows: What was measured, as :mod:`sebs.results.rows` has it.
    """

    def __init__(self, manifest: Manifest, rows: Iterable[Row] = ()) -> None:
        self.manifest = manifest
        self._rows = list(rows)

    def rows(self) -> Sequence[Row]:
        """Return what was measured, in the order in which it was; nulls are left out."""
        return self._rows

    def invocations(self) -> list[Invocation]:
        """Return what was measured as objects, in the order in which it was.

        Raises:
            ResultFormatError: The journal is no journal of this run; the message has the line.
        """
        return [invocation_of(row) for row in self.rows()]

    def frame(self) -> pl.LazyFrame:
        """Return the table of :mod:`sebs.results.schema`, and the factors as further columns.

        Raises:
            SystemUnavailableError: polars is not installed.
            ResultFormatError: The journal is no journal of this run; the message has the line.
        """
        table.require_polars()
        return self._frame()

    def wanted(self) -> pl.LazyFrame:
        """Return the table without what is none of the invocations that were asked for.

        Raises:
            SystemUnavailableError: polars is not installed.
            ResultFormatError: The journal is no journal of this run; the message has the line.
        """
        return self.frame().filter(table.wanted_rows())

    def counted(self) -> pl.LazyFrame:
        """Return the table of :meth:`wanted`, and everything that failed: no failure is dropped.

        Raises:
            SystemUnavailableError: polars is not installed.
            ResultFormatError: The journal is no journal of this run; the message has the line.
        """
        return self.frame().filter(table.counted_rows())

    def summary(self) -> Summary:
        """Return what is said of the results as a whole; of the table, where polars is installed.

        Raises:
            ResultFormatError: The journal is no journal of this run; the message has the line.
        """
        if not table.has_polars():
            return summarize(self.rows(), self.manifest)
        from sebs.results.table_summary import summarize_table

        return summarize_table(self._frame(), self.manifest)

    def _frame(self) -> pl.LazyFrame:
        return table.from_rows(self.rows(), self.manifest).lazy()
