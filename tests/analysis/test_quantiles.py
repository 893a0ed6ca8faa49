"""Intervals of quantiles, against exact enumeration with whole numbers."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sebs.analysis.quantiles import each_of, fewest, quantile, quantiles, ranks
from sebs.errors import InvalidSampleError


def exact_coverage(n: int, low: int, high: int, q: Fraction) -> Fraction:
    return sum(
        (Fraction(math.comb(n, i)) * q**i * (1 - q) ** (n - i) for i in range(low, high)),
        Fraction(0),
    )


@pytest.mark.parametrize("q", [Fraction(1, 2), Fraction(1, 10), Fraction(9, 10), Fraction(99, 100)])
@pytest.mark.parametrize("confidence", [Fraction(95, 100), Fraction(99, 100)])
def test_the_coverage_is_exact_and_no_closer_pair_has_enough(
    q: Fraction, confidence: Fraction
) -> None:
    for n in range(1, 201):
        terms = [math.comb(n, i) * q**i * (1 - q) ** (n - i) for i in range(n + 1)]
        below = [Fraction(0)]
        for term in terms:
            below.append(below[-1] + term)  # below[i] = P(B < i)
        found = ranks(n, float(q), float(confidence))
        if found is None:
            assert below[n] - below[1] < confidence
            continue
        exact = below[found.high] - below[found.low]
        assert exact >= confidence
        assert found.coverage == pytest.approx(float(exact), abs=1e-9)
        width = found.high - found.low
        for low in range(1, n - width + 2):
            assert low + width - 1 > n or below[low + width - 1] - below[low] < confidence


@pytest.mark.parametrize(
    # Le Boudec, table A.1.
    ("n", "low", "high", "coverage"),
    [(6, 1, 6, 0.969), (7, 1, 7, 0.984), (8, 1, 7, 0.961), (9, 2, 8, 0.961), (10, 2, 9, 0.979)],
)
def test_the_published_table(n: int, low: int, high: int, coverage: float) -> None:
    found = ranks(n, 0.5)
    assert found is not None
    assert (found.low, found.high) == (low, high)
    assert found.coverage == pytest.approx(coverage, abs=5e-4)


def test_five_observations_have_no_interval_for_a_median() -> None:
    assert ranks(5, 0.5) is None
    found = quantile([1, 2, 3, 4, 5])
    assert (found.value, found.low, found.high, found.coverage) == (3, None, None, None)
    assert found.relative_width is None


def test_the_coverage_holds_in_simulation() -> None:
    generator = np.random.default_rng(7)
    for n in (6, 25, 200):
        found = ranks(n, 0.5)
        assert found is not None
        rounds = np.sort(generator.lognormal(size=(20_000, n)), axis=1)
        hits = (rounds[:, found.low - 1] <= 1) & (rounds[:, found.high - 1] >= 1)
        error = 4 * math.sqrt(found.coverage * (1 - found.coverage) / len(hits))
        assert hits.mean() == pytest.approx(found.coverage, abs=error)


def test_millions_of_observations() -> None:
    found = ranks(10_000_000, 0.5)
    assert found is not None
    assert 0.95 <= found.coverage < 0.9501
    assert found.high - found.low == pytest.approx(
        2 * 1.95996 * math.sqrt(10_000_000) / 2, rel=1e-3
    )


@given(
    st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60),
    st.sampled_from([0.05, 0.5, 0.9, 0.99]),
)
def test_the_interval_is_made_of_observations_in_order(values: list[float], q: float) -> None:
    found = quantile(values, q)
    assert found.value == pytest.approx(np.quantile(values, q))
    if found.low is not None and found.high is not None:
        assert found.low in values
        assert found.high in values
        assert found.low <= found.high
        assert found.coverage is not None
        assert found.coverage >= found.confidence


def test_several_at_once_are_the_same_as_one_by_one() -> None:
    values = list(range(100, 0, -1))
    assert quantiles(values, [0.5, 0.9]) == [quantile(values, 0.5), quantile(values, 0.9)]


@pytest.mark.parametrize("values", [[], [1, math.nan], [math.inf]])
def test_what_is_no_sample_is_refused(values: list[float]) -> None:
    with pytest.raises(InvalidSampleError):
        quantile(values)


@pytest.mark.parametrize("q", [0.5, 0.9, 0.95, 0.99, 0.999, 0.05])
@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_so_many_observations_as_it_says_are_needed(q: float, confidence: float) -> None:
    needed = fewest(q, confidence)
    assert ranks(needed, q, confidence) is not None
    assert ranks(needed - 1, q, confidence) is None


def test_statements_that_hold_together_need_more_each() -> None:
    assert [fewest(confidence=each_of(count)) for count in (0, 1, 3, 4, 6, 7, 12)] == [
        *(6, 6, 7, 8, 8, 9, 9)
    ]


def test_nothing_has_no_interval() -> None:
    assert ranks(0, 0.5) is None
