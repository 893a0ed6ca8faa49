"""How long the commands that analyze take, and how good their answers are on known truths.

Whole processes are timed, by turns with a Python that does nothing; the file is a small one of 400
invocations. The comparison of a million invocations is timed in this process. The last rows are of
synthetic experiments, whose truth is known.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import numpy as np
from _table import Row, median_time, milliseconds, print_table

from sebs.analysis.comparison import Verdict, compare
from sebs.analysis.eviction import Idling, fit_eviction

REPETITIONS = 9
EXPERIMENTS = 400
MILLION = 1_000_000

PERFORMANCE = "memory,type,is_cold,exec_time,connection_time,client_time,provider_time,mem_used"
EVICTION = "Memory,FunctionTime,Invocations,DeltaT,WarmContainers"


def write_performance(path: Path) -> Path:
    times = np.random.default_rng(1).lognormal(13, 0.2, 400).astype(int)
    rows = [
        f"{128 << number % 4},warm,{number % 8 == 0},{each},0.03,{each + 900},{each},70"
        for number, each in enumerate(times)
    ]
    path.write_text("\n".join([PERFORMANCE, *rows, ""]))
    return path


def write_eviction(path: Path) -> Path:
    rows = [f"128,1,32,{t},{round(32 * 2.0 ** -(t // 380))}" for t in range(30, 1900, 30)]
    path.write_text("\n".join([EVICTION, *rows, ""]))
    return path


def commands(directory: Path) -> list[Row]:
    sebs = str(Path(sysconfig.get_path("scripts")) / "sebs")
    performance = str(write_performance(directory / "result.csv"))
    eviction = str(write_eviction(directory / "eviction.csv"))
    place = ["--provider", "aws", "--region", "us-east-1"]
    asked = [
        ["analyze", "cost", performance, *place],
        ["analyze", "eviction", eviction],
        ["compare", performance, performance],
        ["prices", "check"],
    ]
    rows = []
    for arguments in asked:
        spent = median_time(lambda command=arguments: run([sebs, *command]), REPETITIONS)
        python = median_time(lambda: run([sys.executable, "-c", "pass"]), REPETITIONS)
        name = " ".join(arguments[:2]) if arguments[0] != "compare" else "compare"
        reference = f"{milliseconds(python)} (python -c pass)"
        rows.append(Row(f"`sebs {name}`", "≤ 1 s", milliseconds(spent), reference))
    return rows


def run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def comparison() -> Row:
    from scipy.stats import brunnermunzel

    generator = np.random.default_rng(2)
    base, head = generator.lognormal(size=MILLION), generator.lognormal(size=MILLION)
    begin = time.perf_counter()
    compare(base, head)
    spent = time.perf_counter() - begin
    begin = time.perf_counter()
    brunnermunzel(base, head)
    reference = f"{milliseconds(time.perf_counter() - begin)} (scipy's rank test alone)"
    return Row("comparing twice a million invocations", "", milliseconds(spent), reference)


def false_alarms() -> Row:
    """Return how often a head that is the same is called slower or faster."""
    generator = np.random.default_rng(3)
    verdicts = [
        compare(generator.lognormal(size=40), generator.lognormal(size=40)).verdict
        for _ in range(EXPERIMENTS)
    ]
    share = sum(each in (Verdict.SLOWER, Verdict.FASTER) for each in verdicts) / EXPERIMENTS
    return Row(
        "same distribution, 40 and 40 invocations: a difference is called",
        "≤ 5 %",
        f"{share:.1%}",
        "5.0% (the test alone)",
    )


def eviction_error() -> Row:
    """Return how far the fitted period is from the true one, with binomial noise."""
    generator = np.random.default_rng(4)
    errors = []
    for period in generator.uniform(100, 800, EXPERIMENTS // 4):
        trials = [
            Idling(float(t), 20, int(generator.binomial(20, 2.0 ** -(t // period))))
            for t in range(30, 1800, 30)
        ]
        fitted = fit_eviction(trials).period_s
        errors.append(1.0 if fitted is None else abs(fitted / period - 1))
    return Row(
        "eviction period out of 59 noisy trials: median error, 95th percentile",
        "",
        f"{np.median(errors):.1%}, {np.quantile(errors, 0.95):.1%}",
        "30 s between trials",
    )


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as directory:
        rows = commands(Path(directory))
    return [*rows, comparison(), false_alarms(), eviction_error()]


def main() -> int:
    print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
