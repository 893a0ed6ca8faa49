"""Printing: tables a person reads, documents a program reads."""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from sebs.errors import UsageError

#: Columns to lay out for where there is no terminal: wide enough that no cell is cut short.
_UNLIMITED = 10_000

#: Lines to which a cell is wrapped at most; what is longer is easier to read below the others.
_MOST_LINES = 3

#: How long a line below the titles is at most where there is no terminal, if they are not longer.
_RULE = 80


def console(stderr: bool = False) -> Console:
    """Return a console; without a terminal it has no colour and cuts no cell short."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    if stream.isatty():
        return Console(stderr=stderr, highlight=False)
    return Console(stderr=stderr, highlight=False, width=_UNLIMITED, no_color=True)


def make_table(columns: Sequence[str], *, numbers: Iterable[str] = ()) -> Table:
    """Return a table without heavy borders.

    Args:
        columns: Titles.
        numbers: Titles of the columns that are aligned to the right.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    right = set(numbers)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, title in enumerate(columns):
        table.add_column(
            Text(title),  # a unit in brackets is no markup
            justify="right" if title in right else "left",
            overflow="fold",
            no_wrap=number == 0,  # it names the row: where space is short, the others give way
        )
    return table


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    numbers: Iterable[str] = (),
    spare: Sequence[str] = (),
) -> None:
    """Print a table to standard output; ``None`` becomes a dash, a list its items.

    Args:
        columns: Titles.
        rows: Cells.
        numbers: Titles of the columns that are aligned to the right.
        spare: Titles of the columns that a terminal which is too narrow goes without, the first
            one first; that is told.
    """
    cells, right = [[_cell(value) for value in row] for row in rows], set(numbers)
    for number in range(len(spare) + 1):
        table = _filled(columns, cells, right, without=spare[:number])
        if not spare or not console().is_terminal or _fits(table, console()):
            show_table(table)
            if number:
                click.echo(f"Not shown: {', '.join(spare[:number])}; there is no room.")
            return
    show_table(_filled(columns, cells, right))


