"""Watches when a run is measured, and what the processors do meanwhile."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sebs.results.processor_use import ProcessorUse

if TYPE_CHECKING:
    from sebs.results.run import Run

_log = logging.getLogger("sebs.watching")

#: Seconds from one look to the next: a burst that saturates shows, looking costs nothing.
_EVERY = 0.25

#: What is shorter than this cannot be told from the kernel's own ticks.
_SHORTEST = 0.1

#: Seconds from one note to the next: a run that is killed has lost no more than that of it.
_NOTED_EVERY = 5.0


@contextmanager
def watched(run: Run) -> Iterator[None]:
    """Keep with the run when the block runs, and what the processors do, however it ends."""
    watch = _Watch(run)
    try:
        yield
    finally:
        watch.end()


class _Watch:
    def __init__(self, run: Run) -> None:
        self._run = run
        self._manifest = run.manifest
        self._use = ProcessorUse()
        self._begun = time.time()
        self._ended = threading.Event()
        self._note()
        # Already here, so that no import falls into the first invocations.
        self._before = _moment()
        self._thread = threading.Thread(target=self._look, name="sebs-processors", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()
        self._note()

    def _look(self) -> None:
        before, ended, noted = self._before, False, time.monotonic()
        while not ended:
            ended = self._ended.wait(_EVERY)
            now = _moment()
            seconds, process, machine = (new - old for new, old in zip(now, before, strict=True))
            if seconds >= _SHORTEST:
                self._use = self._use.plus(
                    ProcessorUse.between(seconds, process, machine, _processors())
                )
                before = now
            if not ended and time.monotonic() - noted >= _NOTED_EVERY:
                noted = time.monotonic()
                try:
                    self._note()
                except OSError as error:
                    # Where nothing can be written, the journal's own error ends the run.
                    _log.warning("How it goes could not be noted: %s.", error)

    def _note(self) -> None:
        # Of the computer's clock, which may be set back.
        now = max(self._begun, time.time())
        self._run.note_session(self._manifest, self._begun, now, self._use)


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
