"""Two runs compared: cold with cold and warm with warm, and only where that means something."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sebs.analysis.comparison import Comparison, Verdict, compare
from sebs.analysis.failures import Failures
from sebs.analysis.quantiles import each_of, fewest
from sebs.analysis.samples import times_of, values_of
from sebs.errors import IncomparableRunsError
from sebs.results.levels import level_columns, varying

if TYPE_CHECKING:
    from sebs.results.results import Results


#: Parameters of experiments that may be others: they say how much is measured and what it costs, or
#: are told apart, such as memory sizes, of which each is a group of its own.
_COMPARABLE = frozenset(
    {
        *("repetitions", "cold", "seed", "budget", "precision", "functions"),
        *("prices", "vm-hourly", "objective", "weight"),
        *("benchmark", "input-size", "memory-sizes", "architectures", "experiments"),
    }
)


@dataclass(frozen=True, slots=True)
class Difference:
    """Something in which two runs differ, so that their times tell nothing of each other.

    Attributes:
        what: What differs.
        base: What the base has.
        head: What the head has.
    """

    what: str
    base: Any
    head: Any

    def __str__(self) -> str:
        return f"{self.what}: {_shown(self.base)} and {_shown(self.head)}"


@dataclass(frozen=True, slots=True)
class Group:
    """Invocations that began the same way and differ in nothing that was asked for, compared.

    Attributes:
        memory: MB; ``None`` where nobody says, or sizes differ and are compared all the same.
        start: ``cold`` or ``warm``.
        levels: What else tells them apart: column to its value.
        only_in: ``base`` or ``head`` where the other one has none of them.
        comparison: Of their times, in microseconds; ``None`` where one run has none of them.
    """

    memory: int | None
    start: str
    levels: Mapping[str, Any]
    only_in: str | None
    comparison: Comparison | None

    @property
    def verdict(self) -> Verdict:
        """What is to be said of the head."""
        return Verdict.TOO_LITTLE_DATA if self.comparison is None else self.comparison.verdict

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        measured = {} if self.comparison is None else self.comparison.serialize()
        own = {"memory": self.memory, "start": self.start, "levels": dict(self.levels)}
        return {**own, "only_in": self.only_in, "verdict": self.verdict.value, **measured}


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Two runs, compared.

    Attributes:
        metric: What was compared.
        groups: By how invocations began and all that tells them apart.
        differences: In what the runs differ; not empty only where that was forced.
        failures: How many invocations of either failed.
    """

    metric: str
    groups: tuple[Group, ...]
    differences: tuple[Difference, ...]
    failures: Failures

    def verdict(self, tolerated: float = 0.0) -> Verdict:
        """Return what is to be said of the head as a whole: that it fails more often, or of times.

        Args:
            tolerated: By which share it may be slower, such as 0.05.
        """
        return Verdict.FAILS_MORE if self.failures.more_often else self.time_verdict(tolerated)

    def time_verdict(self, tolerated: float = 0.0) -> Verdict:
        """Return what is to be said of the times of the head as a whole.

        It is slower where any group is shown to be, by more than what is tolerated. There is too
        little data where no group has enough, and where the head has nothing of a group that the
        base has: what was not measured cannot be said to be no slower.

        Args:
            tolerated: A share, such as 0.05.
        """
        judged = [group.comparison for group in self.groups if group.comparison is not None]
        if any(comparison.slower_than(tolerated) for comparison in judged):
            return Verdict.SLOWER
        verdicts = {comparison.verdict for comparison in judged} - {Verdict.TOO_LITTLE_DATA}
        if not verdicts or any(group.only_in == "base" for group in self.groups):
            return Verdict.TOO_LITTLE_DATA
        if Verdict.SLOWER in verdicts:
            return Verdict.TOLERATED
        return Verdict.FASTER if Verdict.FASTER in verdicts else Verdict.NO_DIFFERENCE

    @property
    def fewest(self) -> int:
        """How many invocations either side of a group needs for anything to be said of it."""
        shared = sum(group.comparison is not None for group in self.groups)
        return fewest(confidence=each_of(shared))

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "metric": self.metric,
            "groups": [group.serialize() for group in self.groups],
            "differences": [asdict(difference) for difference in self.differences],
            "failures": self.failures.serialize(),
        }


