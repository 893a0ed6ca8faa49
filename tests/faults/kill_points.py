"""``kill -9`` at random moments, and what must hold afterwards.

As a command, ``python tests/faults/kill_points.py --moments 200`` tries that many moments of each
kind, and prints every moment at which something did not hold. A moment is a seed: the same seed
waits for the same time.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark
    from sebs.faas.function import Function
    from sebs.faas.system import System

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

import victim  # noqa: E402

from sebs.cache import Cache  # noqa: E402
from sebs.faas.function import Trigger  # noqa: E402
from sebs.local import service  # noqa: E402
from sebs.results.run import Run  # noqa: E402

#: Seconds after the beginning of the work within which the victim is killed; several rounds of
#: everything that it does.
WINDOW = {"deploy": 0.6, "run": 0.15, "settle": 0.3}


class NotHeldError(AssertionError):
    """Something that must hold after a kill did not."""


def require(holds: object, what: str) -> None:
    if not holds:
        raise NotHeldError(what)


@contextmanager
def platform(root: Path) -> Iterator[None]:
    """Run a gateway that outlives the victims, with nothing deployed."""
    victim.write_source(root, "first")
    service.start(root / "cache" / "local")
    try:
        yield
    finally:
        service.stop(root / "cache" / "local")


def kill_at(kind: str, root: Path, seed: int) -> tuple[float, list[str]]:
    """Start a victim and kill it.

    Returns:
        Seconds after the beginning of its work, and the whole lines that it printed since.
    """
    moment = random.Random(seed).uniform(0, WINDOW[kind])
    process = subprocess.Popen(
        [sys.executable, str(HERE / "victim.py"), kind, str(root)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    with process, process.stdout as lines:
        require(lines.readline() == b"begin\n", "the victim began its work")
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        printed = [line.decode().rstrip("\n") for line in lines if line.endswith(b"\n")]
    require(
        process.returncode == -signal.SIGKILL, f"the victim was killed, not {process.returncode}"
    )
    return moment, printed


def check_deploy(root: Path, _printed: list[str]) -> None:
    """The cache opens and claims nothing that is not there; the next run puts everything right."""
    with victim.make_client(root) as client:
        system = client.get_deployment({"name": "local"})
        system.initialize(quiet=True)
        claims = client.cache_client.get_all_functions("local")
        absent = set(claims) - deployed(root)
        require(not absent, f"the cache claims {absent}, which the platform does not have")
        benchmark = victim.make_benchmark(client, system, victim.MEMORIES[0])
        package = benchmark.code_location
        require(package is None or Path(package).is_file(), f"the cached package {package} exists")
        for entry in claims.values():
            if entry["hash"] == benchmark.hash:
                function = system.function_type().deserialize(entry)
                system.cached_function(function)
                require_newest(system, benchmark, function, entry["config"]["memory"])
        for name in (*claims, "victim-0"):
            require_newest(
                system,
                benchmark,
                system.get_function(benchmark, name),
                benchmark.benchmark_config.memory,
            )
        system.cleanup_resources()
        system.cleanup_functions(dry_run=False)
        require(not deployed(root), f"everything was found and deleted, but {deployed(root)}")
    require_no_leftovers(root)


def deployed(root: Path) -> set[str]:
    return {function.name for function in service.status(root / "cache" / "local").functions}


def require_newest(system: System, benchmark: Benchmark, function: Function, memory: int) -> None:
    """The function has the code that the sources have now, and that memory."""
    source = (benchmark.benchmark_path / "python" / "function.py").read_text()
    answer = system.create_trigger(function, Trigger.TriggerType.LIBRARY).sync_invoke({})
    require(repr(answer.output.get("result")) in source, f"{answer} has the code {source}")
    require(answer.billing.memory == memory, f"{answer} has {memory} MB")


def check_run(root: Path, printed: list[str]) -> None:
    """Every result that the victim was told is kept is read back, in order."""
    kept: dict[str, list[str]] = {}
    for line in printed:
        directory, request_id = line.split(" ")
        kept.setdefault(directory, []).append(request_id)
    for name, request_ids in kept.items():
        run = Run.load(root / "results" / name)
        read = [each.result.request_id for each in run.invocations()]
        tabled = run.frame().collect()["request_id"].to_list()
        require(tabled == read, "the table has what the journal has")
        require(len(set(read)) == len(read), "nothing twice")
        missing = set(request_ids) - set(read)
        require(not missing, f"{len(missing)} kept results are read back")
        require(read[: len(request_ids)] == request_ids, "results in order")
    with Cache(root / "cache") as cache:
        require(cache.get_all_functions("local"), "the cache still knows the function")


def check_settle(root: Path, _printed: list[str]) -> None:
    """Every deployment that was allocated is known to a cache, so that nobody loses it."""
    kept = set()
    for directory in (root / "caches").iterdir():
        with Cache(directory) as cache:
            kept.add(cache.get_config_key(["local", "resources", "resources_id"]))
    with victim.make_client(root) as client:
        system = client.get_deployment({"name": "local"})
        lost = set(system.find_deployments()) - kept
    require(not lost, f"no cache knows of {lost}")


def require_no_leftovers(root: Path) -> None:
    """No temporary file of the victim stays."""
    suspicious = [
        path
        for path in (root / "cache").rglob("*")
        if path.name.endswith(".tmp") or path.parent.name in ("staging", "tmp", "environments")
    ]
    require(not suspicious, f"no temporary file stays: {suspicious}")


CHECKS: dict[str, Callable[[Path, list[str]], None]] = {
    "deploy": check_deploy,
    "run": check_run,
    "settle": check_settle,
}


def try_moments(kind: str, root: Path, seeds: range) -> Iterator[tuple[int, float, str | None]]:
    """Kill at every moment; yield the seed, the seconds, and what did not hold."""
    with platform(root):
        for seed in seeds:
            moment, printed = kill_at(kind, root, seed)
            try:
                CHECKS[kind](root, printed)
            except Exception as error:  # noqa: BLE001 - whatever it is, it did not hold
                yield seed, moment, f"{type(error).__name__}: {error}"
            else:
                yield seed, moment, None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=0)
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.moments)
    failed = 0
    for kind in CHECKS:
        with tempfile.TemporaryDirectory(prefix="sebs-kill-") as directory:
            outcomes = list(try_moments(kind, Path(directory), seeds))
        wrong = [outcome for outcome in outcomes if outcome[2]]
        for seed, moment, what in wrong:
            print(f"{kind}: seed {seed}, after {moment * 1000:.1f} ms: {what}")
        print(f"{kind}: {len(outcomes) - len(wrong)} of {len(outcomes)} moments held")
        failed += len(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
