"""FaaS against IaaS: by how much a platform takes longer than a machine does for the same.

The ratio of the median provider time of warm invocations to the median time on the machine, as in
Copik et al., *SeBS*, Middleware 2021. Its interval is that of a comparison of two runs.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sebs.analysis.comparison import compare
from sebs.analysis.quantiles import each_of
from sebs.analysis.runs import require_same
from sebs.analysis.samples import warm_usages
from sebs.errors import InvalidSampleError, UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from sebs.results.results import Results


@dataclass(frozen=True, slots=True)
class MachineRatio:
    """One memory size of a function against the machine.

    Attributes:
        memory: Memory that the function is configured with, MB.
        n: Warm invocations of the function.
        median_provider_s: Their median provider time.
        ratio: That over the machine's median time: above 1 the machine is faster; ``None`` where
            there is too little data on either side.
        ratio_low: Lower end of its interval; those of all sizes hold together at 95 %.
        ratio_high: Higher end.
    """

    memory: float
    n: int
    median_provider_s: float
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None


@dataclass(frozen=True, slots=True)
class AgainstMachine:
    """A function against a machine that does the same.

    Attributes:
        n_machine: Warm invocations on the machine.
        median_machine_s: Their median time.
        machine_time: Which time that is: ``provider``, or ``benchmark`` where nobody knows that.
        by_memory: Each memory size of the function, ascending.
    """

    n_machine: int
    median_machine_s: float
    machine_time: str
    by_memory: list[MachineRatio]

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def against_machine(
    results: Results, machine: Results, architecture: str | None = None, *, force: bool = False
) -> AgainstMachine:
    """Return the ratio at each memory size of a function.

    Args:
        results: Of the function on its platform.
        machine: Of the same on a machine, such as a run on the local platform there.
        architecture: Only the function's invocations on it.
        force: Where they are of another benchmark or input size, too.

    Raises:
        IncomparableRunsError: They are of another benchmark or input size.
        InvalidSampleError: Either has no warm invocation whose time is known.
        UsageError: The machine's run has several memory sizes: which one is the machine?
        ResultFormatError: One of them cannot be read.
    """
    if not force:
        require_same(results, machine, ("benchmark", "size"))
    usages = sorted(warm_usages(results, architecture)[0], key=lambda usage: usage.memory)
    if not usages:
        raise InvalidSampleError(
            "There is not a single warm invocation whose provider time is known.",
            remedy="Fetch the platform's metrics first: sebs experiment process RUN.",
        )
    name, times = _machine_times(machine)
    confidence = each_of(len(usages))
    compared = [(usage, compare(times, usage.provider, confidence)) for usage in usages]
    first = compared[0][1]
    return AgainstMachine(
        n_machine=first.n_base,
        median_machine_s=first.median_base / 1e6,
        machine_time=name,
        by_memory=[
            MachineRatio(
                usage.memory,
                found.n_head,
                found.median_head / 1e6,
                found.ratio,
                found.ratio_low,
                found.ratio_high,
            )
            for usage, found in compared
        ],
    )


def _machine_times(machine: Results) -> tuple[str, ArrayLike]:
    """Return which time of the machine's warm invocations is taken, and the times, µs."""
    name, usages = "provider", warm_usages(machine)[0]
    if not usages:
        name, usages = "benchmark", warm_usages(_timed_by_benchmark(machine))[0]
    if not usages:
        raise InvalidSampleError("The machine's run has no warm invocation whose time is known.")
    if len(usages) > 1:
        sizes = ", ".join(f"{size:g}" for size in sorted(usage.memory for usage in usages))
        raise UsageError(
            f"A machine has one size, and its run has the memory sizes {sizes} MB.",
            remedy="Measure one size on the machine, as large as the machine allows.",
        )
    return name, usages[0].provider


def _timed_by_benchmark(machine: Results) -> Results:
    """Return a machine's results with the benchmark's time in the place of the provider's."""
    import polars as pl

    from sebs.results.own_files import Tabled

    # That nobody says how large a machine is makes its times no less known.
    known = [pl.col("benchmark_time").alias("provider"), pl.col("memory").fill_null(0)]
    return Tabled(machine.manifest, machine.frame().with_columns(known))