def compare_runs(
    base: Results, head: Results, metric: str = "client", *, force: bool = False
) -> RunComparison:
    """Compare two runs of the same code, input and memory.

    The tests and intervals of all groups hold together at 95 %.

    Args:
        base: What was before.
        head: What is now.
        metric: ``client``, ``provider`` or ``benchmark`` time.
        force: Compare runs that are not comparable, too.

    Raises:
        IncomparableRunsError: They are not comparable; the message has the differences.
        UsageError: There is no such metric.
        ResultFormatError: One of them cannot be read.
    """
    differences = tuple(_differences(base, head))
    if not force:
        _refuse(differences)
    levels = _levels(base, head)
    before, after = times_of(base, metric, levels), times_of(head, metric, levels)
    first, second = before.groups, after.groups
    confidence = each_of(len(first.keys() & second.keys()))
    only_in = {key: "base" for key in first if key not in second}
    only_in |= {key: "head" for key in second if key not in first}
    groups = tuple(
        _group(
            key,
            levels,
            only_in.get(key),
            None if key in only_in else compare(first[key], second[key], confidence),
        )
        for key in dict.fromkeys([*first, *second])
    )
    failures = Failures(before.n, before.failed, after.n, after.failed)
    return RunComparison(metric, groups, differences, failures)


def require_same(base: Results, head: Results, what: Collection[str]) -> None:
    """Refuse two runs that differ in some of what makes them comparable.

    Args:
        base: One of them.
        head: The other one.
        what: Of ``benchmark``, ``benchmark hash``, ``size`` and ``memory``.

    Raises:
        IncomparableRunsError: They differ; the message has the differences.
    """
    _refuse([each for each in _differences(base, head) if each.what in what])


def _refuse(differences: Sequence[Difference]) -> None:
    if differences:
        rows = "".join(f"\n  {difference}" for difference in differences)
        raise IncomparableRunsError(
            f"The two runs are not comparable; they differ in{rows}\n",
            remedy="Compare them all the same with --force.",
        )


def _differences(base: Results, head: Results) -> list[Difference]:
    pairs: dict[str, tuple[Any, Any]] = {
        "benchmark": (values_of(base, "benchmark"), values_of(head, "benchmark")),
        "benchmark hash": (base.manifest.benchmark_hash, head.manifest.benchmark_hash),
        "size": (values_of(base, "size"), values_of(head, "size")),
        "memory": (values_of(base, "memory"), values_of(head, "memory")),
    }
    # What is not known of one of them, such as of a file that others wrote, is no difference.
    found = [
        Difference(what, ours, theirs)
        for what, (ours, theirs) in pairs.items()
        if ours and theirs and ours != theirs
    ]
    return [*found, *_other_parameters(base, head)]


def _other_parameters(base: Results, head: Results) -> Iterator[Difference]:
    """Yield the parameters of an experiment that both runs have, each another one."""
    if base.manifest.experiment != head.manifest.experiment:
        return
    ours, theirs = base.manifest.parameters, head.manifest.parameters
    for name in ours:
        if name in theirs and name not in _COMPARABLE and ours[name] != theirs[name]:
            yield Difference(f"parameter {name}", ours[name], theirs[name])


def _levels(base: Results, head: Results) -> list[str]:
    """Return the columns in which the invocations of either run differ, and the memory size.

    Where each run has one size, and these differ, they are compared all the same.
    """
    apart = {name for run in (base, head) for name in varying(run.wanted(), run.manifest)}
    sizes = [values_of(run, "memory") for run in (base, head)]
    if sizes[0] == sizes[1]:
        apart.add("memory")
    order = (column.name for run in (base, head) for column in level_columns(run.manifest))
    return [name for name in dict.fromkeys(order) if name in apart]


def _group(
    key: tuple[Any, ...],
    levels: Sequence[str],
    only_in: str | None,
    comparison: Comparison | None,
) -> Group:
    start, *values = key
    told = dict(zip(levels, values, strict=True))
    return Group(told.pop("memory", None), start, told, only_in, comparison)


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
