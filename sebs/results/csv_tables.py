"""The table as CSV: every text is quoted, nothing else is, null is empty.

The columns of the table have the types of the schema. What type a factor has is seen in its values;
where these alone would tell another one, its title does: ``payload:text``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sebs.errors import ResultFormatError
from sebs.results.cells import require_apart, rows_of
from sebs.results.schema import COLUMNS, Column

if TYPE_CHECKING:
    import polars as pl

#: How CSV has times, which are UTC: ISO 8601, to the microsecond.
_TIME = "%Y-%m-%dT%H:%M:%S%.6fZ"

#: What all values of a type look like, in the order in which types are tried.
_LOOKS = {
    "integer": r"^-?\d{1,18}$",
    "number": r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$",
    "boolean": r"^(true|false)$",
    "time": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$",
}

_TYPES = ("text", *_LOOKS)
_KNOWN = {column.name: column for column in COLUMNS}


def written(frame: pl.DataFrame, columns: Mapping[str, Column]) -> bytes:
    """Return a table as CSV.

    Args:
        frame: The table.
        columns: What its columns are.
    """
    import polars as pl

    texts = [name for name, column in columns.items() if column.type == "text"]
    quoted = [
        pl.format('"{}"', pl.col(name).str.replace_all('"', '""', literal=True)).alias(name)
        for name in texts
    ]
    titles = {name: _title(frame[name], column) for name, column in columns.items()}
    stream = io.BytesIO()
    # polars would quote numbers or nothing of a text.
    frame.with_columns(quoted).rename(titles).write_csv(
        stream, quote_style="never", datetime_format=_TIME
    )
    return stream.getvalue()


def _title(values: pl.Series, column: Column) -> str:
    import polars as pl

    title = column.name
    if column.name not in _KNOWN:
        text = values.dt.strftime(_TIME) if column.type == "time" else values.cast(pl.String)
        if ":" in title or _type_of(text) != column.type:
            title = f"{title}:{column.type}"
    cells = io.StringIO()
    csv.writer(cells, lineterminator="").writerow([title])
    return cells.getvalue()


def _type_of(texts: pl.Series) -> str:
    """Return the type of which all values look like; nothing looks like text."""
    values = texts.drop_nulls()
    if values.is_empty():
        return "text"
    fitting = (kind for kind, look in _LOOKS.items() if values.str.contains(look).all())
    return next(fitting, "text")


def read(text: str, name: str) -> tuple[pl.DataFrame, list[Column]]:
    """Return a table that :func:`written` made, or a program that read it, and its factors.

    Args:
        text: All of it.
        name: The file, for errors.

    Raises:
        ResultFormatError: It is broken; the message has the row, or the line.
    """
    import polars as pl

    # polars fills up what was cut short.
    for _ in rows_of(text, name):
        pass
    try:
        raw = pl.read_csv(io.BytesIO(text.encode()), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise ResultFormatError(f"{name!r} is no whole table: {error}.") from error
    factors = [_factor(title, raw[title]) for title in raw.columns if title not in _KNOWN]
    names = {
        title: factor.name
        for title, factor in zip(
            (title for title in raw.columns if title not in _KNOWN), factors, strict=True
        )
    }
    require_apart([names.get(title, title) for title in raw.columns], name)
    frame = raw.rename(names)
    types = {**_KNOWN, **{factor.name: factor for factor in factors}}
    return frame.select(
        _typed(frame[title], types[title], name) for title in frame.columns
    ), factors


def _factor(title: str, values: pl.Series) -> Column:
    name, _, told = title.rpartition(":")
    if name and told in _TYPES:
        return Column(name, told, "", "")
    return Column(title, _type_of(values), "", "")


def _typed(values: pl.Series, column: Column, name: str) -> pl.Series:
    typed = _converted(values, column.type)
    if typed.null_count() > values.null_count():
        row = int((typed.is_null() & values.is_not_null()).arg_true()[0])
        raise ResultFormatError(
            f"Row {row + 1} of {name!r}: {column.name} is {values[row]!r}, "
            f"which is no {column.type}."
        )
    return typed


def _converted(values: pl.Series, kind: str) -> pl.Series:
    """Return texts as values of a type; those that are none become null."""
    import polars as pl

    text, name = pl.col(values.name), values.name
    number = text.cast(pl.Float64, strict=False)
    # Other programs make numbers of integers some of which are null.
    rounded = pl.when(number == number.floor(), number.abs() < 2**53).then(number)
    lower = text.str.to_lowercase()
    plain = text.str.replace(" ", "T", literal=True).str.replace("Z$", "+0000")
    as_type = {
        "text": text,
        "integer": pl.coalesce(text.cast(pl.Int64, strict=False), rounded.cast(pl.Int64)),
        "number": number,
        "boolean": pl.when(lower.is_in(["true", "false"])).then(lower == "true"),
        "time": plain.str.to_datetime(
            "%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", time_zone="UTC", strict=False
        ),
    }
    return values.to_frame().select(as_type[kind].alias(name))[name]
