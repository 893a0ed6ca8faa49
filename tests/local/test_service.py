"""How long the gateway lives: leases, pins, kills; and the service that outlives a script."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sebs.errors import FunctionGoneError, GatewayError, InvalidNameError
from sebs.local import client as client_module
from sebs.local import launch, service
from sebs.local.client import GatewayClient, Lease


@pytest.fixture
def home(workshop):
    return workshop.home


@pytest.fixture
def client(home):
    made = GatewayClient(home)
    yield made
    made.close()


def test_nothing_runs_before_the_first_use(home, client):
    assert service.status(home) == service.Status(home, running=False)
    assert not service.stop(home)
    assert not home.exists()
    gateway = client.ensure()
    status = service.status(home)
    assert (status.running, status.pid, status.port) == (True, gateway.pid, gateway.port)
    assert (status.pinned, status.leases, status.functions) == (False, 1, [])
    assert status.memory_limit in {"cgroup v1", "cgroup v2", "watch"}
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / "gateway.json").stat().st_mode & 0o777 == 0o600


def test_the_last_user_ends_the_gateway(home, client):
    second = GatewayClient(home)
    pid = client.ensure().pid
    assert second.ensure().pid == pid
    second.close()
    assert not launch.is_gone(pid)
    client.close()
    assert launch.is_gone(pid)
    assert launch.published(home) is None
    client.close()


def test_a_closed_client_starts_nothing(home, client):
    client.ensure()
    client.close()
    with pytest.raises(GatewayError, match="shut down"):
        client.request("GET", "/-/functions")
    assert launch.published(home) is None
    client.open()
    assert client.request("GET", "/-/functions") == {"functions": []}


def test_a_service_stays_until_it_is_stopped(home, client):
    started = service.start(home)
    assert started.running
    assert started.pinned
    assert started.leases == 0
    assert service.start(home).pid == started.pid == client.ensure().pid
    client.close()
    assert not launch.is_gone(started.pid)
    assert service.stop(home)
    assert launch.is_gone(started.pid)
    assert not service.stop(home)


def test_a_service_that_was_killed_comes_back_as_one(home, client, gone):
    killed = service.start(home)
    os.kill(killed.pid, signal.SIGKILL)
    gone(killed.pid)
    assert service.status(home) == service.Status(home, running=False, pinned=True)
    assert client.request("GET", "/-/functions") == {"functions": []}
    client.close()
    status = service.status(home)
    assert (status.running, status.pinned, status.leases) == (True, True, 0)
    assert status.pid != killed.pid
    assert service.stop(home)
    assert service.status(home) == service.Status(home, running=False)


def test_a_service_that_was_killed_can_be_stopped(home, client, gone):
    pid = service.start(home).pid
    os.kill(pid, signal.SIGKILL)
    gone(pid)
    service.stop(home)
    assert not service.status(home).pinned
    client.ensure()
    assert not service.status(home).pinned


def test_a_client_finds_another_gateway_when_its_own_was_killed(client, gone):
    pid = client.ensure().pid
    os.kill(pid, signal.SIGKILL)
    gone(pid)
    assert client.request("GET", "/-/functions") == {"functions": []}
    assert client.ensure().pid != pid


def test_a_gateway_that_is_ending_is_replaced_and_no_request_is_lost(client):
    pid = client.ensure().pid
    client.request("POST", "/-/stop")
    deadline = time.monotonic() + 20
    while client.ensure().pid == pid:
        assert client.request("GET", "/-/functions") == {"functions": []}
        assert time.monotonic() < deadline
    assert launch.is_gone(pid)


@pytest.mark.parametrize(
    "state",
    [
        "",
        "[]",
        '{"pid": 1}',
        json.dumps(
            {
                "pid": 2**22 + 1,
                "port": 1,
                "token": "t",
                "started": 1.0,
                "pinned": False,
                "version": "0",
            }
        ),
        json.dumps(
            {
                "pid": os.getpid(),
                "port": 1,
                "token": "t",
                "started": 1.0,
                "pinned": True,
                "version": "0",
            }
        ),
    ],
    ids=["empty", "no object", "incomplete", "dead", "a stranger"],
)
def test_what_a_killed_gateway_left_is_no_obstacle(home, client, state):
    home.mkdir(parents=True)
    (home / "gateway.json").write_text(state)
    assert not service.status(home).running
    assert not service.stop(home)
    assert client.request("GET", "/-/functions") == {"functions": []}


def test_many_threads_start_one_gateway(home, monkeypatch):
    launches = []

    def counted(where):
        launches.append(where)
        return launch.launch(where)

    monkeypatch.setattr(client_module, "launch", counted)
    clients = [GatewayClient(home) for _ in range(8)]
    barrier = threading.Barrier(16)

    def ensure(one):
        barrier.wait()
        return one.ensure().pid

    with ThreadPoolExecutor(16) as pool:
        pids = set(pool.map(ensure, clients * 2))
    assert len(pids) == 1
    assert launches == [home]
    for one in clients:
        one.close()
    assert launch.is_gone(pids.pop())


HOLDER = """
import sys
from pathlib import Path
from sebs.local.client import GatewayClient

