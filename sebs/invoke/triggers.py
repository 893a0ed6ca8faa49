"""Getting the trigger by which a function is to be invoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sebs.errors import UnsupportedTriggerError

if TYPE_CHECKING:
    from sebs.faas.function import Function, Trigger
    from sebs.faas.system import System


def trigger_of(system: System, function: Function, kind: Trigger.TriggerType) -> Trigger:
    """Return a function's trigger of a type; one that is made is remembered by the cache.

    Raises:
        UnsupportedTriggerError: The platform has none of that type.
    """
    existing = function.triggers(kind)
    if existing:
        return existing[0]
    trigger = system.create_trigger(function, kind)
    system.cache_client.update_function(function)
    return trigger


def present_trigger(function: Function, wanted: str | None) -> Trigger:
    """Return a trigger that a function has, and make none.

    Args:
        function: The function.
        wanted: Key of its type; ``None`` is the one by which the platform tells most.

    Raises:
        UnsupportedTriggerError: It has none of that type.
    """
    present = {trigger.trigger_type().value: trigger for trigger in function.triggers_all()}
    for kind in (wanted,) if wanted else ("library", "http"):
        if kind in present:
            return present[kind]
    raise UnsupportedTriggerError(
        f"The function {function.name} has no {wanted} trigger, and none is made for it.",
        remedy=f"It has: {', '.join(present) or 'none'}.",
    )
