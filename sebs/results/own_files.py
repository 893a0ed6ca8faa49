"""What ``sebs results export`` writes, read back: the document, and the table as CSV or Parquet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.errors import ResultFormatError
from sebs.faas.result import ExecutionResult
from sebs.results import csv_tables, table
from sebs.results.cells import titles_of
from sebs.results.decoding import decoded
from sebs.results.manifest import FINISHED, RUNNING, Manifest
from sebs.results.results import Results
from sebs.results.rows import Row, check_row, measured
from sebs.results.schema import ASKED, COLUMNS, Column

if TYPE_CHECKING:
    import polars as pl

#: Key of a Parquet file's metadata that has the manifest.
MANIFEST_KEY = "sebs"

#: Columns that every table of ours has.
_NEEDED = frozenset({"id", "start", "failure"})

_PARQUET = b"PAR1"
_ASKED = {column.name for column in ASKED}

#: Keys of the document that are neither of the manifest nor of its details.
_DERIVED = frozenset(
    {"started", "repetitions", "run_directory", "invocations", "interrupted", "failures"}
    | {"unwanted", "trials", "summary", "groups", "metrics", "validation", "details"}
)

#: Attributes of a manifest that are columns of the table.
_ATTRIBUTES = {
    "experiment": "experiment",
    "platform": "deployment",
    "region": "region",
    "benchmark": "benchmark",
    "size": "size",
}


class Tabled(Results):
    """Results whose table is there; rows are made of it only where somebody wants them."""

    def __init__(self, manifest: Manifest, frame: pl.LazyFrame) -> None:
        super().__init__(manifest)
        self._table = frame

    def rows(self) -> Sequence[Row]:
        """Return what was measured, without nulls and what the manifest says for all."""
        import polars as pl

        times = [pl.col(n).dt.epoch("us") for n, c in self.manifest.columns.items() if _is_time(c)]
        fixed = self.manifest.fixed
        return [
            {
                name: value
                for name, value in row.items()
                if value is not None and (name not in fixed or fixed[name] != value)
            }
            for row in self._table.with_columns(times).collect().iter_rows(named=True)
        ]

    def _frame(self) -> pl.LazyFrame:
        return self._table


def _is_time(column: Column) -> bool:
    return column.type == "time"


def is_own_document(document: Any) -> bool:
    """Whether a document is one that we export; the first version is read elsewhere."""
    if not isinstance(document, Mapping) or "invocations" not in document:
        return False
    version = document.get("version")
    return isinstance(version, int) and version > 1


def read_own_document(document: Mapping[str, Any], name: str) -> Results:
    """Return the results of a document that we exported.

    Raises:
        ResultFormatError: It is broken, or a newer version of sebs wrote it.
    """
    known = {each.name for each in fields(Manifest)}
    rest = {k: v for k, v in document.items() if k not in known | _DERIVED}
    manifest = Manifest.deserialize(
        {
            **document,
            "details": document.get("details", rest),
            "findings": document.get("metrics") or {},
            "state": FINISHED if document.get("state") == FINISHED else RUNNING,
            "tabled": None,
            "table_crc32": None,
        },
        name,
    )
    validation, invocations = document.get("validation") or {}, document["invocations"]
    if not isinstance(invocations, list) or not all(isinstance(i, Mapping) for i in invocations):
        raise ResultFormatError(f"{name!r} has invocations that are none.")
    reasons = validation.get("reasons") or {} if isinstance(validation, Mapping) else validation
    if not isinstance(reasons, Mapping):
        raise ResultFormatError(f"{name!r} has a validation that is none.")
    rows = [
        _row(each, manifest, reasons, f"Invocation {number} of {name}")
        for number, each in enumerate(invocations, start=1)
    ]
    _require_unique((row["id"] for row in rows), name)
    return Results(manifest, rows)


def _row(
    stored: Mapping[str, Any], manifest: Manifest, reasons: Mapping[str, str], place: str
) -> Row:
    askable = _ASKED | {factor.name for factor in manifest.factors}
    point = {k: v for k, v in stored.items() if k in askable and v is not None}
    if not isinstance(point.get("id"), str):
        raise ResultFormatError(f"{place} has no id.")
    try:
        result = ExecutionResult.deserialize(stored)
        times = stored.get("times") or {}
        # Of SeBS it would be the benchmark's time; ours says so where it is.
        result.times.benchmark_including_imports = times.get("benchmark_including_imports") or 0
    except (ResultFormatError, AttributeError) as error:
        raise ResultFormatError(f"{place}: {error}") from error
    known = {"start": stored.get("start"), "valid": stored.get("valid")}
    if known["valid"] is False:
        reason = reasons.get(result.request_id or point["id"])
        known["rejection"] = stored.get("rejection", reason)
    row = {**point, **measured(result), **{k: v for k, v in known.items() if v is not None}}
    check_row(row, manifest.columns, place)
    return row


def is_own_csv(text: str) -> bool:
    """Whether the first line of a table has the columns of ours."""
    return set(titles_of(text)) >= _NEEDED


def read_own_csv(text: str, name: str) -> Results:
    """Return the results of a table, CSV, that we exported, or that a program made of one.

    Raises:
        SystemUnavailableError: polars is not installed.
        ResultFormatError: It is broken; the message has the row, or the line.
    """
    table.require_polars()
    frame, factors = csv_tables.read(text, name)
    return _tabled(frame, factors, name)


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as stream:
        return stream.read(len(_PARQUET)) == _PARQUET


def read_own_parquet(path: Path) -> Results:
    """Return the results of a table, Parquet, that we wrote, or that a program made of one.

    Raises:
        SystemUnavailableError: polars is not installed.
        ResultFormatError: It is broken, or no table of ours.
    """
    table.require_polars()
    import polars as pl

    name = str(path)
    try:
        found = pl.scan_parquet(path)
        types = found.collect_schema()
        told = pl.read_parquet_metadata(path).get(MANIFEST_KEY)
    except table.faults() as error:
        raise ResultFormatError(f"{name!r} is no whole table: {error}.") from error
    if not types.keys() >= _NEEDED:
        lacking = ", ".join(sorted(_NEEDED - types.keys()))
        raise ResultFormatError(f"{name!r} is no table of results: it lacks {lacking}.")
    if told is not None:
        manifest = Manifest.deserialize(decoded(told, f"The manifest in {name}"), name)
        if manifest.columns.keys() >= types.keys():
            return Tabled(manifest, _whole(found, manifest, name))
    known = {column.name for column in COLUMNS}
    factors = [_factor_of(each, types[each], name) for each in types if each not in known]
    return _tabled(found.collect(), factors, name)


def _factor_of(name: str, dtype: pl.DataType, file: str) -> Column:
    import polars as pl

    kinds = {pl.String: "text", pl.Boolean: "boolean", pl.Datetime: "time"}
    kind = kinds.get(type(dtype))
    if kind is None and dtype.is_numeric():
        kind = "integer" if dtype.is_integer() else "number"
    if kind is None:
        raise ResultFormatError(f"{file!r} has the column {name!r} of {dtype}, which no run has.")
    return Column(name, kind, "", "")


def _tabled(found: pl.DataFrame, factors: Sequence[Column], name: str) -> Results:
    """Return a table as results; what is the same for all of it is said in the manifest."""
    bare = Manifest(experiment="", deployment="", factors=tuple(factors), state=FINISHED)
    frame = _whole(found.lazy(), bare, name).collect()
    same = {
        column.name: frame[column.name][0]
        for column in ASKED
        if column.name not in ("id", "repetition", "wanted") and frame[column.name].n_unique() == 1
    }
    given = {_ATTRIBUTES[k]: v for k, v in same.items() if k in _ATTRIBUTES and v is not None}
    begun, ended = frame["begin"].min(), frame["end"].max()
    manifest = replace(
        bare,
        **given,
        constants={k: v for k, v in same.items() if k not in _ATTRIBUTES and v is not None},
        begun=begun.timestamp() if isinstance(begun, datetime) else 0,
        ended=ended.timestamp() if isinstance(ended, datetime) else None,
    )
    return Tabled(manifest, frame.lazy())


def _whole(found: pl.LazyFrame, manifest: Manifest, name: str) -> pl.LazyFrame:
    """Return a table with all columns of a run, each of its type, or refuse what no run has."""
    import polars as pl

    types = table.dtypes_of(manifest)
    there = set(found.collect_schema().names())
    whole = found.select(
        (pl.col(name).cast(dtype) if name in there else pl.lit(None, dtype=dtype)).alias(name)
        for name, dtype in types.items()
    )
    try:
        sound = table.is_sound(whole)
    except table.faults() as error:
        raise ResultFormatError(f"{name!r} has what no run has: {error}.") from error
    if not sound:
        rows = Tabled(manifest, whole).rows()
        for number, row in enumerate(rows, start=1):
            check_row(row, manifest.columns, f"Row {number} of {name}")
        _require_unique((row.get("id") for row in rows), name)
    return whole


def _require_unique(ids: Iterable[str | None], name: str) -> None:
    seen: set[str | None] = {None}
    for number, identifier in enumerate(ids, start=1):
        if identifier in seen:
            raise ResultFormatError(
                f"Invocation {number} of {name!r} has no id of its own: {identifier!r}."
            )
        seen.add(identifier)
