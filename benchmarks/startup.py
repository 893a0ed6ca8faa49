"""How long ``import sebs`` and ``sebs --help`` take, beside Python itself.

Whole processes are timed, by turns, so that a busy machine slows both down. What an import costs is
the median of the differences between neighbours.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from statistics import median

from _table import Row, milliseconds, print_table

REPETITIONS = 41
SDKS = ("boto3", "azure", "google", "docker", "requests", "pydantic", "pycurl", "rich", "click")


def seconds(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def heavy_modules() -> list[str]:
    """Return which SDKs and heavy libraries ``import sebs`` loads."""
    code = f"import sys, sebs; print(*[name for name in {SDKS!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.split()


def measure() -> list[Row]:
    bare = [sys.executable, "-c", "pass"]
    importing = [sys.executable, "-c", "import sebs"]
    helping = [str(Path(sysconfig.get_path("scripts")) / "sebs"), "--help"]
    for command in (bare, importing, helping):
        seconds(command)  # compiles the modules, fills the page cache
    rounds = [
        [seconds(command) for command in (bare, importing, helping)] for _ in range(REPETITIONS)
    ]
    python = milliseconds(median(times[0] for times in rounds))
    loaded = ", ".join(heavy_modules()) or "none"
    return [
        Row(
            f"import sebs, over bare Python (SDKs loaded: {loaded})",
            "≤ 40 ms, none",
            milliseconds(median(times[1] - times[0] for times in rounds)),
            f"{python} (python -c pass)",
        ),
        Row(
            "sebs --help",
            "≤ 200 ms",
            milliseconds(median(times[2] for times in rounds)),
            f"{python} (python -c pass)",
        ),
    ]


def main() -> int:
    print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
