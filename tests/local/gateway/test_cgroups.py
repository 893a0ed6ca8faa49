"""The kernel's limit on memory: where it is permitted, and that it holds."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sebs.local.gateway import cgroups, fence, processes, spawn_into
from sebs.local.gateway.environment import Environment
from sebs.local.gateway.functions import parse_definition
from sebs.local.gateway.process_sandbox import ProcessSandbox


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


def test_nothing_is_tried_above_what_is_mounted(hierarchy, proc) -> None:
    own, home, directory = hierarchy
    (own.parent / "cgroup.subtree_control").write_text("memory\n")
    (directory / "mountinfo").write_text(f"1 2 0:3 /slice/scope {own} rw - cgroup2 none rw\n")
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


class Struck(fence.NoEnclosure):
    """An enclosure whose limit was the cause of an end."""

    def struck(self) -> bool:
        return True

    def peak_kib(self) -> int:
        return 60 << 10


class Fence(fence.NoFence):
    """Has one enclosure for all."""

    def __init__(self, enclosure) -> None:
        self._enclosure = enclosure

    def enclose(self, environment_id, memory):
        return self._enclosure


class Listener:
    """Keeps how an environment ended."""

    def ended(self, environment, failed, verdict) -> None:
        self.verdict = verdict


@pytest.mark.parametrize(
    ("enclosure", "outcome", "message"),
    [
        (Struck(), "OutOfMemory", "The environment used 60 MB of 64 MB."),
        (fence.NoEnclosure(), "EnvironmentCrashed", "The environment ended with exit code 1."),
    ],
)
def test_an_end_that_nobody_ordered_has_its_cause(
    tmp_path, monkeypatch, enclosure, outcome, message
) -> None:
    # A gateway adopts orphans and kills them; the other children of this process are the servers
    # of other tests.
    monkeypatch.setattr(processes, "kill_orphans", lambda *_: None)
    runtime = {"language": "python", "version": "", "executable": "/bin/false"}
    definition = parse_definition(
        "f", {"package": "p", "sha256": "0" * 64, "runtime": runtime, "memory": 64, "timeout": 1}
    )
    for name in ("tmp", "environments"):
        (tmp_path / name).mkdir()
    listener = Listener()

    async def end() -> None:
        with open(os.devnull, "wb") as log:
            sandbox = ProcessSandbox(tmp_path, Fence(enclosure))
            environment = Environment(
                listener, definition, "e", tmp_path, tmp_path, log.fileno(), {}, sandbox
            )
        os.waitid(os.P_PID, environment.pid, os.WEXITED | os.WNOWAIT)
        sandbox.reap()

    asyncio.run(end())
    assert listener.verdict == (outcome, message)


# Real groups from here on.

GREEDY = "bytearray(b'x' * (400 << 20))"
FAST = f"def handler(event):\n    return len({GREEDY})\n"
FORKING = (
    "import os\ndef handler(event):\n    pid = os.fork()\n"
    f"    if pid == 0:\n        {GREEDY}; os._exit(0)\n"
    "    os.waitpid(pid, 0)\n    return 'went on'\n"
)
LEAVING = (
    "import subprocess\ndef handler(event):\n"
    "    subprocess.run(['setsid', '-f', 'env', '-i', '/bin/sleep', '300'])\n"
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
def test_a_group_goes_with_its_last_process(gateway, alive, wait_for) -> None:
    gateway.deploy(LEAVING, memory=64)
    gateway.invoke()
    (group,) = tree_of(gateway.home).glob("*/")
    hidden = int((group / "cgroup.procs").read_text().split()[-1])
    gateway.call("POST", "/-/functions/f/recycle")
    wait_for(lambda: not alive(hidden))
    wait_for(lambda: not group.exists())


@pytest.mark.cgroups
def test_what_a_killed_gateway_left_is_ended_by_the_next(start, alive, wait_for) -> None:
    killed = start()
    killed.deploy(LEAVING, memory=64)
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
