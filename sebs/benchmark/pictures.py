"""Pictures that are a function of a seed, as JPEG.

They are made in the frequency domain, as a baseline JPEG (ITU-T T.81) stores them: every block of 8
by 8 pixels has a mean of its own and one of a few textures, so only integers are computed, and
large pictures are made fast. The means are hills and valleys over the whole picture, by which its
thumbnail is recognized; no pixel is so bright or dark that a decoder had to clip it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from hashlib import shake_256

#: Hills and valleys lie on the points of a grid with so many cells.
CELLS_ACROSS, CELLS_DOWN = 8, 6

#: Least and greatest mean of a block: of luma, and of both chromas.
RANGES = ((72, 184), (104, 152), (104, 152))

#: A step of every coefficient; a block's mean, which is an eighth of its first, has a step of 1.
QUANTUM = 8

#: What a picture's JPEG ends with.
END = b"\xff\xd9"

_EOB = 0
_DC_SYMBOLS = range(12)
_AC_SYMBOLS = [_EOB, *(run << 4 | size for run in range(8) for size in range(1, 4))]


def means(seed: str, component: int, across: int, down: int) -> Iterator[list[int]]:
    """Yield the rows of means of a picture that is divided into equal blocks.

    Args:
        seed: The picture's.
        component: 0 for luma, 1 and 2 for chroma.
        across: Blocks of a row.
        down: Rows.
    """
    low, high = RANGES[component]
    noise = shake_256(f"{seed}/means/{component}".encode())
    width = CELLS_ACROSS + 1
    grid = [low + value * (high - low) // 255 for value in noise.digest(width * (CELLS_DOWN + 1))]
    columns = [divmod((2 * x + 1) * CELLS_ACROSS, 2 * across) for x in range(across)]
    whole = 4 * across * down
    for y in range(down):
        row, below = divmod((2 * y + 1) * CELLS_DOWN, 2 * down)
        upper, lower = grid[row * width : (row + 1) * width], grid[(row + 1) * width :]
        knots = [a * (2 * down - below) + b * below for a, b in zip(upper, lower, strict=False)]
        yield [
            (knots[cell] * (2 * across - beyond) + knots[cell + 1] * beyond) // whole
            for cell, beyond in columns
        ]


def encode(seed: str, width: int, height: int) -> Iterator[bytes]:
    """Yield the parts of a picture's JPEG; its width and height are multiples of 16 pixels."""
    yield header(width, height)
    for number, row in enumerate(rows(seed, width, height)):
        if number:
            yield restart(number)
        yield row
    yield END


def header(width: int, height: int) -> bytes:
    """Return what a picture's JPEG begins with: all but its rows."""
    # Luma in full, chroma at half the resolution both ways; one table for all.
    components = bytes((3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0))
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xE0, b"JFIF\0" + bytes((1, 1, 0, 0, 1, 0, 1, 0, 0))),
            _segment(0xDB, b"\0" + bytes([QUANTUM]) * 64),
            _segment(0xC0, struct.pack(">BHH", 8, height, width) + components),
            _segment(0xC4, _table(0x00, 4, _DC_SYMBOLS)),
            _segment(0xC4, _table(0x10, 5, _AC_SYMBOLS)),
            # Every row can be decoded for itself.
            _segment(0xDD, struct.pack(">H", width // 16)),
            _segment(0xDA, bytes((3, 1, 0, 2, 0, 3, 0, 0, 63, 0))),
        )
    )


def rows(seed: str, width: int, height: int) -> Iterator[bytes]:
    """Yield a picture's rows of 16 pixels; between two of them there is a :func:`restart`."""
    luma = means(seed, 0, width // 8, height // 8)
    blue, red = (means(seed, component, width // 16, height // 16) for component in (1, 2))
    textures = _textures()
    for number, chroma in enumerate(zip(blue, red, strict=True)):
        chosen = shake_256(f"{seed}/textures/{number}".encode()).digest(width // 4)
        yield _row(next(luma), next(luma), *chroma, [textures[byte % 64] for byte in chosen])


def grey_row(width: int) -> bytes:
    """Return a row of 16 pixels that are all the same grey."""
    return _packed((_STEPS[0] + _END) * (6 * width // 16))


def restart(number: int) -> bytes:
    """Return what is before a row, by the row's number, from 1 on."""
    return bytes((0xFF, 0xD0 + (number - 1) % 8))


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _table(identifier: int, length: int, symbols: Sequence[int]) -> bytes:
    """Return a table of codes that all have the same length: the n-th symbol's code is n."""
    counts = bytes(len(symbols) if bits == length else 0 for bits in range(1, 17))
    return bytes([identifier]) + counts + bytes(symbols)


def _row(
    top: Sequence[int],
    bottom: Sequence[int],
    blue: Sequence[int],
    red: Sequence[int],
    textures: Sequence[str],
) -> bytes:
    """Return a row of units: four blocks of luma, one of each chroma."""
    before = before_blue = before_red = 128
    bits: list[str] = []
    for x, (mean_blue, mean_red) in enumerate(zip(blue, red, strict=True)):
        square = top[2 * x], top[2 * x + 1], bottom[2 * x], bottom[2 * x + 1]
        for mean, texture in zip(square, textures[4 * x : 4 * x + 4], strict=True):
            bits += _STEPS[mean - before], texture
            before = mean
        bits += _STEPS[mean_blue - before_blue], _END, _STEPS[mean_red - before_red], _END
        before_blue, before_red = mean_blue, mean_red
    return _packed("".join(bits))


def _packed(bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")


def _value(number: int) -> tuple[int, str]:
    """Return the size of a number in bits, and these: a negative one's are those of number - 1."""
    size = abs(number).bit_length()
    return size, format(number if number > 0 else number + (1 << size) - 1, f"0{size}b")[:size]


def _step(difference: int) -> str:
    size, bits = _value(difference)
    return format(size, "04b") + bits


def _ac(symbol: int) -> str:
    return format(_AC_SYMBOLS.index(symbol), "05b")


def _textures() -> list[str]:
    """Return the bits of 64 textures; together their waves reach 24 levels at most."""
    found = []
    for number in range(64):
        noise = iter(shake_256(b"texture %d" % number).digest(100))
        bits, left, position = "", 12, 1
        while left > 0 and position < 40:
            run, byte = next(noise) % 8, next(noise)
            strength = min(left, 1 + byte % 4)
            size, value = _value(strength if byte & 0x80 else -strength)
            bits += _ac(run << 4 | size) + value
            left -= strength
            position += run + 1
        found.append(bits + _END)
    return found


_END = _ac(_EOB)

#: The bits of a mean's difference to the one before.
_STEPS = {difference: _step(difference) for difference in range(-255, 256)}
