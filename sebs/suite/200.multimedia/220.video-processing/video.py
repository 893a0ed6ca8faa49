"""Videos that are a function of a seed, as QuickTime files of JPEG pictures.

The first frame is grey, so that whatever is laid over the video is all that it shows. Then a camera
looks at a picture that is higher than it sees: in the first half of each second it moves down, by
16 pixels for a frame, in the second half it stands still. The picture's rows are made once and used
by all frames that show them.

The file is made of boxes: https://developer.apple.com/documentation/quicktime-file-format
"""

import struct

from sebs.benchmark import pictures

#: Frames of a second, and how many there are.
RATE, FRAMES = 24, 48

#: What is one in a file's matrices, which are not made use of.
_MATRIX = struct.pack(">9L", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def moves():
    """Return for each frame whether the camera moved since the one before.

    It does not for the first two: one is grey, and in the other the picture appears.
    """
    return [number > 1 and 0 < number % RATE < RATE // 2 for number in range(FRAMES)]


def encode(seed, width, height):
    """Return a video's file; its width and height are multiples of 16 pixels."""
    moved, rows = moves(), height // 16
    strip = list(pictures.rows(seed, width, height + 16 * sum(moved)))
    frames, first = [_picture(width, height, [pictures.grey_row(width)] * rows)], 0
    for move in moved[1:]:
        first += move
        frames.append(_picture(width, height, strip[first : first + rows]))
    kind = _box(b"ftyp", b"qt  \0\0\2\0qt  ")
    data = _box(b"mdat", *frames)
    return kind + data + _movie(width, height, list(map(len, frames)), len(kind) + 8)


def _picture(width, height, rows):
    parts = [pictures.header(width, height), rows[0]]
    for number, row in enumerate(rows[1:], 1):
        parts += [pictures.restart(number), row]
    return b"".join([*parts, pictures.END])


def _movie(width, height, sizes, offset):
    count = len(sizes)
    name = b"\4jpeg" + bytes(27)
    entry = struct.pack(">6xH16xHHLLLH", 1, width, height, 72 << 16, 72 << 16, 0, 1)
    entry += name + struct.pack(">Hh", 24, -1)
    table = _box(
        b"stbl",
        _full(b"stsd", 0, struct.pack(">L", 1), _box(b"jpeg", entry)),
        _full(b"stts", 0, struct.pack(">3L", 1, count, 1)),
        _full(b"stsc", 0, struct.pack(">4L", 1, 1, count, 1)),
        _full(b"stsz", 0, struct.pack(f">{count + 2}L", 0, count, *sizes)),
        _full(b"stco", 0, struct.pack(">2L", 1, offset)),
    )
    references = _full(b"dref", 0, struct.pack(">L", 1), _full(b"url ", 1))
    media = _box(b"minf", _full(b"vmhd", 1, bytes(8)), _box(b"dinf", references), table)
    track = _box(
        b"trak",
        _full(b"tkhd", 7, struct.pack(">8xL4xL16x", 1, count), _MATRIX,
              struct.pack(">LL", width << 16, height << 16)),
        _box(
            b"mdia",
            _full(b"mdhd", 0, struct.pack(">8xLL4x", RATE, count)),
            _full(b"hdlr", 0, b"mhlrvide", bytes(12), b"\0"),
            media,
        ),
    )  # fmt: skip
    times = struct.pack(">8xLLLH10x", RATE, count, 0x10000, 0x100)
    head = _full(b"mvhd", 0, times, _MATRIX, struct.pack(">24xL", 2))
    return _box(b"moov", head, track)


def _full(name, flags, *parts):
    return _box(name, struct.pack(">L", flags), *parts)


def _box(name, *parts):
    return struct.pack(">L", 8 + sum(map(len, parts))) + name + b"".join(parts)