def print_measured(columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
    """Print a table of what was measured: numbers to the right, units beneath the titles."""
    titles = stacked(columns)
    print_table(titles, rows, numbers=number_columns(titles, rows))


def stacked(titles: Iterable[str]) -> list[str]:
    """Return titles of columns with their units in a line of their own, which is narrower."""
    return [title.replace(" [", "\n[") for title in titles]


def number_columns(columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> list[str]:
    """Return the titles of the columns in which every cell is a number, or a share, or missing."""
    return [
        title
        for title, cells in zip(columns, zip(*rows, strict=True), strict=True)
        if all(cell is None or _NUMBER.fullmatch(cell) for cell in cells)
    ]


_NUMBER = re.compile(r"-?[\d,]*\.?\d+(e-?\d+)?%?")


def _filled(
    columns: Sequence[str],
    cells: Iterable[Sequence[str]],
    right: set[str],
    without: Sequence[str] = (),
) -> Table:
    """Return a table of rows, without some columns."""
    from rich.text import Text

    places = [place for place, title in enumerate(columns) if title not in without]
    table = make_table([columns[place] for place in places], numbers=right)
    for row in cells:
        table.add_row(*(Text(row[place]) for place in places))
    return table


def show_table(table: Table) -> None:
    """Print a table to standard output, whole: no word is broken and nothing is cut short.

    In a terminal that is too narrow the widest column is wrapped, or, where that is not enough, the
    rows are shown one below the other. Without a terminal a row is a line, which ends in no blanks.
    """
    target = console()
    if target.is_terminal:
        target.print(table if _fits(table, target) else _row_by_row(table))
        return
    with target.capture() as capture:
        target.print(table)
    lines = [line.rstrip() for line in capture.get().splitlines()]
    titles = max((len(line) for line in itertools.takewhile(_is_no_rule, lines)), default=0)
    most = max(titles, _RULE)
    click.echo("\n".join(line if _is_no_rule(line) else line[:most] for line in lines if line))


def _fits(table: Table, target: Console) -> bool:
    """Make a table fit, if that is possible with every word whole and few lines a row."""
    from rich.measure import Measurement

    options = target.options.update_width(_UNLIMITED)
    columns = [
        [Measurement.get(target, options, cell) for cell in (column.header, *column.cells)]
        for column in table.columns
    ]
    natural = [max(cell.maximum for cell in column) for column in columns]
    whole = Measurement.get(target, options, table).maximum
    if whole > target.width:
        table.padding = (0, 1, 0, 0)
        whole = Measurement.get(target, options, table).maximum
    if whole <= target.width:
        return True
    widest = natural.index(max(natural))
    room = target.width - (whole - natural[widest])
    for number, column in enumerate(table.columns):
        column.no_wrap = number != widest
    longest_word = max(cell.minimum for cell in columns[widest])
    return room >= longest_word and natural[widest] <= room * _MOST_LINES


def _row_by_row(table: Table) -> Table:
    """Return a table with a line for each cell, its title before it; without one, the cell."""
    from rich.table import Table
    from rich.text import Text

    rows = Table.grid(padding=(0, 2, 0, 0))
    rows.add_column(no_wrap=True)
    rows.add_column(overflow="fold")
    titles = [" ".join(str(column.header).split()) for column in table.columns]
    for number, cells in enumerate(zip(*(column.cells for column in table.columns), strict=True)):
        if number:
            rows.add_row()
        label: Any = None
        for title, cell in zip(titles, cells, strict=True):
            if not title and label is None:
                label = cell
            elif str(cell):
                rows.add_row(label or Text(title, style="bold"), cell)
                label = None
    return rows


def _is_no_rule(line: str) -> bool:
    return not line or bool(line.strip(" ─"))


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "-" if value is None else str(value)


def require_directory(target: Path) -> None:
    """Refuse a file that cannot be made, before anything is done for it.

    Raises:
        UsageError: There is no such directory, or it takes no file.
    """
    from tempfile import TemporaryFile

    from sebs.errors import UsageError

    if not target.parent.is_dir():
        raise UsageError(
            f"{str(target)!r} cannot be written: there is no directory {str(target.parent)!r}.",
            remedy="Make it first, or name another one.",
        )
    try:
        TemporaryFile(dir=target.parent).close()
    except OSError as error:
        raise _unwritable(target, error) from error


def require_file(target: Path) -> None:
    """Refuse what is a directory already, or what :func:`require_directory` refuses.

    Raises:
        UsageError: It is one of these.
    """
    from sebs.errors import UsageError

    if target.is_dir():
        raise UsageError(f"{str(target)!r} is a directory.", remedy="Name a file in it.")
    require_directory(target)


def write_file(target: Path, data: bytes) -> None:
    """Write a file that the user named, whole or not at all.

    Raises:
        UsageError: It cannot be written.
    """
    from sebs.utils import write_atomically

    try:
        write_atomically(target, data)
    except OSError as error:
        raise _unwritable(target, error) from error


def _unwritable(target: Path, error: OSError) -> UsageError:
    from sebs.errors import UsageError

    return UsageError(
        f"{str(target)!r} cannot be written: {error.strerror}.",
        remedy="Name a file in a directory that you may write to, and that has room.",
    )


def make_directory(directory: Path) -> None:
    """Make a directory for what is written; it may be there already.

    Raises:
        UsageError: It cannot be made, or takes no file.
    """
    from tempfile import TemporaryFile

    from sebs.errors import UsageError

    what = "cannot be made"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        what = "takes no file"
        TemporaryFile(dir=directory).close()
    except OSError as error:
        raise UsageError(
            f"The directory {str(directory)!r} {what}: {error.strerror}.",
            remedy="Name another one.",
        ) from error


def require_new(target: Path, force: bool) -> None:
    """Refuse a file that cannot be made, or that would replace another one.

    Args:
        target: The file.
        force: Whether it may replace one.

    Raises:
        UsageError: It cannot be made, or it is there and is not to be replaced.
    """
    from sebs.errors import UsageError

    require_file(target)
    if target.is_file() and not force:
        raise UsageError(
            f"{str(target)!r} is there already.", remedy="Replace it with --force, or name another."
        )


def print_json(document: Any) -> None:
    """Print the one document that ``--json`` promises."""
    click.echo(json.dumps(document, indent=1, default=str))
