"""Printing: tables a person reads, documents a program reads."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

#: Columns to lay out for where there is no terminal: wide enough that no cell is cut short.
_UNLIMITED = 10_000


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
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, numbers: Iterable[str] = ()
) -> None:
    """Print a table to standard output; ``None`` becomes a dash, a list its items."""
    from rich.text import Text

    table = make_table(columns, numbers=numbers)
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    show_table(table)


def show_table(table: Table) -> None:
    """Print a table to standard output; without a terminal no line ends in blanks."""
    target = console()
    if target.is_terminal:
        target.print(table)
        return
    with target.capture() as capture:
        target.print(table)
    lines = (line.rstrip() for line in capture.get().splitlines())
    click.echo("\n".join(line for line in lines if line))


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "-" if value is None else str(value)


def require_directory(target: Path) -> None:
    """Refuse a file that cannot be made because its directory is missing.

    Raises:
        UsageError: There is no such directory.
    """
    from sebs.errors import UsageError

    if not target.parent.is_dir():
        raise UsageError(
            f"{str(target)!r} cannot be written: there is no directory {str(target.parent)!r}.",
            remedy="Make it first, or name another one.",
        )


def print_json(document: Any) -> None:
    """Print the one document that ``--json`` promises."""
    click.echo(json.dumps(document, indent=1, default=str))
