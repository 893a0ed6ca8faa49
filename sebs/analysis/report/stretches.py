"""Stretches of time in which a run did something: a pause between them would leave only a blank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sebs.analysis.sessions import duration

if TYPE_CHECKING:
    import polars as pl

#: Seconds below which no pause tears a figure apart, and above which one does that is most of it.
_SHORT, _LONG = 10.0, 60.0

#: So many times as long as what is on either side is a pause of which nothing but it is seen.
_TIMES = 5

#: So many stretches are shown apart.
_MOST = 4


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when until when a run did something, seconds since its first invocation.

    Attributes:
        begin: When its first invocation began.
        end: When its last one ended.
        pause: Seconds since the stretch before it ended; ``None`` of the first.
    """

    begin: float
    end: float
    pause: float | None

    @property
    def title(self) -> str:
        """What it is called in a figure that has several."""
        if self.pause is None:
            return "From the first invocation on"
        return f"{duration(self.pause)} later"


def stretches(at: pl.Series, until: pl.Series) -> list[Stretch]:
    """Return the stretches of a run: one, unless pauses are long compared with what is around them.

    Args:
        at: When invocations began, seconds; at least one.
        until: When they ended, seconds.
    """
    import numpy as np

    order = np.argsort(at.to_numpy(), kind="stable")
    begins = at.to_numpy()[order]
    ends = np.maximum.accumulate(np.maximum(until.to_numpy()[order], begins))
    pauses = np.concatenate([[0.0], begins[1:] - ends[:-1]])
    found = [(0, len(begins))]
    while len(found) < _MOST:
        places = [_torn(begins, ends, pauses, *each) for each in found]
        known = [place for place in places if place is not None]
        if not known:
            break
        place = max(known, key=lambda each: float(pauses[each]))
        at_which = places.index(place)
        first, last = found[at_which]
        found[at_which : at_which + 1] = [(first, place), (place, last)]
    return [
        Stretch(
            float(begins[first]), float(ends[last - 1]), float(pauses[first]) if first else None
        )
        for first, last in found
    ]


def _torn(begins: Any, ends: Any, pauses: Any, first: int, last: int) -> int | None:
    """Return before which invocation some that follow one another are torn apart."""
    import numpy as np

    if last - first < 2:
        return None
    place = first + 1 + int(np.argmax(pauses[first + 1 : last]))
    pause = pauses[place]
    around = max(ends[place - 1] - begins[first], ends[last - 1] - begins[place])
    whole = ends[last - 1] - begins[first]
    hides = pause > _TIMES * around or (pause > _LONG and pause > whole / 2)
    return place if pause > _SHORT and hides else None
