"""What is done to a run after it was measured: the platform's metrics, and judging the outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sebs.results.document import interval_of
from sebs.results.rows import measured

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark
    from sebs.faas.result import ExecutionResult
    from sebs.faas.system import System
    from sebs.results.rows import Invocation
    from sebs.results.run import Run


def fetch_metrics(run: Run, system: System, function_name: str) -> None:
    """Amend the run's invocations by what the platform's own log says of them.

    May be called again later: platforms take minutes to deliver their logs. What was fetched
    before stays where the log now has nothing of the run.

    Args:
        run: The run.
        system: Its platform.
        function_name: The function, where invocations do not name theirs.

    Raises:
        UnsupportedOperationError: The platform has no log.
        PlatformError: The platform does not answer, or refuses.
    """
    invocations = run.invocations()
    begin, end = interval_of(run.manifest, invocations)
    before = {each.id: measured(each.result) for each in invocations}
    by_function: dict[str, dict[str, ExecutionResult]] = {function_name: {}}
    for each in invocations:
        if identifier := each.result.request_id:
            name = str(each.point.get("function", function_name))
            by_function.setdefault(name, {})[identifier] = each.result
    fetched: dict[str, Any] = {}
    for name, requests in by_function.items():
        findings: dict[str, Any] = {}
        if requests or len(by_function) == 1:
            system.download_metrics(name, begin, end, requests, findings)
        _add(fetched, findings)
    for each in invocations:
        known = before[each.id].items()
        if news := dict(measured(each.result).items() - known):
            run.amend(each.id, news)
    if fetched.get("found", 1) or not run.findings:
        run.findings = fetched


def _add(total: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Add what was found of another function: numbers, lists, and values by request."""
    for name, value in more.items():
        known = total.get(name)
        if known is None:
            total[name] = value
        elif isinstance(value, dict):
            total[name] = {**known, **value}
        elif isinstance(value, int | float | list):
            total[name] = known + value


def validate_outputs(
    run: Run, system: System, benchmark: Benchmark, payload: dict[str, Any]
) -> None:
    """Judge the output of every invocation that succeeded, all of the same event.

    Args:
        run: The run.
        system: Its platform, whose storage is read where the benchmark writes to one.
        benchmark: The benchmark that judges.
        payload: The event that was sent.

    Raises:
        StorageError: The storage that the outputs are in cannot be reached.
    """
    judge_outputs(run, system, benchmark, lambda _: payload)


def judge_outputs(
    run: Run,
    system: System,
    benchmark: Benchmark,
    event_of: Callable[[Invocation], dict[str, Any]],
) -> None:
    """Judge the output of every invocation that succeeded; the run keeps the reasons.

    Where the benchmark has no ``validate_output``, nothing is judged.

    Args:
        run: The run.
        system: Its platform, whose storage is read where the benchmark writes to one.
        benchmark: The benchmark that judges.
        event_of: Returns the event that was sent with an invocation.

    Raises:
        StorageError: The storage that the outputs are in cannot be reached.
    """
    if not benchmark.input_module.judges:
        return
    storage = system.system_resources.get_storage() if benchmark.uses_storage else None
    for each in run.invocations():
        if not each.result.stats.failure:
            event = received(event_of(each), each.result)
            run.judge(each.id, benchmark.validate_output(event, each.result.output, storage))


def received(event: dict[str, Any], result: ExecutionResult) -> dict[str, Any]:
    """Return an event as the function got it, as far as that is known.

    So a validator can tell whether an output is of the invocation, or of another one.

    Args:
        event: The event that was sent.
        result: What came of it.

    Returns:
        The event, with ``request-id`` and ``income-timestamp``: when it was sent, Unix seconds of
        this machine's clock.
    """
    known: dict[str, Any] = {}
    if result.request_id:
        known["request-id"] = result.request_id
    if result.times.client_begin:
        known["income-timestamp"] = result.times.client_begin.timestamp()
    return event | known
