"""Invocations that begin when they are to, whether or not those before were answered.

In an open loop the latency runs from the intended sending, so that a generator or a platform that
falls behind does not hide the waiting that it causes: Schroeder, Wierman, Harchol-Balter, *Open
Versus Closed: A Cautionary Tale*, NSDI 2006. How late each invocation really began is kept with it.
"""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from sebs.experiments.daemon_pool import DaemonPool

if TYPE_CHECKING:
    from sebs.faas.result import ExecutionResult

#: Seconds between the moment at which all threads stand ready and the first sending.
_LEAD = 0.005

#: Descriptors that one invocation may need: its connection, and what libcurl waits with.
_DESCRIPTORS_EACH = 4
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Sent:
    """An invocation of an open loop that has ended.

    Attributes:
        place: Which one of them it is, counted from 0.
        intended: When it was to begin, wall clock.
        result: What became of it.
    """

    place: int
    intended: datetime
    result: ExecutionResult

    @property
    def late(self) -> int:
        """How much later than intended it began, µs."""
        begin = self.result.times.client_begin
        return 0 if begin is None else max(0, (begin - self.intended) // _MICROSECOND)


def send(offsets: Sequence[float], invoke: Callable[[], ExecutionResult]) -> Iterator[Sent]:
    """Invoke at all of these moments, each in a thread that waits for it.

    Args:
        offsets: Seconds from the beginning of the loop, each 0 or more.
        invoke: Invokes once; is called from several threads at once, and raises nothing.

    Yields:
        Each as it ends. Where the caller stops early, what has not begun does not begin.
    """
    allow_descriptors(len(offsets) * _DESCRIPTORS_EACH)
    start = _Start(len(offsets))
    with DaemonPool(len(offsets), "sebs-open-loop") as pool:
        try:
            places = enumerate(offsets)
            waiting = [pool.submit(start.send, *each, invoke) for each in places]
            start.give()
            for future in as_completed(waiting):
                if (sent := future.result()) is not None:
                    yield sent
        finally:
            start.stop()


class _Start:
    """Lets threads begin together, and keeps those from beginning that have not.

    Args:
        threads: How many.
    """

    def __init__(self, threads: int) -> None:
        self._ready = threading.Barrier(threads + 1)
        self._given = threading.Event()
        self._stopped = threading.Event()
        self._clock = 0.0
        self._wall = datetime.now(timezone.utc)

    def give(self) -> None:
        """Wait until all threads are there, and let the time begin."""
        self._ready.wait()
        self._clock = time.perf_counter() + _LEAD
        self._wall = datetime.now(timezone.utc) + timedelta(seconds=_LEAD)
        self._given.set()

    def stop(self) -> None:
        """Let no further invocation begin."""
        self._stopped.set()
        self._ready.abort()
        self._given.set()

    def send(self, place: int, offset: float, invoke: Callable[[], ExecutionResult]) -> Sent | None:
        """Invoke when it is time; ``None`` where it was stopped before."""
        try:
            self._ready.wait()
        except threading.BrokenBarrierError:
            return None
        self._given.wait()
        if self._stopped.wait(max(0.0, self._clock + offset - time.perf_counter())):
            return None
        return Sent(place, self._wall + timedelta(seconds=offset), invoke())


def allow_descriptors(needed: int) -> None:
    """Let this process open so many files more than a program usually does, where it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = needed + _USUAL_DESCRIPTORS
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


_USUAL_DESCRIPTORS = 256
