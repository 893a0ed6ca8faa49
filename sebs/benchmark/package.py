"""Code packages: a directory to a deterministic zip; :func:`extract_zip` is the way back.

The same tree gives the same bytes on any machine at any time: entries are sorted, times are the
format's epoch, permissions are 0644 or 0755. Small files are deflated by several threads while one
writes; large ones are streamed, so memory stays bounded whatever the size of the tree.
"""

from __future__ import annotations

import os
import stat
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from zlib_ng import zlib_ng

from sebs.benchmark.tree import Node, link_target, walk
from sebs.benchmark.unpack import extract_zip
from sebs.benchmark.zip_writer import DEFLATED, STORED, Content, Entry, ZipWriter

__all__ = ["extract_zip", "write_zip"]

THREADS = 2

# Measured: the next level takes 1.4 times as long and saves 0.3 %.
_LEVEL = 5
#: Raw deflate with the largest window, as the format wants it.
_RAW = -15
_CHUNK = 1 << 20
#: Files from this size on are streamed; smaller ones are read whole.
_LARGE = 8 << 20
#: Small files go to the threads in batches of about this many bytes.
_BATCH = 1 << 20
#: A piece of this many bytes from the middle of a file tells whether it is compressed already.
_PROBE = 2048


@dataclass(frozen=True, slots=True)
class _Packed:
    """An entry whose bytes are ready to be written."""

    entry: Entry
    content: Content
    data: bytes


def write_zip(directory: str | Path, path: str | Path, *, threads: int = THREADS) -> int:
    """Pack a directory.

    Symbolic links are kept as links; one that leaves the directory is refused. Directories have no
    entry unless they are empty.

    Args:
        directory: What to pack; its own name is not part of the archive.
        path: The archive, outside the directory; it is replaced where it exists, and where packing
            fails it is left as it was.
        threads: How many threads deflate.

    Returns:
        Size of the archive in bytes.

    Raises:
        InvalidBenchmarkError: There is a link that leaves the directory, something that is no
            file, directory or link, or a name that is not valid Unicode.
        OSError: A file cannot be read, or the archive cannot be written.
    """
    target = Path(path)
    nodes = sorted(walk(directory), key=lambda node: node.name)
    partial = target.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        with open(partial, "xb") as stream, ThreadPoolExecutor(threads) as pool:
            writer = ZipWriter(stream)
            for item in _in_order(pool, os.fspath(directory), nodes, 2 * threads):
                if isinstance(item, Node):
                    _stream(writer, item)
                else:
                    for packed in item.result():
                        writer.add(packed.entry, packed.content, packed.data)
            writer.close()
            size = stream.tell()
        os.replace(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return size


def _in_order(
    pool: ThreadPoolExecutor, root: str, nodes: Iterable[Node], ahead: int
) -> Iterator[Node | Future[list[_Packed]]]:
    """Yield large files as they are, and batches of small ones being packed, in the given order."""
    pending: deque[Node | Future[list[_Packed]]] = deque()
    for batch in _batches(nodes):
        if len(batch) == 1 and _is_large(batch[0]):
            pending.append(batch[0])
        else:
            pending.append(pool.submit(_pack, root, batch))
        if len(pending) > ahead:
            yield pending.popleft()
    yield from pending


def _batches(nodes: Iterable[Node]) -> Iterator[list[Node]]:
    batch: list[Node] = []
    size = 0
    for node in nodes:
        if batch and (size >= _BATCH or _is_large(node) or _is_large(batch[-1])):
            yield batch
            batch, size = [], 0
        batch.append(node)
        size += node.status.st_size
    if batch:
        yield batch


def _is_large(node: Node) -> bool:
    return node.kind == stat.S_IFREG and node.status.st_size >= _LARGE


def _entry(node: Node) -> Entry:
    if node.kind == stat.S_IFDIR:
        return Entry(node.name + "/", stat.S_IFDIR | 0o755)
    if node.kind == stat.S_IFLNK:
        return Entry(node.name, stat.S_IFLNK | 0o777)
    return Entry(node.name, stat.S_IFREG | (0o755 if node.executable else 0o644))


def _pack(root: str, nodes: Iterable[Node]) -> list[_Packed]:
    """Read and deflate files that fit into memory."""
    return [_pack_one(root, node) for node in nodes]


def _pack_one(root: str, node: Node) -> _Packed:
    if node.kind == stat.S_IFREG:
        data = _read(node.path)
    else:
        data = link_target(root, node).encode() if node.kind == stat.S_IFLNK else b""
    method, packed = STORED, data
    if data and not _is_dense(data):
        deflated = zlib_ng.compress(data, _LEVEL, _RAW)
        if len(deflated) < len(data):
            method, packed = DEFLATED, deflated
    content = Content(method, zlib_ng.crc32(data), len(data), len(packed))
    return _Packed(_entry(node), content, packed)


def _is_dense(data: bytes) -> bool:
    """Return whether deflate is not worth trying, which would take as long as where it is."""
    middle = max(0, len(data) - _PROBE) // 2
    probe = data[middle : middle + _PROBE]
    return len(zlib_ng.compress(probe, 1, _RAW)) >= len(probe)


def _read(path: str) -> bytes:
    # Without a buffered reader: that costs more than reading a small file.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        pieces = []
        while piece := os.read(descriptor, _CHUNK):
            pieces.append(piece)
    finally:
        os.close(descriptor)
    return b"".join(pieces)


def _stream(writer: ZipWriter, node: Node) -> None:
    """Deflate a large file straight into the archive; store it where that makes it no smaller."""
    with open(node.path, "rb") as source:
        reserved = writer.begin(_entry(node), os.fstat(source.fileno()).st_size)
        content = _deflate(source, writer.stream)
        if content.packed_size >= content.size:
            source.seek(0)
            writer.stream.seek(reserved.start)
            writer.stream.truncate()
            content = _store(source, writer.stream)
        writer.finish(reserved, content)


def _deflate(source: BinaryIO, target: BinaryIO) -> Content:
    deflater = zlib_ng.compressobj(_LEVEL, zlib_ng.DEFLATED, _RAW)
    crc = size = packed_size = 0
    while chunk := source.read(_CHUNK):
        crc = zlib_ng.crc32(chunk, crc)
        size += len(chunk)
        packed_size += target.write(deflater.compress(chunk))
    packed_size += target.write(deflater.flush())
    return Content(DEFLATED, crc, size, packed_size)


def _store(source: BinaryIO, target: BinaryIO) -> Content:
    crc = size = 0
    while chunk := source.read(_CHUNK):
        crc = zlib_ng.crc32(chunk, crc)
        size += target.write(chunk)
    return Content(STORED, crc, size, size)
