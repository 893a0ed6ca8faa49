"""What a JPEG shows, roughly: the means of the quarters of its blocks, 4 by 4 pixels each.

Only baseline JPEG (ITU-T T.81) is read. No pixel is computed, since the mean of a quarter is a sum
of coefficients; all of these are decoded, so damage is noticed.
"""

import re
import struct
from math import cos, pi, sqrt

#: Markers of frames: all but those of tables and extensions in between.
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


class DamagedError(ValueError):
    """This is no JPEG, or not a whole one."""


def size_of(content):
    """Return width and height in pixels of any JPEG.

    Raises:
        DamagedError: It is none, or not whole.
    """
    for marker, segment, _ in _segments(content):
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", segment, 1)
            return width, height
    raise DamagedError("it does not say how large it is")


def quarter_means(content):
    """Return the means of the quarters of a baseline JPEG's blocks.

    Returns:
        For each component, luma first, how many times coarser it is than the finest across and
        down, and its rows of means, from 0 to 255 or a little beyond.

    Raises:
        DamagedError: It is none, or not whole.
    """
    quanta, codes, interval, frame = {}, {}, 0, b""
    try:
        for marker, segment, end in _segments(content):
            if marker == 0xDB:
                quanta.update(_quanta(segment))
            elif marker == 0xC4:
                codes.update(_codes(segment))
            elif marker == 0xDD:
                (interval,) = struct.unpack(">H", segment)
            elif marker in (0xC0, 0xC1):
                frame = segment
            elif marker in _FRAMES:
                raise DamagedError("it is no baseline JPEG")
            elif marker == 0xDA:
                parts = [_Bits(part) for part in _parts(content[end:])]
                return _scan(frame, segment, quanta, codes, interval, parts)
    except (IndexError, KeyError, struct.error) as error:
        raise DamagedError(f"it is not whole ({error!r})") from error
    raise DamagedError("it has no picture")


def _segments(content):
    """Yield marker, content and end of each segment, up to the one before the picture."""
    if content[:2] != b"\xff\xd8":
        raise DamagedError("it does not begin as a JPEG does")
    begin, marker = 2, None
    while marker != 0xDA:
        if len(content) < begin + 4 or content[begin] != 0xFF:
            raise DamagedError(f"there is no segment at byte {begin}")
        marker, length = struct.unpack_from(">BH", content, begin + 1)
        end = begin + 2 + length
        yield marker, content[begin + 4 : end], end
        begin = end


def _quanta(segment):
    """Yield table and quanta, in the order of the coefficients: a byte each, or two."""
    while segment:
        wide = segment[0] >> 4
        end = 65 + 64 * wide
        yield segment[0] & 15, struct.unpack(">64H" if wide else "64B", segment[1:end])
        segment = segment[end:]


def _codes(segment):
    """Yield table and its codes: the bits of each symbol, which are canonical."""
    while segment:
        lengths = [length for length, count in enumerate(segment[1:17], 1) for _ in range(count)]
        codes, code, before = {}, 0, 0
        for length, symbol in zip(lengths, segment[17:], strict=False):
            code <<= length - before
            codes[format(code, f"0{length}b")] = symbol
            code, before = code + 1, length
        yield segment[0], codes
        segment = segment[17 + len(lengths) :]


def _parts(data):
    """Return what lies between the restart markers, each as it was before escapes were put in."""
    picture, end, rest = data.partition(b"\xff\xd9")
    if not end or rest:
        raise DamagedError("it does not end where the picture ends")
    parts = re.split(rb"\xff[\xd0-\xd7]", picture)
    if any(re.search(rb"\xff(?!\0)", part) for part in parts):
        raise DamagedError("there are markers in the picture")
    return [part.replace(b"\xff\0", b"\xff") for part in parts]


