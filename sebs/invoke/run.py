"""The simplest experiment: one function, invoked so many times, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sebs.errors import InvocationError
from sebs.faas.result import ExecutionResult
from sebs.results.manifest import INVOKE, Manifest
from sebs.results.run import Run

if TYPE_CHECKING:
    from sebs.faas.function import Function, Trigger
    from sebs.faas.system import System
    from sebs.results.schema import Column
    from sebs.sebs_types import SystemVariant

#: Name of the experiment in manifests.
EXPERIMENT = INVOKE


class Code(Protocol):
    """What a function runs: a benchmark, or code that is not ours."""

    @property
    def benchmark(self) -> str:
        """Its name."""

    @property
    def hash(self) -> str | None:
        """Hash of its package; empty where nothing is known."""

    @property
    def system_variant(self) -> SystemVariant:
        """What is deployed."""

    @property
    def language_variant(self) -> str:
        """Which of the benchmark's implementations it is."""


def start_run(
    output_dir: Path,
    system: System,
    benchmark: Code,
    function: Function,
    *,
    size: str,
    trigger_type: Trigger.TriggerType,
    repetitions: int | None,
    forced_cold: bool = True,
    configuration: Mapping[str, Any] | None = None,
    experiment: str = EXPERIMENT,
    parameters: Mapping[str, Any] | None = None,
    varying: Collection[str] = (),
    factors: Sequence[Column] = (),
    seed: int | None = None,
) -> Run:
    """Make a run's directory and write its manifest.

    Args:
        output_dir: Where the directory is made.
        system: The platform.
        benchmark: What the function runs.
        function: The function.
        size: Size of the benchmark's input.
        trigger_type: By what it is invoked.
        repetitions: How often; ``None`` where that is not known before.
        forced_cold: Whether a cold start was forced before.
        configuration: The effective one, to be kept with the run; secrets in it are masked.
        experiment: Name of the experiment.
        parameters: Of the experiment.
        varying: Columns that every point says by itself.
        factors: The experiment's own columns.
        seed: Of everything random.

    Raises:
        OSError: The directory cannot be made.
    """
    import pycurl

    config = function.config.serialize()
    variant = benchmark.system_variant.serialize()
    runtime = config.get("runtime") or {}
    constants = {
        "language": runtime.get("language"),
        "language_version": runtime.get("version"),
        "architecture": config.get("architecture"),
        "variant": variant,
        "memory": config.get("memory") or None,
        "function": function.name,
        "trigger": trigger_type.value,
        "kind": "sequential",
    }
    manifest = Manifest(
        experiment=experiment,
        deployment=system.name(),
        region=system.config.region,
        resources_id=system.config.resources.resources_id,
        benchmark=benchmark.benchmark,
        benchmark_hash=benchmark.hash,
        size=size,
        planned=repetitions,
        seed=seed,
        factors=tuple(factors),
        parameters=parameters or {},
        constants={name: value for name, value in constants.items() if name not in varying},
        configuration=configuration or {},
        details={
            "trigger": trigger_type.value,
            "forced_cold": forced_cold,
            "attached": function.attached,
            "function": {"name": function.name, **config},
            "system_variant": variant,
            "language_variant": benchmark.language_variant,
            "http": pycurl.version,
            "memory_sets_speed": system.memory_sets_speed,
        },
    )
    return Run.create(output_dir, manifest)


def invoke_sequentially(
    run: Run, trigger: Trigger, payload: dict[str, Any], repetitions: int
) -> Iterator[ExecutionResult]:
    """Invoke so many times, one after the other, and journal each result before the next.

    An invocation that got no answer is a failed result: it is counted, it stops nothing.

    Yields:
        Each result as it is there; the run has it by then.

    Raises:
        OSError: The journal cannot be written.
    """
    for number in range(1, repetitions + 1):
        result = attempt(trigger.sync_invoke, payload)
        run.record({"id": str(number), "repetition": number}, result)
        yield result


def attempt(
    invoke: Callable[[dict[str, Any]], ExecutionResult], payload: dict[str, Any]
) -> ExecutionResult:
    """Invoke once; an invocation that got no answer is a failed result."""
    begin, clock = datetime.now(timezone.utc), time.perf_counter()
    try:
        return invoke(payload)
    except InvocationError as error:
        result = ExecutionResult()
        result.times.client_begin = begin
        result.times.client_end = datetime.now(timezone.utc)
        result.times.client = round((time.perf_counter() - clock) * 1e6)
        result.fail(f"{type(error).__name__}: {error}")
        return result
