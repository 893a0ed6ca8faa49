"""However a container ends, its invocation has an answer and nothing of it is left."""

import contextlib
import os
import signal
import threading

import pytest

pytestmark = pytest.mark.docker

GREEDY = "len(bytearray(b'x' * (400 << 20)))"
SLEEP = """import time
def handler(event):
    time.sleep(event["sleep"] if event else 0)
    return "awake"
"""


@pytest.fixture
def fails(gateway, contained, containers, wait_for):
    """Deploy and invoke a handler that fails; all that must hold after any failure is checked."""

    def check(body, kind, *, status=500, **options):
        source = f"import os, sys, time\ndef handler(event):\n    if event:\n        {body}\n"
        gateway.deploy(f"{source}    return 'fine'\n", **contained(), **options)
        answer = gateway.invoke({"fail": True})
        assert (answer.status, answer.error["type"]) == (status, kind), answer.body
        assert gateway.records()[-1]["status"] == kind
        wait_for(lambda: not containers())
        assert gateway.invoke().result == "fine"
        return answer

    return check


def test_too_much_memory_is_a_failed_invocation(gateway, fails):
    answer = fails(GREEDY, "OutOfMemory", memory=128)
    assert answer.error["message"].endswith("of 128 MB.")
    peak = gateway.records()[0]["max_memory"]
    assert 100 < peak < 160


def test_too_much_memory_of_a_child_is_one_as_well(fails):
    """Also where nobody sees it but the kernel: files in /tmp are no process's own memory."""
    child = (
        "pid = os.fork()\n"
        "        if pid == 0:\n"
        "            own, file = bytearray(b'x' * (30 << 20)), open('/tmp/x', 'wb')\n"
        "            for _ in range(200): file.write(bytes(1 << 20))\n"
        "            os._exit(0)\n"
        "        os.waitpid(pid, 0)"
    )
    fails(child, "OutOfMemory", memory=128)


def test_time_is_limited(gateway, fails):
    answer = fails("time.sleep(30)", "TimeoutError", status=504, timeout=1)
    assert answer.error["message"] == "An invocation ran past the timeout of 1 s."


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("os._exit(7)", "exit code 7."),
        ("sys.exit(3)", "exit code 3."),
        ("os.abort()", "exit code 134, as by signal 6."),
        ("os.kill(os.getpid(), 15)", "exit code 143, as by signal 15."),
        ("os.close(3); time.sleep(30)", "exit code 137, as by signal 9."),
    ],
)
def test_an_ending_container_is_a_crash(fails, body, reason):
    answer = fails(body, "EnvironmentCrashed")
    assert answer.error["message"].endswith(reason)


def test_an_image_that_is_not_there_is_named(gateway, contained, containers):
    gateway.deploy(SLEEP, **contained(image="sebs-test/no-such:image"))
    answer = gateway.invoke()
    assert (answer.status, answer.error["type"]) == (500, "EnvironmentCrashed")
    assert "sebs-test/no-such:image" in answer.error["message"]
    assert containers() == []


def test_an_image_without_the_language_says_so_in_the_log(gateway, contained, containers, wait_for):
    options = contained()
    options["runtime"]["executable"] = "no-such-python"
    gateway.deploy(SLEEP, **options)
    answer = gateway.invoke()
    assert answer.error["message"] == "The environment ended with exit code 127."
    assert "no-such-python" in (gateway.home / "logs" / "f.log").read_text()
    wait_for(lambda: not containers())


def test_a_stopped_gateway_leaves_nothing(gateway, contained, containers):
    gateway.deploy(SLEEP, **contained())
    assert gateway.invoke().result == "awake"
    invocation = threading.Thread(target=gateway.invoke, args=({"sleep": 30},))
    invocation.start()
    assert len(containers()) == 1
    gateway.call("POST", "/-/stop")
    assert gateway.process.wait(20) == 0
    invocation.join()
    assert containers() == []
    assert not (gateway.home / "containers").exists()


def test_an_idle_container_ends_with_a_killed_gateway(gateway, contained, containers, wait_for):
    gateway.deploy(SLEEP, **contained())
    assert gateway.invoke().result == "awake"
    assert len(containers()) == 1
    os.kill(gateway.process.pid, signal.SIGKILL)
    wait_for(lambda: not containers())


def test_a_busy_container_ends_with_the_next_gateway(start, contained, containers, wait_for):
    first = start()
    first.deploy(SLEEP, **contained())
    assert first.invoke().result == "awake"
    with_it = threading.Thread(target=_ignore, args=(first,))
    with_it.start()
    wait_for(lambda: first.environments()[0]["state"] == "busy")
    os.kill(first.process.pid, signal.SIGKILL)
    with_it.join()
    assert [each.status for each in containers()] == ["running"]
    second = start()
    assert containers() == []
    assert "swept 1 containers" in (second.home / "gateway.log").read_text()
    assert second.invoke().result == "awake"


def _ignore(gateway):
    with contextlib.suppress(OSError):  # it is about to be killed
        gateway.invoke({"sleep": 60})
