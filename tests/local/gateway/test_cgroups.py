"""The kernel's limit on memory: finding where it is permitted, and real groups where it is."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sebs.local.gateway import cgroups, fence, spawn_into
from sebs.local.gateway.cgroup_paths import (
    UNIFIED,
    Mount,
    Place,
    find,
    locate,
    parse_memberships,
    parse_mounts,
)

HYBRID_GROUPS = "9:name=systemd:/a\n4:memory:/a:b\n2:cpu,cpuacct:/c\n0::/u\n"
HYBRID_MOUNTS = (
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "35 31 0:31 / /sys/fs/cgroup/memory rw,relatime shared:9 master:2 - cgroup cgroup rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n"
)


def test_memberships_of_both_versions() -> None:
    expected = {"name=systemd": "/a", "memory": "/a:b", "cpu": "/c", "cpuacct": "/c", UNIFIED: "/u"}
    assert parse_memberships(HYBRID_GROUPS) == expected
    assert parse_memberships("") == {}


def test_mounts_of_both_versions_and_nothing_else() -> None:
    legacy, unified = parse_mounts(HYBRID_MOUNTS)
    assert legacy == Mount("/", "/sys/fs/cgroup/memory", False, frozenset({"rw", "memory"}))
    assert (unified.point, unified.unified) == ("/sys/fs/cgroup/unified", True)


def test_a_mount_point_with_blanks_is_read() -> None:
    (mount,) = parse_mounts(r"1 2 0:3 / /a\040b\134c rw - cgroup2 none rw")
    assert mount.point == r"/a b\c"


def _mount(root: str, point: str = "/m") -> Mount:
    return Mount(root, point, True, frozenset())


@pytest.mark.parametrize(
    ("root", "path", "own"),
    [
        ("/", "/", "/m"),
        ("/", "/user.slice/x.scope", "/m/user.slice/x.scope"),
        ("/docker/1", "/docker/1", "/m"),
        ("/docker/1", "/docker/1/x", "/m/x"),
        ("/docker/1", "/docker/12", None),
        ("/docker/1", "/", None),
        ("/", "/../elsewhere", None),
        ("/..", "/", None),
    ],
)
def test_a_group_is_located_below_what_is_mounted(root, path, own) -> None:
    place = locate([_mount(root)], {UNIFIED: path}, UNIFIED)
    assert place == (None if own is None else Place(Path(own), Path("/m")))


def test_the_latest_mount_covers_an_earlier_one() -> None:
    mounts = [_mount("/", "/first"), _mount("/", "/second"), _mount("/other", "/third")]
    place = locate(mounts, {UNIFIED: "/x"}, UNIFIED)
    assert place == Place(Path("/second/x"), Path("/second"))


def test_a_controller_is_where_its_own_hierarchy_is(proc) -> None:
    directory = proc(HYBRID_GROUPS, HYBRID_MOUNTS)
    memory = Path("/sys/fs/cgroup/memory")
    assert find(directory, "memory") == Place(memory / "a:b", memory)
    assert find(directory, "pids") is None
    assert find(directory / "absent", "memory") is None


@given(st.text(), st.text())
def test_no_text_breaks_the_parsers(groups, mounts) -> None:
    locate(parse_mounts(mounts), parse_memberships(groups), "memory")


NAMES = st.text(
    st.characters(exclude_characters="/\n\0", exclude_categories=["Cs"]), min_size=1
).filter(lambda name: name not in {".", ".."})


@given(st.lists(NAMES, max_size=4), st.lists(NAMES, min_size=1, max_size=3))
def test_what_the_kernel_escapes_is_found(parts, point) -> None:
    escapes = str.maketrans({char: f"\\{ord(char):03o}" for char in " \t\n\\"})
    path, mounted = "/" + "/".join(parts), "/" + "/".join(point)
    line = f"1 2 0:3 / {mounted.translate(escapes)} rw shared:1 - cgroup2 none rw"
    place = locate(parse_mounts(line), parse_memberships(f"0::{path}"), UNIFIED)
    assert place == Place(Path(mounted, *parts), Path(mounted))


@pytest.fixture
def proc(tmp_path):
    def write(groups: str, mounts: str) -> Path:
        directory = tmp_path / "proc"
        directory.mkdir()
        (directory / "cgroup").write_text(groups)
        (directory / "mountinfo").write_text(mounts)
        return directory

    return write


@pytest.fixture
def hierarchy(tmp_path, proc, monkeypatch):
    """Plain files that look like version 2: groups are found, but nothing can be limited there."""
    monkeypatch.setattr(spawn_into, "available", lambda: True)
    root = tmp_path / "hierarchy"
    own = root / "slice" / "scope"
    own.mkdir(parents=True)
    directory = proc("0::/slice/scope\n", f"1 2 0:3 / {root} rw - cgroup2 none rw\n")
    home = tmp_path / "home"
    home.mkdir()
    return own, home, directory


def test_the_tree_is_below_a_group_that_can_share_its_memory(hierarchy) -> None:
    own, home, directory = hierarchy
    (own / "cgroup.subtree_control").write_text("cpu\n")
    raised, refused = fence.raise_fence(home, directory)
    assert (raised.kind, len(refused)) == ("watch", 1)
    assert refused[0].startswith(f"no cgroup v2 in {own}: ")
    assert (own / "cgroup.subtree_control").read_text().startswith("+memory")


def test_the_tree_is_beside_a_group_that_cannot_and_changes_nothing_there(hierarchy) -> None:
    own, home, directory = hierarchy
    parent = own.parent / "cgroup.subtree_control"
    parent.write_text("cpu memory\n")
    _, refused = fence.raise_fence(home, directory)
    assert [line.partition(": ")[0] for line in refused] == [f"no cgroup v2 in {own.parent}"]
    assert parent.read_text() == "cpu memory\n"


def test_a_hierarchy_without_the_memory_controller_is_left_alone(hierarchy) -> None:
    own, home, directory = hierarchy
    (own.parent / "cgroup.subtree_control").write_text("cpu pids\n")
    assert fence.raise_fence(home, directory)[1] == []


def test_an_old_c_library_leaves_the_watch(hierarchy, monkeypatch) -> None:
    own, home, directory = hierarchy
    (own / "cgroup.subtree_control").write_text("memory\n")
    monkeypatch.setattr(spawn_into, "available", lambda: False)
    raised, refused = fence.raise_fence(home, directory)
    assert (raised.kind, refused) == ("watch", [])


def test_what_is_not_permitted_leaves_nothing_behind(hierarchy) -> None:
    own, home, directory = hierarchy
    (own / "cgroup.subtree_control").write_text("memory\n")
    fence.raise_fence(home, directory)
    assert [path.name for path in own.iterdir()] == ["cgroup.subtree_control"]
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("events", "struck"),
    [
        ("low 0\nhigh 0\nmax 7\noom 0\noom_kill 0\noom_group_kill 0\n", False),
        ("max 9\noom 1\noom_kill 3\noom_group_kill 1\n", True),
        ("max 0\noom 0\noom_kill 3\noom_group_kill 0\n", False),
        ("", False),
    ],
)
def test_the_limit_is_told_from_an_outer_one(tmp_path, monkeypatch, events, struck) -> None:
    monkeypatch.setattr(cgroups.UnifiedGroup, "_limit", lambda group, size: None)
    group = cgroups.UnifiedGroup(tmp_path / "group", 64)
    (group.path / "memory.events").write_text(events)
    assert group.struck() is struck
    assert group.maimed() is False


# Real groups from here on.

GREEDY = "bytearray(b'x' * (400 << 20))"
FAST = f"def handler(event):\n    return len({GREEDY})\n"
FORKING = (
    "import os\ndef handler(event):\n    pid = os.fork()\n"
    f"    if pid == 0:\n        {GREEDY}; os._exit(0)\n"
    "    os.waitpid(pid, 0)\n    return 'went on'\n"
)
MODEST = "import os\ndef handler(event):\n    return os.getpid()\n"


def tree_of(home: Path) -> Path:
    (line,) = (home / "cgroups").read_text().splitlines()
    return Path(line)


@pytest.fixture
def real(tmp_path):
    raised, _ = fence.raise_fence(tmp_path)
    yield raised
    raised.close()
    assert not (tmp_path / "cgroups").exists()


@pytest.fixture
def run(real):
    """Run a program in a group of 64 MiB; return its status, the group, and what it printed."""

    def run_one(*command: str, name: str = "e"):
        group = real.enclose(name, 64)
        reading, writing = os.pipe()
        files = [(os.POSIX_SPAWN_DUP2, writing, 1)]
        pid = group.start(list(command), dict(os.environ), files)
        os.close(writing)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with os.fdopen(reading) as stream:
            return status, group, stream.readline()

    return run_one


@pytest.mark.cgroups
def test_a_process_is_born_in_its_group_and_its_parent_stays_outside(run) -> None:
    before = Path("/proc/self/cgroup").read_text()
    _, group, line = run("/bin/grep", "sebs-", "/proc/self/cgroup")
    assert line.endswith(f"/{group.path.parent.name}/e\n")
    assert Path("/proc/self/cgroup").read_text() == before


@pytest.mark.cgroups
def test_memory_that_is_taken_at_once_is_stopped_at_the_limit(run) -> None:
    status, group, _ = run(sys.executable, "-c", GREEDY)
    assert status == -signal.SIGKILL
    assert group.struck()
    assert 60 << 10 < group.peak_kib() <= 64 << 10


@pytest.mark.cgroups
def test_a_child_counts(run) -> None:
    code = f"import os\nif os.fork() == 0: {GREEDY}\nelse: os.wait(); print('went on')"
    status, group, line = run(sys.executable, "-c", code)
    assert group.struck()
    # Version 2 ends all, version 1 the child alone; that is what ``maimed`` tells.
    spared = isinstance(group, cgroups.LegacyGroup)
    assert (status == 0, line == "went on\n", group.maimed()) == (spared, spared, spared)


@pytest.mark.cgroups
def test_another_end_is_no_strike(run) -> None:
    status, group, _ = run(sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")
    assert (status, group.struck()) == (-signal.SIGKILL, False)


@pytest.mark.cgroups
def test_page_cache_is_no_excess(run, tmp_path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as stream:
        stream.write(bytes(100 << 20))
        os.fsync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    code = "import sys; f = open(sys.argv[1], 'rb')\nwhile f.read(1 << 20): pass"
    status, group, _ = run(sys.executable, "-c", code, str(large))
    assert (status, group.struck()) == (0, False)


@pytest.mark.cgroups
def test_what_cannot_be_started_says_so(real) -> None:
    group = real.enclose("e", 64)
    with pytest.raises(FileNotFoundError, match="absent"):
        group.start(["/absent"], {}, [])


@pytest.mark.cgroups
def test_what_a_process_left_behind_ends_with_its_group(run, real, alive, wait_for) -> None:
    _, group, _ = run("/bin/sh", "-c", "setsid -f env -i /bin/sleep 300 >/dev/null")
    (left,) = map(int, (group.path / "cgroup.procs").read_text().split())
    (group.path / "below").mkdir()  # as a function may that runs as root
    assert alive(left)
    real.release("e")
    wait_for(lambda: not alive(left))
    wait_for(lambda: real.tidy() or not group.path.exists())


@pytest.mark.cgroups
@pytest.mark.parametrize("source", [FAST, FORKING], ids=["itself", "its child"])
def test_an_excess_between_two_looks_fails_its_invocation_by_name(gateway, source) -> None:
    gateway.deploy(source, memory=64)
    answers = [gateway.invoke() for _ in range(4)]
    assert [(each.status, each.error["type"]) for each in answers] == [(500, "OutOfMemory")] * 4
    assert all("of 64 MB" in each.error["message"] for each in answers)
    assert all(record["max_memory"] > 60 for record in gateway.records())
    assert all(answer.json["is_cold"] for answer in answers)


@pytest.mark.cgroups
def test_the_limit_leaves_another_gateway_alone(gateway, tmp_path) -> None:
    other = type(gateway)(tmp_path / "other", tmp_path)
    try:
        gateway.deploy(FAST, memory=64)
        other.deploy(MODEST, memory=64)
        pid = other.invoke().result
        assert gateway.invoke().error["type"] == "OutOfMemory"
        gateway.process.terminate()
        gateway.process.wait(10)
        assert other.invoke().result == pid
        assert tree_of(other.home).is_dir()
    finally:
        other.process.terminate()
        other.process.wait(10)
        other.close()


@pytest.mark.cgroups
def test_an_orderly_end_leaves_no_group(gateway) -> None:
    gateway.deploy(MODEST, memory=64)
    gateway.invoke()
    tree = tree_of(gateway.home)
    assert len(list(tree.glob("*/"))) == 1
    gateway.call("POST", "/-/functions/f/recycle")
    assert list(tree.glob("*/")) == []
    gateway.invoke()
    gateway.process.terminate()
    gateway.process.wait(10)
    assert not tree.exists()
    assert not (gateway.home / "cgroups").exists()


@pytest.mark.cgroups
def test_what_a_killed_gateway_left_is_ended_by_the_next(start, alive, wait_for) -> None:
    source = (
        "import os, subprocess\ndef handler(event):\n"
        "    subprocess.run(['setsid', '-f', 'env', '-i', '/bin/sleep', '300'])\n"
    )
    killed = start()
    killed.deploy(source, memory=64)
    killed.invoke()
    tree = tree_of(killed.home)
    (group,) = tree.glob("*/")
    left = [int(pid) for pid in (group / "cgroup.procs").read_text().split()]
    killed.process.kill()
    killed.process.wait()
    hidden = left[-1]
    assert alive(hidden)
    following = start()
    wait_for(lambda: not any(map(alive, left)))
    assert not tree.exists()
    assert tree_of(following.home) != tree


def test_a_gateway_can_be_told_to_only_watch(tmp_path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    command = [sys.executable, "-m", "sebs.local.gateway", "--home", str(home)]
    command += ["--memory-limit", "watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline().startswith(b"ready ")
        assert not (home / "cgroups").exists()
        process.terminate()


def test_the_status_tells_how_memory_is_limited(gateway) -> None:
    kind = gateway.call("GET", "/-/status").json["memory_limit"]
    recorded = (gateway.home / "cgroups").exists()
    assert recorded == (kind in {"cgroup v1", "cgroup v2"}), kind
    assert recorded or kind == "watch"
