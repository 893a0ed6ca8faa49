"""What an execution environment runs in, whatever that is made of.

A sandbox launches a worker in a cell of its own; the environment talks to the worker over the
channel that it is given, and is told when the cell is gone.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from sebs.local.gateway.functions import Definition


class Order(NamedTuple):
    """What is to be launched.

    Attributes:
        environment_id: The environment's id.
        definition: The version of the function that it serves.
        package: The directory of the unpacked package.
        temporary: The environment's own directory; removed by the environment when it is gone.
        log: Descriptor of the function's log.
        services: Variables with which it reaches the platform's data services.
        started_ns: The present of the monotonic clock, which is one for all processes.
    """

    environment_id: str
    definition: Definition
    package: Path
    temporary: Path
    log: int
    services: Mapping[str, str]
    started_ns: int


class End(NamedTuple):
    """How a cell came to its end.

    Attributes:
        reason: What ended it, as a sentence; of no use where the gateway did.
        peak_kib: The most memory that its worker certainly had; 0 where unknown.
        bound_kib: What it had at most; 0 where unknown.
    """

    reason: str
    peak_kib: int = 0
    bound_kib: int = 0


class Tenant(Protocol):
    """Whoever lives in a cell."""

    def connected(self, channel: socket.socket) -> None:
        """Talk to the worker over this socket, which does not block, from now on."""
        ...

    def ended(self, end: End) -> None:
        """Nothing of what ran in the cell is left."""
        ...


class Cell(Protocol):
    """Where one environment runs."""

    @property
    def pid(self) -> int:
        """Its first process as this machine knows it; 0 until there is one."""
        ...

    def memory_kib(self) -> int:
        """Return the resident memory of its processes now."""
        ...

    def peak_kib(self) -> int:
        """Return the most memory it had, as the kernel counts it; 0 where unknown."""
        ...

    def struck(self) -> bool:
        """Return whether the memory limit cost any of its processes their life."""
        ...

    def maimed(self) -> bool:
        """Return whether the limit cost some of its processes their life and spared others."""
        ...

    def abandon(self) -> None:
        """See to it that it ends, as its worker has ended or is of no use any more."""
        ...

    def kill(self) -> None:
        """End all that runs in it; its tenant hears of the end."""
        ...


class Sandbox(Protocol):
    """Makes cells of one kind."""

    def launch(self, tenant: Tenant, order: Order) -> Cell:
        """Start a worker.

        Raises:
            OSError: It cannot be started; the tenant hears nothing of it.
        """
        ...

    async def close(self) -> None:
        """End and remove whatever is left."""
        ...