def _scan(frame, scan, quanta, codes, interval, parts):
    height, width = struct.unpack_from(">HH", frame, 1)
    components = [_Component(*one) for one in struct.iter_unpack("BBB", frame[6:])]
    factors = {factor for component in components for factor in (component.across, component.down)}
    if not width * height or not factors or not factors <= {1, 2, 4}:
        raise DamagedError("it has a form that no picture has")
    most_across = max(component.across for component in components)
    most_down = max(component.down for component in components)
    for number, component in enumerate(components):
        table = scan[2 + 2 * number]
        component.codes = codes[table >> 4], codes[0x10 | table & 15]
        component.quanta = quanta[component.table]
    across, down = -(-width // (8 * most_across)), -(-height // (8 * most_down))
    interval = interval or across * down
    for unit in range(across * down):
        if unit % interval == 0:
            bits = parts[unit // interval]
            for component in components:
                component.level = 0
        for component in components:
            component.read_unit(bits, *divmod(unit, across))
    if len(parts) != -(-across * down // interval) or not all(bits.at_end() for bits in parts):
        raise DamagedError("the picture has more or fewer blocks than it says")
    return [
        (most_across // component.across, most_down // component.down, component.means)
        for component in components
    ]


class _Component:
    """Luma or one of the chromas, while it is read."""

    def __init__(self, _, factors, table):
        self.across, self.down = factors >> 4, factors & 15
        self.table = table
        self.codes = self.quanta = None
        self.level = 0
        self.means = []

    def read_unit(self, bits, row, column):
        if column == 0:
            self.means += [[] for _ in range(2 * self.down)]
        lines = self.means[2 * row * self.down :]
        for upper, lower in zip(lines[::2], lines[1::2], strict=True):
            for _ in range(self.across):
                first, *others = bits.block(*self.codes)
                self.level += first
                quarters = self._quarters([(0, self.level), *others])
                upper += quarters[:2]
                lower += quarters[2:]

    def _quarters(self, coefficients):
        """Return the means of the quarters of a block: two in the upper row, two in the lower."""
        means = [128.0] * 4
        for place, value in coefficients:
            for quarter, share in enumerate(_SHARES[place]):
                means[quarter] += value * self.quanta[place] * share
        return means


class _Bits:
    """The picture's bits, which are taken one block after the other."""

    def __init__(self, content):
        self._bits = "".join(format(byte, "08b") for byte in content)
        self._position = 0

    def block(self, first, others):
        """Return the first coefficient of the next block, and the others with their places."""
        found = [self._number(self._symbol(first))]
        place = 1
        while place < 64:
            symbol = self._symbol(others)
            run, size = symbol >> 4, symbol & 15
            if symbol == 0:
                return found
            place += run
            if place > 63:
                raise DamagedError("a block has more than 64 coefficients")
            if size:
                found.append((place, self._number(size)))
            place += 1
        return found

    def at_end(self):
        """Return whether nothing is left but what fills the last byte."""
        rest = self._bits[self._position :]
        return len(rest) < 8 and "0" not in rest

    def _symbol(self, codes):
        for end in range(self._position + 1, self._position + 17):
            symbol = codes.get(self._bits[self._position : end])
            if symbol is not None:
                self._position = end
                return symbol
        raise DamagedError("the picture is cut short, or garbled")

    def _number(self, size):
        if size == 0:
            return 0
        bits = self._bits[self._position : self._position + size]
        if len(bits) < size:
            raise DamagedError("the picture is cut short")
        self._position += size
        return int(bits, 2) - (0 if bits[0] == "1" else (1 << size) - 1)


def _places():
    """Yield row and column of each coefficient, in their order: diagonals, there and back."""
    for diagonal in range(15):
        rows = range(max(0, diagonal - 7), min(7, diagonal) + 1)
        for row in rows if diagonal % 2 else reversed(rows):
            yield row, diagonal - row


def _share(frequency, half):
    """Return the mean of a wave over one half of a block's side (T.81, A.3.3)."""
    scale = 1 / (2 * sqrt(2)) if frequency == 0 else 1 / 2
    waves = (cos((2 * at + 1) * frequency * pi / 16) for at in range(4 * half, 4 * half + 4))
    return scale * sum(waves) / 4


#: What each coefficient adds to the means of the four quarters.
_SHARES = [
    [_share(row, half) * _share(column, side) for half in range(2) for side in range(2)]
    for row, column in _places()
]
