"""What a run of invocation-overhead showed: latency over size, and how far clocks were apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sebs.analysis.conclusion import Conclusion
from sebs.analysis.levels import Part, differing
from sebs.analysis.offsets import Offset, RoundTrip, clock_offset
from sebs.analysis.overhead import Delivery, Line, fit_overhead
from sebs.analysis.report.figure import number
from sebs.errors import InvalidSampleError

if TYPE_CHECKING:
    from sebs.results.results import Results

#: The kind of the invocations that the offset of the clocks was told from.
_CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Fitted:
    """The lines of invocations that differ in nothing else that was asked for.

    Attributes:
        part: What tells them from others, and the invocations.
        lines: ``cold`` and ``warm`` to the line; ``None`` where there is no such invocation.
    """

    part: Part[Delivery]
    lines: Mapping[str, Line | None]

    @property
    def known(self) -> dict[str, Line]:
        """The lines that there are."""
        return {start: line for start, line in self.lines.items() if line is not None}


def conclude_overhead(results: Results) -> Conclusion:
    """Return the lines, and the offset of the clocks that is subtracted.

    Args:
        results: Of one run of invocation-overhead.

    Raises:
        InvalidSampleError: Nothing was measured, or a clock was set meanwhile.
        ResultFormatError: The results cannot be read.
    """
    found = lines_of(results)
    offsets = offsets_of(results)
    of_code = results.manifest.parameters.get("type") == "code"
    clocks = [{"offset_s": each.seconds, "error_s": each.error, "n": each.n} for each in offsets]
    words = [
        f"{each.part.name}: {sentence}" if len(found) > 1 else sentence
        for each in found
        for sentence in _sentences(each, of_code)
    ]
    return Conclusion(
        words=[*words, _clocks_told(offsets) if offsets else _subtracted_told(found)],
        document={**document_of(found), "clocks": clocks},
    )


def lines_of(
    results: Results, offset: float | None = None, only: Mapping[str, str] | None = None
) -> list[Fitted]:
    """Return the lines of each part of an overhead experiment; different ones are never pooled.

    Args:
        results: Of one run of the experiment, or of a file.
        offset: Instead of what the results say of it, seconds.
        only: Only invocations that have these values, as texts, in these columns.

    Raises:
        InvalidSampleError: There is no invocation at all.
        UsageError: No invocation has such a value, or there is no such column.
        ResultFormatError: The results cannot be read.
    """
    from sebs.analysis.samples import deliveries_of

    parts = deliveries_of(results, offset, only)
    if not parts:
        raise InvalidSampleError("There is not a single invocation to fit the overhead to.")
    return [
        Fitted(part, dict(zip(("cold", "warm"), fit_overhead(part.sample), strict=True)))
        for part in parts
    ]


def document_of(found: Sequence[Fitted]) -> dict[str, Any]:
    """Return the lines as plain JSON values.

    Of several parts ``models`` has each, and ``cold`` and ``warm`` are null, for they have no
    common line; ``reason`` says so.
    """
    if len(found) == 1:
        return _lines(found[0])
    apart = " and ".join(differing([each.part for each in found]))
    return {
        "cold": None,
        "warm": None,
        "reason": f"Invocations that differ in {apart} have no common line: see models.",
        "models": [{**each.part.level, **_lines(each)} for each in found],
    }


def _lines(fitted: Fitted) -> dict[str, Any]:
    return {start: line and line.serialize() for start, line in fitted.lines.items()}


def _sentences(fitted: Fitted, of_code: bool) -> list[str]:
    told = [_told(start, line, of_code) for start, line in fitted.known.items()]
    return [*told, *_noise_told(fitted.known)]


def offsets_of(results: Results) -> list[Offset]:
    """Return the offset of the clocks as each session of a run told it.

    Raises:
        InvalidSampleError: A clock was set meanwhile.
        ResultFormatError: The results cannot be read.
    """
    sessions: dict[int, list[RoundTrip]] = {}
    for row in results.rows():
        if row.get("kind") == _CLOCK and (trip := round_trip(row)) is not None:
            sessions.setdefault(row["session"], []).append(trip)
    return [clock_offset(trips) for _, trips in sorted(sessions.items())]


def round_trip(row: Mapping[str, Any]) -> RoundTrip | None:
    """Return the round trip that a warm invocation was; ``None`` where it was none.

    Where a connection was set up for it, that is a part of it: the offset that it tells is wrong
    by no more than it says, and a quicker one tells more.

    Args:
        row: A row of the table, with the factors ``received`` and ``answered``.
    """
    if row.get("start") != "warm" or row.get("failure") or row.get("received") is None:
        return None
    return RoundTrip(*(row[at] / 1e6 for at in ("begin", "received", "answered", "end")))


def _told(kind: str, line: Line, of_code: bool) -> str:
    smallest = "with a package of no size" if of_code else "without payload"
    interval = _interval(line.intercept_low_s, line.intercept_high_s)
    begin = (
        f"{kind.capitalize()}, {smallest}: {_ms(line.intercept_s)}{interval} until the function "
        f"has the request, n = {line.n}"
    )
    if line.slope_s_per_mb is None:
        return f"{begin}; all were of one size."
    what = "package" if of_code else "payload"
    interval = _interval(line.slope_low_s_per_mb, line.slope_high_s_per_mb)
    slope = f"{_ms(line.slope_s_per_mb)}{interval} more for every MB of {what}"
    if line.depends_on_size is False:
        return f"{begin}; that the size of the {what} matters is not shown: {slope}."
    r2 = "" if line.r2 is None else f"; R² = {line.r2:.3f}"
    return f"{begin}; {slope}{r2}."


def _interval(low_s: float | None, high_s: float | None) -> str:
    if low_s is None or high_s is None:
        return ""
    return f" (95 % interval {number(low_s * 1000)} to {number(high_s * 1000)})"


def _noise_told(lines: Mapping[str, Line]) -> list[str]:
    ends = {kind: line.intercept_high_s for kind, line in lines.items()}
    early = [kind for kind, end in ends.items() if end is not None and end < 0]
    if not early:
        return []
    return [
        f"Nothing arrives before it is sent: an intercept below zero ({', '.join(early)}) says "
        "that these times do not follow a line, or that a clock was set."
    ]


def _clocks_told(offsets: list[Offset]) -> str:
    told = " then ".join(
        f"{_apart(each.seconds)}, give or take {_ms(each.error)}" for each in offsets
    )
    trips = ", ".join(str(each.n) for each in offsets)
    return (
        f"The function's clock was {told}: that is subtracted. The error is half of the quickest "
        f"of {trips} round trips; an intercept may be wrong by as much, "
        "a slope is not."
    )


def _subtracted_told(found: Sequence[Fitted]) -> str:
    """Say what is subtracted of results in which are no round trips that tell it, such as a file's.

    A file whose offset is 0 may as well be one that has none.
    """
    offsets = {delivery.offset for each in found for delivery in each.part.sample}
    if not any(offsets):
        return "Nothing tells how far the clocks of function and client are apart."
    ends = dict.fromkeys(_apart(each) for each in (min(offsets), max(offsets)))
    return (
        f"The function's clock was {' to '.join(ends)}, as the results say: that is subtracted. By "
        "how much it may be wrong is not known; an intercept is wrong by as much."
    )


def _apart(seconds: float) -> str:
    return f"{_ms(abs(seconds))} {'ahead of' if seconds >= 0 else 'behind'} the client's"


def _ms(seconds: float) -> str:
    return f"{number(seconds * 1000)} ms"
