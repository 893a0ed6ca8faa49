"""What limits the memory of environments beyond the watch: control groups where permitted.

All groups of a gateway are below one directory, its tree, which its home records: what a killed
gateway left there is ended by the next one, wherever that one's own group is.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from sebs.local.gateway import cgroup_paths, spawn_into
from sebs.local.gateway.cgroups import (
    Group,
    LegacyGroup,
    UnifiedGroup,
    end,
    end_and_wait,
    read,
    write,
)
from sebs.local.gateway.spawn import FileActions, start_session

#: Seconds that killed processes may take to leave a tree.
_PATIENCE = 2.0

_TRIAL_MIB = 16


class Enclosure(Protocol):
    """What holds the processes of one environment; see :class:`Group`."""

    def start(self, command: list[str], variables: Mapping[str, str], files: FileActions) -> int:
        """Start a process in it, which leads a session; return its pid."""
        ...

    def struck(self) -> bool:
        """Return whether the limit cost any of its processes their life."""
        ...

    def maimed(self) -> bool:
        """Return whether the limit cost some of its processes their life and spared others."""
        ...

    def peak_kib(self) -> int:
        """Return the most memory it had, in KiB; 0 where unknown."""
        ...


class Fence(Protocol):
    """Encloses the environments of a gateway."""

    @property
    def kind(self) -> str:
        """How memory is limited, as the status tells it."""
        ...

    def enclose(self, environment_id: str, memory: int) -> Enclosure:
        """Return what will hold a new environment and limits it to ``memory`` MiB."""
        ...

    def release(self, environment_id: str) -> None:
        """End whatever is left of an environment, and forget it."""
        ...

    def tidy(self) -> None:
        """Finish what had to wait for processes to end; called when some did."""
        ...

    def close(self) -> None:
        """End and remove everything."""
        ...


class NoFence:
    """Encloses nothing: the watch alone limits memory."""

    kind = "watch"

    def enclose(self, environment_id: str, memory: int) -> Enclosure:
        """Return what holds nothing."""
        return NoEnclosure()

    def release(self, environment_id: str) -> None:
        """Do nothing."""

    def tidy(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class NoEnclosure:
    """Holds nothing."""

    def start(self, command: list[str], variables: Mapping[str, str], files: FileActions) -> int:
        """Start a process, which leads a session; return its pid."""
        return start_session(command, variables, files)

    def struck(self) -> bool:
        """Return that nothing was."""
        return False

    def maimed(self) -> bool:
        """Return that nothing was."""
        return False

    def peak_kib(self) -> int:
        """Return that it is unknown."""
        return 0


class GroupFence:
    """Encloses each environment in a control group of its own.

    Args:
        group: Its version.
        base: The directory in which the tree is made.
        home: The local platform's directory, which records the tree.

    Raises:
        OSError: It is not permitted there; nothing is left.
    """

    def __init__(self, group: type[Group], base: Path, home: Path) -> None:
        self.kind = _KINDS[group]
        self._group = group
        self._tree = base / f"sebs-{secrets.token_hex(8)}"
        self._home = home
        self._groups: dict[str, Group] = {}
        self._leaving: list[Path] = []
        # Recorded first: what is made is found again.
        _record(home, [*_recorded(home), self._tree])
        try:
            self._tree.mkdir()
            if group is UnifiedGroup:
                write(self._tree / "cgroup.subtree_control", "+memory")
            self._try()
        except OSError:
            self.close()
            raise

    def enclose(self, environment_id: str, memory: int) -> Group:
        """Make the group of a new environment.

        Raises:
            OSError: It cannot be made, for example since the hierarchy allows no more of them.
        """
        group = self._groups[environment_id] = self._group(self._tree / environment_id, memory)
        return group

    def release(self, environment_id: str) -> None:
        """End whatever a group still holds, and remove it, at the latest with its last process."""
        group = self._groups.pop(environment_id)
        group.close()
        self._leaving.append(group.path)
        self.tidy()

    def tidy(self) -> None:
        """Remove the groups whose last process has ended."""
        if self._leaving:
            self._leaving = [path for path in self._leaving if not end(path)]

    def close(self) -> None:
        """End and remove all groups."""
        for environment_id in list(self._groups):
            self.release(environment_id)
        if end_and_wait(self._tree, _PATIENCE):
            _record(self._home, [tree for tree in _recorded(self._home) if tree != self._tree])

    def _try(self) -> None:
        """Have a process born in a group, for permissions alone do not tell."""
        trial = self.enclose("trial", _TRIAL_MIB)
        os.waitpid(trial.start(["/bin/sh", "-c", "exit"], {}, []), 0)
        self.release("trial")


_KINDS: Mapping[type[Group], str] = {UnifiedGroup: "cgroup v2", LegacyGroup: "cgroup v1"}


def raise_fence(home: Path, proc: Path = Path("/proc/self")) -> tuple[Fence, list[str]]:
    """Return the best fence that is permitted.

    Args:
        home: The local platform's directory.
        proc: This process's directory of the kernel's.

    Returns:
        The fence, and why better ones are not permitted.
    """
    refused: list[str] = []
    for group, base in _candidates(proc):
        try:
            return GroupFence(group, base, home), refused
        except OSError as error:
            refused.append(f"no {_KINDS[group]} in {base}: {error}")
    return NoFence(), refused


def sweep_groups(home: Path) -> int:
    """End and remove the trees that killed gateways left; return how many there were."""
    trees = [tree for tree in _recorded(home) if tree.is_dir()]
    # What is stuck stays recorded.
    _record(home, [tree for tree in trees if not end_and_wait(tree, _PATIENCE)])
    return len(trees)


def _candidates(proc: Path) -> Iterator[tuple[type[Group], Path]]:
    """Yield where a tree may be made, with the version that is there.

    A group of version 2 that holds processes shares no controller with groups below it, unless
    it is the root. So the tree is below the gateway's own group where the memory controller can
    be shared there, else beside it where it is shared already: nothing of others is changed.
    """
    unified = cgroup_paths.find(proc, cgroup_paths.UNIFIED)
    if unified is not None and spawn_into.available():
        if _shares_memory(unified.own) or _share_memory(unified.own):
            yield UnifiedGroup, unified.own
        elif unified.own != unified.mount and _shares_memory(unified.own.parent):
            yield UnifiedGroup, unified.own.parent
    legacy = cgroup_paths.find(proc, "memory")
    if legacy is not None:
        yield LegacyGroup, legacy.own


def _shares_memory(group: Path) -> bool:
    return "memory" in read(group / "cgroup.subtree_control").split()


def _share_memory(group: Path) -> bool:
    try:
        write(group / "cgroup.subtree_control", "+memory")
    except OSError:
        return False
    return True


def _recorded(home: Path) -> list[Path]:
    return [Path(line) for line in read(home / "cgroups").splitlines()]


def _record(home: Path, trees: list[Path]) -> None:
    record = home / "cgroups"
    if trees:
        record.write_text("".join(f"{tree}\n" for tree in trees))
    else:
        record.unlink(missing_ok=True)
