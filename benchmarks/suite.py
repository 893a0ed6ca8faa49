"""How long the bundled benchmarks take to be tried, and one of them to get its dependencies.

The regression is that of a user: ``sebs regression``, all benchmarks in Python at size test, in a
new cache directory, so that everything is built and deployed. What has been downloaded before is in
uv's own cache, which is warm after the installations. Their reference is uv itself with the same
requirements.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import uv
from _table import Row, print_table

from sebs.benchmark.dependencies import Target, install, select_list
from sebs.benchmark.source import list_benchmarks
from sebs.sebs_types import Language

REPETITIONS = 3
SEBS = "import sys; from sebs.cli.main import entry; sys.exit(entry())"
MACHINE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x64"
TARGET = Target(Language.PYTHON, f"{sys.version_info.major}.{sys.version_info.minor}", MACHINE)


def seconds(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def regression() -> Row:
    with tempfile.TemporaryDirectory() as directory:
        options = ["--languages", "python", "--output-dir", directory, "--json"]
        begin = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", SEBS, "regression", *options],
            env={**os.environ, "SEBS_CACHE_DIR": str(Path(directory, "cache"))},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        spent = time.perf_counter() - begin
    record = json.loads(done.stdout)
    outcomes = record["outcomes"]
    failed = [each["case"]["benchmark"] for each in outcomes if each["state"] != "passed"]
    passed = f"{record['passed']} of {record['total']} passed"
    # Each is invoked twice, which takes its time whoever deploys it.
    invoked = sum((each["cold"] or 0) + (each["warm"] or 0) for each in outcomes) / 1e6
    return Row(
        "regression of all benchmarks in Python, size test",
        "≤ 60 s on two processors, all pass",
        f"{spent:.1f} s, {passed}" + "".join(f", not {name}" for name in failed),
        f"the invocations alone, one after the other: {invoked:.1f} s",
    )


def installation(code: Path, requirements: Path) -> tuple[float, float]:
    """Return the seconds that sebs takes, and uv alone, with the same cache."""
    with tempfile.TemporaryDirectory() as directory:
        build, alone = Path(directory, "build"), Path(directory, "alone")
        shutil.copytree(code, build)
        command = [uv.find_uv_bin(), "pip", "install", "--quiet", "--link-mode", "copy"]
        command += ["--python", sys.executable, "--target", str(alone), "-r", str(requirements)]
        ours = seconds(lambda: install(build, TARGET))
        return ours, seconds(lambda: subprocess.run(command, check=True))


def installations() -> list[Row]:
    rows = []
    for source in list_benchmarks():
        code = source.path / "python"
        if (requirements := select_list(code, TARGET)) is None:
            continue
        installation(code, requirements)  # which warms the cache
        pairs = [installation(code, requirements) for _ in range(REPETITIONS)]
        ours, theirs = (median(column) for column in zip(*pairs, strict=True))
        name = f"dependencies of {source.name}, warm"
        rows.append(Row(name, "≤ 2 s", f"{ours:.2f} s", f"uv alone: {theirs:.2f} s"))
    return rows


def measure() -> list[Row]:
    """Return the rows of the table."""
    return [*installations(), regression()]


def main() -> int:
    print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
