"""Starting a process that is born inside a control group of the unified hierarchy.

Moving a running process between groups waits for all processors, ten milliseconds and more, and
leaves the memory that it already has where it was. Linux 5.7 can clone into a group instead, and
the GNU C library lets ``posix_spawn`` do so since 2.39; Python has no name for that yet.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

# spawn.h of the GNU C library
_SETSIGDEF = 0x04
_SETSID = 0x80
_SETCGROUP = 0x100

#: Room for posix_spawnattr_t and posix_spawn_file_actions_t (336 and 80 bytes on x86-64), and
#: for a sigset_t (128 bytes).
_OPAQUE = 1024


def available() -> bool:
    """Return whether the C library can do it."""
    try:
        return hasattr(ctypes.CDLL(None), "posix_spawnattr_setcgroup_np")
    except (OSError, TypeError):
        return False


def posix_spawn_into(
    group: int,
    command: Sequence[str],
    variables: Mapping[str, str],
    file_actions: Iterable[tuple[Any, ...]],
    setsigdef: Collection[signal.Signals],
) -> int:
    """Do what ``os.posix_spawn`` does with ``setsid``, inside a group.

    Args:
        group: Descriptor of the group's directory.
        command: The program's path and its arguments.
        variables: All of its variables.
        file_actions: As for ``os.posix_spawn``; opening and duplicating only.
        setsigdef: Signals that it finds with their default action.

    Returns:
        Its pid.

    Raises:
        OSError: The group does not take it, or the program cannot be started.
    """
    libc = ctypes.CDLL(None)
    attributes, actions, signals = (ctypes.create_string_buffer(_OPAQUE) for _ in range(3))
    libc.sigemptyset(signals)
    for number in setsigdef:
        libc.sigaddset(signals, int(number))
    _check(libc.posix_spawnattr_init(attributes))
    _check(libc.posix_spawn_file_actions_init(actions))
    try:
        flags = ctypes.c_short(_SETSIGDEF | _SETSID | _SETCGROUP)
        _check(libc.posix_spawnattr_setflags(attributes, flags))
        _check(libc.posix_spawnattr_setsigdefault(attributes, signals))
        _check(libc.posix_spawnattr_setcgroup_np(attributes, group))
        for kind, *rest in file_actions:
            if kind == os.POSIX_SPAWN_OPEN:
                target, path, oflag, mode = rest
                name = os.fsencode(path)
                _check(
                    libc.posix_spawn_file_actions_addopen(
                        actions, target, name, oflag, ctypes.c_uint(mode)
                    )
                )
            else:
                source, target = rest
                _check(libc.posix_spawn_file_actions_adddup2(actions, source, target))
        pid = ctypes.c_int()
        _check(
            libc.posix_spawn(
                ctypes.byref(pid),
                os.fsencode(command[0]),
                actions,
                attributes,
                _strings(command),
                _strings(f"{name}={value}" for name, value in variables.items()),
            ),
            command[0],
        )
    finally:
        libc.posix_spawn_file_actions_destroy(actions)
        libc.posix_spawnattr_destroy(attributes)
    return pid.value


def _strings(values: Iterable[str]) -> ctypes.Array[ctypes.c_char_p]:
    encoded = [os.fsencode(value) for value in values]
    return (ctypes.c_char_p * (len(encoded) + 1))(*encoded, None)


def _check(error: int, *path: str) -> None:
    """Raise what one of these functions returned: they return the error, and set no ``errno``."""
    if error:
        raise OSError(error, os.strerror(error), *path)
