"""Whatever a function does, its invocation fails and the gateway serves the others."""

import json
import os
import signal
import threading

import pytest

GOOD = "def handler(event):\n    return {'ok': True}\n"


@pytest.fixture
def fails(gateway):
    """Deploy and invoke a handler that fails; all that must hold after any failure is checked."""

    def check(source, status, kind, *, event=None, **options):
        gateway.deploy(source, **options)
        answer = gateway.invoke(event)
        assert answer.status == status, answer.body[:500]
        assert answer.error["type"] == kind
        assert answer.json["request_id"] == answer.headers["x-sebs-request-id"]
        record = gateway.records()[-1]
        assert record["status"] == kind
        assert record["request_id"] == answer.json["request_id"]
        gateway.deploy(GOOD, name="other")
        assert gateway.invoke(name="other").result == {"ok": True}
        return answer

    return check


def test_a_raising_handler_reports_its_exception_and_stays_warm(gateway, fails):
    answer = fails("def handler(event):\n    raise KeyError('gone')\n", 500, "HandlerError")
    assert answer.error["exception"] == "KeyError"
    assert answer.error["message"] == "'gone'"
    assert "raise KeyError('gone')" in answer.error["trace"]
    assert gateway.invoke().json["is_cold"] is False


@pytest.mark.parametrize(
    "body",
    [
        "raise KeyboardInterrupt",
        "raise GeneratorExit('x')",
        "handler(event)",
        "class E(Exception):\n        def __str__(self): raise RuntimeError('no')\n    raise E",
    ],
)
def test_any_exception_is_a_handler_error(fails, body):
    fails(f"def handler(event):\n    {body}\n", 500, "HandlerError")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("sys.exit(3)", "exit code 3"),
        ("sys.exit('with words')", "exit code 1"),
        ("os._exit(7)", "exit code 7"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", f"signal {signal.SIGSEGV.value}"),
        ("os.close(3); os.kill(os.getpid(), signal.SIGTERM)", "signal"),
    ],
)
def test_an_ending_environment_is_a_crash(gateway, fails, body, reason):
    source = f"import os, signal, sys\ndef handler(event):\n    {body}\n"
    answer = fails(source, 500, "EnvironmentCrashed")
    assert reason in answer.error["message"]


def test_a_crashed_environment_is_replaced(gateway):
    gateway.deploy("import os\ndef handler(event):\n    if event: os._exit(1)\n    return 1\n")
    assert gateway.invoke({"die": 1}).status == 500
    answer = gateway.invoke()
    assert answer.result == 1
    assert answer.json["is_cold"] is True


@pytest.mark.parametrize(
    "value",
    ["{1, 2}", "b'bytes'", "float('nan')", "float('inf')", "object()", "{(1, 2): 3}"],
)
def test_what_is_not_json_is_an_invalid_result(fails, value):
    fails(f"def handler(event):\n    return {value}\n", 502, "InvalidResult")


def test_a_result_that_contains_itself_is_invalid(fails):
    fails("def handler(event):\n    x = []; x.append(x); return x\n", 502, "InvalidResult")


def test_an_event_that_is_no_json_is_refused(fails):
    fails(GOOD, 400, "InvalidEvent", event=b"{nope")


def test_a_failing_import_fails_each_invocation_with_its_reason(gateway, fails):
    answer = fails("import nothing_of_that_name\n", 500, "InitializationError")
    assert answer.error["exception"] == "ModuleNotFoundError"
    assert gateway.invoke().json["is_cold"] is True


def test_a_missing_handler_is_an_initialization_error(fails):
    fails("x = 1\n", 500, "InitializationError")


def test_running_past_the_timeout_is_ended(gateway, fails, alive):
    source = (
        "import os, time\ndef handler(event):\n    print(os.getpid(), flush=True); time.sleep(60)\n"
    )
    answer = fails(source, 504, "TimeoutError", timeout=0.5)
    assert "0.5 s" in answer.error["message"]
    assert answer.report["duration"] < 20e6
    assert not alive(int((gateway.home / "logs" / "f.log").read_text()))


def test_an_import_without_end_is_ended(fails):
    fails("while True: pass\n", 504, "TimeoutError", timeout=0.5)


