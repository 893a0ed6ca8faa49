"""Where this process's control groups are in the file system.

Formats: ``cgroups(7)`` for ``/proc/self/cgroup``, ``proc(5)`` for ``/proc/self/mountinfo``.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

_ESCAPE = re.compile(r"\\([0-7]{3})")

#: The name under which version 2 is found among the controllers: it has a line without any.
UNIFIED = ""

_TYPES = ("cgroup", "cgroup2")


class Mount(NamedTuple):
    """One mounted hierarchy of control groups."""

    root: str
    point: str
    unified: bool
    options: frozenset[str]


class Place(NamedTuple):
    """The directory of this process's group, and where its hierarchy is mounted."""

    own: Path
    mount: Path


def parse_memberships(text: str) -> dict[str, str]:
    """Return the path of a process's group by controller, from ``/proc/PID/cgroup``."""
    groups = {}
    for line in text.split("\n"):
        number, _, rest = line.partition(":")
        controllers, separator, path = rest.partition(":")
        if separator and number.isdigit():
            groups.update(dict.fromkeys(controllers.split(","), path))
    return groups


def parse_mounts(text: str) -> list[Mount]:
    """Return the mounted hierarchies, in the order of ``/proc/PID/mountinfo``."""
    mounts = []
    for line in text.split("\n"):
        before, separator, after = line.partition(" - ")
        fields, about = before.split(" "), after.split(" ")
        if separator and len(fields) >= 6 and len(about) >= 3 and about[0] in _TYPES:
            options = frozenset(about[2].split(","))
            root, point = _unescape(fields[3]), _unescape(fields[4])
            mounts.append(Mount(root, point, about[0] == "cgroup2", options))
    return mounts


def locate(mounts: list[Mount], groups: dict[str, str], controller: str) -> Place | None:
    """Return where the group for a controller is, or ``None`` where it is not visible.

    Args:
        mounts: The mounted hierarchies.
        groups: The process's groups.
        controller: A controller of version 1, or ``UNIFIED``.
    """
    path = groups.get(controller)
    if path is None or ".." in path.split("/"):
        return None  # not there, or outside of the namespace's root
    for mount in reversed(mounts):  # a later one covers an earlier one
        if mount.unified if controller == UNIFIED else controller in mount.options:
            root = mount.root.rstrip("/")
            if path == mount.root or path.startswith(root + "/"):
                point = Path(mount.point)
                return Place(point / path[len(root) :].lstrip("/"), point)
    return None


def find(proc: Path, controller: str) -> Place | None:
    """Return where a process's group for a controller is, or ``None`` where it has none.

    Args:
        proc: The process's directory, ``/proc/self``.
        controller: A controller of version 1, or ``UNIFIED``.
    """
    try:
        groups = parse_memberships(os.fsdecode((proc / "cgroup").read_bytes()))
        mounts = parse_mounts(os.fsdecode((proc / "mountinfo").read_bytes()))
    except OSError:
        return None  # a kernel without control groups
    return locate(mounts, groups, controller)


def _unescape(text: str) -> str:
    """Undo the octal escapes of space, tab, line break and backslash."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), text)
