"""Runs every benchmark, one after the other, and writes the tables: ``python benchmarks``.

With ``--write docs/performance.md`` the page is written as well. The machine should have nothing
else to do meanwhile; its load when the run began is part of the page.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import subprocess
import sys
from datetime import date
from pathlib import Path

#: Module to the title of its table, in the order of the page.
BENCHMARKS = {
    "startup": "Start-up",
    "get_function": "Deciding that a function is up to date",
    "cache": "The cache",
    "hashing": "Hashing a tree of sources",
    "packaging": "Packing the same tree",
    "http_client": "The measuring HTTP client",
    "local_platform": "The local platform",
    "local_sandbox": "The local platform's containers",
    "aws": "AWS Lambda",
    "aws_wrappers": "What runs inside of functions on AWS Lambda",
    "wrapper_cost": "What wrappers add to benchmarks",
    "suite": "The bundled benchmarks",
    "aws_metrics": "Metrics of functions on AWS Lambda",
    "results": "Writing and reading results",
    "analysis": "Analyzing results",
    "report": "Reports",
}

PAGE = """# Performance of sebs itself

Written by `python benchmarks --write docs/performance.md` on {date}: {cpus} processors ({model}),
{system}, Python {python}, load average {load:.2f} when it began. Figures are medians; every row has
a reference that was measured in the same run, by turns where it is taken often. Each script runs
alone as well: `python benchmarks/NAME.py`.
"""


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def commentary(name: str) -> str:
    """Return the script's own words on how it measures: the docstring without its first line."""
    docstring = importlib.import_module(name).__doc__ or ""
    return docstring.partition("\n\n")[2].strip()


def main() -> int:
    parser = argparse.ArgumentParser(description="Run every benchmark.")
    parser.add_argument("--write", type=Path, help="Write the page to this file.")
    arguments = parser.parse_args()
    page = PAGE.format(
        date=date.today(),
        cpus=os.cpu_count(),
        model=processor(),
        system=platform.platform(terse=True),
        python=platform.python_version(),
        load=os.getloadavg()[0],
    )
    for name, title in BENCHMARKS.items():
        # A process of its own, so that none finds the modules or the memory of another.
        script = Path(__file__).with_name(f"{name}.py")
        done = subprocess.run(
            [sys.executable, str(script)], check=True, stdout=subprocess.PIPE, text=True
        )
        print(f"{title}\n{done.stdout}", flush=True)
        page += f"\n## {title}\n{commentary(name)}\n\n{done.stdout.strip()}\n"
    if arguments.write is not None:
        arguments.write.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
