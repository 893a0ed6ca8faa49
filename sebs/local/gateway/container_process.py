"""What runs in a container, as this machine's kernel shows it.

Killing it, noticing its end and reading what its memory was need no detour over the engine.
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import NamedTuple

from sebs.local.gateway import cgroup_paths, processes
from sebs.local.gateway.cgroups import counter, read

#: By how much the kernel's peak may be below the limit when that strikes: it charges in batches.
_BATCH = 1 << 20


class ContainerProcess:
    """A container's first process, with whose end all others of the container end.

    Args:
        pid: Its number.
        container: The container's id; a process of another one is refused, for numbers come again.

    Raises:
        ProcessLookupError: It has ended.
        OSError: This machine has no such process, so the engine is on another one.
    """

    def __init__(self, pid: int, container: str) -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)
        # Read when the number is held: what is read is of the process that is held.
        groups = cgroup_paths.parse_memberships(read(Path(f"/proc/{pid}/cgroup")))
        if not any(container in path for path in groups.values()):
            os.close(self._descriptor)
            raise OSError("its process is none of this machine's: the engine is on another one")
        self._accounts = _accounts(groups)
        self._final: _Strike | None = None

    def memory_kib(self) -> int:
        """Return the resident memory of the container's processes now."""
        return processes.tree_memory(self.pid)

    def strike(self, limit: int) -> _Strike:
        """Return what became of the limit of ``limit`` bytes; of an ended one, at its end."""
        return self._final or self._accounts.strike(limit)

    def kill(self) -> None:
        """Kill it, and with it all others of the container.

        Raises:
            OSError: That is not permitted.
        """
        if self._final is None:
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    async def gone(self, limit: int) -> None:
        """Wait until it has ended, and keep what the kernel then says of its memory."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        loop.add_reader(self._descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._descriptor)
            # At once: the engine removes the group in a moment.
            self._final = self._accounts.strike(limit)
            os.close(self._descriptor)


class _Strike(NamedTuple):
    """Whether the limit cost any process its life, and the most memory there was, in KiB."""

    struck: bool
    peak_kib: int


class _Accounts(NamedTuple):
    """What the kernel counts of a container's memory: in which files of which group."""

    events: Path
    peak: Path

    def strike(self, limit: int) -> _Strike:
        peak = int(read(self.peak) or "0")
        # The limit of a group around this one strikes where there is room below this one's; where
        # the kernel does not tell the peak, this one's is the likely one.
        near = peak == 0 or peak >= limit - _BATCH
        return _Strike(near and counter(read(self.events), "oom_kill") > 0, peak >> 10)


def _accounts(groups: dict[str, str]) -> _Accounts:
    mounts = cgroup_paths.parse_mounts(read(Path("/proc/self/mountinfo")))
    legacy = cgroup_paths.locate(mounts, groups, "memory")
    if legacy is not None:
        group = legacy.own
        return _Accounts(group / "memory.oom_control", group / "memory.max_usage_in_bytes")
    unified = cgroup_paths.locate(mounts, groups, cgroup_paths.UNIFIED)
    group = unified.own if unified is not None else Path("/nonexistent")
    return _Accounts(group / "memory.events", group / "memory.peak")
