"""Waiting for what AWS does after it has answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sebs.errors import PlatformTimeoutError

_T = TypeVar("_T")

#: Seconds between the first two questions, and the most between any two.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0

#: By what each pause is longer than the one before: what came is noticed late by a quarter of what
#: it took, at most.
_GROWTH = 1.3


def wait_for(what: str, ask: Callable[[], _T | None], within: float) -> _T:
    """Ask at once, then ever more seldom, until there is an answer; return it.

    Args:
        what: What is waited for, as the beginning of a sentence.
        ask: Returns ``None`` as long as it is not so; what it raises ends the waiting.
        within: Seconds after which nothing is expected any more.

    Raises:
        PlatformTimeoutError: It did not come in time.
    """
    import tenacity

    asking = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda answer: answer is None),
        wait=tenacity.wait_exponential(_FIRST_PAUSE, _LONGEST_PAUSE, exp_base=_GROWTH),
        stop=tenacity.stop_after_delay(within),
    )
    try:
        answer = asking(ask)
    except tenacity.RetryError as error:
        raise PlatformTimeoutError(
            f"{what} was waited for {within:g} s and did not come.",
            remedy="Run the same again: it continues.",
        ) from error
    assert answer is not None
    return answer
