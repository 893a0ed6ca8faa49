"""Functions that misbehave: each failure has a name, and the next invocation works."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sebs.local import service

HANDLER = """
import os, subprocess, sys, time

def handler(event):
    do = event.get("do", "nothing")
    if do == "raise":
        raise ValueError("broken")
    if do == "exit":
        sys.exit(3)
    if do == "crash":
        os.abort()
    if do == "sleep":
        time.sleep(event["seconds"])
    if do == "eat":
        eaten = bytearray(600_000_000)
        time.sleep(30)
    if do == "print":
        for _ in range(10_000):
            print("x" * 1023)
    if do == "return a set":
        return {"result": {1, 2}}
    if do == "return much":
        return {"result": "x" * 50_000_000}
    if do == "fork":
        child = subprocess.Popen(["sleep", "600"], start_new_session=True)
        return {"result": child.pid}
    return {"result": "fine"}
"""


@pytest.fixture
def deploy(workshop):
    def deploy(**section):
        system = workshop.platform(**section)
        workshop.write("python/function.py", HANDLER)
        package = workshop.benchmark(system)
        package.benchmark_config.timeout = 2
        package.benchmark_config.memory = 512
        return system, system.get_function(package)

    return deploy


def invoke(function, kind=0, **event):
    return function.triggers_all()[kind].sync_invoke(event)


@pytest.mark.parametrize(
    ("event", "reason", "status"),
    [
        ({"do": "raise"}, "ValueError: broken", "HandlerError"),
        ({"do": "exit"}, "EnvironmentCrashed: ", "EnvironmentCrashed"),
        ({"do": "crash"}, "EnvironmentCrashed: ", "EnvironmentCrashed"),
        ({"do": "sleep", "seconds": 30}, "TimeoutError: ", "TimeoutError"),
        ({"do": "eat"}, "OutOfMemory: ", "OutOfMemory"),
        ({"do": "return a set"}, "InvalidResult: TypeError: ", "InvalidResult"),
        ({"do": "return much"}, "ResponseTooLarge: ", "ResponseTooLarge"),
    ],
    ids=lambda value: value.get("do") if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("kind", [0, 1], ids=["http", "library"])
def test_a_failure_has_a_name_and_the_next_invocation_works(deploy, event, reason, status, kind):
    system, function = deploy()
    start = int(time.time())
    result = invoke(function, kind, **event)
    assert result.stats.failure
    assert result.error.startswith(reason)
    assert result.output == {}
    assert result.request_id
    after = invoke(function, kind)
    assert not after.stats.failure
    assert after.output == {"result": "fine"}
    requests = {each.request_id: each for each in (result, after)}
    metrics: dict = {}
    system.download_metrics(function.name, start, int(time.time()), requests, metrics)
    assert metrics["missing"] == []
    assert metrics["status"] == {result.request_id: status}
    assert result.billing.billed_time >= 0
    assert result.stats.memory_used > 0


def test_ten_megabytes_of_output_disturb_nothing(deploy, workshop):
    _, function = deploy()
    assert invoke(function, do="print").output == {"result": "fine"}
    lines = list(service.logs(workshop.home, function.name))
    assert lines == ["x" * 1023] * 10_000


def test_a_child_does_not_outlive_its_environment(deploy, workshop, gone):
    system, function = deploy()
    result = invoke(function, do="fork")
    assert not result.stats.failure
    system.enforce_cold_start([function], workshop.benchmark(system))
    gone(result.output["result"])
    assert invoke(function).output == {"result": "fine"}


def test_what_exceeds_the_scaling_is_throttled_by_name(deploy):
    _, function = deploy(max_environments=1, queue=0)
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: invoke(function, do="sleep", seconds=0.5), range(2)))
    failed = [result for result in results if result.stats.failure]
    assert len(failed) == 1
    assert failed[0].error.startswith("Throttled: ")


def test_an_event_over_the_limit_is_refused_by_name(deploy):
    _, function = deploy(max_request=1000)
    result = invoke(function, padding="x" * 1000)
    assert result.stats.failure
    assert "limit" in result.error
    assert invoke(function).output == {"result": "fine"}


def test_a_module_that_cannot_be_imported_is_a_failed_invocation(workshop):
    workshop.write("python/function.py", "import absent_module\n")
    function = workshop.function(workshop.platform())
    for _ in range(2):
        result = invoke(function)
        assert result.error.startswith("InitializationError: ModuleNotFoundError: ")
