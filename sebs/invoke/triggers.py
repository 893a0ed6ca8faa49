"""Getting the trigger by which a function is to be invoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
