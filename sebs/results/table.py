"""The table of invocations as a polars frame, and as Parquet. Needs the extra ``analysis``."""

from __future__ import annotations

import os
import uuid
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sebs.errors import SystemUnavailableError
from sebs.results.manifest import Manifest
from sebs.results.rows import Row
from sebs.results.schema import DURATIONS, LIMITS, dtypes

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
    if not _is_sound(journalled, manifest):
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


def write_parquet(frame: pl.DataFrame, path: Path) -> int:
    """Write a table so that a reader sees the old file or the new one, and return its CRC-32.

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
        checksum = _checksum(temporary)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return checksum


def read_parquet(path: Path, manifest: Manifest) -> pl.LazyFrame | None:
    """Return a table that :func:`write_parquet` wrote; ``None`` where it is another one by now.

    Args:
        path: Of the table.
        manifest: Of its run; older ones have no checksum, and fewer columns.
    """
    import polars as pl

    expected = dtypes_of(manifest)
    try:
        # A broken page may take the whole process along.
        if manifest.table_crc32 not in (None, _checksum(path)):
            return None
        found = pl.scan_parquet(path)
        types = found.collect_schema()
    except faults():
        return None
    known = types.items() <= expected.items()
    return found if known and expected.keys() - types.keys() <= _LATER else None


#: Columns that tables of the second version do not have.
_LATER = {"wanted"}


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            checksum = zlib.crc32(piece, checksum)
    return checksum


_PIECE = 1 << 20


def faults() -> tuple[type[BaseException], ...]:
    """Return what polars raises where a file is broken."""
    import polars as pl

    # Broken pages may end in what is no Exception.
    return (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


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
    """Whether rows have ids of their own, values are within limits, and no duration is negative.

    All of the table is read.

    Raises:
        polars.exceptions.PolarsError: Its file is broken.
    """
    import polars as pl

    types = table.collect_schema()
    negative = [(pl.col(name) < 0).any() for name in DURATIONS]
    numbers = [name for name, dtype in types.items() if dtype.is_float()]
    odd = [~pl.col(name).is_finite().all() for name in numbers]
    moments = [pl.col(name).to_physical() for name, dtype in types.items() if dtype.is_temporal()]
    odd += [~each.is_between(*LIMITS["time"]).all() for each in moments]
    others = types.keys() - DURATIONS - set(numbers)
    never = [pl.col(name).hash().max() < 0 for name in others]
    ids = pl.col("id")
    twice = (ids.null_count() > 0) | (ids.n_unique() < pl.len())
    wrong = pl.any_horizontal(*negative, *odd, *never, twice)
    found: Any = table.select(wrong).collect(engine="streaming")
    return not found.item()


def _is_sound(journalled: pl.DataFrame, manifest: Manifest) -> bool:
    """Whether lines tell of invocations, each of one that is new, and values are within limits."""
    import polars as pl

    least, most = LIMITS["time"]
    moments = [each.name for each in manifest.columns.values() if each.type == "time"]
    odd = [((pl.col(name) < least) | (pl.col(name) > most)).any() for name in moments]
    first = journalled.filter(pl.col(AMENDS).is_null())["id"]
    later = journalled[AMENDS].drop_nulls()
    wrong = pl.any_horizontal(*odd, *((pl.col(name) < 0).any() for name in DURATIONS))
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
