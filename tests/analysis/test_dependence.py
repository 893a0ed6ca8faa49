"""Observations that resemble those that follow them: recognized, and not where there are none."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from sebs.analysis.comparison import compare
from sebs.analysis.dependence import FEWEST, dependence
from sebs.cli.main import run


def chain(generator: np.random.Generator, correlation: float, n: int) -> np.ndarray:
    """Return times of which each resembles the one before it."""
    noise = generator.normal(size=n) * math.sqrt(1 - correlation**2)
    values = [generator.normal()]
    for each in noise[1:]:
        values.append(correlation * values[-1] + each)
    return np.exp(0.2 * np.array(values))


def test_the_ratio_is_as_often_small_as_all_orders_say() -> None:
    # Of 7 ranks there are 5,040 orders: mean and variance of the ratio are exact.
    orders = np.array(list(itertools.permutations(range(7))), dtype=float)
    ratios = np.sum(np.diff(orders, axis=1) ** 2, axis=1) / 28
    n = 7
    assert ratios.mean() == pytest.approx(2)
    exact = 4 * (n - 2) * (5 * n**2 - 2 * n - 9) / (5 * n * (n + 1) * (n - 1) ** 2)
    assert ratios.var() == pytest.approx(exact)


@pytest.mark.parametrize("n", [FEWEST, 30, 200])
@pytest.mark.parametrize("step", [0.0, 0.5])
def test_independent_observations_are_rarely_called_dependent(n: int, step: float) -> None:
    generator = np.random.default_rng(n)
    called = 0
    for _ in range(2000):
        times = generator.lognormal(sigma=0.5, size=n)
        found = dependence(np.ceil(times / step) if step else times)
        called += found is not None and found.p_value < 0.05
    assert 0.03 * 2000 < called < 0.07 * 2000


@pytest.mark.parametrize("correlation", [0.3, 0.6, 0.9])
def test_a_known_correlation_is_recovered(correlation: float) -> None:
    found = dependence(chain(np.random.default_rng(1), correlation, 4000))
    assert found is not None
    # Pearson: what ranks of normal values make of it.
    assert found.correlation == pytest.approx(6 / math.pi * math.asin(correlation / 2), abs=0.04)
    assert found.p_value < 1e-9


def test_what_goes_up_all_the_time_is_no_sample() -> None:
    found = dependence(range(20))
    assert found is not None
    assert found.correlation > 0.9
    back_and_forth = dependence([1, 2] * 20)
    assert back_and_forth is not None
    assert back_and_forth.correlation < -0.9
    assert back_and_forth.p_value > 0.99


@pytest.mark.parametrize("values", [[], [1.0] * 50, range(FEWEST - 1)])
def test_of_nothing_and_of_few_nothing_is_said(values: list[float]) -> None:
    assert dependence(values) is None


def test_a_comparison_says_whose_invocations_are_not_independent() -> None:
    generator = np.random.default_rng(3)
    steady, moody = generator.lognormal(sigma=0.2, size=60), chain(generator, 0.7, 60)
    assert compare(steady, generator.lognormal(sigma=0.2, size=60)).warning == ""
    assert "of the base (rank" in compare(moody, steady).warning
    both = compare(moody, chain(generator, 0.7, 60))
    assert "of the base (rank" in both.warning
    assert "and of the head (rank" in both.warning
    assert both.serialize()["warning"] == both.warning
    # The same times in another order are another matter, and not another verdict.
    shuffled = compare(generator.permutation(moody), steady)
    assert shuffled.warning == ""
    assert shuffled.verdict is compare(moody, steady).verdict


def test_a_resemblance_that_hardly_matters_is_not_told() -> None:
    generator = np.random.default_rng(5)
    values = chain(generator, 0.05, 20_000)
    found = dependence(values)
    assert found is not None
    assert found.p_value < 1e-4
    assert compare(values, generator.permutation(values)).warning == ""


def test_the_command_tells_it_of_the_group(tmp_path, capfd) -> None:
    generator = np.random.default_rng(3)
    header = "memory,type,is_cold,exec_time,connection_time,client_time,provider_time,mem_used"
    files = []
    for name, times in (
        ("base", generator.lognormal(sigma=0.2, size=60)),
        ("head", chain(generator, 0.8, 60)),
    ):
        rows = [f"128,warm,False,9,0.1,{round(each * 1e5)},9,5" for each in times]
        files.append(tmp_path / f"{name}.csv")
        files[-1].write_text("\n".join([header, *rows, ""]))
    code = run(["compare", *map(str, files)])
    assert code in (0, 1)
    assert "Warm, 128 MB: invocations of the head (rank" in capfd.readouterr().out
    assert run(["compare", str(files[0]), str(files[0])]) == 0
    assert "resemble" not in capfd.readouterr().out
