"""From facts about a function to the steps that bring it up to date: pure, no side effects."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Action(Enum):
    """A hook of the platform that a step calls; the value is what a person reads."""

    CREATE = "create the function"
    UPDATE_CONFIGURATION = "update its configuration"
    UPDATE_CODE = "update its code"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a function before anything is decided.

    Attributes:
        cached: The cache has an entry of that name.
        decodable: The platform's function type can read the entry.
        not_reusable: Why the entry cannot be used, or ``None``.
        gone: The platform no longer has the function; a dry run does not ask.
        configuration_changes: What differs between the function and what is wanted.
        hash_differs: The deployed code is not the code at hand.
        rebuilt: The code package has just been built.
    """

    cached: bool = False
    decodable: bool = True
    not_reusable: str | None = None
    gone: bool = False
    configuration_changes: tuple[str, ...] = ()
    hash_differs: bool = False
    rebuilt: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, and why."""

    action: Action
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps that bring one function up to date; none where it is.

    Attributes:
        function_name: The function.
        facts: What the decision rests on.
        steps: What is done, in order.
    """

    function_name: str
    facts: Facts
    steps: tuple[Step, ...]

    @property
    def reuses(self) -> bool:
        """Whether the function of the cache is used, with or without updates."""
        return all(step.action is not Action.CREATE for step in self.steps)

    def explain(self) -> str:
        """Return what would happen and why, a line a step."""
        if not self.steps:
            return f"{self.function_name}: up to date, nothing to do."
        lines = (f"{self.function_name}: {step.action.value}: {step.reason}" for step in self.steps)
        return "\n".join(lines)


def decide(function_name: str, facts: Facts) -> Plan:
    """Return the steps that the facts ask for."""
    return Plan(function_name, facts, _steps(facts))


def _steps(facts: Facts) -> tuple[Step, ...]:
    if (reason := _why_create(facts)) is not None:
        return (Step(Action.CREATE, reason),)
    steps = []
    if facts.configuration_changes:
        steps.append(Step(Action.UPDATE_CONFIGURATION, "; ".join(facts.configuration_changes)))
    if (reason := _why_new_code(facts)) is not None:
        steps.append(Step(Action.UPDATE_CODE, reason))
    return tuple(steps)


def _why_create(facts: Facts) -> str | None:
    if not facts.cached:
        return "the cache has no function of that name"
    if not facts.decodable:
        return "its cache entry cannot be read"
    if facts.not_reusable is not None:
        return f"the cached function cannot be reused: {facts.not_reusable}"
    if facts.gone:
        return "it no longer exists on the platform"
    return None


def _why_new_code(facts: Facts) -> str | None:
    if facts.hash_differs:
        return "the deployed code is not the code at hand"
    if facts.rebuilt:
        return "the code package has been built anew"
    return None
