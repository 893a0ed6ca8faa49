"""Printing: tables a person reads, documents a program reads."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
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

    right = set(numbers)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in columns:
        table.add_column(title, justify="right" if title in right else "left", overflow="fold")
    return table


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, numbers: Iterable[str] = ()
) -> None:
    """Print a table to standard output; ``None`` becomes a dash."""
    from rich.text import Text

    table = make_table(columns, numbers=numbers)
    for row in rows:
        table.add_row(*(Text("-" if cell is None else str(cell)) for cell in row))
    console().print(table)


def print_json(document: Any) -> None:
    """Print the one document that ``--json`` promises."""
    click.echo(json.dumps(document, indent=1, default=str))
