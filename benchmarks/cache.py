"""How long the cache takes to add and to look up functions.

The reference is what a JSON cache must do to be as safe: read the file, change it, write it to a
temporary name, flush it to the disk and rename it, all under a lock; and read it for a look-up.
"""

from __future__ import annotations

import fcntl
import json
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from _table import Row, median_time, milliseconds, print_table

from sebs.cache import Cache
from sebs.utils import write_atomically

ADDED = 1_000
SIZES = (1, 1_000, 10_000)
REPETITIONS = 3
LOOK_UPS = 201


@dataclass
class Sample:
    """Stands for a benchmark and for a function of it, of the size that real entries have."""

    name: str
    benchmark: str = "010.sleep"

    def serialize(self) -> dict[str, Any]:
        """Return the entry."""
        return {
            "name": self.name,
            "hash": "9a0364b9e99bb480dd25e1f0284c8555",
            "benchmark": self.benchmark,
            "config": {
                "timeout": 120,
                "memory": 128,
                "runtime": {"language": "python", "version": "3.11"},
                "architecture": "x64",
            },
            "triggers": [{"type": "HTTP", "url": f"http://127.0.0.1:9000/{self.name}"}],
        }


class JsonCache:
    """The reference: one JSON file, rewritten under a lock and flushed to the disk."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "config.json"
        self._lock = directory / "lock"
        self._lock.touch()
        self._file.write_text("{}")

    def add(self, function: Sample) -> None:
        """Add one function as safely as the cache does."""
        with self._lock.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            functions = json.loads(self._file.read_bytes())
            functions[function.name] = function.serialize()
            write_atomically(self._file, json.dumps(functions, indent=2).encode())

    def fill(self, number: int) -> None:
        """Make the file have that many functions, at once."""
        functions = {name(i): Sample(name(i)).serialize() for i in range(number)}
        write_atomically(self._file, json.dumps(functions, indent=2).encode())

    def get(self, wanted: str) -> Any:
        """Return the entry of that name."""
        return json.loads(self._file.read_bytes())[wanted]


def name(index: int) -> str:
    return f"sebs-local-010-sleep-{index:05}"


def add(cache: Cache, numbers: range) -> None:
    for index in numbers:
        sample: Any = Sample(name(index))
        cache.add_function(
            deployment_name="local", language_name="python", code_package=sample, function=sample
        )


def add_to_json(reference: JsonCache, numbers: range) -> None:
    for index in numbers:
        reference.add(Sample(name(index)))


def time_of_adding(directory: Path) -> Row:
    """Add functions one by one to an empty cache, and to an empty JSON cache, by turns."""
    ours, theirs = [], []
    for turn in range(REPETITIONS):
        with Cache(directory / f"cache-{turn}") as cache:
            ours.append(median_time(partial(add, cache, range(ADDED)), 1))
        (directory / f"json-{turn}").mkdir()
        reference = JsonCache(directory / f"json-{turn}")
        theirs.append(median_time(partial(add_to_json, reference, range(ADDED)), 1))
    return Row(
        f"add {ADDED:,} functions, each kept when it returns",
        "≤ 2,000 ms",
        milliseconds(median(ours)),
        f"{milliseconds(median(theirs))} (JSON)",
    )


def times_of_looking_up(directory: Path) -> list[Row]:
    """Look one function up among more and more of them."""
    rows, present = [], 0
    reference = JsonCache(directory)
    with Cache(directory / "cache") as cache:
        for size in SIZES:
            add(cache, range(present, size))
            present = size
            reference.fill(size)
            wanted = name(size // 2)

            def look_up(cache: Cache = cache, wanted: str = wanted) -> Any:
                return cache.get_functions("local", "010.sleep", "python")[wanted]

            def open_and_look_up(wanted: str = wanted) -> Any:
                with Cache(directory / "cache") as opened:
                    return opened.get_functions("local", "010.sleep", "python")[wanted]

            def look_up_json(wanted: str = wanted) -> Any:
                return reference.get(wanted)

            if not look_up() == open_and_look_up() == look_up_json() == Sample(wanted).serialize():
                raise AssertionError(f"{wanted} came back changed")
            json_time = f"{milliseconds(median_time(look_up_json, 21))} (JSON)"
            for what, action in (("look-up", look_up), ("open and look-up", open_and_look_up)):
                taken = milliseconds(median_time(action, LOOK_UPS))
                rows.append(Row(f"{what} among {size:,}", "flat, ≪ 1 ms", taken, json_time))
    return rows


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="sebs-benchmark-", dir=Path.cwd()) as directory:
        root = Path(directory)
        return [time_of_adding(root), *times_of_looking_up(root)]


def main() -> int:
    print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
