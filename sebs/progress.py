"""A bar on standard error for what takes long, where somebody looks at it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

ItemT = TypeVar("ItemT")


def progress(items: Iterable[ItemT], title: str, total: int) -> Iterable[ItemT]:
    """Return the items, which move a bar as they come; nothing is shown without a terminal.

    Args:
        items: What is done, one item after the other.
        title: What is being done, for the reader.
        total: How many items there are.
    """
    if not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, title, total=total, console=Console(stderr=True), transient=True)


def status(title: str) -> AbstractContextManager[object]:
    """Show what is being waited for as long as a block runs; nothing without a terminal.

    Args:
        title: What it is, for the reader.
    """
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(title)
