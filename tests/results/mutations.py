"""Files of results with something wrong: cut short, flipped, left out, or no number at all."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import polars as pl
from hypothesis import strategies as st

#: What may stand where a number stood. JSON reads the last two as NaN and as an infinity.
CELLS = ("", "0", "-1", "7.6", "nan", "inf", "1e308", "9" * 30, "x", "True", "2020-11-10 23:59:28")
VALUES = (None, True, 0, -1, 7.6, 10**30, 10**400, "x", "", [], {}, [1], {"a": {}})
LITERALS = ("NaN", "1e400")


def mutated(data: bytes, *, flipped: bool = True) -> st.SearchStrategy[bytes]:
    """Return a file with something wrong.

    Args:
        data: A valid one.
        flipped: Whether single bytes may be other ones.
    """
    kinds = [_cut(data), *([_flipped(data)] if flipped else [])]
    if data.startswith(b"PAR1"):
        kinds += [_other_parquet(data)]
    elif data.lstrip()[:1] in (b"{", b"["):
        kinds += [_other_lines(data) if b"}\n{" in data else _other_json(data)] * 2
    else:
        kinds += [_other_cell(data), _without_column(data)]
    return st.one_of(kinds)


def _cut(data: bytes) -> st.SearchStrategy[bytes]:
    return st.integers(0, len(data) - 1).map(lambda at: data[:at])


def _flipped(data: bytes) -> st.SearchStrategy[bytes]:
    def flip(at: int, bits: int) -> bytes:
        return data[:at] + bytes([data[at] ^ bits]) + data[at + 1 :]

    return st.builds(flip, st.integers(0, len(data) - 1), st.integers(1, 255))


@st.composite
def _other_cell(draw: st.DrawFn, data: bytes) -> bytes:
    rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
    row = draw(st.integers(0, len(rows) - 1))
    rows[row][draw(st.integers(0, len(rows[row]) - 1))] = draw(st.sampled_from(CELLS))
    return _as_csv(rows)


@st.composite
def _without_column(draw: st.DrawFn, data: bytes) -> bytes:
    rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
    gone = draw(st.integers(0, len(rows[0]) - 1))
    return _as_csv([[*row[:gone], *row[gone + 1 :]] for row in rows])


def _as_csv(rows: list[list[str]]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue().encode()


@st.composite
def _other_json(draw: st.DrawFn, data: bytes) -> bytes:
    document = json.loads(data)
    where, key = _place(draw, document)
    change = draw(st.sampled_from(["gone", "value", "literal"]))
    if change == "gone":
        del where[key]
    else:
        where[key] = draw(st.sampled_from(VALUES if change == "value" else ("@",)))
    text = json.dumps(document)
    return text.replace('"@"', draw(st.sampled_from(LITERALS))).encode()


def _place(draw: st.DrawFn, document: Any) -> tuple[Any, Any]:
    """Return an object or a list in a document, and a key of it, at any depth."""
    while True:
        keys = list(document) if isinstance(document, dict) else list(range(len(document)))
        key = draw(st.sampled_from(keys))
        inner = document[key]
        if not isinstance(inner, dict | list) or not inner or draw(st.integers(0, 4)) == 0:
            return document, key
        document = inner


@st.composite
def _other_lines(draw: st.DrawFn, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    at = draw(st.integers(0, len(lines) - 1))
    return b"".join([*lines[:at], draw(_other_json(lines[at])) + b"\n", *lines[at + 1 :]])


@st.composite
def _other_parquet(draw: st.DrawFn, data: bytes) -> bytes:
    frame = pl.read_parquet(io.BytesIO(data))
    name = draw(st.sampled_from(frame.columns))
    value = draw(st.sampled_from((None, float("nan"), 1e308, -1, 2**62, "x", True)))
    others = [
        frame.drop(name),
        frame.with_columns(pl.lit(value).alias(name)),
        frame.with_columns(pl.lit(value).alias("own")),
    ]
    stream = io.BytesIO()
    draw(st.sampled_from(others)).write_parquet(stream)
    return stream.getvalue()
