"""How long it takes to hash a tree: the first time, and when nothing has changed."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path

from _table import Row, median_time, milliseconds, print_table
from _tree import make_tree

from sebs.benchmark.digest import hash_package
from sebs.benchmark.layout import Part, is_junk
from sebs.cache import Cache

REPETITIONS = 5

#: Files younger than this are read again each time: see ``sebs.benchmark.digest``.
SETTLE = 2.1


class NoIndex:
    """Remembers nothing, so that every hash is the first."""

    def tree_index(self, root: str | os.PathLike[str]) -> bytes | None:
        """Return nothing."""
        return None

    def store_tree_index(self, root: str | os.PathLike[str], data: bytes) -> None:
        """Store nothing."""


def walk_and_hash(root: Path) -> str:
    """The reference: every file below a directory, into one SHA-256."""
    digest = hashlib.sha256()
    for directory, directories, names in os.walk(root):
        directories.sort()
        for name in sorted(names):
            path = os.path.join(directory, name)
            digest.update(os.path.relpath(path, root).encode())
            with open(path, "rb") as stream:
                while chunk := stream.read(1 << 20):
                    digest.update(chunk)
    return digest.hexdigest()


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory, "tree")
        make_tree(root)
        time.sleep(SETTLE)
        part = Part("code", root, is_junk)
        cache = Cache(Path(directory, "cache"))
        walk_and_hash(root)
        reference = median_time(lambda: walk_and_hash(root), REPETITIONS)
        first = median_time(lambda: hash_package([part], {}, NoIndex()), REPETITIONS)
        expected = hash_package([part], {}, cache)
        unchanged = median_time(lambda: hash_package([part], {}, cache), REPETITIONS)
        assert hash_package([part], {}, NoIndex()) == expected
        cache.close()
    return [
        Row(
            "hash 200 MB in 10,000 files, first",
            "<= 1.3 x reference",
            f"{milliseconds(first)} ({first / reference:.2f} x)",
            f"{milliseconds(reference)} (walk and SHA-256)",
        ),
        Row(
            "hash the same, unchanged",
            "<= 150 ms",
            milliseconds(unchanged),
            f"{milliseconds(reference)} (walk and SHA-256)",
        ),
    ]


def main() -> int:
    print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
