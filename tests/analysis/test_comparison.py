"""Comparing two runs: against scipy, and against known differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st

from sebs.analysis.comparison import Verdict, _medians, compare, rank_test
from sebs.analysis.quantiles import each_of, fewest

SAMPLES = st.lists(st.integers(0, 30).map(float), min_size=6, max_size=40).map(np.array)


@given(SAMPLES, SAMPLES)
def test_the_rank_test_is_defined_for_whatever_was_measured(
    first: np.ndarray, second: np.ndarray
) -> None:
    p_value = rank_test(first, second)
    assert 0 <= p_value <= 1
    assert p_value == pytest.approx(rank_test(second, first))
    assert rank_test(first, first) == pytest.approx(1)


@given(SAMPLES, SAMPLES)
def test_the_rank_test_is_the_one_of_scipy(first: np.ndarray, second: np.ndarray) -> None:
    overlap = first.max() >= second.min() and second.max() >= first.min()
    assume(overlap and len({*first, *second}) > 1)
    # Where neither placement varies there is nothing to divide by; scipy says nan.
    expected = scipy.stats.brunnermunzel(first, second).pvalue
    assume(np.isfinite(expected))
    assert rank_test(first, second) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("n", [6, 7, 40, 101])
def test_resampled_medians_are_distributed_like_drawn_ones(n: int) -> None:
    generator = np.random.default_rng(n)
    values = generator.lognormal(size=n)
    drawn = np.median(generator.choice(values, size=(20_000, n)), axis=1)
    ours = _medians(values, generator, 20_000)
    # The quantiles of the two agree within what 20,000 resamples tell.
    distance = scipy.stats.ks_2samp(ours, drawn).statistic
    assert distance < 0.02


def test_a_difference_is_found_with_its_size() -> None:
    generator = np.random.default_rng(1)
    base = generator.lognormal(3, 0.3, size=400)
    head = 1.2 * generator.lognormal(3, 0.3, size=400)
    found = compare(base, head)
    assert found.verdict is Verdict.SLOWER
    assert found.ratio_low is not None
    assert found.ratio_high is not None
    assert found.ratio_low < 1.2 < found.ratio_high
    assert found.slower_than(0.05)
    assert not found.slower_than(0.5)
    assert compare(head, base).verdict is Verdict.FASTER
    assert not compare(head, base).slower_than(0)


def test_equal_distributions_are_rarely_called_different() -> None:
    generator = np.random.default_rng(2)
    verdicts = [
        compare(generator.exponential(size=30), generator.exponential(size=30)).verdict
        for _ in range(300)
    ]
    assert sum(verdict is not Verdict.NO_DIFFERENCE for verdict in verdicts) <= 0.07 * 300


def test_the_interval_covers_the_ratio() -> None:
    generator = np.random.default_rng(4)
    hits = 0
    for _ in range(300):
        found = compare(generator.lognormal(size=60), 2 * generator.lognormal(size=60))
        assert found.ratio_low is not None
        assert found.ratio_high is not None
        hits += found.ratio_low <= 2 <= found.ratio_high
    assert hits >= 0.92 * 300


def test_the_same_data_give_the_same_answer() -> None:
    base, head = [1.0, 2, 3, 4, 5, 6, 7], [2.0, 3, 4, 5, 6, 7, 9]
    assert compare(base, head) == compare(base, head)


def test_the_chance_of_resampling_moves_an_interval_hardly_however_many_groups() -> None:
    generator = np.random.default_rng(5)
    base, head = generator.lognormal(0, 0.2, 30), generator.lognormal(0.1, 0.2, 30)
    found = [compare(base, head, each_of(6), seed) for seed in range(40)]
    lows = np.array([each.ratio_low for each in found], float)
    width = np.median([(each.ratio_high or 0) - (each.ratio_low or 0) for each in found])
    assert np.ptp(lows) < 0.03 * width


@pytest.mark.parametrize(
    ("base", "head"), [([1.0] * 5, [2.0] * 50), ([2.0] * 50, [1.0] * 5), ([0.0] * 10, [1.0] * 10)]
)
def test_too_little_data_is_said(base: list[float], head: list[float]) -> None:
    found = compare(base, head)
    assert found.verdict is Verdict.TOO_LITTLE_DATA
    assert found.ratio is None
    assert found.serialize()["verdict"] == "too little data"


def test_of_many_groups_each_needs_more() -> None:
    # Six and six that are the same lie apart once in 462 times, which is too often for 50 groups.
    apart = [1.0, 2, 3, 4, 5, 6], [7.0, 8, 9, 10, 11, 12]
    assert compare(*apart).verdict is Verdict.SLOWER
    assert compare(*apart, each_of(50)).verdict is Verdict.TOO_LITTLE_DATA
    for count in range(1, 200):
        needed = fewest(confidence=each_of(count))
        assert 2 / math.comb(2 * needed, needed) < 0.05 / count


def test_identical_samples() -> None:
    found = compare([5.0] * 10, [5.0] * 10)
    assert found.verdict is Verdict.NO_DIFFERENCE
    assert (found.ratio, found.p_value) == (1, 1)
    assert compare([5.0] * 10, [6.0] * 10).verdict is Verdict.SLOWER
