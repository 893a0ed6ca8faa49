"""Directories that cannot be used, full disks, files that are no cache."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from cache_doubles import FunctionDouble, add_function, built, package_of

from sebs.cache import Cache
from sebs.cache.tables import SCHEMA_VERSION
from sebs.errors import CacheError, CacheFormatError, CacheUnavailableError

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

# Root may write anywhere; without its capabilities it is held to the permissions like anyone.
UNPRIVILEGED = """
import ctypes, sys
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
assert ctypes.CDLL(None, use_errno=True).capset(header, (ctypes.c_uint32 * 6)()) == 0
from cache_doubles import add_function, built
from pathlib import Path
from sebs.cache import Cache
from sebs.errors import CacheUnavailableError
cache = Cache(sys.argv[1])
"""


def run_unprivileged(code: str, *arguments: object) -> str:
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", UNPRIVILEGED + code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


READ_ONLY = """
print(cache.get_all_functions("local"), cache.get_config("aws"))
for write in (
    lambda: add_function(cache, "two"),
    lambda: cache.update_config(val="y", keys=["aws", "region"]),
    lambda: cache.add_code_package("local", built(Path(sys.argv[2]), b"new")),
    lambda: cache.lock(),
    lambda: cache.clean(),
):
    try:
        write()
    except CacheUnavailableError as error:
        print(type(error).__name__, isinstance(error, OSError), bool(error.remedy), error.message)
    else:
        print("written!")
"""


@pytest.mark.parametrize("open_elsewhere", [False, True], ids=["closed", "log beside it"])
def test_a_read_only_cache_can_be_read_and_says_why_it_cannot_be_written(
    tmp_path: Path, open_elsewhere: bool
) -> None:
    directory = tmp_path / "cache"
    writer = Cache(directory)
    add_function(writer, "one")
    writer.update_config(val="x", keys=["aws", "region"])
    if not open_elsewhere:
        writer.close()
    assert (directory / "sebs.sqlite-wal").exists() == open_elsewhere
    directory.chmod(0o555)
    try:
        lines = run_unprivileged(READ_ONLY, directory, tmp_path / "code.zip").splitlines()
    finally:
        directory.chmod(0o755)
    assert lines[0] == "{'one': {'name': 'one'}} {'region': 'x'}"
    assert len(lines) == 6
    for line in lines[1:]:
        assert line.startswith("CacheUnavailableError True True ")
        assert str(directory) in line
    assert writer.get_all_functions("local") == {"one": {"name": "one"}}
    writer.close()


def test_a_cache_below_a_read_only_directory_reads_as_empty(tmp_path: Path) -> None:
    (tmp_path / "fixed").mkdir(mode=0o555)
    lines = run_unprivileged(READ_ONLY, tmp_path / "fixed" / "cache", tmp_path / "code.zip")
    assert lines.splitlines()[0] == "{} None"
    assert "written!" not in lines


@pytest.mark.parametrize("below", ["", "below"])
def test_a_file_in_place_of_the_directory(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("mine")
    cache = Cache(tmp_path / "file" / below)
    uses = (
        lambda: cache.get_config("aws"),
        lambda: add_function(cache, "one"),
        lambda: cache.lock(),
    )
    for use in uses:
        with pytest.raises(CacheUnavailableError, match="file") as raised:
            use()
        assert raised.value.remedy
        assert isinstance(raised.value, OSError)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000, b"SQLite format 3\0garbage"])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "sebs.sqlite").write_bytes(content)
    with Cache(tmp_path) as cache:
        for use in (lambda: cache.get_config("aws"), lambda: add_function(cache, "one")):
            with pytest.raises(CacheFormatError, match=r"sebs\.sqlite") as raised:
                use()
            assert raised.value.remedy
    assert (tmp_path / "sebs.sqlite").read_bytes() == content


def test_a_database_whose_pages_were_overwritten(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        for number in range(300):
            add_function(cache, f"f{number}")
    path = tmp_path / "sebs.sqlite"
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with Cache(tmp_path) as cache, pytest.raises(CacheFormatError, match=r"sebs\.sqlite"):
        cache.get_all_functions("local")


def change_database(directory: Path, statement: str) -> None:
    with closing(sqlite3.connect(directory / "sebs.sqlite")) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_cache_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        add_function(cache, "one")
    change_database(tmp_path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = (tmp_path / "sebs.sqlite").read_bytes()
    with Cache(tmp_path) as cache:
        for use in (lambda: cache.get_config("aws"), lambda: add_function(cache, "two")):
            with pytest.raises(CacheFormatError, match=f"format {SCHEMA_VERSION + 1}") as raised:
                use()
            assert "Upgrade" in str(raised.value)
    assert (tmp_path / "sebs.sqlite").read_bytes() == before


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    change_database(tmp_path, "CREATE TABLE functions (x)")
    with Cache(tmp_path) as cache, pytest.raises(CacheFormatError, match="no cache of sebs"):
        add_function(cache, "one")


def test_an_entry_that_is_no_json_is_named(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        add_function(cache, "one")
    change_database(tmp_path, "UPDATE functions SET entry = '{'")
    with Cache(tmp_path) as cache, pytest.raises(CacheFormatError, match=r"functions\.one"):
        cache.get_functions("local", "010.sleep", "python")["one"]


FULL = """
import resource, sys
from pathlib import Path
from cache_doubles import BenchmarkDouble, add_function
from sebs.cache import Cache
from sebs.errors import CacheUnavailableError
cache = Cache(sys.argv[1])
add_function(cache, "before")
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
added = 0
for write in (
    lambda: cache.add_code_package("local", BenchmarkDouble(code_location=sys.argv[2])),
    lambda: [add_function(cache, f"f{number}", {"x": "y" * 5000}) for number in range(500)],
):
    try:
        write()
    except CacheUnavailableError as error:
        print(bool(error.remedy), error.message)
