"""Watches what the processors do while a run is measured."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sebs.results.processor_use import ProcessorUse

if TYPE_CHECKING:
    from sebs.results.run import Run

#: Seconds from one look to the next: a burst that saturates shows, looking costs nothing.
_EVERY = 0.25

#: What is shorter than this cannot be told from the kernel's own ticks.
_SHORTEST = 0.1


@contextmanager
def watched(run: Run) -> Iterator[None]:
    """Keep with the run what the processors do within the block, however that ends."""
    watch = _Watch()
    try:
        yield
    finally:
        run.note_processors(watch.end())


class _Watch:
    def __init__(self) -> None:
        self._use = ProcessorUse()
        self._ended = threading.Event()
        # Already here, so that no import falls into the first invocations.
        self._before = _moment()
        self._thread = threading.Thread(target=self._look, name="sebs-processors", daemon=True)
        self._thread.start()

    def end(self) -> ProcessorUse:
        self._ended.set()
        self._thread.join()
        return self._use

    def _look(self) -> None:
        before, ended = self._before, False
        while not ended:
            ended = self._ended.wait(_EVERY)
            now = _moment()
            seconds, process, machine = (new - old for new, old in zip(now, before, strict=True))
            if seconds >= _SHORTEST:
                self._use = self._use.plus(
                    ProcessorUse.between(seconds, process, machine, _processors())
                )
                before = now


def _moment() -> tuple[float, float, float]:
    """Return the time, and what the process and all of the machine used until now, seconds."""
    import psutil

    times = psutil.cpu_times()
    # Of a virtual machine others may have a part: to whom it is lost, it is not free.
    waiting = times.idle + getattr(times, "iowait", 0.0)
    # Linux counts guests among the users' time already.
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return time.perf_counter(), time.process_time(), sum(times) - waiting - guests


def _processors() -> int:
    return os.cpu_count() or 1
