"""Errors that say themselves what was wrong, without the frames that they come from."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from sebs.errors import SebsError

P = ParamSpec("P")
R = TypeVar("R")


def plainly(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function, whose errors show the line of the test, and nothing of sebs."""

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        __tracebackhide__ = True
        try:
            return function(*args, **kwargs)
        except SebsError as error:
            raise error.with_traceback(None) from error.__cause__

    return called
