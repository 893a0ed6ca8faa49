"""Runs benchmarks, one after the other: ``python benchmarks [NAME...]``.

With ``--write docs/performance.md`` the sections of the page that belong to them are written anew;
the others stay as they are. The machine should have nothing else to do meanwhile; its load when a
benchmark began is part of the section.
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
    "sequential_loop": "The sequential loop",
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

Written by `python benchmarks --write docs/performance.md`, on {cpus} processors ({model}),
{system}, Python {python}.
Figures are medians; every row has a reference that was measured in the same run, by turns where it
is taken often. Each script runs alone as well: `python benchmarks/NAME.py`.
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


def measured(name: str) -> str:
    """Run one script in a process of its own, so that none finds what another left in memory."""
    load = os.getloadavg()[0]
    script = Path(__file__).with_name(f"{name}.py")
    done = subprocess.run(
        [sys.executable, str(script)], check=True, stdout=subprocess.PIPE, text=True
    )
    print(f"{BENCHMARKS[name]}\n{done.stdout}", flush=True)
    when = f"Measured on {date.today()}; load average {load:.2f} when it began."
    return "\n\n".join(filter(None, (commentary(name), done.stdout.strip(), when)))


def sections(page: str) -> dict[str, str]:
    """Return the sections of a page by their titles."""
    parts = [part.partition("\n") for part in f"\n{page}".split("\n## ")[1:]]
    return {title: body.strip() for title, _, body in parts}


def write(page: Path, anew: dict[str, str]) -> None:
    """Write the page: what was measured anew, and what it had of the others."""
    known = sections(page.read_text(encoding="utf-8")) if page.exists() else {}
    text = PAGE.format(
        cpus=os.cpu_count(),
        model=processor(),
        system=platform.platform(terse=True),
        python=platform.python_version(),
    )
    for title in BENCHMARKS.values():
        if body := anew.get(title, known.get(title)):
            text += f"\n## {title}\n{body}\n"
    page.write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description="Run benchmarks; all of them without a NAME.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--write", type=Path, metavar="PAGE", help="Write their sections of it.")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    for name in arguments.names or BENCHMARKS:
        section = measured(name)
        if arguments.write is not None:
            write(arguments.write, {BENCHMARKS[name]: section})
    return 0


if __name__ == "__main__":
    sys.exit(main())
