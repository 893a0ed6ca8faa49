"""Runs that the second version of this format left: they are read, and not written to.

The version had no column that says what was unwanted; its experiments said so in the id.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sebs.results.manifest import Manifest
from sebs.results.results import Results
from sebs.results.rows import Row
from sebs.results.run import Run
from sebs.results.schema import dtypes

if TYPE_CHECKING:
    import polars as pl

_UNWANTED = "-unwanted-"


class SecondVersion(Results):
    """A run of the second version.

    Attributes:
        directory: Where it is kept.
    """

    def __init__(self, directory: Path, manifest: Manifest) -> None:
        super().__init__(manifest)
        self.directory = directory
        self._run = Run(directory, manifest)

    def rows(self) -> list[Row]:
        """Return what was measured, in the order in which it was; nulls are left out."""
        return [
            {**row, "wanted": False} if _UNWANTED in row["id"] else row for row in self._run.rows()
        ]

    def _frame(self) -> pl.LazyFrame:
        import polars as pl

        unwanted = pl.col("id").str.contains(_UNWANTED, literal=True)
        said = pl.when(unwanted).then(pl.lit(False)).alias("wanted")
        table, columns = self._run.frame(), self.manifest.columns
        there = set(table.collect_schema().names())
        types = dtypes(column for name, column in columns.items() if name not in there)
        lacking = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in types.items()]
        return table.with_columns(lacking).with_columns(said).select(list(columns))
