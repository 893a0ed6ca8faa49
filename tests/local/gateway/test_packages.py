"""Unpacked packages: nobody writes to them, and they can still be removed."""

import hashlib
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sebs.local.gateway.packages import PackageStore

ROOT = Path(__file__).parents[3]

WRITES = """
import os, subprocess

def attempt(what):
    try:
        what()
        return "done"
    except OSError as error:
        return type(error).__name__

def handler(event):
    return [
        attempt(lambda: open("x", "a")),
        attempt(lambda: open("function/function.py", "a")),
        attempt(lambda: os.mkdir("d")),
        attempt(lambda: os.unlink("function/function.py")),
        attempt(lambda: os.rename("function", "other")),
        subprocess.run(["sh", "-c", "echo > x"], stderr=subprocess.DEVNULL).returncode != 0,
        open(os.environ["TMPDIR"] + "/x", "w").write("x"),
        sorted(os.listdir(".")),
    ]
"""

NODE_WRITES = """
exports.handler = () => {
  try { require('fs').appendFileSync('x', 'x'); return 'done'; } catch (e) { return e.code; }
};
"""

# Root may write anywhere; without its capabilities it is held to the permissions like anyone.
UNPRIVILEGED = """
import ctypes, sys
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
assert ctypes.CDLL(None, use_errno=True).capset(header, (ctypes.c_uint32 * 6)()) == 0
from pathlib import Path
from sebs.local.gateway.packages import PackageStore
store = PackageStore(Path(sys.argv[1]))
store.unpack(Path(sys.argv[2]), sys.argv[3])
try:
    (store.path(sys.argv[3]) / "deep" / "x").touch()
except PermissionError:
    print("protected")
store.collect(())
"""


def entry(name, mode):
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as writer:
        writer.writestr(entry("plain", stat.S_IFREG | 0o666), "plain")
        writer.writestr(entry("deep/er/tool", stat.S_IFREG | 0o777), "tool")
        writer.writestr(entry("deep/link", stat.S_IFLNK | 0o777), "../plain")
        writer.writestr(entry("deep/dangling", stat.S_IFLNK | 0o777), "nothing")
    return path


def test_a_package_cannot_be_written_to_but_removed_by_anyone(tmp_path, archive):
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    directory = tmp_path / "packages"
    directory.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED, directory, archive, digest],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("protected\n", "")
    assert list(directory.iterdir()) == []


def test_what_may_be_executed_stays_so(tmp_path, archive):
    store = PackageStore(tmp_path / "packages")
    (tmp_path / "packages").mkdir()
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    store.unpack(archive, digest)
    package = store.path(digest)
    modes = {
        str(path.relative_to(package)): stat.S_IMODE(path.stat().st_mode)
        for path in [package, *package.rglob("*")]
        if not path.is_symlink()
    }
    assert modes == {
        ".": 0o555,
        "plain": 0o444,
        "deep": 0o555,
        "deep/er": 0o555,
        "deep/er/tool": 0o555,
    }
    assert (package / "deep" / "link").read_text() == "plain"
    store.collect(())


def test_a_function_cannot_change_its_package(gateway):
    gateway.deploy(WRITES)
    denied = ["PermissionError"] * 5
    for _ in range(2):
        assert gateway.invoke().result == [*denied, True, 1, ["function"]]
        gateway.call("POST", "/-/functions/f/recycle")
    assert "cannot be kept" not in (gateway.home / "gateway.log").read_text()
    assert gateway.call("DELETE", "/-/functions/f").status == 200
    assert list((gateway.home / "packages").iterdir()) == []


@pytest.mark.node
def test_a_function_of_nodejs_cannot_either(gateway):
    gateway.deploy(NODE_WRITES, language="nodejs")
    assert gateway.invoke().result == "EACCES"
