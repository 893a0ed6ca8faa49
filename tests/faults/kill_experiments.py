"""``kill -9`` in the middle of every experiment, and what must hold once it was resumed.

As a command, ``python tests/faults/kill_experiments.py --moments 50`` tries that many moments of
each, and prints every moment at which something did not hold. A moment is a seed: the same seed is
the same share of the time that the whole experiment takes.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE.parent / "cli")]

from cli_line import CommandLine  # noqa: E402

from sebs.results.run import Run  # noqa: E402

INCREMENT = {"benchmark": "901.increment", "input-size": "test"}

#: Each experiment's parameters: as little as has everything in it.
EXPERIMENTS: dict[str, dict[str, Any]] = {
    "perf-cost": {
        **INCREMENT,
        "repetitions": 4,
        "concurrent-invocations": 2,
        "memory-sizes": [128, 192],
    },
    "invocation-overhead": {"end": 100_000, "points": 3, "repetitions": 3, "N": 5},
    "network-ping-pong": {"invocations": 9, "repetitions": 50, "threads": 2},
    "eviction-model": {
        "sleep": 0.2,
        "delta-t": [60, 400, 1600],
        "invocations": [2],
        "repetitions": 2,
    },
    "memory-tuning": {
        **INCREMENT,
        "input-sizes": ["test", "small"],
        "memory-sizes": [128, 192],
        "repetitions": 5,
        "cold": 2,
    },
    "scalability": {
        **INCREMENT,
        "burst-sizes": [2, 6],
        "inter-arrival-times": [0, 0.02],
        "repetitions": 2,
    },
}


class NotHeldError(AssertionError):
    """Something that must hold after a resumption did not."""


def require(holds: object, what: str) -> None:
    if not holds:
        raise NotHeldError(what)


class Laboratory:
    """Runs one experiment again and again, each time as somebody at the command line does."""

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self.line = CommandLine(root)
        self.line.write_benchmark()
        self._config = root / "config.json"
        section = {name: EXPERIMENTS[name]}
        local = {"clock": "virtual", "keep_alive_policy": "half-life", "keep_alive": 380}
        virtual = {"deployment": {"name": "local", "local": local}}
        self._config.write_text(
            json.dumps({"experiments": section, **(virtual if name == "eviction-model" else {})})
        )

    def arguments(self, results: Path, *further: object) -> list[object]:
        place = ("--benchmarks-dir", self.line.benchmarks, "--output-dir", results)
        return ["experiment", "invoke", self.name, "--config", self._config, *place, *further]

    def whole(self) -> tuple[float, set[str]]:
        """Run it undisturbed; return how long it measures, in seconds, and what is wanted."""
        results = self.line.root / "whole"
        process = self._start(results)
        begun = self._begun(process)
        _, error = process.communicate()
        require(process.returncode == 0, f"it runs undisturbed: {error}")
        took = time.monotonic() - begun
        return took, _wanted(_only(results))

    def interrupted(self, seed: int, seconds: float, wanted: set[str]) -> None:
        """Kill it after so many seconds of measuring, resume it, and look at what there is."""
        results = self.line.root / f"seed-{seed}"
        process = self._start(results)
        self._begun(process)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        run = _only(results)
        before = {row["id"]: row.get("request_id") for row in Run.load(run).rows()}
        done = self.line(*self.arguments(results, "--resume", run))
        require(done.code == 0, f"it goes on: {done.err}")
        rows = Run.load(run).rows()
        after = {row["id"]: row.get("request_id") for row in rows}
        require(before.items() <= after.items(), f"kept: {before.keys() - after.keys()}")
        require(_wanted(run) == wanted, f"complete: {_wanted(run) ^ wanted}")
        twice = [each for each, n in Counter(filter(None, after.values())).items() if n > 1]
        require(not twice, f"nothing twice: {twice}")
        journal = (run / "journal.jsonl").read_text().splitlines()
        recorded = [line["id"] for line in map(json.loads, journal) if "id" in line]
        require(len(set(recorded)) == len(recorded), "no id is recorded twice")

    def _start(self, results: Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.line.command(*self.arguments(results)),
            cwd=self.line.root,
            env=self.line.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _begun(self, process: subprocess.Popen[str]) -> float:
        """Wait until it says that it begins to measure; return when that was."""
        assert process.stderr is not None
        for line in process.stderr:
            if "--resume" in line:
                return time.monotonic()
        raise NotHeldError("it began")


def _only(results: Path) -> Path:
    [run] = [path for path in results.iterdir() if (path / "manifest.json").exists()]
    return run


def _wanted(run: Path) -> set[str]:
    """Return the ids of what is wanted, whichever of the tries of a trial they are of."""
    rows = Run.load(run).rows()
    found = [re.sub(r"-try-\d+", "", row["id"]) for row in rows if row.get("wanted") is not False]
    require(len(set(found)) == len(found), "nothing is wanted twice")
    return set(found)


def try_moments(name: str, root: Path, seeds: range) -> Iterator[tuple[int, float, str | None]]:
    """Kill at every moment; yield the seed, the seconds, and what did not hold."""
    laboratory = Laboratory(name, root)
    took, wanted = laboratory.whole()
    for seed in seeds:
        moment = random.Random(seed).uniform(0, took)
        try:
            laboratory.interrupted(seed, moment, wanted)
        except Exception as error:  # noqa: BLE001 - whatever it is, it did not hold
            yield seed, moment, f"{type(error).__name__}: {error}"
        else:
            yield seed, moment, None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--experiments", nargs="*", default=list(EXPERIMENTS))
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.moments)
    failed = 0
    for name in arguments.experiments:
        with tempfile.TemporaryDirectory(prefix="sebs-kill-") as directory:
            outcomes = list(try_moments(name, Path(directory), seeds))
        wrong = [outcome for outcome in outcomes if outcome[2]]
        for seed, moment, what in wrong:
            print(f"{name}: seed {seed}, after {moment * 1000:.0f} ms: {what}")
        print(f"{name}: {len(outcomes) - len(wrong)} of {len(outcomes)} moments held", flush=True)
        failed += len(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
