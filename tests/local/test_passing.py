"""Time passes on the local platform: really, or on a clock of the platform's own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sebs import Function, Local
from sebs.errors import GatewayError, UsageError
from sebs.faas.function import ExecutionResult
from sebs.local.options import LocalOptions

GUIDE = Path(__file__).parents[2] / "docs" / "platforms" / "local.md"

PERIOD = 380
HANDLER = """
import time
def handler(event):
    time.sleep(event.get('seconds', 0))
    return {'result': 1}
"""
LAMBDA = "def handler(event, context):\n    return 1\n"


@pytest.fixture
def shop(workshop: Any) -> Any:
    workshop.write("python/function.py", HANDLER)
    return workshop


def virtual(shop: Any, policy: str = "half-life", **section: Any) -> Local:
    platform: Local = shop.platform(
        clock="virtual", keep_alive_policy=policy, keep_alive=PERIOD, **section
    )
    return platform


def warm(function: Function, count: int) -> int:
    """Invoke at the same time, each in an environment of its own; return how many were warm."""

    def invoke(_: int) -> ExecutionResult:
        return function.triggers_all()[0].sync_invoke({"seconds": 0.5})

    with ThreadPoolExecutor(count) as pool:
        results = list(pool.map(invoke, range(count)))
    assert not any(result.stats.failure for result in results)
    return sum(not result.stats.cold_start for result in results)


@pytest.mark.parametrize(
    ("policy", "counts"), [("half-life", [0, 8, 4, 2, 0]), ("fixed", [0, 8, 0, 0, 0])]
)
def test_time_is_skipped_on_the_virtual_clock(shop: Any, policy: str, counts: list[int]) -> None:
    system = virtual(shop, policy)
    function = shop.function(system)
    measured = [warm(function, 8)]
    for periods in (0.5, 1, 2.5, 300):
        system.let_pass(periods * PERIOD)
        measured.append(warm(function, 8))
    assert measured == counts


def test_time_is_slept_on_the_real_clock(shop: Any) -> None:
    system = shop.platform(keep_alive=0.2)
    function = shop.function(system)
    assert warm(function, 1) == 0
    begin = time.monotonic()
    system.let_pass(1)
    assert time.monotonic() - begin >= 1
    assert warm(function, 1) == 0


def test_a_deployment_has_a_time_of_its_own(shop: Any) -> None:
    home = str(shop.home)
    ours = virtual(shop, home=home, resources={"resources_id": "ours"})
    theirs = virtual(shop, home=home, resources={"resources_id": "theirs"})
    function, other = shop.function(ours, "ours"), shop.function(theirs, "theirs")
    assert [warm(function, 2), warm(other, 2)] == [0, 0]
    theirs.let_pass(86_400)
    assert [warm(function, 2), warm(other, 2)] == [2, 0]


def test_attached_code_has_the_time_of_who_attached_it(shop: Any, tmp_path: Path) -> None:
    ours = virtual(shop)
    theirs = virtual(shop)
    functions = []
    for name, system in (("a", ours), ("b", theirs)):
        directory = tmp_path / name
        directory.mkdir()
        (directory / "lambda_function.py").write_text(LAMBDA)
        functions.append(system.attach_function(str(directory), handler="lambda_function.handler"))
    assert [warm(function, 1) for function in functions] == [0, 0]
    theirs.let_pass(86_400)
    assert [warm(function, 1) for function in functions] == [1, 0]
    theirs.detach_function(str(tmp_path / "b"))
    theirs.let_pass(86_400)
    assert warm(functions[0], 1) == 1


def test_functions_still_on_the_real_clock_are_named(shop: Any) -> None:
    name = shop.function(shop.platform()).name
    system = virtual(shop)
    with pytest.raises(GatewayError, match=rf"{name}.*real clock.*Deploy again"):
        system.let_pass(1)
    function = shop.function(system)
    assert warm(function, 2) == 0
    system.let_pass(PERIOD)
    assert warm(function, 2) == 1


def test_time_passes_where_there_is_nothing(shop: Any) -> None:
    virtual(shop).let_pass(PERIOD)


@pytest.mark.parametrize("clock", ["real", "virtual"])
@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused(shop: Any, clock: str, seconds: float) -> None:
    with pytest.raises(UsageError, match="cannot pass"):
        shop.platform(clock=clock).let_pass(seconds)


def test_a_gateway_that_was_killed_keeps_nothing_warm(shop: Any, gone: Any) -> None:
    system = virtual(shop)
    function = shop.function(system)
    assert warm(function, 2) == 0
    pid = shop.gateway_pid
    os.kill(pid, signal.SIGKILL)
    gone(pid)
    system.let_pass(PERIOD / 2)
    assert warm(function, 2) == 0
    system.let_pass(PERIOD)
    assert warm(function, 2) == 1


def test_the_guide_lets_a_day_pass(tmp_path: Path, program_environment: dict[str, str]) -> None:
    [program] = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=program_environment, check=True
    )


def test_the_guide_has_every_option() -> None:
    rows = re.findall(r"^\| (`.*?) \|", GUIDE.read_text("utf-8"), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == LocalOptions.model_fields.keys() - {"name", "resources"}