print(sorted(cache.get_all_functions("local"))[0])
"""


def test_a_full_disk_is_told_and_what_was_there_stays(tmp_path: Path) -> None:
    built(tmp_path / "code.zip", b"x" * 1_000_000)
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", FULL, tmp_path / "cache", tmp_path / "code.zip"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    package, function, first = result.stdout.splitlines()
    assert package.startswith("True ")
    assert function.startswith("True ")
    assert first == "before"
    with Cache(tmp_path / "cache") as cache:
        assert package_of(cache) is None
        assert cache.get_functions("local", "010.sleep", "python")["before"] == {"name": "before"}
        add_function(cache, "after")
        assert not os.listdir(tmp_path / "cache" / "staging")
        assert not (tmp_path / "cache" / "packages").exists()


ON_SMALL_DISKS = """
import sqlite3, subprocess, sys
from pathlib import Path
from sebs.cache import Cache
from sebs.errors import CacheUnavailableError
mount = Path(sys.argv[1])
for size in range(16, 256, 8):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", mount], check=True)
    try:
        with Cache(mount / "cache") as cache:
            cache.update_config(val="x", keys=["aws", "region"])
        print("created")
    except CacheUnavailableError:
        print("refused")
    subprocess.run(["mount", "-o", "remount,size=1m", mount], check=True)
    with Cache(mount / "cache") as cache:
        cache.update_config(val="y", keys=["aws", "region"])
    with sqlite3.connect(mount / "cache" / "sebs.sqlite") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    subprocess.run(["umount", mount], check=True)
"""


@pytest.mark.mounts
def test_a_cache_for_which_there_is_no_room_is_not_made_by_half(tmp_path: Path) -> None:
    """However much of it the disk takes, the next program finds a cache or none."""
    result = subprocess.run(
        ["unshare", "--mount", sys.executable, "-c", ON_SMALL_DISKS, tmp_path],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert set(result.stdout.split()) == {"refused", "created"}


@pytest.mark.parametrize("name", ["with space", "a'b\"c", "?#%20&", "größe-名前", "$HOME;x", "-n"])
def test_any_directory_name_works(tmp_path: Path, name: str) -> None:
    with Cache(str(tmp_path / name)) as cache:
        add_function(cache, "one")
        stored = cache.add_code_package("local", built(tmp_path / "code.zip"))
        assert Path(stored).is_relative_to(tmp_path / name)
    (tmp_path / name).chmod(0o555)
    try:
        output = run_unprivileged("print(list(cache.get_all_functions('local')))", tmp_path / name)
    finally:
        (tmp_path / name).chmod(0o755)
    assert output == "['one']\n"


def test_closing_twice_and_using_it_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    add_function(cache, "one")
    cache.shutdown()
    cache.shutdown()
    assert list(cache.get_all_functions("local")) == ["one"]
    cache.close()


def test_a_failing_transaction_leaves_the_next_one_alone(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        add_function(cache, "one")
        with pytest.raises(CacheError):
            cache.update_function(FunctionDouble("absent"))
        add_function(cache, "two")
        assert sorted(cache.get_all_functions("local")) == ["one", "two"]
