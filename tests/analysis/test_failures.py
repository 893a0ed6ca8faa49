"""Whether a run fails more often: against scipy, and against enumeration."""

from __future__ import annotations

from math import comb

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from sebs.analysis.failures import Failures


def failures(failed_base: int, n_base: int, failed_head: int, n_head: int) -> Failures:
    return Failures(n_base, failed_base, n_head, failed_head)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_the_test_is_fishers(failed_base: int, good_base: int, failed_head: int, good_head: int):
    table = [[failed_head, good_head], [failed_base, good_base]]
    expected = scipy.stats.fisher_exact(table, alternative="greater").pvalue
    found = failures(failed_base, failed_base + good_base, failed_head, failed_head + good_head)
    assert found.p_value == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_all_and_none_of_a_few_is_the_only_table_of_its_kind() -> None:
    for n in range(1, 9):
        found = failures(0, n, n, n)
        assert found.p_value == pytest.approx(1 / comb(2 * n, n))
        # Of three and three the chance is 1 of 20, of four and four 1 of 70.
        assert found.more_often == (n >= 4)


@pytest.mark.parametrize(
    ("counts", "more"),
    [
        ((0, 40, 0, 40), False),
        ((0, 0, 0, 0), False),
        ((0, 0, 9, 9), False),
        ((5, 100, 5, 100), False),
        ((30, 100, 1, 100), False),
        ((1, 100, 30, 100), True),
        ((0, 1_000_000, 30, 1_000_000), True),
        ((3_000_000, 10_000_000, 3_100_000, 10_000_000), True),
    ],
)
def test_only_more_is_worse(counts: tuple[int, int, int, int], more: bool) -> None:
    found = failures(*counts)
    assert found.more_often is more
    assert 0 <= found.p_value <= 1


def test_equal_runs_are_called_worse_no_more_often_than_said() -> None:
    for n in (8, 20, 40):
        for chance in (0.05, 0.3, 0.5):
            weights = [comb(n, k) * chance**k * (1 - chance) ** (n - k) for k in range(n + 1)]
            alarms = sum(
                weights[base] * weights[head]
                for base in range(n + 1)
                for head in range(n + 1)
                if failures(base, n, head, n).more_often
            )
            assert alarms <= 0.025
