"""A bar on standard error for what takes long, where somebody looks at it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

#: Seconds from one line to the next, where there is no terminal.
LINES_EVERY = 30.0

ItemT = TypeVar("ItemT")


def progress(items: Iterable[ItemT], title: str, total: int) -> Iterable[ItemT]:
    """Return the items, which move a bar as they come.

    Without a terminal, such as in the log of a job, there is a line from time to time.

    Args:
        items: What is done, one item after the other.
        title: What is being done, for the reader.
        total: How many items there are.
    """
    if not sys.stderr.isatty():
        return _in_lines(items, title, total)
    from rich.console import Console
    from rich.progress import track

    return track(items, title, total=total, console=Console(stderr=True), transient=True)


def _in_lines(items: Iterable[ItemT], title: str, total: int) -> Iterator[ItemT]:
    told = time.monotonic()
    for number, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - told >= LINES_EVERY and number < total:
            told = now
            sys.stderr.write(f"{title}: {number:,} of {total:,}.\n")
            sys.stderr.flush()


def status(title: str) -> AbstractContextManager[object]:
    """Show what is being waited for as long as a block runs; nothing without a terminal.

    Args:
        title: What it is, for the reader.
    """
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(title)
