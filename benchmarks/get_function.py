"""How long ``get_function`` takes on a hit, with more and more functions in the cache.

Each time is that of a script's second run: a new ``Benchmark`` object, the hash of its sources, the
cache entry, the question to the platform whether the function still exists. The reference is the
reading of a JSON cache that has as many functions.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from _table import Row, median_time, milliseconds, print_table
from cache import JsonCache, add, name

from sebs import SeBS

SIZES = (1, 1_000, 10_000)
REPETITIONS = 101
BENCHMARK = "010.sleep"


def measure() -> list[Row]:
    rows: list[Row] = []
    with (
        tempfile.TemporaryDirectory(prefix="sebs-benchmark-", dir=Path.cwd()) as directory,
        SeBS(Path(directory, "cache"), Path(directory, "results")) as client,
    ):
        system = client.get_deployment({"name": "local"})
        system.initialize()
        experiment = client.get_experiment_config({"runtime": {"language": "python"}})

        def hit() -> Any:
            return system.get_function(client.get_benchmark(BENCHMARK, system, experiment))

        created = hit()
        reference = JsonCache(Path(directory))
        present = 1
        for size in SIZES:
            add(client.cache_client, range(present, size))
            present = size
            reference.fill(size)
            taken = median_time(hit, REPETITIONS)
            if hit().serialize() != created.serialize():
                raise AssertionError("the cached function is not the created one")
            json_time = median_time(lambda size=size: reference.get(name(size // 2)), 21)
            rows.append(
                Row(
                    f"get_function, a hit, {size:,} cached",
                    "≤ 2 ms, flat",
                    milliseconds(taken),
                    f"{milliseconds(json_time)} (reading a JSON cache)",
                )
            )
    return rows


def main() -> int:
    print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
