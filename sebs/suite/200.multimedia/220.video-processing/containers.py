"""What MP4 and GIF files say of the pictures in them, none of which is decoded.

Sources: ISO/IEC 14496-12 (boxes), 14496-15 (H.264 in them), ITU-T H.264 section 7.4.1, and
https://www.w3.org/Graphics/GIF/spec-gif89a.txt
"""

import struct
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

#: Kinds of units: a slice, one of a picture that stands for itself, and what may be with them.
_SLICE, _KEY_SLICE, _OTHERS = 1, 5, {6, 7, 8, 9, 12}


class DamagedError(ValueError):
    """This is no such file, or not a whole one."""


@dataclass
class Video:
    """A track of H.264.

    Attributes:
        shape: Width and height in pixels.
        frames: For how many seconds each frame is seen.
        lengths: How many seconds it takes, as the whole file says, the track, and its media.
    """

    shape: tuple[int, int]
    frames: list[Fraction]
    lengths: set[Fraction]


def read_mp4(content):
    """Return the video of an MP4 file, beside which there may be sound.

    Raises:
        DamagedError: There is none, or not a whole one.
    """
    try:
        return _read_mp4(content)
    except (IndexError, struct.error, ZeroDivisionError) as error:
        raise DamagedError(f"it is not whole ({error!r})") from error


def _read_mp4(content):
    file = _boxes(content)
    movie = _boxes(_only(file, b"moov"))
    tracks = [_boxes(track) for track in movie[b"trak"]]
    found = [track for track in tracks if _kind(track) == b"vide"]
    if len(found) != 1:
        raise DamagedError(f"it has {len(found)} tracks of video")
    [track] = found
    media = _boxes(_only(track, b"mdia"))
    table = _boxes(_only(_boxes(_only(media, b"minf")), b"stbl"))
    entry = _only(table, b"stsd")[8:]
    if entry[4:8] != b"avc1":
        raise DamagedError(f"it has {entry[4:8]!r}, not H.264")
    (count,) = struct.unpack_from(">L", _only(table, b"stsz"), 8)
    sizes = struct.unpack_from(f">{count}L", _only(table, b"stsz"), 12)
    if len(tracks) == 1:
        _check_frames(_only(file, b"mdat"), sizes)
    scale, length = struct.unpack_from(">LL", _only(media, b"mdhd"), 12)
    frames = _runs(_only(table, b"stts"), "L")
    delays = _runs(_only(table, b"ctts"), "l") if b"ctts" in table else [0] * count
    if not len(frames) == len(delays) == count or sum(frames) != length:
        raise DamagedError("it has times of more or fewer frames than it has")
    whole_scale, whole = struct.unpack_from(">LL", _only(movie, b"mvhd"), 12)
    (shown,) = struct.unpack_from(">L", _only(track, b"tkhd"), 20)
    return Video(
        struct.unpack_from(">HH", entry, 32),
        [Fraction(ticks, scale) for ticks in frames],
        {Fraction(length, scale), Fraction(whole, whole_scale), Fraction(shown, whole_scale)},
    )


def _kind(track):
    """Return what a track has: ``vide`` or another four letters."""
    return _only(_boxes(_only(track, b"mdia")), b"hdlr")[8:12]


def _boxes(content):
    """Return the boxes that a content is made of, by their names."""
    found, begin = defaultdict(list), 0
    while begin < len(content):
        size, name = struct.unpack_from(">L4s", content, begin)
        if size < 8 or begin + size > len(content):
            raise DamagedError(f"the box {name!r} is longer than what it is in")
        found[name].append(content[begin + 8 : begin + size])
        begin += size
    return found


def _only(boxes, name):
    """Return the content of the box of a name, which there is once."""
    if len(boxes[name]) != 1:
        raise DamagedError(f"it has {len(boxes[name])} boxes {name!r}, not one")
    return boxes[name][0]


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
    """Return for how long each picture of a GIF is seen: hundredths of a second, or ``None``.

    Raises:
        DamagedError: It is none, or not whole.
    """
    try:
        return _read_gif(content)
    except (IndexError, struct.error) as error:
        raise DamagedError(f"it is not whole ({error!r})") from error


def _read_gif(content):
    signature, _, flags = struct.unpack_from("<6sLB", content)
    if signature != b"GIF89a":
        raise DamagedError("it does not begin as a GIF does")
    position, delay, delays = 13 + _palette(flags), None, []
    while content[position] != 0x3B:
        if content[position : position + 2] == b"\x21\xf9":
            (delay,) = struct.unpack_from("<H", content, position + 4)
        if content[position] == 0x21:
            position += 2
        elif content[position] == 0x2C:
            delays.append(delay)
            delay = None
            position += 11 + _palette(content[position + 9])
        else:
            raise DamagedError(f"there is no block at byte {position}")
        while length := content[position]:
            position += 1 + length
        position += 1
    if position + 1 != len(content):
        raise DamagedError("it does not end where it says")
    return delays


def _palette(flags):
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
