"""How long the bundled benchmarks take to be tried, and one of them to get its dependencies.

The regression is that of a user: ``sebs regression``, all benchmarks in Python at size test, in a
new cache directory, so that everything is built and deployed. What has been downloaded before is in
uv's and npm's own caches, which are warm after the installations. Their reference is uv itself with
the same requirements, or npm itself with the same description of the package; npm asks the registry
for news whatever is in its cache.
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
from functools import partial
from itertools import chain
from pathlib import Path
from statistics import median

import uv
from _table import Row, print_table

from sebs.benchmark.dependencies import Target, install, select_list, settle_list
from sebs.benchmark.source import list_benchmarks
from sebs.sebs_types import Language

REPETITIONS = 3
SEBS = "import sys; from sebs.cli.main import entry; sys.exit(entry())"
MACHINE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x64"
PYTHON = Target(Language.PYTHON, f"{sys.version_info.major}.{sys.version_info.minor}", MACHINE)
NODE, NPM = shutil.which("node"), shutil.which("npm")


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


def targets() -> list[Target]:
    """Return what this machine installs for."""
    if NODE is None or NPM is None:
        return [PYTHON]
    version = subprocess.run([NODE, "--version"], stdout=subprocess.PIPE, text=True, check=True)
    major = version.stdout.strip().removeprefix("v").partition(".")[0]
    return [PYTHON, Target(Language.NODEJS, major, MACHINE)]


def installer(language: Language, code: Path) -> list[str]:
    """Return the command that installs the dependencies of code by itself, in its directory."""
    if language is Language.NODEJS:
        return [str(NPM), "install", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"]
    command = [uv.find_uv_bin(), "pip", "install", "--quiet", "--link-mode", "copy"]
    command += ["--python", sys.executable, "--target", str(code / "installed")]
    return [*command, "--requirements", str(code / "requirements.txt")]


def installation(code: Path, target: Target) -> tuple[float, float]:
    """Return the seconds that sebs takes, and the installer alone, with the same cache."""
    with tempfile.TemporaryDirectory() as directory:
        build, alone = Path(directory, "build"), Path(directory, "alone")
        for copy in (build, alone):
            shutil.copytree(code, copy)
        settle_list(alone, target)
        command = installer(target.language, alone)
        ours = seconds(lambda: install(build, target))
        done = partial(subprocess.run, command, cwd=alone, stdout=subprocess.DEVNULL, check=True)
        return ours, seconds(done)


def installations(target: Target) -> list[Row]:
    alone = "npm" if target.language is Language.NODEJS else "uv"
    rows = []
    for source in list_benchmarks():
        code = source.path / target.language.value
        if select_list(code, target) is None:
            continue
        installation(code, target)  # which warms the cache
        pairs = [installation(code, target) for _ in range(REPETITIONS)]
        ours, theirs = (median(column) for column in zip(*pairs, strict=True))
        name = f"dependencies of {source.name}, {target.language}, warm"
        rows.append(Row(name, "≤ 2 s", f"{ours:.2f} s", f"{alone} alone: {theirs:.2f} s"))
    return rows


def measure() -> list[Row]:
    """Return the rows of the table."""
    return [*chain.from_iterable(map(installations, targets())), regression()]


def main() -> int:
    print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
