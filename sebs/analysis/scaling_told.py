"""What a run of scalability comes to, in words and as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sebs.analysis.conclusion import Conclusion
from sebs.analysis.scaling import TAILS, Scaling, Tail, scalings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sebs.analysis.quantiles import Quantile
    from sebs.results.results import Results

COLUMNS = (
    "burst",
    "apart [s]",
    "start",
    "n",
    *(f"p{100 * q:g} [ms]" for q in TAILS),
)


def conclude_scaling(results: Results) -> Conclusion:
    """Return how fast environments came to serve, and how long invocations took.

    Args:
        results: Of one run of scalability.

    Raises:
        InvalidSampleError: No burst is complete.
        ResultFormatError: The results cannot be read.
    """
    found = scalings_of(results)
    words = [sentence for scaling in found for sentence in told(scaling)]
    if any(scaling.reached.low is None for scaling in found):
        words.append("A median of fewer than 6 bursts has no interval.")
    rows = [_row(scaling, tail) for scaling in found for tail in scaling.tails]
    document = {"bursts": [_document(scaling) for scaling in found]}
    return Conclusion(words, document, COLUMNS, rows)


def named(scaling: Scaling) -> str:
    """Return which bursts they are, such as ``50 at once``."""
    if scaling.inter_arrival_s:
        return f"{scaling.burst_size:,}, {scaling.inter_arrival_s:g} s apart"
    return f"{scaling.burst_size:,} at once"


def told(scaling: Scaling) -> Iterator[str]:
    """Yield sentences on bursts of one kind."""
    from sebs.analysis.report.figure import percent

    name, reached = named(scaling), scaling.reached.value
    if scaling.half is None or scaling.most is None or scaling.all is None:
        yield f"{name}: no environment is known to have served."
    else:
        served = scaling.all.n
        bursts = f"medians of {served} bursts" if served > 1 else "one burst"
        cold = "" if scaling.cold_share is None else f", {percent(scaling.cold_share)} cold starts"
        yield (
            f"{name}: {reached:g} environments{cold}; half of them served after "
            f"{_seconds(scaling.half)}, 90 % after {_seconds(scaling.most)}, all after "
            f"{_seconds(scaling.all)} ({bursts})."
        )
        if served < scaling.bursts:
            lost = scaling.bursts - served
            yield (
                f"{name}: in {lost} of {scaling.bursts} bursts no environment is known to have "
                "served; these times say nothing of them."
            )
        if scaling.inter_arrival_s:
            yield f"{name}: the last one was to be sent after {scaling.sent_within_s:.3g} s."
        elif scaling.failed == 0 and reached < scaling.burst_size:
            yield (
                f"{name}: there were no more environments, so {scaling.burst_size - reached:g} "
                "invocations waited until one was free."
            )
    yield from warned(scaling)


def warned(scaling: Scaling) -> Iterator[str]:
    """Yield sentences on what went wrong with bursts of one kind."""
    name = named(scaling)
    if scaling.failed:
        yield (
            f"{name}: {scaling.failed:,} of {scaling.n:,} invocations failed, of these "
            f"{scaling.throttled:,} were refused for want of capacity; they are in no latency."
        )
    if scaling.behind:
        yield (
            f"{name}: in {scaling.behind} of {scaling.bursts} bursts this machine fell behind with "
            f"sending, by up to {scaling.latest_s:.2g} s: these are invalid: their times say more "
            "of it than of the platform."
        )


def _seconds(time: Quantile) -> str:
    shown = f"{time.value:.3g} s"
    if time.low is None or time.high is None:
        return shown
    return f"{shown} ({time.low:.3g} to {time.high:.3g})"


def _row(scaling: Scaling, tail: Tail) -> list[str | None]:
    return [
        f"{scaling.burst_size:,}",
        f"{scaling.inter_arrival_s:g}",
        tail.start,
        f"{tail.quantiles[0].n:,}",
        *(_milliseconds(each) for each in tail.quantiles),
    ]


def _milliseconds(found: Quantile) -> str:
    from sebs.analysis.report.figure import number

    shown = f"{number(found.value * 1000)}"
    if found.low is None or found.high is None:
        return f"{shown} (no interval)"
    return f"{shown} ({number(found.low * 1000)} to {number(found.high * 1000)})"


def _document(scaling: Scaling) -> dict[str, Any]:
    return {
        "burst_size": scaling.burst_size,
        "inter_arrival_s": scaling.inter_arrival_s,
        "bursts": scaling.bursts,
        "environments": scaling.reached.value,
        "environments_low": scaling.reached.low,
        "environments_high": scaling.reached.high,
        **_ends("half", scaling.half),
        **_ends("ninety_percent", scaling.most),
        **_ends("all", scaling.all),
        "curve_s": list(scaling.curve),
        "n": scaling.n,
        "cold_share": scaling.cold_share,
        "failed": scaling.failed,
        "throttled": scaling.throttled,
        "valid": scaling.behind == 0,
        "behind": scaling.behind,
        "latest_s": scaling.latest_s,
        "latency": [_tail(tail) for tail in scaling.tails],
    }


def _tail(tail: Tail) -> dict[str, Any]:
    plain: dict[str, Any] = {"start": tail.start, "n": tail.quantiles[0].n}
    for q, found in zip(TAILS, tail.quantiles, strict=True):
        plain |= _ends(f"p{100 * q:g}", found)
    return plain


def _ends(name: str, found: Quantile | None) -> dict[str, float | None]:
    ends = (None, None, None) if found is None else (found.value, found.low, found.high)
    names = (f"{name}_s", f"{name}_low_s", f"{name}_high_s")
    return dict(zip(names, ends, strict=True))
