"""Locks between processes and threads that the kernel releases when their holder dies.

Built on ``flock(2)`` itself: a waiter sleeps in the kernel and is woken at once, where a library
that polls would wait for its next turn. Lock files stay in place after release: to unlink one that
another process waits for would let two holders in.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sebs.cache.failures import explained

_log = logging.getLogger("sebs.Cache")


@dataclass
class _Held:
    descriptor: int
    depth: int = 1


class Locks:
    """Exclusive locks by name, re-entrant within a thread.

    Args:
        directory: Where the lock files are; made when first needed.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._thread = threading.local()

    def acquire(self, *name: str) -> None:
        """Wait until this thread holds the lock of that name.

        Raises:
            CacheUnavailableError: The lock file cannot be made.
        """
        held = self._held()
        if name in held:
            held[name].depth += 1
            return
        digest = hashlib.sha256("\0".join(name).encode("utf-8", "surrogatepass")).hexdigest()
        with explained(self._directory):
            self._directory.mkdir(parents=True, exist_ok=True)
            held[name] = _Held(_lock_file(self._directory / f"{digest[:32]}.lock", name))

    def release(self, *name: str) -> None:
        """Give the lock back; harmless where this thread does not hold it."""
        held = self._held()
        if name not in held:
            return
        held[name].depth -= 1
        if held[name].depth == 0:
            descriptor = held.pop(name).descriptor
            # A forked child may share the descriptor: closing ours would not release the lock.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)

    @contextmanager
    def hold(self, *name: str) -> Iterator[None]:
        """Hold the lock of that name for the duration of the block."""
        self.acquire(*name)
        try:
            yield
        finally:
            self.release(*name)

    def names_held(self) -> list[tuple[str, ...]]:
        """Return the names of the locks that this thread holds."""
        return list(self._held())

    def _held(self) -> dict[tuple[str, ...], _Held]:
        """Return this thread's locks; a forked child starts with none."""
        if getattr(self._thread, "pid", None) != os.getpid():
            self._thread.pid = os.getpid()
            self._thread.held = {}
        held: dict[tuple[str, ...], _Held] = self._thread.held
        return held


def _busy_with(name: tuple[str, ...]) -> str:
    """Return what whoever holds a lock is at."""
    if name == ("start",):
        return "is starting the local platform"
    if name[0] == "function":
        return f"uses the function {name[-1]} on {name[1]}"
    return "writes to the cache"


def _lock_file(path: Path, name: tuple[str, ...]) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _log.warning("Waiting for another command, which %s.", _busy_with(name))
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