def test_eating_memory_slowly_is_ended(gateway, fails):
    source = (
        "import time\ndef handler(event):\n    kept = []\n"
        "    while True: kept.append(bytearray(1 << 20)); time.sleep(0.001)\n"
    )
    answer = fails(source, 500, "OutOfMemory", memory=64)
    assert "of 64 MB" in answer.error["message"]
    # The resident size, or what the kernel saw in the group.
    assert gateway.records()[-1]["max_memory"] > 60


def test_memory_that_was_freed_before_anyone_looked_is_found(fails):
    source = "def handler(event):\n    del bytearray(b'x' * 8_000_000)[:]\n    return 1\n"
    fails(source, 500, "OutOfMemory", memory=16)


def test_memory_of_children_counts(fails):
    source = (
        "import os, time\ndef handler(event):\n"
        "    if os.fork() == 0:\n"
        "        x = bytearray(b'x' * (100 << 20)); time.sleep(30); os._exit(0)\n"
        "    time.sleep(30)\n"
    )
    fails(source, 500, "OutOfMemory", memory=64)


def test_a_result_of_50_mb_is_refused_by_default(fails):
    source = "def handler(event):\n    return 'x' * 50_000_000\n"
    fails(source, 502, "ResponseTooLarge", memory=1024)


def test_a_result_of_50_mb_arrives_where_allowed(gateway):
    source = "def handler(event):\n    return 'x' * 50_000_000\n"
    gateway.deploy(source, memory=1024, config={"max_response": 60_000_000})
    assert gateway.invoke().result == "x" * 50_000_000


def test_printing_10_mb_does_no_harm(gateway):
    source = (
        "import sys\ndef handler(event):\n"
        "    for _ in range(10_000): print('x' * 1023)\n"
        "    print('end', file=sys.stderr)\n    return 1\n"
    )
    gateway.deploy(source)
    assert gateway.invoke().result == 1
    log = (gateway.home / "logs" / "f.log").read_bytes()
    assert len(log) == 10_000 * 1024 + 4
    assert b"end\n" in log


def test_printing_without_end_fills_no_disk(gateway, fails):
    source = "def handler(event):\n    while True: print('x' * 10_000)\n"
    fails(source, 504, "TimeoutError", timeout=1)
    size = sum(path.stat().st_size for path in (gateway.home / "logs").glob("f.log*"))
    assert size < 400_000_000


def test_closed_and_replaced_streams_do_no_harm(gateway):
    gateway.deploy(
        "import os, sys\ndef handler(event):\n"
        "    if event: os.close(1); os.close(2); sys.stdout = None; sys.stderr.close()\n"
        "    return 1\n"
    )
    assert gateway.invoke({"close": 1}).result == 1
    assert gateway.invoke().result == 1
    assert gateway.invoke().json["is_cold"] is False


def test_a_forked_child_that_returns_answers_nothing(gateway):
    # The child returns first; it must neither answer nor take the requests that follow.
    gateway.deploy(
        "import os, time\ndef handler(event):\n"
        "    if os.fork(): time.sleep(0.2)\n    return os.getpid()\n"
    )
    answers = [gateway.invoke().result for _ in range(5)]
    assert answers == [gateway.environments()[0]["pid"]] * 5


CHILDREN = {
    "same session": "subprocess.Popen(['sleep', '300'])",
    "own session": "subprocess.Popen(['sleep', '300'], start_new_session=True)",
    "own session and parent gone": ("subprocess.run(['setsid', '-f', 'sleep', '300'])"),
    "own session, parent gone, no variables": (
        "subprocess.run(['setsid', '-f', 'env', '-i', '/bin/sleep', '300'])"
    ),
}


