"""How round trips between functions and the client are distributed, together and by environment.

Round trips of one environment take one way through the network, so they resemble each other more
than those of another one: times of all environments are pooled with a warning where these differ.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sebs.analysis.conclusion import Conclusion
from sebs.analysis.report.figure import number
from sebs.errors import InvalidSampleError, ResultFormatError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sebs.results.results import Results

#: The quantiles that are told, by the names that they have.
_SHOWN = {"median": 0.5, "p95": 0.95, "p99": 0.99}

#: What the environments' ranks look like by chance alone is called a difference this often.
_ERROR = 0.01


@dataclass(frozen=True, slots=True)
class RoundTrips:
    """The round trips of one or several environments.

    Attributes:
        times: Microseconds, in the order in which they were made.
        lost: Messages that did not come back.
        invocations: How many made them.
    """

    times: NDArray[np.float64]
    lost: int
    invocations: int

    @property
    def lost_share(self) -> float:
        """Share of the messages that did not come back."""
        return self.lost / (self.lost + len(self.times))

    def serialize(self) -> dict[str, Any]:
        """Return counts, the least, quantiles with their intervals and the most, in seconds."""
        from sebs.analysis.quantiles import quantiles

        found: dict[str, Any] = {
            "invocations": self.invocations,
            "n": len(self.times),
            "lost": self.lost,
            "lost_share": self.lost_share,
            "least_s": float(self.times.min()) / 1e6,
        }
        shown = quantiles(self.times, list(_SHOWN.values()))
        for name, each in zip(_SHOWN, shown, strict=True):
            ends = {"": each.value, "_low": each.low, "_high": each.high}
            found |= {f"{name}{end}_s": v and v / 1e6 for end, v in ends.items()}
        return {**found, "most_s": float(self.times.max()) / 1e6}


def conclude_round_trips(results: Results) -> Conclusion:
    """Return how long round trips took, how many were lost, and whether environments differ.

    Args:
        results: Of one run of network-ping-pong.

    Raises:
        InvalidSampleError: There is not a single round trip.
        ResultFormatError: The results cannot be read.
    """
    by_environment = round_trips_of(results)
    whole = pooled(by_environment.values()).serialize()
    p = difference(by_environment)
    named = {each: trips.serialize() for each, trips in by_environment.items()}
    document = {
        "pooled": whole,
        "by_environment": [{"environment": name, **found} for name, found in named.items()],
        "environments_differ": None if p is None else p < _ERROR,
        "p": p,
    }
    protocol = str(results.manifest.parameters.get("protocol", "")).upper()
    words = [*_told(whole, protocol), *_difference_told(named, p)]
    times = ("least", "median", "95 % interval", "p95", "p99")
    columns = ["environment", "n", "lost", *(f"{time} [ms]" for time in times)]
    rows = [_row(f"{at}: {each[:8]}", found) for at, (each, found) in enumerate(named.items(), 1)]
    if len(named) > 1:
        rows.append(_row("all", whole))
    return Conclusion(words, document, columns, rows)


def round_trips_of(results: Results) -> dict[str, RoundTrips]:
    """Return the round trips of the wanted invocations that succeeded, by environment.

    Raises:
        InvalidSampleError: There is not a single one.
        ResultFormatError: An output has other round trips than the function gives.
    """
    import numpy as np

    from sebs.results.rows import is_wanted

    found: dict[str, list[tuple[list[float], int]]] = {}
    for row in results.rows():
        if is_wanted(row) and not row.get("failure") and row.get("output"):
            found.setdefault(row.get("environment_id") or "unknown", []).append(_of_output(row))
    trips = {
        each: RoundTrips(
            np.concatenate([np.asarray(times, dtype=np.float64) for times, _ in parts]),
            sum(lost for _, lost in parts),
            len(parts),
        )
        for each, parts in found.items()
    }
    made = {each: of for each, of in trips.items() if len(of.times)}
    if not made:
        raise InvalidSampleError("There is not a single round trip.")
    return made


def pooled(environments: Iterable[RoundTrips]) -> RoundTrips:
    """Return the round trips of several environments together."""
    import numpy as np

    of = list(environments)
    return RoundTrips(
        np.concatenate([each.times for each in of]),
        sum(each.lost for each in of),
        sum(each.invocations for each in of),
    )


def difference(environments: Mapping[str, RoundTrips]) -> float | None:
    """Return the probability that environments that do not differ look like these.

    By the test of Kruskal and Wallis, *Use of ranks in one-criterion variance analysis*, 1952.

    Returns:
        The probability; ``None`` where there is one environment, or all round trips took as long.
    """
    from scipy.stats import kruskal

    samples = [each.times for each in environments.values()]
    if len(samples) < 2 or len({float(time) for times in samples for time in times}) < 2:
        return None
    return float(kruskal(*samples).pvalue)


def _of_output(row: Mapping[str, Any]) -> tuple[list[float], int]:
    try:
        measured = json.loads(row["output"])["measurement"]
        times = [float(time) for time in measured["round_trip_times"]]
        return times, int(measured["lost"])
    except (KeyError, TypeError, ValueError) as error:
        raise ResultFormatError(
            f"The output of {row.get('id')!r} has no times of round trips: {error!r}."
        ) from error


def _told(found: Mapping[str, Any], protocol: str) -> Sequence[str]:
    median = _ms(found["median_s"])
    interval = _interval(found)
    told = f" (95 % interval {interval} ms)" if interval else ""
    sent = found["n"] + found["lost"]
    return [
        f"Half of {found['n']:,} round trips by {protocol or 'the network'} took up to {median} ms"
        f"{told}, 95 % up to {_ms(found['p95_s'])} ms, 99 % up to {_ms(found['p99_s'])} ms.",
        f"{found['lost']:,} of {sent:,} messages were lost ({found['lost_share']:.3%})."
        if found["lost"]
        else f"None of {sent:,} messages was lost.",
        f"The quickest took {_ms(found['least_s'])} ms, so the way there and back takes no longer "
        "than that; the rest is waiting.",
    ]


def _difference_told(named: Mapping[str, Mapping[str, Any]], p: float | None) -> list[str]:
    if p is None:
        return []
    if p >= _ERROR:
        return [f"No difference between the {len(named)} environments is shown (p = {p:.2g})."]
    medians = sorted(found["median_s"] for found in named.values())
    return [
        f"Warning: the {len(named)} environments differ (p = {p:.1g}): their medians go from "
        f"{_ms(medians[0])} to {_ms(medians[-1])} ms. Look at them one by one: the intervals of "
        "all together take round trips for independent, and are too narrow."
    ]


def _row(name: str, found: Mapping[str, Any]) -> list[str | None]:
    return [
        name,
        f"{found['n']:,}",
        f"{found['lost']:,}",
        _ms(found["least_s"]),
        _ms(found["median_s"]),
        _interval(found),
        _ms(found["p95_s"]),
        _ms(found["p99_s"]),
    ]


def _interval(found: Mapping[str, Any]) -> str | None:
    if found["median_low_s"] is None:
        return None
    return f"{_ms(found['median_low_s'])} to {_ms(found['median_high_s'])}"


def _ms(seconds: float) -> str | None:
    return number(seconds * 1000)
