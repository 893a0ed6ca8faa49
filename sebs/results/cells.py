"""The cells of a CSV file, row by row: what was cut short is refused, not filled up."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sebs.errors import ResultFormatError

if TYPE_CHECKING:
    import _csv

#: What to do about a file of which not every line can be read.
CORRECT = (
    "Nothing of the file is read, so that nothing is lost in silence: correct the line, or take it "
    "out."
)


def titles_of(text: str) -> list[str]:
    """Return the cells of the first line; none where it is no CSV.

    Args:
        text: Of a file.
    """
    try:
        return next(_reader(text), [])
    except csv.Error:
        return []


def rows_of(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each row below the titles, and the number of the line where it ends.

    Empty lines are left out.

    Args:
        text: Of a file.
        name: Its name, for errors.

    Raises:
        ResultFormatError: A title is there twice, a row has more or fewer cells than there are
            titles, something quoted does not end, or the last line does not.
    """
    reader, titles = _reader(text), titles_of(text)
    require_apart(titles, name)
    next(reader, None)
    try:
        for cells in reader:
            if cells and len(cells) != len(titles):
                raise csv.Error(f"{len(cells)} cells under {len(titles)} titles")
            if cells:
                yield reader.line_num, cells
    except csv.Error as error:
        raise ResultFormatError(
            f"Line {reader.line_num} of {name!r} is wrong: {error}.", remedy=CORRECT
        ) from error
    if not text.endswith(("\n", "\r")):
        raise ResultFormatError(
            f"The last line of {name!r} has no end, so that its last number may be cut short.",
            remedy="Was its writer interrupted? If it is whole, end it with a newline.",
        )


def require_apart(titles: Sequence[str], name: str) -> None:
    """Refuse columns that are called the same.

    Args:
        titles: Of all columns.
        name: The file, for errors.

    Raises:
        ResultFormatError: Two are the same.
    """
    if twice := sorted({each for each in titles if titles.count(each) > 1}):
        raise ResultFormatError(f"{name!r} has columns of the same title: {', '.join(twice)}.")


def _reader(text: str) -> _csv.Reader:
    # A cell may be as large as what a handler returned.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    # Ends of lines within quotes stay as they are.
    return csv.reader(io.StringIO(text, newline=""), strict=True)
