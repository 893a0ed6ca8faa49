"""Forcing cold starts of many functions at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from sebs.aws.clients import CONNECTIONS
from sebs.errors import ColdStartError, SebsError

if TYPE_CHECKING:
    from sebs.faas.function import Function


def force_all(functions: Sequence[Function], force: Callable[[Function], None]) -> None:
    """Force a cold start of each, several at once; one that fails stops no other.

    Args:
        functions: The functions.
        force: Forces one, and returns when no environment of before is used any more.

    Raises:
        ColdStartError: It could not be forced for some; the message names them.
    """
    with ThreadPoolExecutor(max_workers=CONNECTIONS // 2) as executor:
        changes = [(function.name, executor.submit(force, function)) for function in functions]
    failures = []
    for name, change in changes:
        error = change.exception()
        if isinstance(error, SebsError):
            failures.append(f"{name}: {error}")
        elif error is not None:
            raise error
    if failures:
        raise ColdStartError(f"No cold start could be forced: {'; '.join(failures)}")
