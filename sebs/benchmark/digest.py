"""The hash of what ends in a package.

It covers name, kind, executable bit and content of every file, in the order of their names, so it
does not depend on the order in which a directory lists them. Contents of files that have not
changed since the last time are not read again: an index in the cache remembers their digests.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from sebs.benchmark.layout import Part
from sebs.benchmark.tree import Node, link_target, walk
from sebs.errors import InvalidBenchmarkError

#: Version of what the hash covers and of the index; another one makes every package new.
_FORMAT = 1

#: A file that changed less than this before it was looked at may change again without its times
#: showing it, on file systems that keep them coarsely, so its digest is not remembered.
_RACY_NS = 2_000_000_000

_THREADS = 2
#: Below this many bytes threads cost more than they save.
_WORTH_THREADS = 4 << 20
_CHUNK = 1 << 20

#: size, mtime and ctime in ns, inode: when all are the same, so is the content, whose digest
#: comes last. A list, as JSON gives it back.
_Remembered = list[Any]


class IndexStore(Protocol):
    """Where the index is kept; :class:`sebs.cache.Cache` is one."""

    def tree_index(self, root: str | os.PathLike[str]) -> bytes | None:
        """Return what was stored for a directory."""

    def store_tree_index(self, root: str | os.PathLike[str], data: bytes) -> None:
        """Store the index of a directory."""


def hash_package(parts: Iterable[Part], facts: Mapping[str, str], index: IndexStore) -> str:
    """Return the hash of a package, in hexadecimal.

    Args:
        parts: The directories that it is made of.
        facts: What else decides what it becomes: language, version, platform, …
        index: Where digests of files are remembered.

    Raises:
        InvalidBenchmarkError: A link leaves its directory, or something is no file.
        OSError: A file cannot be read.
    """
    whole = hashlib.sha256()
    whole.update(json.dumps([_FORMAT, sorted(facts.items())]).encode())
    for part in parts:
        whole.update(f"\n{part.label} ".encode() + tree_digest(part, index))
    return whole.hexdigest()


def tree_digest(part: Part, index: IndexStore) -> bytes:
    """Return the digest of one directory; see :func:`hash_package`."""
    began = time.time_ns()
    nodes = sorted(walk(part.root, part.ignore), key=lambda node: node.name)
    files = [node for node in nodes if node.kind == stat.S_IFREG]
    known = _load(index.tree_index(part.root))
    digests: dict[str, str] = {}
    changed: list[Node] = []
    for node in files:
        entry = known.get(node.name)
        if entry is not None and entry[:-1] == _stamp(node):
            digests[node.name] = entry[-1]
        else:
            changed.append(node)
    digests.update(_read_all(changed))
    settled = {
        node.name: [*_stamp(node), digests[node.name]] for node in files if _settled(node, began)
    }
    if settled != known:
        index.store_tree_index(part.root, _dump(settled))
    tree = hashlib.sha256()
    for node in nodes:
        tree.update(f"{node.name}\0{_describe(part, node, digests)}\n".encode())
    return tree.digest()


def _describe(part: Part, node: Node, digests: Mapping[str, str]) -> str:
    if node.kind == stat.S_IFREG:
        return f"{'x' if node.executable else 'f'} {digests[node.name]}"
    if node.kind == stat.S_IFLNK:
        return f"l {link_target(part.root, node)}"
    return "d"


def _stamp(node: Node) -> list[int]:
    status = node.status
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _settled(node: Node, began: int) -> bool:
    return max(node.status.st_mtime_ns, node.status.st_ctime_ns) < began - _RACY_NS


def _read_all(nodes: list[Node]) -> dict[str, str]:
    """Return the digests of files, name to hexadecimal."""
    if sum(node.status.st_size for node in nodes) < _WORTH_THREADS:
        return _read_some(nodes)
    from concurrent.futures import ThreadPoolExecutor

    digests: dict[str, str] = {}
    with ThreadPoolExecutor(_THREADS) as pool:
        # Every second file each: neighbours are of similar size more often than not.
        for some in pool.map(_read_some, [nodes[start::_THREADS] for start in range(_THREADS)]):
            digests.update(some)
    return digests


def _read_some(nodes: list[Node]) -> dict[str, str]:
    return {node.name: _read_one(node) for node in nodes}


def _read_one(node: Node) -> str:
    digest = hashlib.sha256()
    # Without following: what was a file when it was listed must not have become a link.
    descriptor = os.open(node.path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        while chunk := os.read(descriptor, min(_CHUNK, node.status.st_size + 1)):
            digest.update(chunk)
        size = os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
    if size != node.status.st_size:
        raise InvalidBenchmarkError(
            f"{node.name!r} changed while it was read.", remedy="Try again when it is written."
        )
    return digest.hexdigest()


def _load(data: bytes | None) -> dict[str, _Remembered]:
    if data is None:
        return {}
    try:
        content = json.loads(data)
        if content["format"] != _FORMAT:
            return {}
        files: dict[str, _Remembered] = content["files"]
        return files
    except (ValueError, KeyError, TypeError):
        # An index is only a shortcut: without one, everything is read.
        return {}


def _dump(files: Mapping[str, _Remembered]) -> bytes:
    return json.dumps({"format": _FORMAT, "files": files}, separators=(",", ":")).encode()
