"""What a container's user may use of the files that are mounted for it.

A gateway of root runs functions as another user, whom only the group of root lets to anything; so
what such a function needs is opened to the group. All of it lies below the platform's directory,
which nobody but its owner enters, and a container sees no more of that than what is mounted. For
any other user functions run as that very user, and everything stays as it is.
"""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from sebs.local.gateway.sandbox import Order

_ENTER = 0o750
_WRITE = 0o770
_APPEND = 0o660


def share_order(order: Order) -> None:
    """Let a container's user enter the environment's directory, and append to the function's log.

    Raises:
        OSError: Its permissions cannot be changed.
    """
    _open(order.temporary, _ENTER)
    _open(order.log, _APPEND)


def share_storage(directory: Path) -> None:
    """Let the containers' user read and write the buckets; their directory is made if need be.

    Whoever makes something there gives it the permissions of that directory, so this is done once:
    the directory comes last.

    Raises:
        OSError: It cannot be made, or permissions cannot be changed.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.geteuid() != 0 or directory.stat().st_mode & _WRITE == _WRITE:
        return
    for parent, _, names in os.walk(directory, topdown=False):
        for path in [*(Path(parent, name) for name in names), Path(parent)]:
            mode = path.lstat().st_mode
            if not stat.S_ISLNK(mode):
                path.chmod(stat.S_IMODE(mode) | (mode & stat.S_IRWXU) >> 3)


def listen(directory: Path, name: str) -> socket.socket:
    """Return a socket that listens in a directory, which containers' users can connect to.

    Raises:
        OSError: It cannot be made.
    """
    directory.mkdir(mode=0o700, exist_ok=True)
    _open(directory, _ENTER)
    with suppress(FileNotFoundError):
        (directory / name).unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.setblocking(False)
        # By way of the directory's descriptor: a socket's whole path has 107 bytes at most.
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            listener.bind(f"/proc/self/fd/{descriptor}/{name}")
        finally:
            os.close(descriptor)
        _open(directory / name, _WRITE)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _open(path: Path | int, mode: int) -> None:
    if os.geteuid() == 0:
        os.chmod(path, mode)
