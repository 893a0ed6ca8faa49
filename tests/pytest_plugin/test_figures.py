"""Comparisons of figures with limits: what is shown, what is not, and what cannot be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sebs.errors import InvalidSampleError, UsageError
from sebs.pytest_plugin.figures import Times, microseconds

#: Of 20 observations the interval of the median is that from the 6th to the 15th.
TIMES = Times("the client time of 20 warm invocations", range(1000, 21_000, 1000), ["remark"])


def test_the_whole_interval_is_below_or_above() -> None:
    median = TIMES.median
    assert (median.quantile.low, median.quantile.high) == (6000, 15_000)

    assert median < "15.001 ms"
    assert not median < "15 ms"
    assert median <= "15 ms"
    assert not median <= "14.999 ms"
    assert median > "5.999 ms"
    assert not median > "6 ms"
    assert median >= "6 ms"
    assert not median >= "6.001 ms"


def test_the_limit_may_stand_first() -> None:
    assert "16 ms" > TIMES.median  # noqa: SIM300 - what is tested
    assert not "5 ms" > TIMES.median  # noqa: SIM300 - what is tested
    assert "5 ms" < TIMES.median  # noqa: SIM300 - what is tested


@pytest.mark.parametrize(
    ("limit", "meant"),
    [
        ("250 us", 250),
        ("250µs", 250),
        ("50 ms", 50_000),
        (" 1.5ms ", 1500),
        ("2 s", 2_000_000),
        (timedelta(milliseconds=3), 3000),
    ],
)
def test_a_limit_has_a_unit(limit: object, meant: float) -> None:
    assert microseconds(limit) == meant


@pytest.mark.parametrize("limit", [50, 0.05, "50", "50 min", "ms", "-5 ms", "5 ms or so", None])
def test_what_has_none_is_refused(limit: object) -> None:
    with pytest.raises(UsageError, match="no time with a unit"):
        assert TIMES.median < limit


def test_too_few_observations_say_how_many_are_needed() -> None:
    few = Times("the client time of 10 warm invocations", range(1, 11), [])

    with pytest.raises(InvalidSampleError, match=r"p95 of .* 10 invocations .* at least 59"):
        assert few.p(95) < "1 s"
    assert few.median < "1 s"
    assert "too few for an interval" in str(few.p(95))


@pytest.mark.parametrize(("q", "percent"), [(0, 0), (1, 100), (95, 9500), (-0.5, -50)])
def test_what_is_no_quantile_is_refused(q: float, percent: float) -> None:
    with pytest.raises(UsageError, match="no quantile"):
        TIMES.quantile(q)
    with pytest.raises(UsageError, match="no quantile"):
        TIMES.p(percent)


@pytest.mark.parametrize(
    ("operator", "limit", "reason"),
    [
        ("<", "5 ms", "it is above 5 ms"),
        ("<", "10 ms", "not shown to be below 10 ms"),
        ("<", "15 ms", "not shown to be below 15 ms"),
        (">", "10 ms", "not shown to be above 10 ms"),
        (">", "20 ms", "it is below 20 ms"),
    ],
)
def test_a_comparison_that_does_not_hold_is_explained(
    operator: str, limit: str, reason: str
) -> None:
    first, what, why, *rest = TIMES.median.explain(operator, limit)

    assert first == f"median {operator} {limit}"
    assert "10.5 ms (95% interval 6 ms to 15 ms)" in what
    assert why.startswith(reason)
    assert rest == ["remark"]


def test_figures_are_rounded_to_three_digits() -> None:
    shown = [str(Times("x", [time] * 6, []).median).split()[3:5] for time in (999, 1234, 2_345_678)]

    assert shown == [["999", "µs"], ["1.23", "ms"], ["2.35", "s"]]


def test_milliseconds_are_there_for_those_who_calculate_themselves() -> None:
    assert TIMES.milliseconds == list(range(1, 21))
