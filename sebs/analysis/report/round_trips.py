"""The figure of round trips, for the runs that measured them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sebs.analysis.report.figure import (
    BLUE,
    VERMILLION,
    Figure,
    Table,
    axis,
    chart,
    data,
    milliseconds,
    scale_of,
)

if TYPE_CHECKING:
    from sebs.analysis.round_trips import RoundTrips
    from sebs.results.results import Results

#: Points of a curve, and curves of single environments; more is a blur.
_POINTS, _CURVES = 300, 12

_ALL, _ONE = "all together", "one environment each"

_SHOWN = (0.05, 0.5, 0.95, 0.99)


def round_trips(results: Results) -> Figure | None:
    """Return the share of round trips that took up to a time, together and by environment.

    Raises:
        InvalidSampleError: The run sent messages, but none came back.
    """
    from sebs.analysis.round_trips import pooled, round_trips_of

    if results.manifest.experiment != "network-ping-pong":
        return None
    found = round_trips_of(results)
    whole = pooled(found.values())
    several = len(found) > 1
    curves = {_ALL: whole} | (dict(list(found.items())[:_CURVES]) if several else {})
    points = [
        {"of": name, "what": _ALL if name == _ALL else _ONE, "ms": ms, "share": share}
        for name, trips in curves.items()
        for ms, share in _steps(trips)
    ]
    least, most = float(whole.times.min()) / 1000, float(whole.times.max()) / 1000

    def draw(width: int) -> dict[str, Any]:
        domain, looks = ([_ALL, _ONE], [BLUE, VERMILLION]) if several else ([_ALL], [BLUE])
        return chart(
            width,
            300,
            data=data(points),
            mark={"type": "line", "interpolate": "step-after"},
            encoding={
                "x": axis("ms", "round trip [ms]", scale_of(least, most)),
                "y": axis("share", "round trips [%]", {"domain": [0, 100]}),
                "order": {"field": "share"},
                "detail": {"field": "of"},
                "color": {
                    "field": "what",
                    "type": "nominal",
                    "scale": {"domain": domain, "range": looks},
                    "legend": {"title": None, "orient": "top"} if several else None,
                },
                "strokeDash": {
                    "field": "what",
                    "type": "nominal",
                    "scale": {"domain": domain, "range": [[1, 0], [4, 3]][: len(domain)]},
                    "legend": {"title": None, "orient": "top"} if several else None,
                },
                "strokeWidth": {
                    "field": "what",
                    "type": "nominal",
                    "scale": {"domain": domain, "range": [3, 1.2][: len(domain)]},
                    "legend": None,
                },
            },
        )

    rows = [_row(name[:8], trips) for name, trips in found.items()] if several else []
    titles = ["environment", "n", "lost", "least [ms]", *(f"{q:.0%} [ms]" for q in _SHOWN)]
    table = Table([*titles, "most [ms]"], [*rows, _row(_ALL, whole)])
    return Figure("round-trips", "Round trips to this machine", _words(found, whole), draw, table)


def _words(found: dict[str, RoundTrips], whole: RoundTrips) -> str:
    median = milliseconds(_quantiles(whole)[1])
    sent = len(whole.times) + whole.lost
    drawn = f" Of {len(found)} environments {_CURVES} are drawn." if len(found) > _CURVES else ""
    return (
        "The share of messages from a function that were back within a time. Half of them within "
        f"{median} ms; {whole.lost:,} of {sent:,} were lost, and are in no curve.{drawn}"
    )


def _steps(trips: RoundTrips) -> list[tuple[float, float]]:
    """Return points of the empirical distribution function: milliseconds, percent."""
    import numpy as np

    ordered = np.sort(trips.times)
    n = len(ordered)
    places = np.unique(np.linspace(0, n - 1, min(n, _POINTS)).round().astype(int))
    chosen = [(float(ordered[at]) / 1000, 100 * (int(at) + 1) / n) for at in places]
    return [(chosen[0][0], 0.0), *chosen]


def _quantiles(trips: RoundTrips) -> list[float]:
    import numpy as np

    return [float(value) for value in np.quantile(trips.times, _SHOWN)]


def _row(name: str, trips: RoundTrips) -> list[str | None]:
    ends = float(trips.times.min()), float(trips.times.max())
    times = map(milliseconds, (ends[0], *_quantiles(trips), ends[1]))
    return [name, f"{len(trips.times):,}", f"{trips.lost:,}", *times]
