"""Many processes and threads on one cache, and processes that are killed."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from cache_doubles import add_function, built, package_of

from sebs.cache import Cache
from sebs.cache.locks import Locks

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a Python process that can import the cache and the doubles."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return output


ADD_HUNDRED = """
import sys
from cache_doubles import add_function
from sebs.cache import Cache
with Cache(sys.argv[1]) as cache:
    for number in range(100):
        add_function(cache, f"f-{sys.argv[2]}-{number}")
"""


def test_eight_processes_that_each_add_a_hundred_functions_lose_none(cache: Cache) -> None:
    for process in [python(ADD_HUNDRED, cache.cache_dir, number) for number in range(8)]:
        finish(process)
    expected = {f"f-{process}-{number}" for process in range(8) for number in range(100)}
    assert set(cache.get_functions("local", "010.sleep", "python")) == expected


def test_threads_that_add_at_once_lose_none(cache: Cache) -> None:
    with ThreadPoolExecutor(8) as executor:
        list(executor.map(lambda number: add_function(cache, f"f{number}"), range(200)))
    assert len(cache.get_functions("local", "010.sleep", "python")) == 200


def test_threads_that_update_different_keys_of_one_configuration_lose_none(cache: Cache) -> None:
    def update(number: int) -> None:
        cache.update_config(val=number, keys=["aws", "resources", f"r{number}"])

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(update, range(100)))
    assert cache.get_config("aws") == {"resources": {f"r{number}": number for number in range(100)}}


def test_a_forked_child_uses_the_cache_and_leaves_the_parents_alone(cache: Cache) -> None:
    add_function(cache, "parent")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            add_function(cache, "child")
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    add_function(cache, "after")
    assert sorted(cache.get_all_functions("local")) == ["after", "child", "parent"]


def test_a_cache_that_is_deleted_meanwhile_is_made_anew(cache: Cache) -> None:
    add_function(cache, "before")
    for path in cache.cache_dir.glob("sebs.sqlite*"):
        path.unlink()
    assert cache.get_all_functions("local") == {}
    add_function(cache, "after")
    with Cache(cache.cache_dir) as other:
        assert list(other.get_all_functions("local")) == ["after"]


KILLED = """
import sys
from pathlib import Path
from cache_doubles import add_function, built
from sebs.cache import Cache
directory = Path(sys.argv[1])
cache = Cache(directory)
print("ready", flush=True)
for number in range(10**6):
    content = b"%d" % number * 100_000
    package = built(directory.parent / "code.zip", content, hash=f"h{number}")
    cache.add_code_package("local", package)
    add_function(cache, f"f{number}", {"number": number})
    print(number, flush=True)
"""


@pytest.mark.parametrize("seed", range(20))
def test_a_kill_at_a_random_moment_loses_nothing_that_was_told(tmp_path: Path, seed: int) -> None:
    process = python(KILLED, tmp_path / "cache")
    assert process.stdout is not None
    process.stdout.readline()
    delay = random.Random(seed).uniform(0.0, 0.15)
    print(f"seed {seed}: killed after {delay * 1000:.1f} ms")
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    # Not communicate(), which would lose what the first line brought along with it.
    with process:
        told = [int(line) for line in process.stdout.read().split("\n")[:-1]]

    with Cache(tmp_path / "cache") as cache:
        functions = cache.get_functions("local", "010.sleep", "python")
        numbers = sorted(entry["number"] for entry in functions.values())
        assert numbers == list(range(len(numbers)))
        assert numbers[: len(told)] == told
        package = package_of(cache)
        if told:
            assert package is not None
        if package is not None:
            number = int(package["hash"].removeprefix("h"))
            assert number >= len(told) - 1
            assert Path(package["location"]).read_bytes() == b"%d" % number * 100_000
        # A filter that matches nothing: only leftovers go.
        assert cache.clean(benchmark="none").entries == ()
        staging = tmp_path / "cache" / "staging"
        assert not staging.exists() or os.listdir(staging) == []
        stored = tmp_path / "cache" / "packages"
        known = [] if package is None else [Path(package["location"]).name]
        assert (os.listdir(stored) if stored.exists() else []) == known
    if (tmp_path / "cache" / "sebs.sqlite").exists():
        with closing(sqlite3.connect(tmp_path / "cache" / "sebs.sqlite")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


STAGING = """
import sys, time
from pathlib import Path
from sebs.cache.staging import Staging
with Staging(Path(sys.argv[1]) / "staging").directory() as directory:
    (directory / "package").write_bytes(b"half")
    print(directory, flush=True)
    time.sleep(600)
