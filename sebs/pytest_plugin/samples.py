"""What was measured: invocations of one function, all warm or all cold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sebs.errors import InvalidSampleError
from sebs.pytest_plugin.figures import Times
from sebs.results.rows import start_of

if TYPE_CHECKING:
    from sebs.faas.result import ExecutionResult
    from sebs.results.rows import Invocation

#: How many different reasons for failures are told.
_REASONS = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """Invocations that began as it was asked for, and what is known of the others.

    Attributes:
        kind: ``warm`` or ``cold``.
        results: Those that succeeded and began so.
        failures: Why others failed; as many as were tolerated at most.
        left_out: How many others succeeded and began otherwise.
        function: What was measured: the function and how it is deployed.
        directory: Where the run is kept, for ``sebs report`` and ``sebs compare``.
        caveats: What is to be known before its figures are believed, such as where the client was
            saturated.
        fetch: Fetches the platform's own times; returns the sample that has them.
    """

    kind: str
    results: Sequence[ExecutionResult]
    failures: Sequence[str]
    left_out: int
    function: str
    directory: Path
    caveats: Sequence[str]
    fetch: Callable[[], Sample]

    @property
    def client(self) -> Times:
        """The time that a caller waits, from connecting to the answer's last byte."""
        return self._times("client", lambda result: result.times.client)

    @property
    def benchmark(self) -> Times:
        """The time from entering the handler to its return.

        Raises:
            InvalidSampleError: The function does not tell, as functions that are not ours.
        """
        return self._times("benchmark", lambda result: result.times.benchmark)

    @property
    def initialization(self) -> Times:
        """The time from the start of an environment until it is ready; cold starts only.

        Raises:
            InvalidSampleError: The invocations are warm, or nobody tells.
        """
        return self._times("initialization", lambda result: result.times.initialization)

    @property
    def provider(self) -> Times:
        """The time that the platform's own log reports, which is waited for.

        Raises:
            InvalidSampleError: It reports none.
            PlatformError: It cannot be read.
        """
        return self.fetch()._times("provider", lambda result: result.provider_times.execution)

    def __str__(self) -> str:
        return f"{self.function}: {self.client.median}"

    def _times(self, what: str, time_of: Callable[[ExecutionResult], int]) -> Times:
        times = [time for result in self.results if (time := time_of(result))]
        if len(times) < len(self.results):
            raise InvalidSampleError(
                f"The {what} time of {len(self.results) - len(times)} of {len(self.results)} "
                f"{self.kind} invocations of {self.function} is not known.",
                remedy="Assert another time, such as `client`.",
            )
        of = f"the {what} time of {len(times)} {self.kind} invocations"
        return Times(of, times, self._remarks())

    def _remarks(self) -> list[str]:
        counts = f"failed: {len(self.failures)}"
        if self.left_out:
            other = "cold" if self.kind == "warm" else "warm"
            counts += f"; left out, as they were not {self.kind} but {other}: {self.left_out}"
        return [self.function, counts, *self.caveats, f"kept in {self.directory}"]


def sorted_out(sample: Sample, invocations: Iterable[Invocation]) -> Sample:
    """Return the sample with what a run has of it.

    Args:
        sample: Whose invocations they are.
        invocations: All of its run.
    """
    results: list[ExecutionResult] = []
    failures, left_out = [], 0
    for each in invocations:
        if (reason := failure_of(each)) is not None:
            failures.append(reason)
        elif start_of(each.result) == sample.kind:
            results.append(each.result)
        else:
            left_out += 1
    return replace(sample, results=results, failures=failures, left_out=left_out)


def failure_of(invocation: Invocation) -> str | None:
    """Return why an invocation failed or its output is wrong; ``None`` where neither is so."""
    if invocation.result.stats.failure:
        return invocation.result.error or "no reason is known"
    return None if invocation.valid is not False else f"wrong output: {invocation.rejection}"


def reasons(failures: Iterable[str]) -> str:
    """Return why invocations failed, a line each, with how many of them did."""
    counted = Counter(failures).most_common()
    lines = [f"  {number}: {reason}" for reason, number in counted[:_REASONS]]
    if rest := len(counted) - len(lines):
        lines.append(f"  and {rest} other reasons")
    return "\n".join(lines)
