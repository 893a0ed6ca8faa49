"""How fast a platform starts environments for bursts, and how long their invocations take.

The time to k environments runs from the moment at which a burst was to begin until the k-th
distinct environment entered its handler for the first time. When that was its own clock says, kept
within what the client saw: not before the request was sent, and not later than the end of the
answer less the time that the function took. So a clock that goes wrong does little harm, and where
there is none the latter is taken. Each burst gives one such time, and the median over bursts has
its interval.

The latency runs from the intended sending to the last byte, as that of an open loop must. Latencies
of one burst depend on each other, so that the intervals of their quantiles are too narrow rather
than too wide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sebs.analysis.latencies import since_intended
from sebs.analysis.quantiles import Quantile, quantile, quantiles
from sebs.errors import InvalidSampleError

if TYPE_CHECKING:
    import polars as pl

    from sebs.results.results import Results

#: Which quantiles of the latency are of interest.
TAILS = (0.5, 0.95, 0.99)

#: What the errors of invocations say that a platform refused for want of capacity: the status, and
#: the names of AWS, Azure and Google Cloud and of the local platform.
THROTTLES = re.compile(r"\b429\b|throttl|too ?many ?requests|rate ?exceeded", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tail:
    """Latencies of invocations that succeeded and began the same way.

    Attributes:
        start: ``cold``, ``warm`` or ``unknown``.
        quantiles: Those of :data:`TAILS`, s.
    """

    start: str
    quantiles: Sequence[Quantile]


@dataclass(frozen=True, slots=True)
class Scaling:
    """Bursts of one size, sent in the same way.

    Attributes:
        burst_size: Invocations of a burst.
        inter_arrival_s: From one to the next, s.
        bursts: How many were made.
        reached: Environments that served a burst.
        half: Until half of them served, s, over the bursts that any is known to have served;
            ``None`` where there is none.
        most: Until 90 % did.
        all: Until all did.
        curve: Median time until 1, 2, ... environments served, as far as most bursts had so many,
            s.
        n: Invocations.
        cold_share: Of those that succeeded and whose start is known; ``None`` where there are none.
        failed: Invocations that failed.
        throttled: Those of them that the platform refused for want of capacity.
        behind: Bursts in which the generator fell behind.
        latest_s: How much later than intended an invocation began at most, s.
        tails: Latencies, cold and warm apart.
    """

    burst_size: int
    inter_arrival_s: float
    bursts: int
    reached: Quantile
    half: Quantile | None
    most: Quantile | None
    all: Quantile | None
    curve: Sequence[float]
    n: int
    cold_share: float | None
    failed: int
    throttled: int
    behind: int
    latest_s: float
    tails: Sequence[Tail]

    @property
    def sent_within_s(self) -> float:
        """When the last invocation of a burst was to begin, in seconds from its beginning."""
        return (self.burst_size - 1) * self.inter_arrival_s


def scalings_of(results: Results) -> list[Scaling]:
    """Return what a run of scalability measured, by size of the burst and time between.

    Args:
        results: Of the run; its parameters say from when on the generator fell behind.

    Raises:
        InvalidSampleError: No burst is complete, or it is a run of something else.
        ResultFormatError: The results cannot be read.
    """
    import polars as pl

    if "burst_size" not in results.manifest.columns:
        raise InvalidSampleError("The results are of no experiment scalability.")
    tolerated = results.manifest.parameters["tolerated-lateness"] * 1e6
    table = results.wanted().select(*_TAKEN).collect()
    if table.is_empty():
        raise InvalidSampleError("There is not a single burst that is complete.")
    table = table.with_columns(
        pl.col("failure").fill_null(value=False),
        latency=since_intended() / 1e6,
    )
    cells = table.sort("burst_size", "inter_arrival").partition_by(
        "burst_size", "inter_arrival", as_dict=True, maintain_order=True
    )
    return [_scaling(size, every, part, tolerated) for (size, every), part in cells.items()]


_TAKEN = (
    *("burst_size", "inter_arrival", "repetition", "intended", "late", "start", "failure"),
    *("error", "environment_id", "begin", "end", "http_startup"),
    *("benchmark_time", "entered"),
)


def _scaling(size: int, every: float, table: pl.DataFrame, tolerated: float) -> Scaling:
    import polars as pl

    bursts = table.partition_by("repetition")
    arrivals = [arrivals_of(burst) for burst in bursts]
    served = [each for each in arrivals if each]
    errors = table.filter(pl.col("failure"))["error"].to_list()
    good = table.filter(~pl.col("failure"), pl.col("end").is_not_null())
    known = good.filter(pl.col("start").is_in(["cold", "warm"]))
    latest = [max(burst["late"].to_list(), default=0) for burst in bursts]
    return Scaling(
        burst_size=size,
        inter_arrival_s=every,
        bursts=len(bursts),
        reached=quantile([len(each) for each in arrivals]),
        half=_time_to(served, 0.5),
        most=_time_to(served, 0.9),
        all=_time_to(served, 1.0),
        curve=_curve(arrivals),
        n=table.height,
        cold_share=known.filter(pl.col("start") == "cold").height / known.height
        if known.height
        else None,
        failed=len(errors),
        throttled=sum(bool(error and THROTTLES.search(error)) for error in errors),
        behind=sum(late > tolerated for late in latest),
        latest_s=max(latest) / 1e6,
        tails=_tails(good),
    )


def arrivals_of(burst: pl.DataFrame) -> list[float]:
    """Return when each environment began to serve, ascending, in seconds from the intended start.

    Args:
        burst: Its invocations.
    """
    import polars as pl

    sent = pl.col("begin") + pl.duration(microseconds=pl.col("http_startup").fill_null(0))
    latest = pl.col("end") - pl.duration(microseconds=pl.col("benchmark_time").fill_null(0))
    begun = pl.max_horizontal(sent, pl.min_horizontal(latest, pl.col("entered")))
    answered = burst.filter(pl.col("environment_id").fill_null("") != "", latest.is_not_null())
    since = (begun - burst["intended"].min()).dt.total_microseconds() / 1e6
    first = answered.group_by("environment_id").agg(since.min().alias("since"))
    return [float(seconds) for seconds in first["since"].sort()]


def _time_to(arrivals: Sequence[Sequence[float]], share: float) -> Quantile | None:
    """Return the time until a share of the environments that each burst had served it."""
    if not arrivals:
        return None
    return quantile([each[max(1, _share(len(each), share)) - 1] for each in arrivals])


def _share(count: int, share: float) -> int:
    """Return a share of a number, rounded up."""
    return -(-round(count * share * 1000) // 1000)


def _curve(arrivals: Sequence[Sequence[float]]) -> list[float]:
    """Return the median time to 1, 2, ... environments; a burst that never had so many is last."""
    import numpy as np

    if not any(arrivals):
        return []
    times = np.full((len(arrivals), max(map(len, arrivals))), np.inf)
    for row, each in zip(times, arrivals, strict=True):
        row[: len(each)] = each
    medians = np.median(times, axis=0)
    return [float(seconds) for seconds in medians[np.isfinite(medians)]]


def _tails(good: pl.DataFrame) -> list[Tail]:
    parts: Mapping[tuple[object, ...], pl.DataFrame] = good.sort("start").partition_by(
        "start", as_dict=True, maintain_order=True
    )
    return [
        Tail(str(start), quantiles(part["latency"].to_numpy(), list(TAILS)))
        for (start,), part in parts.items()
    ]
