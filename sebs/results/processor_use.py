"""What the client's processors did while it measured: one that is busy measures itself, too."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

#: Processors of which the client's process uses at least so much when it can do no more: the
#: interpreter runs one thread at a time, and what libcurl does beside it only adds to that.
FULL_PROCESS = 0.9

#: Share of all processors of the machine that is in use when whoever wants one waits.
FULL_MACHINE = 0.95

#: So much of the time may be saturated without a word: starting anything takes a moment.
_UNTOLD = 0.05


@dataclass(frozen=True, slots=True)
class ProcessorUse:
    """What the processors did; sums, so that those of a run and of its resumption add up.

    Attributes:
        seconds: How long it was looked at.
        process_s: Processor time of the client's process, seconds.
        machine_s: Processor time of everything on the machine, seconds over all processors.
        processors: Of the machine.
        process_full_s: Seconds during which the process used at least :data:`FULL_PROCESS`.
        machine_full_s: Seconds during which at least :data:`FULL_MACHINE` of the machine was used.
    """

    seconds: float = 0.0
    process_s: float = 0.0
    machine_s: float = 0.0
    processors: int = 1
    process_full_s: float = 0.0
    machine_full_s: float = 0.0

    @staticmethod
    def between(
        seconds: float, process_s: float, machine_s: float, processors: int
    ) -> ProcessorUse:
        """Return what was used between two moments that lie close together."""
        return ProcessorUse(
            seconds,
            process_s,
            machine_s,
            processors,
            seconds if process_s >= FULL_PROCESS * seconds else 0.0,
            seconds if machine_s >= FULL_MACHINE * seconds * processors else 0.0,
        )

    def plus(self, more: ProcessorUse) -> ProcessorUse:
        """Return both together."""
        return ProcessorUse(
            self.seconds + more.seconds,
            self.process_s + more.process_s,
            self.machine_s + more.machine_s,
            more.processors,
            self.process_full_s + more.process_full_s,
            self.machine_full_s + more.machine_full_s,
        )

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @staticmethod
    def deserialize(stored: Mapping[str, Any]) -> ProcessorUse:
        """Read what :meth:`serialize` wrote; of nothing it is nothing."""
        return ProcessorUse(**stored)

    @staticmethod
    def can_be(stored: Mapping[str, Any]) -> bool:
        """Whether :meth:`deserialize` can read what a file has."""
        known = {each.name for each in fields(ProcessorUse)}
        return stored.keys() <= known and all(
            isinstance(value, int | float) and 0 <= value < math.inf for value in stored.values()
        )

    def told(self) -> Iterator[str]:
        """Say where the client was saturated, so that its times tell of itself, too."""
        whole = f"of {self.seconds:.3g} s"
        if self.process_full_s > _UNTOLD * self.seconds:
            yield (
                f"The client was saturated during {self.process_full_s:.3g} {whole}: its process "
                "used a whole processor, so its times have its own waiting in them."
            )
        if self.machine_full_s > _UNTOLD * self.seconds:
            yield (
                f"The client's machine was saturated during {self.machine_full_s:.3g} {whole}: all "
                f"{self.processors} processors were in use, so times have waiting for one in them."
            )
