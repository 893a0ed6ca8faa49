"""The hook that lets time pass, as every platform without a clock of its own has it."""

from __future__ import annotations

import time
from typing import cast

import pytest

from sebs.errors import UsageError
from sebs.faas.system import System

#: The base body needs nothing of a platform.
PLATFORM = cast(System, None)


def test_time_passes_by_sleeping() -> None:
    begin = time.monotonic()
    System.let_pass(PLATFORM, 0.05)
    assert time.monotonic() - begin >= 0.05


@pytest.mark.parametrize("seconds", [-1, -0.001, float("nan"), float("inf")])
def test_a_time_that_cannot_pass_is_refused(seconds: float) -> None:
    with pytest.raises(UsageError, match="cannot pass"):
        System.let_pass(PLATFORM, seconds)
