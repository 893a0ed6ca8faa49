"""Means against scipy, and the warning about skew."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from sebs.analysis.means import mean
from sebs.errors import InvalidSampleError


@given(st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 3)), min_size=2, max_size=50))
def test_interval_and_shape_are_those_of_scipy(values: list[float]) -> None:
    found = mean(values)
    assert found.value == pytest.approx(np.mean(values))
    deviation = np.std(values, ddof=1)
    assert found.deviation == pytest.approx(deviation)
    if deviation > 1e-6:
        low, high = scipy.stats.t.interval(
            0.95, len(values) - 1, loc=np.mean(values), scale=scipy.stats.sem(values)
        )
        assert (found.low, found.high) == pytest.approx((low, high))
        assert found.skewness == pytest.approx(scipy.stats.skew(values), abs=1e-6)


def test_one_observation_has_no_interval() -> None:
    found = mean([3])
    assert (found.value, found.low, found.deviation, found.variation) == (3, None, None, None)
    assert found.warning


def test_identical_observations() -> None:
    found = mean([0.1] * 40)
    assert (found.low, found.high) == pytest.approx((0.1, 0.1))
    assert found.skewness == 0
    assert found.warning == ""


def test_skew_is_warned_of_until_there_is_enough() -> None:
    generator = np.random.default_rng(3)
    assert "skewness" in mean(generator.lognormal(sigma=1.5, size=40)).warning
    assert mean(generator.normal(10, 1, size=100)).warning == ""
    assert mean([10, 10, 10, 10, 100]).variation == pytest.approx(40.2492 / 28, rel=1e-4)


def test_nothing_is_refused() -> None:
    with pytest.raises(InvalidSampleError):
        mean([])
