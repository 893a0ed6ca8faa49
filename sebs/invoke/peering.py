"""Starting what a benchmark exchanges messages with while it is invoked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark
    from sebs.faas.system import System


@contextmanager
def peer_event(benchmark: Benchmark, system: System, given: str | None) -> Iterator[dict[str, Any]]:
    """Run the peer that a benchmark's ``config.json`` asks for, if it does, within the block.

    Args:
        benchmark: The benchmark.
        system: The platform that it is invoked on.
        given: Where functions reach this machine, ``HOST`` or ``HOST:PORT``; ``None`` leaves it to
            the platform's configuration.

    Yields:
        What the event must have for the function to find the peer; nothing where there is none.

    Raises:
        UsageError: It is not known where functions reach this machine, or the peer cannot listen.
    """
    kind = benchmark.benchmark_config.peer
    if kind is None:
        yield {}
        return
    from sebs.benchmark.peers import KINDS

    with KINDS[kind](*peer_place(system, given)) as peer:
        yield peer.event


def peer_place(system: System, given: str | None) -> tuple[str, int]:
    """Return where a peer is to listen for a platform's functions: host, and port or 0.

    Raises:
        UsageError: It is not known where functions reach this machine.
    """
    from sebs.benchmark.peers import parse_place

    if given is None:
        return system.config.client_address(), 0
    return parse_place(given)
