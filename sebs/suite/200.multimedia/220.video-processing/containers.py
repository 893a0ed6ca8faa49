"""What MP4 and GIF files say of the pictures in them, none of which is decoded.

Sources: ISO/IEC 14496-12 (boxes), 14496-15 (H.264 in them), ITU-T H.264 section 7.4.1, and
https://www.w3.org/Graphics/GIF/spec-gif89a.txt
"""

import struct
from dataclasses import dataclass

#: Kinds of units: a slice, one of a picture that stands for itself, and what may be with them.
_SLICE, _KEY_SLICE, _OTHERS = 1, 5, {6, 7, 8, 9, 12}

_TRACK = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


class DamagedError(ValueError):
    """This is no such file, or not a whole one."""


@dataclass
class Video:
    """A track of H.264.

    Attributes:
        width: In pixels.
        height: In pixels.
        seconds: How long it takes.
        frames: How many it has.
    """

    width: int
    height: int
    seconds: float
    frames: int


def read_mp4(content):
    """Return the video of an MP4 file that has nothing else.

    Raises:
        DamagedError: It is none, or not whole.
    """
    try:
        return _read_mp4(content)
    except (KeyError, IndexError, struct.error) as error:
        raise DamagedError(f"it is not whole ({error!r})") from error


def _read_mp4(content):
    file = _boxes(content)
    table = file
    for name in _TRACK:
        if name == b"minf":
            scale, length = struct.unpack_from(">LL", table[b"mdhd"], 12)
        table = _boxes(table[name])
    entry = table[b"stsd"][8:]
    if entry[4:8] != b"avc1":
        raise DamagedError(f"it has {entry[4:8]!r}, not H.264")
    width, height = struct.unpack_from(">HH", entry, 32)
    (count,) = struct.unpack_from(">L", table[b"stsz"], 8)
    sizes = struct.unpack_from(f">{count}L", table[b"stsz"], 12)
    _check_frames(file[b"mdat"], sizes)
    delays = _runs(table[b"ctts"], "l") if b"ctts" in table else [0] * count
    if not len(_runs(table[b"stts"], "L")) == len(delays) == count:
        raise DamagedError("it has times of more or fewer frames than it has")
    return Video(width, height, length / scale, count)


def _boxes(content):
    """Return the boxes that a content is made of, by their names."""
    found, begin = {}, 0
    while begin < len(content):
        size, name = struct.unpack_from(">L4s", content, begin)
        if size < 8 or begin + size > len(content) or name in found:
            raise DamagedError(f"the box {name!r} is there twice, or longer than the file")
        found[name] = content[begin + 8 : begin + size]
        begin += size
    return found


def _runs(box, kind):
    """Return the values of a table that has each with the number of its repetitions."""
    (count,) = struct.unpack_from(">L", box, 4)
    if len(box) != 8 + 8 * count:
        raise DamagedError("a table is not as long as it says")
    return [v for n, v in struct.iter_unpack(f">L{kind}", box[8:]) for _ in range(min(n, 1 << 16))]


def _check_frames(data, sizes):
    """Refuse frames that do not follow each other, or are not of whole units."""
    if sum(sizes) != len(data) or not sizes:
        raise DamagedError(f"its frames have {sum(sizes)} bytes, and there are {len(data)}")
    begin = 0
    for number, size in enumerate(sizes):
        end, kinds = begin + size, []
        while begin < end:
            (length,) = struct.unpack_from(">L", data, begin)
            if not 0 < length <= end - begin - 4 or data[begin + 4] & 0x80:
                raise DamagedError(f"frame {number} is not made of whole units")
            kinds.append(data[begin + 4] & 31)
            begin += 4 + length
        slices = set(kinds) & {_SLICE, _KEY_SLICE}
        if not slices or not set(kinds) <= slices | _OTHERS:
            raise DamagedError(f"frame {number} is no picture")
        if number == 0 and slices != {_KEY_SLICE}:
            raise DamagedError("it does not begin with a whole picture")


def read_gif(content):
    """Return width, height and number of pictures of a GIF.

    Raises:
        DamagedError: It is none, or not whole.
    """
    try:
        return _read_gif(content)
    except (IndexError, struct.error) as error:
        raise DamagedError(f"it is not whole ({error!r})") from error


def _read_gif(content):
    signature, width, height, flags = struct.unpack_from("<6sHHB", content)
    if signature != b"GIF89a":
        raise DamagedError("it does not begin as a GIF does")
    position, pictures = 13 + _palette(flags), 0
    while content[position] != 0x3B:
        if content[position] == 0x21:
            position += 2
        elif content[position] == 0x2C:
            pictures += 1
            position += 11 + _palette(content[position + 9])
        else:
            raise DamagedError(f"there is no block at byte {position}")
        while length := content[position]:
            position += 1 + length
        position += 1
    if position + 1 != len(content):
        raise DamagedError("it does not end where it says")
    return width, height, pictures


def _palette(flags):
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