"""


def test_what_a_dead_writer_left_is_swept_and_a_live_ones_is_not(cache: Cache) -> None:
    dead, live = (python(STAGING, cache.cache_dir) for _ in range(2))
    try:
        assert dead.stdout is not None
        assert live.stdout is not None
        left, kept = (Path(p.stdout.readline().strip()) for p in (dead, live))  # type: ignore[union-attr]
        dead.kill()
        dead.communicate()
        assert left.exists()
        assert cache.clean(dry_run=True).temporaries == (left,)
        assert left.exists()
        add_function(cache, "one")  # opens the database, which sweeps
        assert not left.exists()
        assert (kept / "package").read_bytes() == b"half"
    finally:
        live.kill()
        live.communicate()
    assert cache.clean(benchmark="none").temporaries == (kept,)
    assert not kept.exists()


HOLDING = """
import sys, time
from sebs.cache import Cache
with Cache(sys.argv[1]).function_lock("local", "f/'é"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_lock_excludes_other_processes_until_its_holder_is_killed(cache: Cache) -> None:
    holder = python(HOLDING, cache.cache_dir)
    entered = threading.Event()

    def wait() -> None:
        with cache.function_lock("local", "f/'é"):
            entered.set()

    waiter = threading.Thread(target=wait)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with cache.function_lock("local", "another"), cache.function_lock("aws", "f/'é"):
            waiter.start()
        assert not entered.wait(0.3)
    finally:
        holder.kill()
        holder.communicate()
    assert entered.wait(30)
    waiter.join()


@pytest.mark.parametrize("which", ["coarse", "function"])
def test_a_lock_is_reentrant_and_excludes_other_threads(cache: Cache, which: str) -> None:
    def lock() -> object:
        return cache.locked() if which == "coarse" else cache.function_lock("local", "f")

    inside = 0
    most = 0

    def work(_: int) -> None:
        nonlocal inside, most
        with lock(), lock():  # type: ignore[attr-defined]
            inside += 1
            most = max(most, inside)
            time.sleep(0.002)
            inside -= 1

    with ThreadPoolExecutor(6) as executor:
        list(executor.map(work, range(30)))
    assert most == 1


def test_unlock_without_lock_is_harmless_and_a_nested_lock_needs_both(cache: Cache) -> None:
    cache.unlock()
    cache.lock()
    cache.lock()
    cache.unlock()
    entered = threading.Event()

    def wait() -> None:
        with cache.locked():
            entered.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    assert not entered.wait(0.2)
    cache.unlock()
    assert entered.wait(30)
    waiter.join()
    cache.unlock()


def test_processes_that_store_the_same_package_at_once_store_it_once(
    cache: Cache, tmp_path: Path
) -> None:
    def add(number: int) -> str:
        return cache.add_code_package("local", built(tmp_path / f"{number}.zip", b"x" * 100_000))

    with ThreadPoolExecutor(8) as executor:
        stored = set(executor.map(add, range(24)))
    assert len(stored) == 1
    assert package_of(cache)["location"] in stored
    assert os.listdir(cache.cache_dir / "staging") == []


def test_who_waits_is_told_for_what(tmp_path, caplog) -> None:
    held, waiting = Locks(tmp_path), Locks(tmp_path)

    def wait(*name: str) -> None:
        with waiting.hold(*name):
            pass

    for name, told in (
        (("start",), "Waiting for another command, which is starting the local platform."),
        (("function", "local", "f"), "which uses the function f on local."),
        (("cache",), "which writes to the cache."),
    ):
        held.acquire(*name)
        with ThreadPoolExecutor(1) as executor:
            acquired = executor.submit(wait, *name)
            deadline = time.monotonic() + 30
            while told not in caplog.text and time.monotonic() < deadline:
                time.sleep(0.01)
            held.release(*name)
            acquired.result(timeout=30)
        assert told in caplog.text
