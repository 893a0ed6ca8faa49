"""The gateway as a process: where it says that it is, starting one, knowing that one is gone."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import sebs
from sebs.errors import GatewayError

#: Seconds that a new gateway may take until it is ready.
READY_WITHIN = 30.0

#: Exit code of a gateway whose directory another one serves.
_ALREADY_RUNNING = 3

#: Bytes of the gateway's log that an error message shows at most.
_EXCERPT = 1000


@dataclass(frozen=True, slots=True)
class Published:
    """What a running gateway publishes in ``HOME/gateway.json``, readable by its owner alone.

    Attributes:
        pid: Its process.
        port: Its port on the loopback address.
        token: What every request must show; never part of ``repr``.
        started: When it was started, in Unix seconds.
        pinned: Whether it stays without leases.
        version: The version of sebs that it belongs to.
    """

    pid: int
    port: int
    token: str = field(repr=False)
    started: float
    pinned: bool
    version: str

    def url(self, path: str) -> str:
        """Return the URL of a path; it holds no secret."""
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def headers(self) -> dict[str, str]:
        """The header that authenticates a request."""
        return {"Authorization": f"Bearer {self.token}"}


def published(home: Path) -> Published | None:
    """Return what the gateway of a directory publishes; ``None`` where none can be running."""
    try:
        state = json.loads((home / "gateway.json").read_bytes())
        found = Published(
            pid=int(state["pid"]),
            port=int(state["port"]),
            token=str(state["token"]),
            started=float(state["started"]),
            pinned=bool(state["pinned"]),
            version=str(state["version"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        # Absent, or not written by a gateway: there is none that could be reached.
        return None
    return None if is_gone(found.pid) else found


def is_gone(pid: int) -> bool:
    """Return whether a process has ended; one that this process started is reaped."""
    try:
        return os.waitpid(pid, os.WNOHANG) != (0, 0)
    except ChildProcessError:
        pass  # started by another process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        # Somebody else's process got the number: the gateway is one of our own.
        return True
    return False


def launch(home: Path) -> bool:
    """Start a gateway that outlives this process, and wait until it is ready.

    Args:
        home: The local platform's directory; it exists.

    Returns:
        Whether it serves; ``False`` where another gateway has the directory, which may be one that
        is just starting or ending.

    Raises:
        GatewayError: It did not start; the last lines of its log are in the message.
    """
    log = home / "gateway.log"
    before = log.stat().st_size if log.exists() else 0
    pid, output = _spawn(home, log)
    try:
        line = _first_line(output, READY_WITHIN)
    finally:
        os.close(output)
    if line.startswith(b"ready "):
        return True
    if line:
        reason = f"it said {line!r}"
    elif (code := _exit_code(pid)) == _ALREADY_RUNNING:
        return False
    else:
        reason = f"it ended with {code}"
    with log.open("rb") as stream:
        stream.seek(before)
        said = stream.read()[-_EXCERPT:].decode("utf-8", "replace").strip()
    raise GatewayError(
        f"The local platform's gateway did not start: {reason}. {said}",
        remedy=f"Its log is {str(log)!r}.",
    )


def _spawn(home: Path, log: Path) -> tuple[int, int]:
    """Start the process in a session of its own; return its pid and its standard output."""
    command = [sys.executable, "-m", "sebs.local.gateway", "--home", str(home)]
    output, theirs = os.pipe()
    try:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        pid = os.posix_spawn(
            command[0],
            command,
            _variables(os.environ),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, theirs, 1),
                (os.POSIX_SPAWN_OPEN, 2, str(log), flags, 0o600),
            ],
            setsid=True,
            setsigdef=[signal.SIGINT, signal.SIGPIPE],
        )
    except OSError as error:
        os.close(output)
        raise GatewayError(f"The local platform's gateway cannot be started: {error}.") from error
    finally:
        os.close(theirs)
    return pid, output


def _variables(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return variables under which the gateway imports this very sebs, and nothing by accident.

    The working directory must not be on its path: a benchmark's may hold a ``queue.py``.
    """
    root = str(Path(sebs.__file__).parents[1])
    paths = [root, *filter(None, inherited.get("PYTHONPATH", "").split(os.pathsep))]
    return {**inherited, "PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}


def _first_line(descriptor: int, seconds: float) -> bytes:
    """Return the first line, or what there is of it at the end of the output or of the time."""
    deadline = time.monotonic() + seconds
    line = b""
    while not line.endswith(b"\n"):
        readable, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        chunk = os.read(descriptor, 4096) if readable else b""
        if not chunk:
            break
        line += chunk
    return line


def _exit_code(pid: int) -> int:
    """End a process that did not become ready, and return its exit code."""
    deadline = time.monotonic() + 1.0
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)
