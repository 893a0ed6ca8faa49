"""Faults that a provider may have, each with the tests of the contract that find it.

Every fault is put into the toy, which has none.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from sebs.testing import Capability, SystemRig

Change = Callable[..., Any]


@dataclass(frozen=True)
class Fault:
    """How to put it into the toy, which tests find it, and which it keeps from finding others."""

    inject: Callable[[Breaker], None]
    found_by: frozenset[str]
    hides: frozenset[str] = frozenset()

    @property
    def touches(self) -> frozenset[str]:
        return self.found_by | self.hides


FAULTS: dict[str, Fault] = {}


class Breaker:
    """Replaces methods of the toy for the duration of one test."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        self.undeclared: set[Capability] = set()

    def __call__(self, owner: object, method: str) -> Callable[[Change], Change]:
        """Let the decorated function, which gets the original one first, take its place."""

        def replace_by(change: Change) -> Change:
            original = getattr(owner, method)

            @functools.wraps(original)
            def changed(*args: Any, **kwargs: Any) -> Any:
                return change(original, *args, **kwargs)

            self.patch.setattr(owner, method, changed)
            return change

        return replace_by


def fault(
    *found_by: str, hides: tuple[str, ...] = ()
) -> Callable[[Callable[[Breaker], None]], Callable[[Breaker], None]]:
    def register(inject: Callable[[Breaker], None]) -> Callable[[Breaker], None]:
        finding, hidden = (
            frozenset(f"test_{name}" for name in names) for names in (found_by, hides)
        )
        FAULTS[inject.__name__] = Fault(inject, finding, hidden)
        return inject

    return register


def broken(names: list[str], rig: SystemRig, patch: pytest.MonkeyPatch) -> SystemRig:
    """Return the rig of a toy that has these faults."""
    breaker = Breaker(patch)
    for name in names:
        FAULTS[name].inject(breaker)
    return replace(rig, capabilities=rig.capabilities - breaker.undeclared)


def groups(count: int) -> list[list[str]]:
    """Return the faults in so many groups, each of which is put into the toy at once.

    That saves time. No test of the contract finds two of a group, so every test that fails points
    at one fault.
    """
    grouped: list[list[str]] = [[] for _ in range(count)]
    for name in sorted(FAULTS, key=lambda name: -len(FAULTS[name].touches)):
        free = (group for group in grouped if not any(clash(name, other) for other in group))
        min(free, key=len).append(name)
    return grouped


def clash(one: str, other: str) -> bool:
    """Return whether a test has to do with both faults."""
    return bool(FAULTS[one].touches & FAULTS[other].touches)


def found_by(names: list[str]) -> frozenset[str]:
    """Return the tests that find these faults."""
    return frozenset().union(*(FAULTS[name].found_by for name in names))
