"""Processes as Linux shows them: who is whose child, what they use, and how all of them end."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Collection, Iterator
from contextlib import suppress

_PR_CAPBSET_DROP = 24  # linux/prctl.h
_PR_SET_CHILD_SUBREAPER = 36
_CAP_DAC_OVERRIDE = 1  # linux/capability.h
_PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024

#: By how much the kernel's counts of a process's pages may differ: they are kept by processor.
_INEXACT_KIB = 1024

#: The variable by which a process is known to belong to an environment, whatever its session.
ENVIRONMENT_VARIABLE = "SEBS_ENVIRONMENT_ID"


def become_subreaper() -> bool:
    """Adopt the orphans of all descendants, so that none can escape; false where not Linux."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def hold_children_to_permissions() -> bool:
    """Let no program that is started from now on write where the permissions forbid it.

    This concerns root alone, whom they do not bind by themselves. The capability leaves the
    bounding set (``capabilities(7)``): this process keeps it, what it starts does not have it and
    cannot get it back, and no start takes longer.

    Returns:
        Whether the permissions hold: always for others than root, if this is Linux and allowed.
    """
    return _prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE) or os.geteuid() != 0


def start_time(pid: int) -> int | None:
    """Return when a process started, in clock ticks after boot; ``None`` if it is gone.

    With the pid this identifies a process for as long as the machine runs.
    """
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def kill_group(pid: int) -> None:
    """Kill the process group that a session's leader started with."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def kill(pid: int) -> None:
    """Kill one process if it still exists."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def children(pid: int) -> Iterator[int]:
    """Yield the direct children of a process, those of all its threads."""
    for thread in _listing(f"/proc/{pid}/task"):
        with suppress(OSError), open(f"/proc/{pid}/task/{thread}/children", "rb") as stream:
            yield from map(int, stream.read().split())


def tree_memory(pid: int) -> int:
    """Return the resident memory, in KiB, of a process and of all its descendants.

    Pages that a parent and its forked child share count for both, as in the sum of ``ps``.
    """
    total = 0
    waiting = [pid]
    while waiting:
        current = waiting.pop()
        with suppress(OSError), open(f"/proc/{current}/statm", "rb", buffering=0) as stream:
            total += int(stream.read(256).split()[1]) * _PAGE_KIB
            waiting.extend(children(current))
    return total


def peak_at_end(maxrss: int) -> int:
    """Return the most resident memory, in KiB, of an ended child or one of its own; 0 if unknown.

    ``ru_maxrss`` also counts what a process had before it became another program, and a child that
    is spawned starts as its parent. So the figure is the child's own only if it exceeds all that
    this process ever had; else it is no more than an upper bound.

    Args:
        maxrss: The child's ``ru_maxrss``, which Linux gives in KiB.
    """
    return maxrss if maxrss > _own_peak() + _INEXACT_KIB else 0


def kill_orphans(adopter: int, environments: Collection[int], living: Collection[str]) -> None:
    """Kill each adopted process whose environment no longer lives.

    A process that left its session and its parents behind (a daemon) becomes a child of the
    adopter. It belongs to the environment whose session it is in, or that its own variables
    name; one that hides both belongs to none and ends as well.

    Args:
        adopter: The process that adopts orphans.
        environments: Pids of the environments that live; each leads its own session.
        living: Their ids.
    """
    for pid in children(adopter):
        if pid in environments:
            continue
        fields = _stat(pid)
        if not fields or int(fields[3]) in environments or environment_of(pid) in living:
            continue
        kill(pid)


def members(environment_ids: Collection[str]) -> Iterator[int]:
    """Yield every process of this machine that belongs to one of these environments."""
    for name in _listing("/proc"):
        if name.isdigit() and environment_of(int(name)) in environment_ids:
            yield int(name)


def environment_of(pid: int) -> str | None:
    """Return the id of the environment that a process was started in, if any."""
    marker = f"{ENVIRONMENT_VARIABLE}=".encode()
    with suppress(OSError), open(f"/proc/{pid}/environ", "rb") as stream:
        for variable in stream.read().split(b"\0"):
            if variable.startswith(marker):
                return variable[len(marker) :].decode("ascii", "replace")
    return None


def _own_peak() -> int:
    """Return the most resident memory, in KiB, of this process since it became this program."""
    with open("/proc/self/status", "rb", buffering=0) as stream:
        return int(stream.read(4096).partition(b"VmHWM:")[2].split(None, 1)[0])


def _prctl(option: int, argument: int) -> bool:
    """Set something for this process; false where that is not allowed or not known."""
    try:
        prctl = ctypes.CDLL(None).prctl
    except AttributeError:
        return False
    return bool(prctl(option, argument, 0, 0, 0) == 0)


def _stat(pid: int) -> list[bytes]:
    """Return the fields of ``/proc/PID/stat`` from the state on; none if the process is gone."""
    with suppress(OSError), open(f"/proc/{pid}/stat", "rb", buffering=0) as stream:
        return stream.read(4096).rpartition(b")")[2].split()
    return []


def _listing(path: str) -> list[str]:
    with suppress(OSError):
        return os.listdir(path)
    return []
