"""What is done to a run after it was measured: the platform's metrics, and judging the outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark
    from sebs.faas.system import System
    from sebs.invoke.run import Run


def fetch_metrics(run: Run, system: System) -> None:
    """Fill in what the platform's own log says of the run's invocations.

    May be called again later: platforms take minutes to deliver their logs. What was fetched
    before stays where the log now has nothing of the run.

    Raises:
        UnsupportedOperationError: The platform has no log.
        PlatformError: The platform does not answer, or refuses.
    """
    requests = {result.request_id: result for result in run.invocations if result.request_id}
    begin, end = run.interval
    fetched: dict[str, Any] = {}
    system.download_metrics(run.manifest["function"]["name"], begin, end, requests, fetched)
    if fetched.get("found", 1) or not run.metrics:
        run.metrics = fetched


def validate_outputs(
    run: Run, system: System, benchmark: Benchmark, payload: dict[str, Any]
) -> None:
    """Judge the output of every invocation that succeeded; the run then knows the reasons.

    Where the benchmark has no ``validate_output``, nothing is judged.

    Args:
        run: The run.
        system: Its platform, whose storage is read where the benchmark writes to one.
        benchmark: The benchmark that judges.
        payload: The event that was sent.

    Raises:
        StorageError: The storage that the outputs are in cannot be reached.
    """
    run.invalid.clear()
    if not benchmark.input_module.judges:
        return
    storage = system.system_resources.get_storage() if benchmark.uses_storage else None
    for number, result in enumerate(run.invocations, start=1):
        if result.stats.failure:
            continue
        reason = benchmark.validate_output(payload, result.output, storage)
        if reason is not None:
            run.invalid[result.request_id or str(number)] = reason
    run.validated = True
