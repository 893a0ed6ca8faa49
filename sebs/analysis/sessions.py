"""In how many sessions a run was measured: one that is interrupted and resumed has several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sebs.results.processor_use import ProcessorUse

if TYPE_CHECKING:
    from sebs.results.results import Results

#: Seconds that a run may pause, between its functions say, without having been interrupted.
_PAUSE = 10.0

#: A pause is so many times as long as everything else, where nobody watched the run's processors.
_LONG = 10

#: Of an interruption so much passes at least before somebody watches again and deploys what is
#: lacking.
_UNWATCHED = 0.5

#: A pause that was asked for is prolonged by this at most: environments start and answer meanwhile.
_PROLONGED = 1.5


def interruptions(results: Results) -> list[float]:
    """Return how long a run was interrupted, seconds, each time; in the order in which it was.

    No journal says when a process was ended. What says it is a pause between two invocations in
    which nobody watched the client's processors, as whoever measures does; where that was never
    done, a pause that is ten times as long as everything else.

    Args:
        results: Of one run.

    Raises:
        ResultFormatError: The results cannot be read.
    """
    spans = _spans(results)
    if not spans:
        return []
    pauses = _pauses(spans)
    begin, end = spans[0][0], max(until for _, until in spans)
    manifest = results.manifest
    least = max(_PAUSE, _PROLONGED * _asked(results))
    if manifest.processors:
        watched = ProcessorUse.deserialize(manifest.processors).seconds
        whole = max(end, manifest.ended or end) - min(begin, manifest.begun or begin)
        return _unwatched(pauses, whole - watched, least)
    return [each for each in pauses if each > max(least, _LONG * (end - begin - each))]


def told(results: Results) -> list[str]:
    """Say that a run was interrupted, and what that means; nothing of one that was not."""
    found = interruptions(results)
    if not found:
        return []
    apart = " and ".join(duration(each) for each in found[:3])
    more = " and more" if len(found) > 3 else ""
    return [
        f"This run was interrupted and resumed: it was measured in {len(found) + 1} sessions, "
        f"{apart}{more} apart. What was measured in different sessions may differ for other "
        "reasons, such as what else the machine or the platform did."
    ]


def duration(seconds: float) -> str:
    """Return a duration as people say it."""
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 1.75 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _spans(results: Results) -> list[tuple[float, float]]:
    """Return from when until when each invocation took, Unix time, by when it began."""
    import polars as pl

    times = [pl.col(name).dt.epoch("us") / 1e6 for name in ("begin", "end")]
    table = results.frame().filter(pl.col("begin").is_not_null(), pl.col("end").is_not_null())
    return list(table.select(times).sort("begin").collect().iter_rows())


def _pauses(spans: Sequence[tuple[float, float]]) -> list[float]:
    """Return for how long nothing was invoked, each time."""
    pauses, until = [], spans[0][1]
    for begin, end in spans:
        if begin > until:
            pauses.append(begin - until)
        until = max(until, end)
    return pauses


def _asked(results: Results) -> float:
    """Return for how long the experiment itself lets environments idle at most, seconds."""
    asked = results.manifest.parameters.get("delta-t")
    return max(asked, default=0.0) if isinstance(asked, list) else 0.0


def _unwatched(pauses: Sequence[float], unwatched: float, least: float) -> list[float]:
    """Return the pauses that the time in which nobody watched explains, the longest ones first."""
    found = set()
    for at in sorted(range(len(pauses)), key=lambda at: -pauses[at]):
        if pauses[at] > least and unwatched >= _UNWATCHED * pauses[at]:
            found.add(at)
            unwatched -= min(unwatched, pauses[at])
    return [pauses[at] for at in sorted(found)]
