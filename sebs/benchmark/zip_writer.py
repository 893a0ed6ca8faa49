"""Writing the ZIP format, one entry after the other, the same bytes for the same entries.

The standard library's writer offers no way to bring one's own compressor, so the few records that
a plain archive consists of are written here. The format is PKWARE's APPNOTE.TXT 6.3.10,
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT; sections are named below.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

STORED, DEFLATED = 0, 8

#: 1980-01-01 00:00, the earliest time that the format knows, as (time, date) of section 4.4.6.
_TIMESTAMP = (0, 0x0021)
_UNIX = 3
_UTF8_NAME = 0x0800
_PLAIN_VERSION, _ZIP64_VERSION = 20, 45
_MAX_32, _MAX_16 = 0xFFFFFFFF, 0xFFFF

#: Deflate adds five bytes a 16 KB block in the worst case, so this far below the limit of 32 bits
#: a compressed size cannot exceed it.
_ZIP64_FROM = _MAX_32 - (_MAX_32 >> 10)

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END_ZIP64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_ZIP64 = struct.Struct("<4sLQL")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry's name and what the archive says of its content.

    Attributes:
        name: Path with slashes; it ends with one where the entry is a directory.
        mode: Type and permissions, as ``st_mode`` has them.
    """

    name: str
    mode: int


@dataclass(frozen=True, slots=True)
class Content:
    """How an entry's bytes are kept.

    Attributes:
        method: ``STORED`` or ``DEFLATED``.
        crc: CRC-32 of the plain bytes.
        size: Number of plain bytes.
        packed_size: Number of bytes in the archive.
    """

    method: int
    crc: int
    size: int
    packed_size: int


class ZipWriter:
    """Appends entries to a file; :meth:`close` writes the directory.

    Args:
        stream: A new file, open for writing, that can seek.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self._directory: list[bytes] = []

    def add(self, entry: Entry, content: Content, packed: bytes) -> None:
        """Append an entry whose bytes are in memory."""
        offset = self.stream.tell()
        self.stream.write(_local_header(entry, content, zip64=False))
        self.stream.write(packed)
        self._directory.append(_central_header(entry, content, offset))

    def begin(self, entry: Entry, expected_size: int) -> Reservation:
        """Leave room for the header of an entry whose bytes the caller writes to the stream."""
        zip64 = expected_size >= _ZIP64_FROM
        offset = self.stream.tell()
        self.stream.write(_local_header(entry, Content(STORED, 0, 0, 0), zip64=zip64))
        return Reservation(entry, offset, self.stream.tell(), zip64)

    def finish(self, reserved: Reservation, content: Content) -> None:
        """Fill in the header of an entry whose bytes have been written.

        Raises:
            ValueError: The entry grew past 4 GiB since room was left for it.
        """
        if not reserved.zip64 and max(content.size, content.packed_size) > _MAX_32:
            raise ValueError(f"{reserved.entry.name} grew past 4 GiB while it was packed")
        end = self.stream.tell()
        self.stream.seek(reserved.offset)
        self.stream.write(_local_header(reserved.entry, content, zip64=reserved.zip64))
        self.stream.seek(end)
        self._directory.append(_central_header(reserved.entry, content, reserved.offset))

    def close(self) -> None:
        """Write the central directory (sections 4.3.12 to 4.3.16)."""
        start = self.stream.tell()
        self.stream.writelines(self._directory)
        end = self.stream.tell()
        count, length = len(self._directory), end - start
        if count >= _MAX_16 or end >= _MAX_32:
            version = _UNIX << 8 | _ZIP64_VERSION
            self.stream.write(
                _END_ZIP64.pack(
                    b"PK\6\6", _END_ZIP64.size - 12, version, _ZIP64_VERSION, 0, 0,
                    count, count, length, start,
                )
            )  # fmt: skip
            self.stream.write(_LOCATOR_ZIP64.pack(b"PK\6\7", 0, end, 1))
        short_count = min(count, _MAX_16)
        self.stream.write(
            _END.pack(
                b"PK\5\6", 0, 0, short_count, short_count,
                min(length, _MAX_32), min(start, _MAX_32), 0,
            )
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reservation:
    """Room for a header, and where the bytes of the entry start."""

    entry: Entry
    offset: int
    start: int
    zip64: bool


def _local_header(entry: Entry, content: Content, *, zip64: bool) -> bytes:
    """Return a local file header (section 4.3.7)."""
    name, flags = _encoded_name(entry)
    size, packed_size, extra = content.size, content.packed_size, b""
    if zip64:
        extra = struct.pack("<2H2Q", 1, 16, size, packed_size)
        size = packed_size = _MAX_32
    return (
        _LOCAL.pack(
            b"PK\3\4", _ZIP64_VERSION if zip64 else _PLAIN_VERSION, flags, content.method,
            *_TIMESTAMP, content.crc, packed_size, size, len(name), len(extra),
        )
        + name
        + extra
    )  # fmt: skip


def _central_header(entry: Entry, content: Content, offset: int) -> bytes:
    """Return a central directory header (section 4.3.12), sizes past 32 bits in 4.5.3's field."""
    name, flags = _encoded_name(entry)
    values = [content.size, content.packed_size, offset]
    wide = [value for value in values if value >= _MAX_32]
    extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    size, packed_size, offset = (min(value, _MAX_32) for value in values)
    version = _ZIP64_VERSION if wide else _PLAIN_VERSION
    return (
        _CENTRAL.pack(
            b"PK\1\2", _UNIX << 8 | version, version, flags, content.method, *_TIMESTAMP,
            content.crc, packed_size, size, len(name), len(extra), 0, 0, 0,
            entry.mode << 16, offset,
        )
        + name
        + extra
    )  # fmt: skip


def _encoded_name(entry: Entry) -> tuple[bytes, int]:
    name = entry.name.encode()
    return name, 0 if name.isascii() else _UTF8_NAME
