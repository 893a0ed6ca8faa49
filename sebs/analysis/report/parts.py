"""The invocations of several runs by the function that they are of: what differs is not pooled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sebs.analysis.latencies import latency
from sebs.analysis.report.invocations import label
from sebs.analysis.samples import USAGE
from sebs.results.levels import level_columns, places, varying

if TYPE_CHECKING:
    import polars as pl

    from sebs.results.results import Results

#: What says which function it is, where it runs, and what it is given.
_PLACE = ("platform", "region", "architecture")
_LANGUAGE = ("language", "language_version")
_FUNCTION = ("benchmark", "size", *_PLACE, *_LANGUAGE)

#: What a part is not told apart by: it is what the figures of a part show.
_SHOWN = frozenset({"memory", "kind"})

_LABEL, _RUN = "a label", "a run"


@dataclass(frozen=True, slots=True)
class Part:
    """Invocations that differ in memory size and kind alone.

    Attributes:
        title: What was invoked.
        frame: The columns :data:`sebs.analysis.samples.USAGE`, and ``client``: how long each took,
            of :func:`sebs.analysis.latencies.latency`.
        results: The first of the runs that they are of.
        architecture: What they ran on; ``None`` where nobody says.
    """

    title: str
    frame: pl.DataFrame
    results: Results
    architecture: str | None

    @property
    def sizes(self) -> int:
        """How many memory sizes there are."""
        return int(self.frame["memory"].drop_nulls().n_unique())


def parts_of(named: Sequence[tuple[str, Results]]) -> list[Part]:
    """Return the invocations of runs that were asked for, apart by all but memory size and kind.

    Runs with different memory sizes make one part; those that measured the same one stay apart, as
    another day is another sample.

    Args:
        named: The runs, each with its name.

    Raises:
        ResultFormatError: One of them cannot be read.
    """
    import polars as pl

    runs = [results for _, results in named]
    columns = {each.name: each for run in runs for each in level_columns(run.manifest)}
    apart = _apart(runs) - _SHOWN
    apart -= {"payload"} if all(map(_named_by_size, runs)) else set()
    keys = [name for name in columns if name in {*apart, *_FUNCTION}]
    others = label([columns[name] for name in keys if name not in _FUNCTION])
    frames = []
    for number, run in enumerate(runs):
        table = run.wanted()
        there = set(table.collect_schema().names())
        lacking = [pl.lit(None).alias(name) for name in keys if name not in there]
        known = (name for name in keys if name in there)
        taken = [*map(pl.col, (*known, *USAGE)), latency(there)]
        frames.append(table.select(*taken, *lacking, pl.lit(number).alias(_RUN)).collect())
    whole = pl.concat(frames, how="diagonal_relaxed").with_columns(others.alias(_LABEL))
    if whole.is_empty():
        return []
    found = whole.partition_by(keys, maintain_order=True, as_dict=True)
    place = places(found)
    ordered = (found[values] for values in sorted(found, key=lambda each: place[each]))
    return [part for frame in ordered for part in _parted(frame, named)]


def _parted(frame: pl.DataFrame, named: Sequence[tuple[str, Results]]) -> Iterator[Part]:
    """Yield invocations as one part, or as one for each run where runs share a memory size."""
    import polars as pl

    shared = frame.group_by("memory").agg(pl.col(_RUN).n_unique().alias("runs"))["runs"].max()
    if not isinstance(shared, int) or shared < 2:
        yield _part(frame, named)
        return
    for one in frame.partition_by(_RUN, maintain_order=True):
        part = _part(one, named)
        yield replace(part, title=f"{part.title}, {named[one[_RUN][0]][0]}")


def _part(frame: pl.DataFrame, named: Sequence[tuple[str, Results]]) -> Part:
    first = frame.row(0, named=True)
    more = f", {first[_LABEL]}" if first[_LABEL] else ""
    title = f"{what(first)}{more}"
    kept = frame.select(*USAGE, "client")
    return Part(title, kept, named[first[_RUN]][1], first["architecture"])


def _named_by_size(run: Results) -> bool:
    """Whether a run's payloads are inputs of a size, which its title has."""
    import polars as pl

    table = run.wanted()
    if "payload" not in table.collect_schema().names():
        return True
    same = pl.col("payload").eq_missing(pl.col("size")).all()
    return bool(table.select(same).collect().item())


def _apart(runs: Iterable[Results]) -> set[str]:
    """Return the names of columns in which the invocations of runs differ."""
    seen: dict[str, set[Any]] = {}
    apart: set[str] = set()
    for run in runs:
        table = run.wanted()
        apart |= set(varying(table, run.manifest))
        names = [column.name for column in level_columns(run.manifest)]
        for row in table.select(names).head(1).collect().iter_rows(named=True):
            for name, value in row.items():
                seen.setdefault(name, set()).add(value)
    # A factor that only some of the runs have tells these from the others.
    return apart | {name for name, values in seen.items() if len(values) > 1}


def what(known: Mapping[str, Any]) -> str:
    """Return what was run, of a mapping from columns to what they have; without the memory."""
    size = f" ({known['size']})" if known.get("size") else ""
    named = known.get("benchmark") or known.get("experiment") or "invocations"
    where, language = _joined(known, _PLACE), _joined(known, _LANGUAGE)
    details = f", {language}" if language else ""
    return f"{named}{size} on {where}{details}" if where else f"{named}{size}{details}"


def _joined(known: Mapping[str, Any], keys: Iterable[str]) -> str:
    """Return what is known, each once."""
    return " ".join(dict.fromkeys(str(known[key]) for key in keys if known.get(key)))