client = GatewayClient(Path(sys.argv[1]))
print(client.ensure().pid, flush=True)
sys.stdin.readline()
"""


def test_processes_at_once_start_one_gateway_which_ends_when_they_are_killed(
    home, program_environment, gone
):
    holders = [
        subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=program_environment,
        )
        for _ in range(3)
    ]
    pids = {int(holder.stdout.readline()) for holder in holders}
    assert len(pids) == 1
    for holder in holders:
        holder.kill()
        holder.communicate()
    gone(pids.pop())
    assert service.status(home).running is False


def test_a_directory_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    home = tmp_path / "file" / "home"
    with pytest.raises(GatewayError, match=r"deployment\.local\.home") as caught:
        GatewayClient(home).ensure()
    assert str(home) in str(caught.value)
    with pytest.raises(GatewayError, match="null"):
        GatewayClient(Path("/a\0b")).ensure()


def test_a_gateway_that_does_not_start_says_why(home, client, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(GatewayError, match="ended with 1"):
        client.ensure()
    monkeypatch.setattr(sys, "executable", "/absent/python")
    with pytest.raises(GatewayError, match=r"cannot be started: .*No such file"):
        client.ensure()
    monkeypatch.undo()
    (home / "functions").write_text("no directory")
    with pytest.raises(GatewayError, match="FileExistsError"):
        client.ensure()


def test_modules_in_the_working_directory_are_not_the_gateways(client, tmp_path, monkeypatch):
    if sys.version_info < (3, 11):
        pytest.skip("Python 3.10 cannot be told to leave it out")
    (tmp_path / "queue.py").write_text("raise SystemExit('the wrong module')")
    (tmp_path / "asyncio.py").write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    assert client.request("GET", "/-/functions") == {"functions": []}


def test_a_lease_is_not_taken_from_a_stranger(client):
    gateway = client.ensure()
    wrong = launch.Published(gateway.pid, gateway.port, "wrong", 0.0, False, "0")
    assert Lease.take(wrong) is None
    assert "token" not in repr(gateway)
    assert gateway.token not in repr(gateway)


def test_status_tells_the_functions_whether_it_runs_or_not(workshop):
    system = workshop.platform()
    function = workshop.function(system)
    function.triggers_all()[0].sync_invoke({})
    (running,) = service.status(workshop.home).functions
    assert (running.name, running.environments, running.busy) == (function.name, 1, 0)
    assert running.memory > 1
    system.shutdown()
    assert service.status(workshop.home).functions == [service.FunctionStatus(function.name)]


def test_logs_are_read_and_followed(workshop, monkeypatch):
    waits, sleep = itertools.count(), time.sleep

    def bounded(seconds):
        assert next(waits) < 100, "nothing more comes"
        sleep(seconds)

    monkeypatch.setattr(service.time, "sleep", bounded)
    handler = "def handler(event):\n    print(event['line'])\n    return {}\n"
    workshop.write("python/function.py", handler)
    function = workshop.function(workshop.platform())
    trigger = function.triggers_all()[0]
    assert list(service.logs(workshop.home, function.name)) == []
    trigger.sync_invoke({"line": "ü 1"})
    assert list(service.logs(workshop.home, function.name)) == ["ü 1"]
    followed = service.logs(workshop.home, function.name, follow=True)
    assert next(followed) == "ü 1"
    trigger.sync_invoke({"line": "2"})
    assert next(followed) == "2"
    # A full log is cut in place, and what was in it moves to another file.
    log = workshop.home / "logs" / f"{function.name}.log"
    log.with_name(f"{log.name}.1").write_text("older\n")
    os.truncate(log, 0)
    trigger.sync_invoke({"line": "3"})
    assert list(itertools.islice(followed, 1)) == ["3"]
    assert list(service.logs(workshop.home, function.name)) == ["older", "3"]


@pytest.mark.parametrize("name", ["../gateway", "a/b", "", "x" * 65])
def test_no_name_leads_out_of_the_logs(home, name):
    with pytest.raises(InvalidNameError, match="no function name"):
        service.logs(home, name)


def test_logs_of_nothing_are_an_error(home):
    with pytest.raises(FunctionGoneError, match="'absent'"):
        service.logs(home, "absent")
