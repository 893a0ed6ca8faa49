"""Running cases, several at once, and keeping what became of each as soon as it is known."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sebs.errors import InvocationError, SebsError, UnsupportedOperationError
from sebs.experiments.config import ExperimentConfig
from sebs.faas.function import Runtime, Trigger
from sebs.faas.result import ExecutionResult
from sebs.invoke.evaluate import received
from sebs.invoke.peering import peer_event
from sebs.invoke.triggers import trigger_of
from sebs.regression.cases import Case
from sebs.regression.outcome import Outcome, State
from sebs.sebs_types import Language, SystemVariant

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark
    from sebs.faas.system import System

#: Makes a benchmark from its name and what is run.
MakeBenchmark = Callable[[str, ExperimentConfig], "Benchmark"]

#: What became of a case, and the reason where it did not pass.
Verdict = tuple[State, str]


@dataclass(frozen=True, slots=True)
class Setting:
    """What all cases have in common.

    Attributes:
        system: The platform, initialized.
        make_benchmark: Makes a benchmark for it.
        size: The input size.
        trigger: How functions are invoked.
        peer_address: Where functions reach this machine; ``None``: where the platform says.
        build_image: Image that a ``package.sh`` runs in; ``None``: the language's own.
    """

    system: System
    make_benchmark: MakeBenchmark
    size: str
    trigger: Trigger.TriggerType
    peer_address: str | None = None
    build_image: str | None = None


def run_cases(setting: Setting, cases: Sequence[Case], jobs: int) -> Iterator[Outcome]:
    """Run cases, so many at once; one that fails stops no other.

    An interrupt lets those that run end, and begins no other.

    Args:
        setting: What they have in common.
        cases: The cases.
        jobs: How many run at once.

    Yields:
        Each outcome as it is there.
    """
    runner = _Runner(setting)
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="sebs-regression") as executor:
        futures: list[Future[Outcome]] = [executor.submit(runner.run, case) for case in cases]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            raise


class _Runner:
    """Runs one case at a time in each thread."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        # A storage prepares the inputs of one benchmark at a time.
        self._preparing = threading.Lock()

    def run(self, case: Case) -> Outcome:
        """Return what became of a case, whatever that is."""
        begin = time.monotonic()
        measured: dict[str, Any] = {}
        try:
            state, reason = self._judge(case, measured)
        except (SebsError, OSError) as error:
            state, reason = State.BROKEN, str(error)
        except Exception as error:  # noqa: BLE001 - a defect in one case must not hide the others
            state, reason = State.BROKEN, f"{type(error).__name__}: {error}"
        return Outcome(case, state, reason, round(time.monotonic() - begin, 3), **measured)

    def _judge(self, case: Case, measured: dict[str, Any]) -> Verdict:
        """Deploy, invoke cold and warm, and judge both."""
        system = self._setting.system
        experiment = experiment_of(case, self._setting.build_image)
        benchmark = self._setting.make_benchmark(case.benchmark, experiment)
        with peer_event(benchmark, system, self._setting.peer_address) as peer:
            return self._judge_beside(peer, benchmark, measured)

    def _judge_beside(
        self, peer: dict[str, Any], benchmark: Benchmark, measured: dict[str, Any]
    ) -> Verdict:
        system = self._setting.system
        with self._preparing:
            payload = benchmark.prepare_input(system.system_resources, self._setting.size)
        payload |= peer
        name = system.default_function_name(benchmark)
        with self._exclusive(name):
            function = system.get_function(benchmark, name)
            measured["code_hash"] = function.code_package_hash
            trigger = trigger_of(system, function, self._setting.trigger)
            forced = self._force_cold(function, benchmark)
            results: list[ExecutionResult] = []
            for which in ("cold", "warm"):
                try:
                    results.append(_succeed(trigger, payload))
                except InvocationError as error:
                    return State.FAILED, f"the {which} invocation: {error}"
                measured[which] = results[-1].times.client
        for which, result in zip(("cold", "warm"), results, strict=True):
            if problem := self._problem(benchmark, payload, result):
                return State.WRONG, f"the {which} invocation: {problem}"
        if forced and not results[0].stats.cold_start:
            return State.WRONG, "the first invocation was not cold, although that was forced"
        if not benchmark.input_module.judges:
            return State.UNJUDGED, "input.py has no validate_output: any output would do"
        return State.PASSED, ""

    def _force_cold(self, function: Any, benchmark: Benchmark) -> bool:
        try:
            self._setting.system.enforce_cold_start([function], benchmark)
        except UnsupportedOperationError:
            return False
        return True

    def _problem(
        self, benchmark: Benchmark, payload: dict[str, Any], result: ExecutionResult
    ) -> str | None:
        if not benchmark.input_module.judges:
            return None
        resources = self._setting.system.system_resources
        storage = resources.get_storage() if benchmark.uses_storage else None
        return benchmark.validate_output(received(payload, result), result.output, storage)

    def _exclusive(self, name: str) -> AbstractContextManager[None]:
        """Keep other programs from using the function meanwhile."""
        system = self._setting.system
        lock: AbstractContextManager[None] = system.cache_client.function_lock(system.name(), name)
        return lock


def _succeed(trigger: Trigger, payload: dict[str, Any]) -> ExecutionResult:
    """Invoke a function.

    Raises:
        InvocationError: It failed, or there is no answer.
    """
    result = trigger.sync_invoke(payload)
    if result.stats.failure:
        raise InvocationError(result.error or "It failed, and no reason was given.")
    return result


def experiment_of(case: Case, build_image: str | None = None) -> ExperimentConfig:
    """Return what a case is built with.

    Args:
        case: The case.
        build_image: Image that a ``package.sh`` runs in; ``None``: the language's own.
    """
    return ExperimentConfig(
        Runtime(Language.deserialize(case.language), case.version),
        architecture=case.architecture,
        system_variant=SystemVariant.deserialize(case.system_variant),
        language_variant=case.language_variant,
        build_image=build_image,
    )
