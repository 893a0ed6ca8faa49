"""Control groups that limit the memory of one environment each.

An environment's processes are born in their group. To move a running process there would wait
for all processors, ten milliseconds and more, and would leave the memory that it already has
accounted to where it came from.

Formats: the kernel's ``admin-guide/cgroup-v2`` and ``admin-guide/cgroup-v1/memory``.
"""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sebs.local.gateway import processes
from sebs.local.gateway.spawn import DEFAULT_SIGNALS, FileActions, start_session
from sebs.local.gateway.spawn_into import posix_spawn_into


class Group(ABC):
    """One group with a limit.

    Args:
        path: Its directory, which is made.
        memory: Its limit in MiB, which swap cannot extend.

    Raises:
        OSError: It cannot be made or limited.
    """

    def __init__(self, path: Path, memory: int) -> None:
        self.path = path
        path.mkdir()
        try:
            self._limit(memory << 20)
        except OSError:
            path.rmdir()
            raise

    @abstractmethod
    def _limit(self, size: int) -> None: ...

    @abstractmethod
    def start(self, command: list[str], variables: Mapping[str, str], files: FileActions) -> int:
        """Start a process in it, which leads a session; return its pid."""

    @abstractmethod
    def struck(self) -> bool:
        """Return whether the limit cost any of its processes their life.

        One that ended because a group around this one, or the machine, was out of memory does not
        count.
        """

    @abstractmethod
    def maimed(self) -> bool:
        """Return whether the limit cost some of its processes their life and spared others."""

    @abstractmethod
    def peak_kib(self) -> int:
        """Return the most memory it had, in KiB; 0 where the kernel does not tell."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is open; the directory stays."""


class UnifiedGroup(Group):
    """A group of version 2: the kernel ends all of its processes together."""

    def _limit(self, size: int) -> None:
        write(self.path / "memory.max", str(size))
        write(self.path / "memory.oom.group", "1")
        with suppress(FileNotFoundError):  # a kernel without swap
            write(self.path / "memory.swap.max", "0")

    def start(self, command: list[str], variables: Mapping[str, str], files: FileActions) -> int:
        """Start a process in it: it is cloned into the group."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return posix_spawn_into(descriptor, command, variables, files, DEFAULT_SIGNALS)
        finally:
            os.close(descriptor)

    def struck(self) -> bool:
        """Return whether the limit ended it; an outer limit does not count as ``oom``."""
        events = read(self.path / "memory.events")
        return counter(events, "oom") > 0 and counter(events, "oom_kill") > 0

    def maimed(self) -> bool:
        """Return that it never happens."""
        return False

    def peak_kib(self) -> int:
        """Return the most memory it had, in KiB; 0 before Linux 5.19."""
        return int(read(self.path / "memory.peak") or "0") >> 10

    def close(self) -> None:
        """Nothing is open."""


class LegacyGroup(Group):
    """A group of version 1: the kernel ends one of its processes at a time, the largest first."""

    def __init__(self, path: Path, memory: int) -> None:
        super().__init__(path, memory)
        self._memory = memory
        # Read after every invocation, so it stays open.
        self._control = os.open(path / "memory.oom_control", os.O_RDONLY)

    def _limit(self, size: int) -> None:
        write(self.path / "memory.limit_in_bytes", str(size))
        with suppress(FileNotFoundError):  # a kernel without accounting of swap
            write(self.path / "memory.memsw.limit_in_bytes", str(size))

    def start(self, command: list[str], variables: Mapping[str, str], files: FileActions) -> int:
        """Start a process in it: a child is born where the thread is that makes it.

        A thread that moves itself waits for nobody, other than one that moves a process.
        """
        # The way home is open before the way out is taken.
        home = os.open(self.path.parent.parent / "tasks", os.O_WRONLY)
        try:
            write(self.path / "tasks", "0")
            try:
                return start_session(command, variables, files)
            finally:
                os.write(home, b"0")
        finally:
            os.close(home)

    def struck(self) -> bool:
        """Return whether the limit was the cause of an end.

        The kernel counts all of them: an outer limit's strikes where there is room below this one.
        """
        return self._kills() > 0 and self.peak_kib() >= self._memory - 1 << 10

    def maimed(self) -> bool:
        """Return whether a process was ended: the others went on."""
        return self.struck()

    def peak_kib(self) -> int:
        """Return the most memory it had, in KiB."""
        return int(read(self.path / "memory.max_usage_in_bytes") or "0") >> 10

    def close(self) -> None:
        """Close what is read after every invocation."""
        os.close(self._control)

    def _kills(self) -> int:
        try:
            return counter(os.pread(self._control, 4096, 0).decode(), "oom_kill")
        except OSError:
            return 0  # somebody removed the group


def end(path: Path) -> bool:
    """Kill whatever a group and those below it hold, and remove them.

    Returns:
        Whether it is gone; killed processes take a moment to leave it.
    """
    for below in path.glob("*/"):
        end(below)
    try:
        write(path / "cgroup.kill", "1")
    except OSError:  # version 1, or before Linux 5.14
        _kill_each(path)
    try:
        path.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def end_and_wait(path: Path, patience: float) -> bool:
    """Do the same, and give the processes up to ``patience`` seconds to leave."""
    deadline = time.monotonic() + patience
    while not end(path):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def _kill_each(path: Path) -> None:
    killed: set[int] = set()
    # What is killed cannot fork any more, so this ends.
    while found := {int(pid) for pid in read(path / "cgroup.procs").split()} - killed:
        for pid in found - {os.getpid()}:
            processes.kill(pid)
        killed |= found


def read(path: Path) -> str:
    """Return what a file of a group says; nothing where the kernel has no such file."""
    try:
        return path.read_text()
    except OSError:
        return ""


def write(path: Path, value: str) -> None:
    """Write a value in one call, as these files want it; never make the file."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, value.encode())
    finally:
        os.close(descriptor)


def counter(text: str, name: str) -> int:
    """Return a number of a file of lines of name and number; 0 where it has no such name."""
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0
