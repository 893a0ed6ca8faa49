"""The contract of ``download_metrics``: the platform's log joins the results by request id."""

from __future__ import annotations

import copy
import time
from typing import Any

from sebs.faas.function import ExecutionResult, Function
from sebs.faas.system import System
from sebs.testing.probe import MEMORY
from sebs.testing.rig import Capability, requires
from sebs.testing.workbench import Topic, Workbench


class MetricsContract(Topic):
    """What the platform's log adds to results, and what it leaves alone."""

    @requires(Capability.EXECUTES, Capability.METRICS)
    def test_the_log_fills_in_what_the_client_cannot_know(self, bench: Workbench) -> None:
        """Provider times and billing are there for every invocation, by each trigger."""
        system = bench.system()
        function = bench.deploy(system)
        begin = time.time()
        results = [
            bench.trigger(system, function, kind).sync_invoke({"sleep": 0.02})
            for kind in bench.callable_triggers()
            for _ in range(2)
        ]
        download(system, function, begin, results)
        for result in results:
            assert result.provider_times.execution >= 15_000
            assert result.billing.memory == MEMORY
            assert result.billing.billed_time is not None
            assert 1000 * result.billing.billed_time >= result.provider_times.execution - 1000
            wanted = result.billing.memory / 1024 * result.billing.billed_time / 1000
            assert abs(result.billing.gb_seconds - wanted) <= 1e-6 + wanted / 1000

    @requires(Capability.EXECUTES, Capability.METRICS)
    def test_what_the_client_measured_stays(self, bench: Workbench) -> None:
        """The log adds; it does not replace output, identity or times."""
        system = bench.system()
        function = bench.deploy(system)
        begin = time.time()
        result = bench.invoke(system, function, echo="kept")
        before = copy.deepcopy(result)
        download(system, function, begin, [result])
        kept = ("output", "request_id", "times", "environment_id", "error")
        for attribute in kept:
            assert getattr(result, attribute) == getattr(before, attribute), attribute
        assert result.stats.failure == before.stats.failure

    @requires(Capability.EXECUTES, Capability.METRICS)
    def test_what_the_log_does_not_know_is_left_alone(self, bench: Workbench) -> None:
        """An unknown request id gets no numbers of another invocation."""
        system = bench.system()
        function = bench.deploy(system)
        begin = time.time()
        known = bench.invoke(system, function)
        unknown = ExecutionResult(request_id="00000000-0000-0000-0000-000000000000")
        before = copy.deepcopy(unknown)
        download(system, function, begin, [unknown, known])
        assert unknown == before
        assert known.provider_times.execution > 0

    @requires(Capability.EXECUTES, Capability.METRICS)
    def test_a_later_program_reads_the_same_numbers(self, bench: Workbench) -> None:
        """The log outlives the system that invoked, and reading it changes nothing in it."""
        system = bench.system()
        function = bench.deploy(system)
        begin = time.time()
        result = bench.invoke(system, function)
        later = copy.deepcopy(result)
        download(system, function, begin, [result])
        download(bench.restart(), function, begin, [later])
        assert later == result

    @requires(Capability.EXECUTES, Capability.METRICS)
    def test_failed_invocations_are_in_the_log_too(self, bench: Workbench) -> None:
        """A failure costs as well; it stays a failure."""
        system = bench.system()
        function = bench.deploy(system)
        begin = time.time()
        result = bench.invoke(system, function, fail="for the log")
        download(system, function, begin, [result])
        assert result.stats.failure
        assert result.billing.billed_time is not None


def download(
    system: System, function: Function, begin: float, results: list[ExecutionResult]
) -> dict[str, Any]:
    """Fetch the log from a time on until now, and return what else it reports."""
    metrics: dict[str, Any] = {}
    requests = {result.request_id: result for result in results}
    assert len(requests) == len(results)
    system.download_metrics(function.name, int(begin), int(time.time()) + 1, requests, metrics)
    return metrics
