"""How long it takes to pack a tree, and how large the archive is."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from _table import Row, median_time, milliseconds, print_table
from _tree import make_tree

from sebs.benchmark.package import write_zip

REPETITIONS = 3


def measure() -> list[Row]:
    program = shutil.which("zip")
    if program is None:
        raise SystemExit("The reference is Info-ZIP's zip, which is not installed.")
    with tempfile.TemporaryDirectory() as directory:
        root, ours, theirs = (Path(directory, name) for name in ("tree", "ours.zip", "theirs.zip"))
        make_tree(root)

        def reference() -> None:
            theirs.unlink(missing_ok=True)
            subprocess.run([program, "-9", "-r", "-q", theirs, "."], cwd=root, check=True)

        zip_time = median_time(reference, REPETITIONS)
        our_time = median_time(lambda: write_zip(root, ours), REPETITIONS)
        first = ours.read_bytes()
        write_zip(root, ours)
        same = first == ours.read_bytes()
        sizes = ours.stat().st_size, theirs.stat().st_size
    return [
        Row(
            "zip 200 MB in 10,000 files",
            ">= 5 x faster",
            f"{milliseconds(our_time)} ({zip_time / our_time:.1f} x)",
            f"{milliseconds(zip_time)} (zip -9 -r)",
        ),
        Row(
            "size of that zip",
            "<= 2 % larger",
            f"{sizes[0]:,} bytes ({(sizes[0] / sizes[1] - 1) * 100:+.2f} %)",
            f"{sizes[1]:,} bytes (zip -9 -r)",
        ),
        Row("same bytes each time", "yes", "yes" if same else "NO", "no (zip -9 -r)"),
    ]


def main() -> int:
    print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
