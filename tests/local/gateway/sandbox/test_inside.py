"""What a function finds where it runs: its limits, its privileges, and nothing of the machine."""

import os

import pytest

pytestmark = pytest.mark.docker

LIMITS = """
import os

def read(*names):
    for name in names:
        if os.path.exists(f'/sys/fs/cgroup/{name}'):
            with open(f'/sys/fs/cgroup/{name}') as stream:
                return stream.read().split()

def handler(event):
    quota = read('cpu.max') or read('cpu/cpu.cfs_quota_us') + read('cpu/cpu.cfs_period_us')
    return {
        'memory': int(read('memory.max', 'memory/memory.limit_in_bytes')[0]),
        'swap': read('memory.swap.max', 'memory/memory.memsw.limit_in_bytes'),
        'processors': int(quota[0]) / int(quota[1]),
        'processes': int(read('pids.max', 'pids/pids.max')[0]),
    }
"""

BURN = """
import time
def handler(event):
    wall, cpu = time.monotonic(), time.process_time()
    while time.monotonic() - wall < 1.5:
        pass
    return (time.process_time() - cpu) / (time.monotonic() - wall)
"""

PRIVILEGES = """
import os
def handler(event):
    with open('/proc/self/status') as stream:
        status = dict(line.split(':', 1) for line in stream)
    names = ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp')
    return {name: int(status[name], 16) for name in names} | {
        'uid': os.getresuid(), 'groups': os.getgroups(),
    }
"""

WRITE = """
import os
def attempt(path):
    try:
        with open(path, 'w') as stream:
            stream.write('x')
        return 'written'
    except OSError as error:
        return os.strerror(error.errno)
def handler(event):
    found = {path: attempt(path) for path in event}
    return found | {'/': os.statvfs('/').f_flag & os.ST_RDONLY}
"""

REACH = """
import glob, os, socket
def reach(address):
    try:
        socket.create_connection(address, timeout=2).close()
        return 'reached'
    except OSError as error:
        return type(error).__name__
def handler(event):
    return {
        'interfaces': sorted(os.listdir('/sys/class/net')),
        'gateway': reach(('127.0.0.1', event['port'])),
        'processes': [open(path).read().strip() for path in glob.glob('/proc/[0-9]*/comm')],
    }
"""


@pytest.mark.parametrize("memory", [128, 442, 1769])
def test_memory_and_processors_are_limited(gateway, contained, memory):
    gateway.deploy(LIMITS, memory=memory, **contained())
    found = gateway.invoke().result
    assert found["memory"] == memory << 20
    # Both together, or swap alone; a kernel without its accounting has neither file.
    assert found["swap"] in ([str(memory << 20)], ["0"], None)
    assert found["processors"] == pytest.approx(min(memory / 1769, os.cpu_count()), abs=0.001)
    assert found["processes"] == 1024


def test_a_busy_function_gets_its_share_of_a_processor_and_no_more(gateway, contained):
    gateway.deploy(BURN, memory=442, **contained())  # a quarter of 1769
    assert 0 < gateway.invoke().result < 0.4


def test_there_are_no_privileges_to_lose(gateway, contained):
    gateway.deploy(PRIVILEGES, **contained())
    found = gateway.invoke().result
    assert [found[f"Cap{name}"] for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")] == [0] * 5
    assert found["NoNewPrivs"] == 1
    assert found["Seccomp"] == 2
    assert 0 not in found["uid"]
    assert found["uid"] == [os.geteuid() or 65532] * 3
    assert found["groups"] in ([], [os.getegid()])


def test_nothing_can_be_written_to_but_a_small_directory_in_memory(gateway, contained):
    forbidden = ["/x", "/etc/passwd", "/usr/x", "/sebs/x", "/sebs/worker/python_worker.py"]
    forbidden += ["/sebs/package/function/function.py", "/sebs/run/x", "/sebs/service/x"]
    gateway.deploy(WRITE, **contained())
    found = gateway.invoke([*forbidden, "/tmp/x"]).result
    assert found.pop("/tmp/x") == "written"
    assert found.pop("/") == os.ST_RDONLY
    assert set(found) == set(forbidden)
    assert set(found.values()) <= {"Read-only file system", "Permission denied"}


def test_what_one_environment_left_the_next_does_not_find(gateway, contained):
    gateway.deploy(
        "import os\ndef handler(event):\n"
        "    found = os.listdir('/tmp')\n    open('/tmp/left', 'w').close()\n    return found\n",
        **contained(),
    )
    assert [gateway.invoke().result for _ in range(2)] == [[], ["left"]]
    gateway.call("POST", "/-/functions/f/recycle")
    assert gateway.invoke().result == []


def test_there_is_nothing_to_reach(gateway, contained):
    gateway.deploy(REACH, **contained())
    found = gateway.invoke({"port": gateway.port}).result
    assert found["interfaces"] == ["lo"]
    assert found["gateway"] == "ConnectionRefusedError"
    assert sorted(found["processes"]) == ["python3", "sh"]


def test_a_network_is_the_users_choice(gateway, contained):
    gateway.deploy(REACH, **contained(network="host"))
    assert gateway.invoke({"port": gateway.port}).result["gateway"] == "reached"


@pytest.mark.parametrize("language", ["python", "nodejs"])
def test_it_is_a_function_like_others(gateway, contained, language):
    source = {
        "python": "import sys\ndef handler(event):\n"
        "    print('out'); print('err', file=sys.stderr); print('out')\n    return event\n",
        "nodejs": "exports.handler = async (event) => {\n"
        "  console.log('out'); console.error('err'); console.log('out'); return event; };\n",
    }[language]
    gateway.deploy(source, **contained(language))
    event = {"text": "ü", "large": "x" * 1_000_000}
    cold, warm = gateway.invoke(event), gateway.invoke(event)
    assert event.items() <= cold.result.items()
    assert event.items() <= warm.result.items()
    assert (cold.json["is_cold"], warm.json["is_cold"]) == (True, False)
    assert cold.json["init_time"] > 0
    assert cold.json["environment_id"] == warm.json["environment_id"]
    log = (gateway.home / "logs" / "f.log").read_text()
    assert log == "out\nerr\nout\n" * 2
    first, second = gateway.records()
    assert first["init"] == cold.json["init_time"]
    for record in (first, second):
        assert record["status"] == "ok"
        assert 5 < record["max_memory"] < 256
        assert record["cpu"] > 0
