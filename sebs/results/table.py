"""The table of invocations as a polars frame, and as Parquet. Needs the extra ``analysis``."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sebs.errors import SystemUnavailableError
from sebs.results.manifest import Manifest
from sebs.results.rows import Row
from sebs.results.schema import DURATIONS, dtypes

if TYPE_CHECKING:
    import polars as pl

#: Name of the key with which a row of the journal says that it amends another one.
AMENDS = "amends"


def has_polars() -> bool:
    """Whether there is what tables need; nothing is imported."""
    from importlib.util import find_spec

    return find_spec("polars") is not None


def require_polars() -> None:
    """Refuse where there is no polars.

    Raises:
        SystemUnavailableError: There is none.
    """
    if not has_polars():
        raise SystemUnavailableError(
            "Tables of results need polars, which is not installed.",
            remedy="Install it: pip install 'sebs-faas[analysis]'.",
        )


def wanted_rows() -> pl.Expr:
    """Return what is true of the invocations that were asked for."""
    import polars as pl

    return pl.col("wanted").fill_null(True)


def counted_rows() -> pl.Expr:
    """Return what is true of those, and of all that failed, whether or not they were made again."""
    import polars as pl

    return wanted_rows() | pl.col("failure").fill_null(False)


def from_journal(
    source: Path | IO[bytes], manifest: Manifest, rows: Callable[[], Sequence[Row]]
) -> pl.DataFrame:
    """Return the table of a journal.

    Args:
        source: The journal.
        manifest: Of the run.
        rows: Reads the journal slowly, and says what is wrong with it or leaves out what is torn;
            called only where polars cannot read it as it is, or finds what cannot be.
    """
    import polars as pl

    schema = {**dtypes(manifest.columns.values()), AMENDS: pl.String()}
    try:
        journalled = pl.read_ndjson(source, schema=schema)
    except pl.exceptions.PolarsError:
        return from_rows(rows(), manifest)
    if not _is_sound(journalled):
        return from_rows(rows(), manifest)
    return _finish(_amend(journalled), manifest)


def has_strangers(journal: Path, manifest: Manifest) -> bool:
    """Whether a journal has columns that the table would leave out, or lines that are no JSON."""
    import polars as pl

    try:
        found = pl.scan_ndjson(journal, infer_schema_length=None).collect_schema()
    except pl.exceptions.PolarsError:
        return True
    return not found.keys() <= {*manifest.columns, AMENDS}


def from_rows(rows: Sequence[Row], manifest: Manifest) -> pl.DataFrame:
    """Return the table of rows."""
    import polars as pl

    frame = pl.DataFrame(rows, schema=dtypes(manifest.columns.values()))
    return _finish(frame, manifest)


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Write a table so that a reader sees the old file or the new one.

    Raises:
        OSError: The directory cannot be written, or the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.tmp")
    try:
        frame.write_parquet(temporary, compression="zstd", compression_level=3)
        descriptor = os.open(temporary, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def dtypes_of(manifest: Manifest) -> dict[str, pl.DataType]:
    """Return the polars type of each column of the table, which has times as such."""
    import polars as pl

    journalled, columns = dtypes(manifest.columns.values()), manifest.columns
    moment = pl.Datetime("us", "UTC")
    return {
        name: moment if columns[name].type == "time" else dtype
        for name, dtype in journalled.items()
    }


def is_sound(table: pl.LazyFrame) -> bool:
    """Whether rows have ids of their own, numbers are finite, and no duration is negative.

    Raises:
        polars.exceptions.PolarsError: Its file is broken.
    """
    import polars as pl

    types = table.collect_schema()
    negative = [(pl.col(name) < 0).any() for name in DURATIONS]
    numbers = [name for name, dtype in types.items() if dtype.is_float()]
    odd = [~pl.col(name).is_finite().all() for name in numbers]
    ids = pl.col("id")
    twice = (ids.null_count() > 0) | (ids.n_unique() < pl.len())
    found: Any = table.select(pl.any_horizontal(*negative, *odd, twice)).collect(engine="streaming")
    return not found.item()


def _is_sound(journalled: pl.DataFrame) -> bool:
    """Whether lines tell of invocations, each of one that is new, and no duration is negative."""
    import polars as pl

    first = journalled.filter(pl.col(AMENDS).is_null())["id"]
    later = journalled[AMENDS].drop_nulls()
    wrong = pl.any_horizontal((pl.col(name) < 0).any() for name in DURATIONS)
    return (
        first.null_count() == 0
        and first.n_unique() == len(first)
        and later.is_in(first.implode()).all()
        and not journalled.select(wrong).item()
    )


def _amend(journalled: pl.DataFrame) -> pl.DataFrame:
    """Apply the amendments: of each column the last value that one gives."""
    import polars as pl

    first = journalled.filter(pl.col(AMENDS).is_null()).drop(AMENDS)
    later = journalled.filter(pl.col(AMENDS).is_not_null()).drop("id")
    if later.is_empty():
        return first
    values = [name for name in first.columns if name != "id"]
    latest = later.group_by(AMENDS).agg(pl.col(name).drop_nulls().last() for name in values)
    joined = first.join(
        latest, left_on="id", right_on=AMENDS, how="left", suffix=_NEW, maintain_order="left"
    )
    return joined.select("id", *(pl.coalesce(f"{name}{_NEW}", name) for name in values)).rename(
        {f"{name}{_NEW}": name for name in values}
    )


#: Suffix of what amends a column, while both are there.
_NEW = " amended"


def _finish(frame: pl.DataFrame, manifest: Manifest) -> pl.DataFrame:
    """Fill in what the manifest says for all, and make times of what the journal counts."""
    import polars as pl

    columns = manifest.columns
    given: list[Any] = [
        pl.col(name).fill_null(pl.lit(value, dtype=frame.schema[name]))
        for name, value in manifest.fixed.items()
    ]
    given += [
        pl.col(name).cast(pl.Datetime("us", "UTC"))
        for name, column in columns.items()
        if column.type == "time"
    ]
    # An empty reason takes one back.
    given.append(pl.col("rejection").replace("", None))
    return frame.with_columns(given).select(list(columns))
