"""Packages of a benchmark that are larger than they need be, by bytes that nobody reads.

A copy of the benchmark gets one more file beside its code: random bytes, since what can be
compressed would make the package no larger. Its name says how many, so that every size is a
function of its own and none has to be deployed again to measure another.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable
from pathlib import Path

from sebs.benchmark.layout import is_junk

_FILE = "padding.bin"

#: Bytes that are made at a time.
_CHUNK = 1 << 20


def padded_name(benchmark: str, size: int) -> str:
    """Return the name of a benchmark's copy that is so many bytes larger."""
    return f"{benchmark}-padded-{size}"


def write_padded(
    benchmark: Path, language: str, sizes: Iterable[int], seed: int, directory: Path
) -> None:
    """Write copies of a benchmark, each larger than it by so many bytes.

    Args:
        benchmark: The benchmark's directory.
        language: Key of the language that is packaged.
        sizes: Bytes.
        seed: Of the bytes: the same one gives the same package.
        directory: Where the copies are written.

    Raises:
        OSError: They cannot be written.
    """
    for size in sizes:
        copy = directory / padded_name(benchmark.name, size)
        shutil.copytree(benchmark, copy, symlinks=True, ignore=_junk)
        _write_random(copy / language / _FILE, size, f"{seed}-{size}")


def _junk(_: str, names: list[str]) -> list[str]:
    return [name for name in names if is_junk(name)]


def _write_random(path: Path, size: int, seed: str) -> None:
    generator, left = random.Random(seed), size  # noqa: S311 - to be made again
    with open(path, "xb") as file:
        while left:
            left -= file.write(generator.randbytes(min(left, _CHUNK)))
