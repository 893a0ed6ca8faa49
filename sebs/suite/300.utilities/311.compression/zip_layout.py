"""What a zip archive is made of, byte by byte: nothing lies before, between or after its entries.

Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3 and 4.4.
"""

import struct
import zipfile
import zlib

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL_SIZE, _END_SIZE = 46, 22

#: Flags of an entry: how it was deflated, sizes that follow it, and names in UTF-8.
_DEFLATION, _SIZES_FOLLOW, _UTF8 = 0b110, 1 << 3, 1 << 11
_KNOWN_FLAGS = _DEFLATION | _SIZES_FOLLOW | _UTF8

#: Extra fields: times and owners, as UNIX has them. Nothing else is needed here.
_KNOWN_EXTRAS = {0x5455, 0x5855, 0x7855, 0x7875}


def judge_layout(archive, content):
    """Return where bytes are that belong to no entry; ``None`` where there are none.

    Args:
        archive: An open ``zipfile.ZipFile``.
        content: All bytes of its file.
    """
    entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
    position = 0
    for entry in entries:
        if entry.header_offset != position:
            return f"the archive has other bytes before {entry.filename!r}"
        if entry.flag_bits & ~_KNOWN_FLAGS:
            raise zipfile.BadZipFile(f"{entry.filename!r} is not simply stored or deflated")
        position = end_of(content, entry)
        if position is None or entry.comment or not _is_plain(entry.extra):
            return f"{entry.filename!r} in the archive has more about it than a name and times"
    for entry in entries:
        position += _CENTRAL_SIZE + len(_name(entry)) + len(entry.extra)
    if archive.comment or position + _END_SIZE != len(content):
        return f"the archive has {len(content)} bytes, and {position + _END_SIZE} belong to it"
    return None


def end_of(content, entry):
    """Return where an entry ends, ``None`` where there is more to it than there should be."""
    signature, *_, name, extra = _LOCAL.unpack_from(content, entry.header_offset)
    begin = entry.header_offset + _LOCAL.size
    if signature != b"PK\3\4" or content[begin : begin + name] != _name(entry):
        raise zipfile.BadZipFile(f"{entry.filename!r} is not where the archive says")
    if not _is_plain(content[begin + name : begin + name + extra]):
        return None
    end = begin + name + extra + entry.compress_size
    if entry.flag_bits & _SIZES_FOLLOW:
        # The signature before them is optional.
        end += 4 if content[end : end + 4] == b"PK\7\x08" else 0
        sizes = struct.pack("<LLL", entry.CRC, entry.compress_size, entry.file_size)
        if content[end : end + len(sizes)] != sizes:
            raise zipfile.BadZipFile(f"the sizes after {entry.filename!r} are others than before")
        end += len(sizes)
    return end


def unpacked(content, entry):
    """Return the content of an entry, no more of it than it should have.

    Raises:
        zipfile.BadZipFile: It is damaged, or there is something behind it.
        zlib.error: It is damaged.
    """
    *_, name, extra = _LOCAL.unpack_from(content, entry.header_offset)
    begin = entry.header_offset + _LOCAL.size + name + extra
    packed = content[begin : begin + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_DEFLATED:
        inflater = zlib.decompressobj(-15)
        # One more byte than there should be shows that there are more.
        data = inflater.decompress(packed, entry.file_size + 1)
        whole = inflater.eof and not inflater.unused_data
    else:
        data, whole = packed, entry.compress_type == zipfile.ZIP_STORED
    if not whole or len(data) != entry.file_size or zlib.crc32(data) != entry.CRC:
        raise zipfile.BadZipFile(f"{entry.filename!r} is not whole, or something is behind it")
    return data


def _name(entry):
    return entry.orig_filename.encode("utf-8" if entry.flag_bits & _UTF8 else "cp437")


def _is_plain(extra):
    """Return whether extra fields are well-formed, and times and owners only."""
    while extra:
        if len(extra) < 4:
            return False
        kind, size = struct.unpack_from("<HH", extra)
        if kind not in _KNOWN_EXTRAS or size > len(extra) - 4 or size > 16:
            return False
        extra = extra[4 + size :]
    return True
