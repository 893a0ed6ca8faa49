"""The models, on synthetic truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sebs.analysis.eviction import Idling, fit_eviction
from sebs.analysis.offsets import RoundTrip, clock_offset
from sebs.analysis.overhead import Delivery, fit_overhead
from sebs.errors import InvalidSampleError


def evictions(period: float, times: list[float], started: int = 32) -> list[Idling]:
    return [
        Idling(seconds, started, round(started * 2.0 ** -math.floor(seconds / period)))
        for seconds in times
    ]


def test_the_papers_period_is_recovered_with_its_interval() -> None:
    model = fit_eviction(evictions(380, [float(t) for t in range(60, 1600, 60)]))
    assert model.period_high_s is not None
    assert model.period_low_s < 380 <= model.period_high_s
    # After 1140 s = 3 · 380 there was a third halving, after 1500 s no fourth.
    assert model.period_low_s == pytest.approx(1500 / 4)
    assert model.period_high_s == pytest.approx(1140 / 3)
    assert model.r2 == pytest.approx(1)
    assert model.warm_share(800) == pytest.approx(1 / 4)


@given(
    st.floats(30, 1000),
    st.lists(st.integers(1, 4000).map(float), min_size=4, max_size=30, unique=True),
)
def test_the_true_period_is_always_in_the_interval(period: float, times: list[float]) -> None:
    # A quotient that is a whole number but for rounding is on neither side of a step.
    assume(all(abs(t / period - round(t / period)) > 1e-6 for t in times))
    started = 1 << 20
    trials = [Idling(t, started, int(started * 2.0 ** -min(t // period, 20))) for t in times]
    assume(all(trial.warm >= 1 for trial in trials) and max(times) / period < 20)
    model = fit_eviction(trials)
    assert model.period_low_s < period
    assert model.period_high_s is None or period <= model.period_high_s
    # Every period of the interval, and none beside it, gives the same numbers.
    if model.period_s is not None:
        for trial in trials:
            assert trial.warm == int(started * 2.0 ** -math.floor(trial.seconds / model.period_s))


#: How many are left of environments that were halved so often.
HALVED = {
    "rounded down": lambda started, halvings: started >> halvings,
    "to the nearest": lambda started, halvings: round(started / 2**halvings),
}


@pytest.mark.parametrize("left", HALVED.values(), ids=HALVED)
@given(
    period=st.integers(1, 2000),
    times=st.lists(st.integers(1, 4000), min_size=1, max_size=20),
    sizes=st.lists(st.sampled_from([1, 2, 3, 7, 8, 10, 20, 1000]), min_size=1, max_size=3),
)
def test_the_true_period_is_in_the_interval_whatever_was_cold(left, period, times, sizes) -> None:
    trials = [Idling(t, size, left(size, t // period)) for t in times for size in sizes]
    model = fit_eviction(trials)
    assert model.period_low_s < period
    assert model.period_high_s is None or period <= model.period_high_s
    assert model.n == len(trials)
    varies = len({trial.warm for trial in trials}) > 1
    assert model.r2 == (1 if varies else None)


@given(
    period=st.integers(1, 2000),
    times=st.lists(st.integers(1, 4000), min_size=1, max_size=20),
    started=st.sampled_from([1, 2, 8, 16, 1024]),
)
def test_of_a_power_of_two_no_other_period_fits(period, times, started) -> None:
    trials = [Idling(t, started, started >> (t // period)) for t in times]
    model = fit_eviction(trials)
    if model.period_low_s > 0:
        shorter = model.period_low_s * (1 - 1e-9)
        assert any(trial.warm != started >> int(trial.seconds // shorter) for trial in trials)
    if model.period_high_s is not None:
        longer = model.period_high_s * (1 + 1e-9)
        assert any(trial.warm != started >> int(trial.seconds // longer) for trial in trials)


@pytest.mark.parametrize(
    ("observed", "low", "high"),
    [
        ({1: 8, 600: 0, 1200: 0}, 1, 150),
        ({1: 8, 370: 8, 390: 4, 1900: 0}, 370, 390),
    ],
)
def test_trials_of_which_none_was_left_end_no_interval_by_rounding(observed, low, high) -> None:
    model = fit_eviction([Idling(t, 8, warm) for t, warm in observed.items()])
    assert (model.period_low_s, model.period_high_s) == (low, high)


def test_hardly_any_warm_is_not_told_as_none() -> None:
    model = fit_eviction([Idling(100, 8, warm) for warm in (0, 0, 0, 1)])
    assert (model.period_s, model.period_high_s, model.r2) == (None, 25, pytest.approx(-1 / 3))
    assert "Nothing was ever warm" not in model.told()


def test_hardly_any_evicted_is_not_told_as_none() -> None:
    model = fit_eviction([Idling(100, 8, warm) for warm in (8, 8, 8, 7)])
    assert (model.period_low_s, model.period_high_s) == (100, None)
    assert "Nothing was evicted" not in model.told()


def test_noise_leaves_the_period_where_it_is() -> None:
    generator = np.random.default_rng(5)
    trials = [
        Idling(float(t), 20, int(generator.binomial(20, 2.0 ** -(t // 380))))
        for t in range(30, 1800, 30)
        for _ in range(5)
    ]
    model = fit_eviction(trials)
    assert model.period_s == pytest.approx(380, abs=15)
    assert model.r2 is not None
    assert 0.9 < model.r2 < 1
    assert model.n == len(trials)


def test_nothing_evicted_gives_a_lower_bound_only() -> None:
    model = fit_eviction([Idling(60, 10, 10), Idling(600, 10, 10)])
    assert (model.period_low_s, model.period_high_s, model.period_s) == (600, None, None)
    assert model.r2 is None
    assert model.warm_share(1e6) == 1


@pytest.mark.parametrize(
    "trials",
    [
        [],
        [Idling(0, 5, 5)],
        [Idling(-1, 5, 5)],
        [Idling(10, 5, 6)],
        [Idling(10, 0, 0)],
        [Idling(math.nan, 5, 5)],
    ],
)
def test_impossible_trials_are_refused(trials: list[Idling]) -> None:
    with pytest.raises(InvalidSampleError):
        fit_eviction(trials)


def deliveries(a: float, b: float, cold: bool, theta: float = 0.0) -> list[Delivery]:
    return [
        Delivery(size, cold, 1e9, 1e9 + theta + 0.03 + a + b * size / 1e6, 0.03, theta)
        for size in (1_000, 500_000, 1_000_000, 5_900_000)
    ]


def test_lines_are_recovered_cold_and_warm_apart() -> None:
    cold, warm = fit_overhead(
        [*deliveries(0.4, 0.05, True, theta=-7.5), *deliveries(0.02, 0.01, False, theta=-7.5)]
    )
    assert cold is not None
    assert warm is not None
    assert (cold.intercept_s, cold.slope_s_per_mb) == pytest.approx((0.4, 0.05), abs=1e-5)
    assert (warm.intercept_s, warm.slope_s_per_mb) == pytest.approx((0.02, 0.01), abs=1e-5)
    assert cold.r2 == pytest.approx(1, abs=1e-6)
    assert (cold.n, warm.n) == (4, 4)


def test_one_kind_alone_and_one_size_alone() -> None:
    cold, warm = fit_overhead(deliveries(0.1, 0.2, False)[:1] * 3)
    assert cold is None
    assert warm is not None
    assert warm.intercept_s == pytest.approx(0.1002, abs=1e-5)
    assert (warm.slope_s_per_mb, warm.r2) == (None, None)


def test_no_invocations_and_no_numbers_are_refused() -> None:
    with pytest.raises(InvalidSampleError):
        fit_overhead([])
    with pytest.raises(InvalidSampleError):
        fit_overhead([Delivery(1, True, 0, math.nan)])


@given(
    st.floats(-1e4, 1e4),
    st.lists(st.tuples(st.floats(0, 2), st.floats(0, 2)), min_size=1, max_size=20),
)
def test_the_offset_is_known_up_to_half_the_delay(
    theta: float, ways: list[tuple[float, float]]
) -> None:
    trips = [
        RoundTrip(t, t + there + theta, t + there + theta + 0.01, t + there + 0.01 + back)
        for t, (there, back) in enumerate(ways)
    ]
    assume(all(trip.delay >= 0 for trip in trips))
    found = clock_offset(trips)
    assert abs(found.seconds - theta) <= found.error + 1e-6
    assert found.error == pytest.approx(min(there + back for there, back in ways) / 2, abs=1e-6)


def test_a_clock_that_was_set_is_noticed() -> None:
    with pytest.raises(InvalidSampleError):
        clock_offset([RoundTrip(0, 1, 3, 1)])
    with pytest.raises(InvalidSampleError):
        clock_offset([])
