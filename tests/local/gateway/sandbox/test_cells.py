"""What a container's cell rests on, without Docker: its process, its memory, its time."""

import asyncio
import os
import socket
import subprocess
from pathlib import Path

import pytest

from sebs.local.gateway import container_process
from sebs.local.gateway.container_process import ContainerProcess
from sebs.local.gateway.environment import Environment
from sebs.local.gateway.functions import parse_definition
from sebs.local.gateway.invocation import Invocation

LIMIT = 64 << 20
STRUCK = "under_oom 0\noom_kill 2\n"


@pytest.fixture
def accounts(tmp_path, monkeypatch):
    """Files of which a process's memory is read, in the place of its group's."""
    found = container_process._Accounts(tmp_path / "events", tmp_path / "peak")
    monkeypatch.setattr(container_process, "_accounts", lambda groups: found)
    return found


@pytest.fixture
def program():
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def group_of(pid):
    return Path(f"/proc/{pid}/cgroup").read_text().split(":")[2].split("\n")[0]


@pytest.mark.parametrize(
    ("events", "peak", "struck"),
    [
        (STRUCK, LIMIT, True),
        (STRUCK, LIMIT - 4096, True),  # the kernel charges in batches
        (STRUCK, LIMIT // 2, False),  # the limit of a group around this one
        (STRUCK, None, True),  # a kernel that does not tell the peak
        ("oom_kill 0\n", LIMIT, False),
        (None, None, False),
    ],
)
def test_the_limit_struck_where_it_killed_and_was_reached(accounts, program, events, peak, struck):
    if events is not None:
        accounts.events.write_text(events)
    if peak is not None:
        accounts.peak.write_text(f"{peak}\n")

    async def look():
        process = ContainerProcess(program.pid, group_of(program.pid))
        before = process.strike(LIMIT)
        process.kill()
        await process.gone(LIMIT)
        return before, process

    before, process = asyncio.run(look())
    assert before == (struck, (peak or 0) >> 10)
    # The group goes with its last process; what it counted stays known.
    for path in accounts:
        path.unlink(missing_ok=True)
    assert process.strike(LIMIT) == before
    process.kill()  # whoever has the number now is left alone


def test_a_process_of_another_machine_is_refused(program):
    with pytest.raises(OSError, match="the engine is on another one"):
        ContainerProcess(program.pid, "0123456789abcdef" * 4)
    assert program.poll() is None


class LateSandbox:
    """Launches nothing: the test says when the worker is there."""

    def launch(self, tenant, order):
        self.tenant = tenant
        return self

    def kill(self):
        pass

    abandon = kill


def test_the_time_of_an_invocation_begins_when_its_worker_is_there(tmp_path):
    body = {
        "sha256": "0" * 64,
        "runtime": {"language": "python", "version": "", "executable": "python3"},
        "memory": 64,
        "timeout": 1,
        "container": {"image": "i"},
    }
    (tmp_path / "tmp").mkdir()

    async def live():
        sandbox = LateSandbox()
        environment = Environment(
            None, parse_definition("f", body), "e", tmp_path, tmp_path, 2, {}, sandbox
        )
        invocation = Invocation(b"0" * 32, b"{}", None, 0, 0.0)
        invocation.dispatched_ns = 5_000_000_000
        environment.send(invocation)
        assert environment.overdue(14_900_000_000) is None
        verdict = environment.overdue(15_100_000_000)
        assert verdict == (
            "EnvironmentCrashed",
            "The environment's worker was not there within 10 s.",
        )
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            environment.connected(ours)
            connected = environment._connected_ns
            assert environment.overdue(connected + 900_000_000) is None
            verdict = environment.overdue(connected + 1_100_000_000)
            assert verdict == ("TimeoutError", "An invocation ran past the timeout of 1 s.")
            await asyncio.sleep(0.01)
            # What was sent before the worker was there has waited for it.
            assert theirs.recv(100) == (2).to_bytes(4, "little") + b"0" * 32 + b"{}"
            environment._hang_up()

    asyncio.run(live())
    assert os.listdir(tmp_path / "tmp") == ["e"]
