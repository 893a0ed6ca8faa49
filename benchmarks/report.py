"""How long a report takes to make, and how large it is.

The whole command is timed, reading included, on a synthetic run of 100,000 invocations as Parquet
and as a small one of 200; by turns with a Python that only imports what draws and what reads.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import numpy as np
from _table import Row, median_time, print_table

REPETITIONS = 5
LARGE, SMALL = 100_000, 200


def write_run(directory: Path, count: int) -> Path:
    """Write a table in SeBS's format: one invocation in a hundred is cold."""
    times = np.random.default_rng(1).lognormal(11, 0.3, count).astype(int)
    head = "memory,type,is_cold,exec_time,connection_time,client_time,provider_time,mem_used"
    rows = (
        f"{128 << number % 4},warm,{number % 100 == 0},{each},0.03,{each + 900},{each},70"
        for number, each in enumerate(times)
    )
    path = directory / f"{count}.csv"
    path.write_text("\n".join([head, *rows, ""]))
    sebs("results", "import", str(path), "--output-dir", str(directory / f"runs-{count}"))
    return next((directory / f"runs-{count}").iterdir())


def sebs(*arguments: str) -> None:
    program = str(Path(sysconfig.get_path("scripts")) / "sebs")
    subprocess.run([program, *arguments], check=True, stdout=subprocess.DEVNULL)


def measure() -> list[Row]:
    rows = []
    imports = "import polars, numpy, scipy.special, vl_convert"
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for count in (LARGE, SMALL):
            run, page = write_run(directory, count), directory / "report.html"
            place = ["--provider", "aws", "--region", "us-east-1"]
            spent = median_time(
                lambda run=run, page=page, place=place: sebs(
                    "report", str(run), "-o", str(page), *place
                ),
                REPETITIONS,
            )
            python = median_time(
                lambda: subprocess.run([sys.executable, "-c", imports], check=True), REPETITIONS
            )
            rows.append(
                Row(
                    f"`sebs report -o` of {count:,} invocations",
                    "≤ 5 s, ≤ 5 MB",
                    f"{spent:.2f} s, {page.stat().st_size / 1e6:.2f} MB",
                    f"{python:.2f} s (python -c '{imports}')",
                )
            )
    return rows


def main() -> int:
    print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
