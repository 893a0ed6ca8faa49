"""Starting a worker process: its program, its variables, its descriptors."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from sebs.local.gateway.functions import Definition
from sebs.local.gateway.processes import ENVIRONMENT_VARIABLE
from sebs.local.gateway.sandbox import Order

#: The directory with the workers.
WORKERS = Path(__file__).resolve().parent.parent / "workers"

_PATH = "/usr/local/bin:/usr/bin:/bin"

#: The worker's descriptor of the socket to the gateway.
_CHANNEL = 3

#: What Python ignores for itself, a new program must not find ignored.
DEFAULT_SIGNALS = (signal.SIGPIPE, signal.SIGXFSZ)

#: What ``os.posix_spawn`` does with descriptors: opening and duplicating.
FileActions: TypeAlias = "list[tuple[Any, ...]]"

#: Starts a program with its variables and descriptors, in a session of its own; returns its pid.
Start: TypeAlias = Callable[[list[str], Mapping[str, str], FileActions], int]


def worker_command(definition: Definition, workers: str = str(WORKERS)) -> list[str]:
    """Return the worker's program and its arguments.

    Python runs isolated (``-I``: no variable and no user directory changes it), without the
    host's packages (``-S``), and writes no bytecode (``-B``: as on the platforms, where the
    package is read-only, every cold start pays the same). Node.js is told the memory limit, for
    its collector would otherwise let the heap grow past it.

    Args:
        definition: The version of the function.
        workers: The directory with the workers, as the worker will see it.
    """
    if definition.language == "python":
        return [definition.executable, "-I", "-S", "-B", f"{workers}/python_worker.py"]
    heap = f"--max-old-space-size={definition.memory}"
    return [definition.executable, heap, f"{workers}/node_worker.js"]


def worker_variables(order: Order, package: str, temporary: str) -> dict[str, str]:
    """Return the worker's variables: nothing of the gateway's own, and the function's.

    What the worker itself is told with wins over a function's variable of the same name.

    Args:
        order: What is launched.
        package: The directory of the unpacked package, as the worker will see it.
        temporary: A directory of its own to write to, likewise.
    """
    definition = order.definition
    return {
        "PATH": _PATH,
        "HOME": temporary,
        "TMPDIR": temporary,
        "LANG": "C.UTF-8",
        **definition.environment,
        **order.services,
        ENVIRONMENT_VARIABLE: order.environment_id,
        "SEBS_FUNCTION": definition.name,
        "SEBS_MEMORY": str(definition.memory),
        "SEBS_TIMEOUT": f"{definition.timeout:g}",
        "SEBS_HANDLER": definition.handler,
        "SEBS_PACKAGE": package,
        "SEBS_CONCURRENCY": str(definition.scaling.concurrency),
        "SEBS_MAX_RESPONSE": str(definition.scaling.max_response),
        "SEBS_STARTED_NS": str(order.started_ns),
    }


def start_session(command: list[str], variables: Mapping[str, str], files: FileActions) -> int:
    """Start a program in a session of its own, where the gateway is; return its pid."""
    return os.posix_spawn(
        command[0],
        command,
        variables,
        file_actions=files,
        setsid=True,
        setsigdef=DEFAULT_SIGNALS,
    )


def spawn(
    command: list[str], variables: dict[str, str], log: int, start: Start = start_session
) -> tuple[int, socket.socket]:
    """Start a worker in a session of its own.

    ``posix_spawn`` does not copy the gateway's memory map, whatever its size. Every descriptor
    that Python opens is closed on exec, so the worker has 0 to 3 and no other.

    Args:
        command: Program and arguments.
        variables: All of the worker's variables.
        log: Descriptor that its standard output and error become.
        start: How it is started.

    Returns:
        Its pid, and the gateway's end of the channel, which does not block.

    Raises:
        OSError: The program cannot be started.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        try:
            pid = start(
                command,
                variables,
                [
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, log, 1),
                    (os.POSIX_SPAWN_DUP2, log, 2),
                    (os.POSIX_SPAWN_DUP2, theirs.fileno(), _CHANNEL),
                ],
            )
        except OSError:
            ours.close()
            raise
    return pid, ours
