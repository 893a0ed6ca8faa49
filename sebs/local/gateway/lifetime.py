"""How long the gateway lives: one at a time in a directory, as long as somebody needs it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from sebs import __version__
from sebs.local.gateway.pin import is_pinned, pin
from sebs.utils import write_atomically

#: Seconds that the first lease may take to come after the start.
GRACE = 10.0

#: Seconds after the end of the last lease, for a client that reconnects.
LINGER = 0.2


class AlreadyRunning(Exception):  # noqa: N818 - a state that the caller reports, not a fault
    """Another gateway serves this directory."""


def lock_home(home: Path) -> int:
    """Take the directory for this process, until it ends however it ends.

    Returns:
        The descriptor that holds the lock.

    Raises:
        AlreadyRunning: Another process has it.
    """
    descriptor = os.open(home / "gateway.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise AlreadyRunning(f"Another gateway serves {home}.") from None
    return descriptor


class Lifetime:
    """Counts leases, keeps the pin, and says when the gateway ends.

    Args:
        home: The local platform's directory, in which clients find port and token.
        port: The gateway's port.
        token: What a request must show.
        stop: Called once, when the gateway has to end.
    """

    def __init__(self, home: Path, port: int, token: str, stop: Callable[[], None]) -> None:
        self.leases = 0
        self.pinned = is_pinned(home)
        self.started = time.time()
        self._home = home
        self._state = home / "gateway.json"
        self._port = port
        self._token = token
        self._stop = stop
        self._loop = asyncio.get_running_loop()

    def begin(self) -> None:
        """Publish the gateway and wait for the first lease."""
        self._publish()
        self._loop.call_later(GRACE, self._end_if_unused)

    def acquire(self) -> None:
        """Count one more lease."""
        self.leases += 1

    def release(self) -> None:
        """Count one lease less; without any the gateway ends in a moment."""
        self.leases -= 1
        self._loop.call_later(LINGER, self._end_if_unused)

    def pin(self, pinned: bool) -> None:
        """Keep the gateway, and those that follow it, without leases; or no longer.

        Raises:
            OSError: The wish cannot be kept in the directory.
        """
        pin(self._home, pinned)
        self.pinned = pinned
        self._publish()
        self._loop.call_later(LINGER, self._end_if_unused)

    def withdraw(self) -> None:
        """Remove the published state."""
        self._state.unlink(missing_ok=True)

    def _end_if_unused(self) -> None:
        if self.leases == 0 and not self.pinned:
            self._stop()

    def _publish(self) -> None:
        state = {
            "pid": os.getpid(),
            "port": self._port,
            "token": self._token,
            "started": self.started,
            "pinned": self.pinned,
            "version": __version__,
        }
        write_atomically(self._state, json.dumps(state).encode(), mode=0o600)
