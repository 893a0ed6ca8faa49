"""Walking a directory tree whose links must not lead out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sebs.errors import InvalidBenchmarkError


@dataclass(frozen=True, slots=True)
class Node:
    """Something in a tree that is no directory, or an empty directory.

    Attributes:
        name: Path below the root, with slashes.
        path: Path on disk.
        status: What ``lstat`` says of it.
    """

    name: str
    path: str
    status: os.stat_result

    @property
    def kind(self) -> int:
        """``stat.S_IFREG``, ``stat.S_IFLNK`` or ``stat.S_IFDIR``."""
        return stat.S_IFMT(self.status.st_mode)

    @property
    def executable(self) -> bool:
        """Whether its owner may execute it."""
        return bool(self.status.st_mode & stat.S_IXUSR)


def walk(
    root: str | os.PathLike[str], ignore: Callable[[str], bool] | None = None
) -> Iterator[Node]:
    """Yield the files, links and empty directories of a tree, in no particular order.

    Args:
        root: The tree.
        ignore: Told a name below the root, says whether it is left out with all that is in it.

    Raises:
        InvalidBenchmarkError: There is something else, or a name that is not valid Unicode.
        OSError: A directory cannot be read.
    """
    pending = [(os.fspath(root), "")]
    while pending:
        directory, prefix = pending.pop()
        with os.scandir(directory) as entries:
            children = list(entries)
        if not children and prefix:
            yield Node(prefix[:-1], directory, os.lstat(directory))
        for child in children:
            name = prefix + child.name
            if ignore is not None and ignore(name):
                continue
            if child.is_dir(follow_symlinks=False):
                pending.append((child.path, name + "/"))
                continue
            node = Node(name, child.path, child.stat(follow_symlinks=False))
            _check(node)
            yield node


def link_target(root: str | os.PathLike[str], node: Node) -> str:
    """Return what a link says, once it is certain that it leads to something in the tree.

    Raises:
        InvalidBenchmarkError: It leads out of the tree, or to nothing.
    """
    target = os.readlink(node.path)
    inside = os.path.realpath(root)
    reached = os.path.realpath(node.path)
    if os.path.isabs(target) or os.path.commonpath([inside, reached]) != inside:
        raise InvalidBenchmarkError(
            f"The link {node.name!r} leads out of its directory, to {target!r}.",
            remedy="Put the file into the directory, or link to it by a relative path inside.",
        )
    if not os.path.exists(reached):
        raise InvalidBenchmarkError(f"The link {node.name!r} leads to nothing: {target!r}.")
    return target


def _check(node: Node) -> None:
    if node.kind not in (stat.S_IFREG, stat.S_IFLNK):
        raise InvalidBenchmarkError(f"{node.name!r} is no file, directory or link.")
    if not node.name.isascii():
        try:
            node.name.encode()
        except UnicodeEncodeError:
            raise InvalidBenchmarkError(f"The name {node.name!r} is not valid Unicode.") from None
