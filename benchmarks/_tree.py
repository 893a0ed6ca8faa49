"""The tree that hashing and packing are measured on."""

from __future__ import annotations

import random
import sysconfig
from pathlib import Path

FILES = 10_000
SIZE = 20_000
#: One file in so many is noise, as what is compressed already; the others are code.
NOISE = 5
#: Code keeps its order within pieces of so many lines, so that it repeats itself as code does.
PIECE = 40


def make_tree(root: Path, files: int = FILES, size: int = SIZE, seed: int = 1) -> int:
    """Write 200 MB in 10,000 nested files, and return the number of bytes.

    The code is that of this Python's standard library, cut into pieces and shuffled, so it is the
    same each time for one version of Python.
    """
    source = random.Random(seed)
    library = Path(sysconfig.get_path("stdlib"))
    lines = [
        line
        for module in sorted(library.glob("*.py"))
        for line in module.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    ]
    written = 0
    for number in range(files):
        directory = root / f"p{number % 20}" / f"m{number // 20 % 25}"
        directory.mkdir(parents=True, exist_ok=True)
        data = source.randbytes(size) if number % NOISE == 0 else b""
        while len(data) < size:
            start = source.randrange(len(lines))
            data += "".join(lines[start : start + PIECE]).encode()
        written += (directory / f"f{number}.py").write_bytes(data[:size])
    return written
