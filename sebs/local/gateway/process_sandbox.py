"""Environments as processes of this machine: each leads a session, inside the fence."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

from sebs.local.gateway import processes
from sebs.local.gateway.fence import Enclosure, Fence
from sebs.local.gateway.sandbox import End, Order, Tenant
from sebs.local.gateway.spawn import spawn, worker_command, worker_variables

_RECORDS = "environments"


class ProcessCell:
    """One worker, and whatever it starts.

    Args:
        pid: The worker.
        enclosure: What its processes were started in.
        tenant: Who lives in it.
        environment_id: The environment's id.
    """

    def __init__(self, pid: int, enclosure: Enclosure, tenant: Tenant, environment_id: str) -> None:
        self.pid = pid
        self.tenant = tenant
        self.environment_id = environment_id
        self.struck = enclosure.struck
        self.maimed = enclosure.maimed
        self.peak_kib = enclosure.peak_kib

    def memory_kib(self) -> int:
        """Return the resident memory of the worker and of all that it started."""
        return processes.tree_memory(self.pid)

    def abandon(self) -> None:
        """Kill what is left at once: a worker that has ended has its exit code already."""
        self.kill()

    def kill(self) -> None:
        """Kill the session's processes."""
        processes.kill_group(self.pid)


class ProcessSandbox:
    """Starts workers as children of the gateway.

    Args:
        home: The local platform's directory, which records them.
        fence: Encloses them; closed with the sandbox.
    """

    def __init__(self, home: Path, fence: Fence) -> None:
        self._home = home
        self._fence = fence
        #: How memory is limited.
        self.memory_limit = fence.kind
        self._cells: dict[int, ProcessCell] = {}

    def launch(self, tenant: Tenant, order: Order) -> ProcessCell:
        """Start a worker; it runs, and its tenant is connected, when this returns."""
        enclosure = self._fence.enclose(order.environment_id, order.definition.memory)
        try:
            home = str(order.temporary)
            variables = worker_variables(order, str(order.package), home)
            command = worker_command(order.definition)
            pid, channel = spawn(command, variables, order.log, enclosure.start)
        except OSError:
            self._fence.release(order.environment_id)
            raise
        identity = {"pid": pid, "start_time": processes.start_time(pid)}
        try:
            self._record(order.environment_id).write_text(json.dumps(identity))
        except OSError:
            # Unrecorded it could outlive a killed gateway.
            processes.kill_group(pid)
            channel.close()
            self._fence.release(order.environment_id)
            raise
        cell = self._cells[pid] = ProcessCell(pid, enclosure, tenant, order.environment_id)
        tenant.connected(channel)
        return cell

    def reap(self) -> None:
        """Take note of every process that ended, and kill the orphans of dead environments."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            cell = self._cells.pop(pid, None)
            if cell is not None:
                self._ended(cell, status, usage.ru_maxrss)
        living = {cell.environment_id for cell in self._cells.values()}
        processes.kill_orphans(os.getpid(), self._cells, living)
        self._fence.tidy()

    async def close(self) -> None:
        """End and remove whatever the fence still holds."""
        self._fence.close()

    def _ended(self, cell: ProcessCell, status: int, maxrss: int) -> None:
        processes.kill_group(cell.pid)
        self._record(cell.environment_id).unlink(missing_ok=True)
        # In KiB, and no more than an upper bound of what it used.
        cell.tenant.ended(End(_describe(status), processes.peak_at_end(maxrss), maxrss))
        self._fence.release(cell.environment_id)

    def _record(self, environment_id: str) -> Path:
        return self._home / _RECORDS / f"{environment_id}.json"


def _describe(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"The environment ended with exit code {code}."
    return f"The environment was ended by signal {-code}."


def sweep(home: Path) -> int:
    """Remove what a killed predecessor left: its environments and their directories.

    A recorded process is killed only if it started when the record says, for pids come again.

    Returns:
        How many environments it had.
    """
    left = list((home / _RECORDS).glob("*.json"))
    for record in left:
        with suppress(OSError, ValueError, KeyError):
            identity = json.loads(record.read_bytes())
            if processes.start_time(identity["pid"]) == identity["start_time"]:
                processes.kill_group(identity["pid"])
    if left:
        for pid in processes.members({record.stem for record in left}):
            processes.kill(pid)
    for record in left:
        record.unlink(missing_ok=True)
    for directory in (home / "tmp").iterdir():
        shutil.rmtree(directory, ignore_errors=True)
    return len(left)
