"""The memory that is reported of an environment that ends before anyone looked."""

import os
import sys

import pytest

from sebs.local.gateway.processes import peak_at_end


def spawned(code):
    """Return the ``ru_maxrss`` of a Python process that this one spawned as the gateway does."""
    command = [sys.executable, "-I", "-S", "-c", code]
    _, status, usage = os.wait4(os.posix_spawn(command[0], command, os.environ), 0)
    assert status == 0
    return usage.ru_maxrss


@pytest.fixture(scope="module")
def ballast():
    """Make this process larger than an empty child; other tests have made it larger still."""
    return bytearray(b"x") * 30_000_000


def test_a_child_larger_than_this_process_is_known_exactly(ballast):
    kept = 1_500_000_000
    peak = peak_at_end(spawned(f"kept = bytearray(b'x') * {kept}"))
    assert kept / 1024 < peak < kept / 1024 + 30_000


def test_a_smaller_child_is_not_confused_with_this_process(ballast):
    assert len(ballast) / 1024 < spawned("") < sys.maxsize
    assert peak_at_end(spawned("")) == 0


def test_the_larger_child_of_a_child_counts(ballast):
    code = f"import subprocess, sys; subprocess.run([{sys.executable!r}, '-I', '-S', '-c', "
    peak = peak_at_end(spawned(f"{code}\"kept = bytearray(b'x') * 1_500_000_000\"], check=True)"))
    assert peak > 1_500_000_000 / 1024


HANDLER = """
import os
def handler(event):
    kept = bytearray(b"x") * event["bytes"]
    if event["exit"]:
        os._exit(3)
"""


@pytest.mark.parametrize(("size", "least", "most"), [(0, 5, 30), (150_000_000, 150, 175)])
def test_an_invocation_that_ends_its_environment_at_once_has_its_memory(gateway, size, least, most):
    gateway.deploy(HANDLER)
    assert gateway.invoke({"bytes": 0, "exit": False}).status == 200
    answer = gateway.invoke({"bytes": size, "exit": True})
    assert answer.error["type"] == "EnvironmentCrashed"
    assert least * 1e6 / 2**20 < answer.report["memory"] < most
    assert gateway.records()[-1]["max_memory"] == answer.report["memory"]


@pytest.mark.parametrize("how", ["os._exit(3)", "sys.exit(3)", "os.abort()"])
def test_an_import_that_ends_its_environment_at_once_has_its_memory(gateway, how):
    gateway.deploy(f"import os, sys\n{how}\n")
    answer = gateway.invoke()
    assert answer.error["type"] == "EnvironmentCrashed"
    assert answer.report["memory"] > 1


def test_an_excess_that_was_over_before_anyone_looked_is_named(gateway):
    gateway.deploy(HANDLER, memory=100)
    answer = gateway.invoke({"bytes": 300_000_000, "exit": True})
    assert answer.error["type"] == "OutOfMemory"
    assert answer.report["memory"] > 100
