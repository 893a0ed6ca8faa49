"""The hook that lets time pass on the local platform."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sebs.errors import FunctionGoneError, GatewayError
from sebs.faas.limits import check_seconds
from sebs.local.attaching import AttachingLocal
from sebs.local.functions import Functions
from sebs.local.gateway.functions import REAL, VIRTUAL


class PassingLocal(AttachingLocal):
    """The part of the local platform that keeps environments warm for a time."""

    _functions: Functions

    def let_pass(self, seconds: float) -> None:
        """Let so much time pass: sleeps; on a virtual clock, moves it.

        A virtual clock is moved for the deployment's functions, and for those that this program
        attached. The environments that end for it are gone on return; busy ones do not notice.

        Args:
            seconds: How much time.

        Raises:
            UsageError: It is negative, without end, or no number.
            GatewayError: The gateway refused, or every function is still on the real clock.
        """
        if not self.clock_is_virtual:
            super().let_pass(seconds)
            return
        check_seconds(seconds)
        on_clock: dict[str, list[str]] = {REAL: [], VIRTUAL: []}
        for definition in self._functions.all():
            if self._is_concerned(definition):
                on_clock[definition["config"]["clock"]].append(definition["name"])
        if on_clock[REAL] and not on_clock[VIRTUAL]:
            raise GatewayError(
                f"No time can be skipped for {', '.join(on_clock[REAL])}: on the real clock.",
                remedy="Deploy again, which puts a function on the virtual clock.",
            )
        for name in on_clock[VIRTUAL]:
            # Where it was deleted in the meantime, no environment of it is left.
            with suppress(FunctionGoneError):
                self._functions.advance(name, seconds)

    @property
    def clock_is_virtual(self) -> bool:
        """Whether environments idle by :meth:`let_pass` alone; other time passes by itself."""
        return self._config.scaling.clock == VIRTUAL

    @property
    def memory_sets_speed(self) -> bool:
        """Whether more memory is more of a processor: a process has a whole one in any case."""
        return self._config.containers is not None

    def _is_concerned(self, definition: dict[str, Any]) -> bool:
        resources = self._config.resources
        owner = resources.resources_id if resources.has_resources_id else None
        return definition["resource_id"] == owner or definition["name"] in self._attached
