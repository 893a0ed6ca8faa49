"""The gateway starts once, lives as long as it is needed, and is followed by another."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading

from sebs.local.gateway.metrics import read_metrics
from sebs.local.gateway.packages import PackageStore

SLOW = "import time\ndef handler(event):\n    time.sleep(event or 0)\n    return 1\n"


def test_the_last_lease_ends_it(start):
    gateway = start()
    second = gateway.take_lease()
    gateway.lease.close()
    assert gateway.call("GET", "/-/status").json["leases"] in (1, 2)
    second.close()
    assert gateway.process.wait(5) == 0
    assert not (gateway.home / "gateway.json").exists()


def test_a_lease_is_counted_while_its_connection_is_open(start, wait_for):
    gateway = start()
    second = gateway.take_lease()
    assert gateway.call("GET", "/-/status").json["leases"] == 2
    second.close()
    wait_for(lambda: gateway.call("GET", "/-/status").json["leases"] == 1)
    assert gateway.process.poll() is None


def test_a_killed_client_loses_its_lease(start, wait_for):
    gateway = start()
    program = (
        "import http.client, sys, time\n"
        "c = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]))\n"
        "c.request('GET', '/-/lease', headers={'Authorization': sys.argv[2]}); c.getresponse()\n"
        "print('held', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(gateway.port), gateway.headers["Authorization"]]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as client:
        client.stdout.readline()
        gateway.lease.close()
        wait_for(lambda: gateway.call("GET", "/-/status").json["leases"] == 1)
        client.kill()
    assert gateway.process.wait(5) == 0


def test_a_pin_keeps_it_and_its_removal_ends_it(start, wait_for):
    gateway = start()
    assert gateway.call("POST", "/-/pin", {"pinned": True}).json == {"pinned": True}
    assert json.loads((gateway.home / "gateway.json").read_text())["pinned"] is True
    gateway.lease.close()
    wait_for(lambda: gateway.call("GET", "/-/status").json["leases"] == 0)
    assert gateway.call("POST", "/-/pin", {"pinned": 1}).status == 400
    assert gateway.call("GET", "/-/status").json["pinned"] is True
    gateway.call("POST", "/-/pin", {"pinned": False})
    assert gateway.process.wait(5) == 0


def test_a_pin_outlives_a_killed_gateway(start, wait_for):
    first = start()
    first.call("POST", "/-/pin", {"pinned": True})
    first.process.kill()
    first.process.wait()
    second = start()
    assert second.state["pinned"] is True
    second.lease.close()
    wait_for(lambda: second.call("GET", "/-/status").json["leases"] == 0)
    assert second.call("GET", "/-/status").json["pinned"] is True
    assert second.call("POST", "/-/stop").status == 200
    assert second.process.wait(10) == 0
    assert start().state["pinned"] is False


def test_a_removed_pin_does_not_come_back(start):
    first = start()
    for pinned in (True, False):
        first.call("POST", "/-/pin", {"pinned": pinned})
    first.process.kill()
    first.process.wait()
    assert start().state["pinned"] is False


def test_stop_answers_and_ends_everything(start, alive):
    gateway = start()
    gateway.deploy(SLOW)
    gateway.invoke()
    environment = gateway.environments()[0]["pid"]
    answers = []
    busy = threading.Thread(target=lambda: answers.append(gateway.invoke(60)))
    busy.start()
    while gateway.environments()[0]["state"] != "busy":
        pass
    assert gateway.call("POST", "/-/stop").status == 200
    assert gateway.process.wait(10) == 0
    busy.join()
    assert (answers[0].status, answers[0].error["type"]) == (503, "GatewayStopped")
    assert not alive(environment)
    assert not (gateway.home / "gateway.json").exists()
    assert list((gateway.home / "tmp").iterdir()) == []


def test_sigterm_ends_everything(start, alive):
    gateway = start()
    gateway.deploy(SLOW)
    gateway.invoke()
    environment = gateway.environments()[0]["pid"]
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.process.wait(10) == 0
    assert not alive(environment)


def test_a_second_gateway_in_the_directory_leaves(start):
    gateway = start()
    command = [sys.executable, "-m", "sebs.local.gateway", "--home", str(gateway.home)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert second.returncode == 3
    assert "Another gateway" in second.stderr
    assert second.stdout == ""
    assert gateway.call("GET", "/-/status").status == 200


def test_a_function_of_an_earlier_run_works_again_at_once(start):
    first = start()
    first.deploy(SLOW)
    first.call("PATCH", "/-/functions/f", {"timeout": 9})
    first.lease.close()
    first.process.wait(5)
    second = start()
    assert second.state["token"] != first.state["token"]
    assert second.invoke().result == 1
    definition = second.call("GET", "/-/functions/f").json
    assert (definition["timeout"], definition["version"]) == (9, 2)


def test_an_unreadable_definition_is_reported_and_the_others_served(start):
    first = start()
    first.deploy(SLOW)
    first.deploy(SLOW, name="g")
    first.lease.close()
    first.process.wait(5)
    (first.home / "functions" / "g.json").write_text("{")
    second = start()
    assert second.invoke().result == 1
    assert second.invoke(name="g").status == 404
    assert "g.json" in (second.home / "gateway.log").read_text()


def test_a_killed_gateway_is_followed_by_one_that_cleans_up(start, alive, wait_for):
    first = start()
    first.deploy(
        "import os, subprocess, time\ndef handler(event):\n"
        "    if event:\n"
        "        subprocess.run(['setsid', '-f', 'sleep', '301'])\n"
        "        open(os.environ['TMPDIR'] + '/left', 'w').close(); time.sleep(300)\n"
        "    return os.getpid()\n"
    )
    served = first.invoke()
    assert served.status == 200

    def lost():
        with contextlib.suppress(ConnectionError):
            first.invoke({"hang": 1})

    hanging = threading.Thread(target=lost)
    hanging.start()
    wait_for(lambda: first.environments()[0]["state"] == "busy")
    environment = first.environments()[0]
    wait_for(lambda: (first.home / "tmp" / environment["id"] / "left").exists())

    def orphans():
        return [
            int(name)
            for name in os.listdir("/proc")
            if name.isdigit()
            and command_of(name) == b"sleep\x00301\x00"
            and in_home(name, first.home)
        ]

    # setsid -f returns before its child has become the command.
    wait_for(lambda: len(orphans()) == 1)
    (orphan,) = orphans()
    first.process.kill()
    first.process.wait()
    hanging.join()
    assert alive(environment["pid"])
    second = start()
    wait_for(lambda: not alive(environment["pid"]) and not alive(orphan))
    assert list((second.home / "tmp").iterdir()) == []
    assert list((second.home / "environments").iterdir()) == []
    assert second.invoke().json["is_cold"] is True
    records = list(read_metrics(second.home, "f", 0, 1e12))
    assert [record["cold"] for record in records] == [True, True]
    assert records[0]["request_id"] == served.json["request_id"]


def command_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as stream:
            return stream.read()
    except OSError:
        return b""


def in_home(pid, home):
    try:
        return os.readlink(f"/proc/{pid}/cwd").startswith(str(home))
    except OSError:
        return False


def test_a_recorded_pid_that_another_process_has_is_left_alone(start):
    first = start()
    first.lease.close()
    first.process.wait(5)
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        record = first.home / "environments" / "0123456789abcdef.json"
        record.write_text(json.dumps({"pid": stranger.pid, "start_time": 1}))
        start()
        assert stranger.poll() is None
        assert not record.exists()
        stranger.kill()


def test_it_runs_on_the_standard_loop_too(start, tmp_path, monkeypatch):
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "uvloop.py").write_text("raise ImportError('not installed')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "without"))
    gateway = start()
    gateway.deploy(SLOW)
    assert [gateway.invoke().json["is_cold"] for _ in range(3)] == [True, False, False]
    assert gateway.call("POST", "/-/functions/f/recycle").json == {"retired": 1}
    gateway.lease.close()
    assert gateway.process.wait(5) == 0
    assert "Traceback" not in (gateway.home / "gateway.log").read_text()


def test_a_function_whose_package_is_gone_is_not_served(start):
    first = start()
    sha256 = first.deploy(SLOW)["sha256"]
    first.lease.close()
    first.process.wait(5)
    PackageStore(first.home / "packages").collect(())
    assert not (first.home / "packages" / sha256).exists()
    second = start()
    assert second.invoke().status == 404
    second.deploy(SLOW)
    assert second.invoke().result == 1
