"""Delays of known size are found in the phase that they were put into, within a millisecond.

What is compared is what really passed, by the same clock, in the proxy and in the function: however
long a busy machine sleeps, that is the truth. It may also hold up who tells it, between one clock
and the other. So a round in which anything is wrong is measured again, as a whole: a time that is
counted in the wrong phase, in the wrong unit or not at all is wrong in all of them.
"""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from delaying_proxy import DelayingProxy, Delays, Truth

from sebs import Function, Trigger
from sebs.faas.result import ExecutionResult
from sebs.faas.trigger import result_of_response
from sebs.http import HTTPClient

#: Seconds, each of another size: what is taken for another one is seen.
DELAYS = Delays(connecting=0.011, waiting=0.023, receiving=0.017)
BODY, IMPORT = 0.031, 0.047

REPETITIONS, ROUNDS = 9, 25

#: Of the median of the errors of a round, in seconds.
BOUND = 0.001

HANDLER = """
import time

def slept(seconds):
    begin = time.perf_counter()
    time.sleep(seconds)
    return time.perf_counter() - begin

with open({path!r}) as file:
    imported = slept(float(file.read()))

def handler(event):
    return {{"result": {{"imported": imported, "body": slept(event["seconds"])}}}}
"""

#: Name of a phase to seconds.
Phases = Mapping[str, float]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    key, path = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=sebs", "-keyout", str(key)]
    subprocess.run([*command, "-out", str(path)], check=True, capture_output=True)
    path.write_bytes(key.read_bytes() + path.read_bytes())
    return path


@pytest.fixture
def function(workshop) -> Function:
    delay = workshop.root / "import-delay"
    delay.write_text("0")
    workshop.write("python/function.py", HANDLER.format(path=str(delay)))
    return workshop.function(workshop.platform())


@pytest.fixture
def proxy(workshop, function: Function, certificate: Path) -> Iterator[DelayingProxy]:
    made = DelayingProxy(gateway_of(function).port, certificate)
    yield made
    made.close()


def gateway_of(function: Function) -> Any:
    trigger = function.triggers(Trigger.TriggerType.HTTP)[0]
    return trigger._destination()[0]


def body_of(result: ExecutionResult) -> Any:
    return result.output["result"]


def phases_of(result: ExecutionResult) -> Phases:
    """Return the phases as a report divides them, in seconds."""
    times = result.times
    return {
        "connecting": times.http_startup / 1e6,
        "waiting": (times.http_first_byte_return - times.http_startup) / 1e6,
        "receiving": (times.client - times.http_first_byte_return) / 1e6,
        "client": times.client / 1e6,
        "benchmark": times.benchmark / 1e6,
    }


def truth_of(truth: Truth, result: ExecutionResult) -> Phases:
    return {
        "connecting": truth.connecting,
        "waiting": truth.waiting,
        "receiving": truth.receiving,
        "client": truth.connecting + truth.waiting + truth.receiving,
        "benchmark": body_of(result)["body"],
    }


def errors(invoke: Callable[[], tuple[Phases, Phases]]) -> dict[str, float]:
    """Return by how much a round is wrong: the median of measured minus true, for each phase."""
    pairs = [invoke() for _ in range(REPETITIONS)]
    return {name: median(found[name] - true[name] for found, true in pairs) for name in pairs[0][0]}


def recovered(invoke: Callable[[], tuple[Phases, Phases]]) -> None:
    """Ask that some round has every phase right within the bound."""
    rounds: list[dict[str, float]] = []
    for _ in range(ROUNDS):
        wrong = {name: error for name, error in errors(invoke).items() if abs(error) > BOUND}
        if not wrong:
            return
        rounds.append(wrong)
    pytest.fail(f"wrong by, in seconds, in each round: {rounds}")


def test_phases_that_are_right_in_different_rounds_are_not_recovered() -> None:
    true = {"waiting": 0.02, "receiving": 0.01}
    made = itertools.count()

    def invoke() -> tuple[Phases, Phases]:
        wrong = ("waiting", "receiving")[next(made) // REPETITIONS % 2]
        return {**true, wrong: true[wrong] + 2 * BOUND}, true

    with pytest.raises(pytest.fail.Exception, match="wrong by"):
        recovered(invoke)
    recovered(lambda: (true, true))


@pytest.mark.tools
@pytest.mark.parametrize("delayed", ["connecting", "waiting", "receiving", "all", "none"])
def test_a_delay_is_found_in_its_phase(
    function: Function, proxy: DelayingProxy, delayed: str
) -> None:
    headers = gateway_of(function).headers
    if delayed == "all":
        proxy.delays = DELAYS
    elif delayed != "none":
        proxy.delays = replace(Delays(), **{delayed: getattr(DELAYS, delayed)})
    with HTTPClient(verify_tls=False, reuse_connections=False) as client:

        def invoke() -> tuple[Phases, Phases]:
            url = f"https://127.0.0.1:{proxy.port}/functions/{function.name}"
            event = {"seconds": BODY if delayed == "all" else 0}
            result = result_of_response(client.post_json(url, event, headers=headers, timeout=30))
            assert result.times.fresh_connection
            truth = proxy.truths.pop()
            for name in ("connecting", "waiting", "receiving"):
                assert getattr(truth, name) >= getattr(proxy.delays, name)
            return phases_of(result), truth_of(truth, result)

        invoke()  # the cold start
        recovered(invoke)


def test_the_time_of_the_functions_body_is_its_benchmark_time(function: Function) -> None:
    trigger = function.triggers(Trigger.TriggerType.LIBRARY)[0]
    trigger.sync_invoke({"seconds": 0})

    def invoke() -> tuple[Phases, Phases]:
        result = trigger.sync_invoke({"seconds": BODY})
        assert not result.stats.cold_start
        assert result.times.initialization == 0
        times, body = result.times, body_of(result)["body"]
        found = {
            "benchmark": times.benchmark / 1e6,
            "including imports": times.benchmark_including_imports / 1e6,
            "provider": result.provider_times.execution / 1e6,
        }
        return found, dict.fromkeys(found, body)

    recovered(invoke)


def test_the_time_of_imports_is_initialization_and_no_benchmark_time(
    workshop, function: Function
) -> None:
    trigger = function.triggers(Trigger.TriggerType.LIBRARY)[0]
    [(_, system)] = workshop._programs
    package = workshop.benchmark(system)

    def start(seconds: float) -> tuple[Phases, Any]:
        (workshop.root / "import-delay").write_text(str(seconds))
        system.enforce_cold_start([function], package)
        result = trigger.sync_invoke({"seconds": BODY})
        assert result.stats.cold_start
        times, told = result.times, body_of(result)
        assert seconds <= told["imported"] <= times.initialization / 1e6
        assert times.initialization + told["body"] * 1e6 <= times.client + 1
        return {
            "benchmark": times.benchmark / 1e6,
            "imports": (times.benchmark_including_imports - times.benchmark) / 1e6,
        }, told

    def invoke() -> tuple[Phases, Phases]:
        # What else an import takes, reading and compiling, is in both.
        (delayed, told), (prompt, told_of_prompt) = start(IMPORT), start(0)
        found = {**delayed, "imports": delayed["imports"] - prompt["imports"]}
        slept = told["imported"] - told_of_prompt["imported"]
        return found, {"benchmark": told["body"], "imports": slept}

    recovered(invoke)
