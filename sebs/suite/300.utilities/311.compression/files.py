"""What 311 compresses: files that are made, always the same ones, or those of a given directory.

Of those that are made half of the bytes are text, which shrinks to about a quarter, the other half
is noise, which does not shrink, as images and packed documents do not. A few files are large and
most are small, as in real directories.
"""

import os
import struct
from functools import cache
from hashlib import shake_256

#: How many files, and how many bytes they have together.
SIZES = {
    "test": (50, 1_000_000),
    "small": (100, 10_000_000),
    "large": (200, 100_000_000),
}

#: Another version makes other files, so it must not meet files of an earlier one.
VERSION = 2

#: How many phrases the texts are made of: so few that they come again while deflate still knows
#: them, and so many that it finds them again only where it looks for them.
PHRASES = 4096

#: The least that a phrase and the space behind it have: two words of three letters.
SHORTEST = 8


class GivenFile:
    """A file of a given directory.

    Attributes:
        name: Path below the directory, with slashes.
        path: Where it is.
        size: In bytes.
    """

    def __init__(self, directory, path):
        self.name = path.relative_to(directory).as_posix()
        self.path = path
        self.size = path.stat().st_size

    def content(self):
        """Return all its bytes."""
        return self.path.read_bytes()


class MadeFile:
    """A file whose content is a function of its size class and number.

    Attributes:
        name: Path below the directory, with slashes.
        path: Where it is, once it is written.
        size: In bytes.
    """

    def __init__(self, directory, size_class, number, size):
        self._seed = f"{VERSION}/{size_class}/{number}".encode()
        self._is_text = number % 2 == 0
        self.name = f"part-{number % 7}/{number:03}.{'txt' if self._is_text else 'bin'}"
        self.path = directory / self.name
        self.size = size

    def content(self):
        """Return all its bytes, whether it is written or not."""
        if not self._is_text:
            return shake_256(self._seed).digest(self.size)
        count = self.size // SHORTEST + 1
        choices = struct.unpack(f"<{count}H", shake_256(self._seed).digest(2 * count))
        known = phrases() * ((1 << 16) // PHRASES)
        return b" ".join(map(known.__getitem__, choices))[: self.size]

    def write(self):
        """Write it, unless it is there.

        It is not emptied first, since another process may be uploading it: both write the same.
        """
        if self.path.exists() and self.path.stat().st_size == self.size:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o644), "wb") as target:
            target.write(self.content())
            target.truncate()


def given_files(directory):
    """Return the files below a directory.

    Raises:
        FileNotFoundError: There are none.
    """
    found = [GivenFile(directory, path) for path in sorted(directory.rglob("*")) if path.is_file()]
    if not found:
        raise FileNotFoundError(f"{str(directory)!r} has no files that could be compressed")
    return found


def made_files(directory, size_class):
    """Return the files of a size class, the n-th an n-th as large as the first."""
    count, total = SIZES[size_class]
    largest = total / sum(1 / number for number in range(1, count + 1))
    sizes = [int(largest / number) for number in range(1, count + 1)]
    sizes[0] += total - sum(sizes)
    return [MadeFile(directory, size_class, number, size) for number, size in enumerate(sizes)]


@cache
def phrases():
    """Return what the texts are made of: two to four words each, of which there are 256."""
    words = [word(number) for number in range(256)]
    found = []
    for number in range(PHRASES):
        count, *choices = shake_256(b"phrase %d" % number).digest(5)
        found.append(b" ".join(words[choice] for choice in choices[: 2 + count % 3]))
    return found


def word(number):
    """Return a word of 3 to 11 letters; every sixteenth ends a line."""
    letters = shake_256(b"word %d" % number).digest(3 + number % 9)
    found = bytes(97 + letter % 26 for letter in letters)
    return found + b".\n" if number % 16 == 0 else found