def sleeping(gateway):
    """Return the pids of all processes that sleep in one of this gateway's directories."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                where = os.readlink(f"/proc/{name}/cwd")
                with open(f"/proc/{name}/cmdline", "rb") as stream:
                    command = stream.read()
            except OSError:
                continue
            if where.startswith(str(gateway.home)) and b"sleep\x00300" in command:
                found.append(int(name))
    return found


@pytest.mark.parametrize("how", CHILDREN)
def test_children_end_with_their_environment(gateway, wait_for, how):
    gateway.deploy(f"import subprocess\ndef handler(event):\n    {CHILDREN[how]}\n    return 1\n")
    assert gateway.invoke().result == 1
    if "no variables" not in how:
        assert wait_for(lambda: len(sleeping(gateway)) == 1)
    assert gateway.call("POST", "/-/functions/f/recycle").json == {"retired": 1}
    wait_for(lambda: not sleeping(gateway))


def test_children_live_as_long_as_their_environment(gateway, wait_for):
    gateway.deploy(
        "import subprocess\ndef handler(event):\n"
        "    if event: subprocess.run(['setsid', '-f', 'sleep', '300'])\n    return 1\n"
    )
    gateway.deploy(GOOD, name="other")
    gateway.invoke({"start": 1})
    wait_for(lambda: len(sleeping(gateway)) == 1)
    gateway.invoke(name="other")
    gateway.call("POST", "/-/functions/other/recycle")
    assert gateway.invoke().result == 1
    assert len(sleeping(gateway)) == 1


def test_the_timeout_ends_the_children_too(gateway, fails, wait_for):
    source = (
        "import subprocess\ndef handler(event):\n"
        "    subprocess.run(['setsid', '-f', 'sleep', '300']); subprocess.run(['sleep', '300'])\n"
    )
    fails(source, 504, "TimeoutError", timeout=0.5)
    wait_for(lambda: not sleeping(gateway))


def test_others_are_served_while_one_hangs(gateway):
    gateway.deploy("import time\ndef handler(event):\n    time.sleep(300)\n", timeout=2)
    gateway.deploy(GOOD, name="other")
    answers = []
    hanging = threading.Thread(target=lambda: answers.append(gateway.invoke()))
    hanging.start()
    assert gateway.invoke(name="other").result == {"ok": True}
    hanging.join()
    assert answers[0].status == 504


def test_writing_nonsense_to_the_channel_ends_the_environment(fails):
    source = "import os\ndef handler(event):\n    os.write(3, b'\\xff' * 4096); return 1\n"
    answer = fails(source, 500, "EnvironmentCrashed")
    assert "protocol" in answer.error["message"]


def test_the_environment_is_clean(monkeypatch, start):
    monkeypatch.setenv("SEBS_TEST_LEAK", "1")
    gateway = start()
    source = (
        "import os, sys\ndef handler(event):\n"
        "    fds = sorted(int(fd) for fd in os.listdir('/proc/self/fd'))\n"
        "    return {'variables': dict(os.environ), 'path': sys.path, 'cwd': os.getcwd(),\n"
        "            'tmp': os.environ['TMPDIR'], 'sid': os.getsid(0) == os.getpid(), 'fds': fds}\n"
    )
    gateway.deploy(source, environment={"GREETING": "hello"})
    found = gateway.invoke().result
    variables = found["variables"]
    assert variables["GREETING"] == "hello"
    assert variables["SEBS_MEMORY"] == "256"
    assert variables["SEBS_FUNCTION"] == "f"
    assert not {"SEBS_TEST_LEAK", "PYTHONPATH", "USER"} & set(variables)
    assert gateway.state["token"] not in json.dumps(variables)
    assert found["sid"] is True
    assert found["cwd"] == found["path"][0]
    assert not any("site-packages" in entry for entry in found["path"])
    assert found["tmp"].startswith(str(gateway.home / "tmp"))
    # Three streams, the channel, the status file, and the listing's own.
    assert len(found["fds"]) <= 6


def test_temporary_files_go_with_the_environment(gateway, wait_for):
    source = (
        "import os\ndef handler(event):\n"
        "    d = os.environ['TMPDIR']; os.makedirs(d + '/a/b'); open(d + '/a/b/c', 'w').close()\n"
        "    return d\n"
    )
    gateway.deploy(source)
    directory = gateway.invoke().result
    assert os.path.exists(directory + "/a/b/c")
    gateway.call("POST", "/-/functions/f/recycle")
    wait_for(lambda: not os.path.exists(directory))
    assert list((gateway.home / "environments").iterdir()) == []
