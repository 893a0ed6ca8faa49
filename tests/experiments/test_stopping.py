"""When enough was measured: a precision that is reached, a budget that is spent."""

from __future__ import annotations

import random

import pytest

from sebs.analysis.prices import Tariff
from sebs.errors import PriceUnknownError
from sebs.experiments.bench import Setting
from sebs.experiments.prices import Prices
from sebs.experiments.stopping import Budget, Limits, Precision
from sebs.faas.result import ExecutionResult

SETTING = Setting(1024, "x64")


def answer(client_us: int = 1) -> ExecutionResult:
    result = ExecutionResult()
    result.times.client = client_us
    return result


def test_too_few_are_never_precise() -> None:
    median = Precision(within=0.5)
    assert all(median.reached([1000] * n) is None for n in range(6))
    assert median.reached([1000] * 6) is not None


def test_a_precision_is_that_of_the_interval() -> None:
    times = [1000 + step for step in range(100)]
    found = Precision(within=0.5).reached(times)
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    width = (found.high - found.low) / 2 / found.value
    assert Precision(within=width * 1.001).reached(times) is not None
    assert Precision(within=width * 0.999).reached(times) is None


def test_a_tail_needs_more_than_a_median() -> None:
    rng = random.Random(1)
    times = [rng.lognormvariate(7, 0.3) for _ in range(60)]
    assert Precision(within=0.2).reached(times) is not None
    assert Precision(quantile=0.99, within=0.2).reached(times) is None


def test_invocations_are_counted() -> None:
    budget = Budget(Limits(invocations=2))
    budget.spend(answer(), SETTING)
    assert budget.spent() is None
    budget.spend(answer(), SETTING)
    assert budget.spent() == "2 invocations"


def test_time_passes() -> None:
    assert Budget(Limits(minutes=60)).spent() is None
    assert Budget(Limits(minutes=1e-9)).spent() == "1e-09 minutes"


def test_money_is_what_the_tariff_says() -> None:
    tariff = Tariff.of_user(0.25, 0.5, 1000)
    budget = Budget(Limits(usd=3), {"x64": tariff})
    # One begun second with 1024 MB is 0.25 USD, and a request half of one.
    for _ in range(3):
        budget.spend(answer(900_000), SETTING)
        assert budget.spent() is None
    budget.spend(answer(900_000), SETTING)
    assert budget.spent() == "3 USD"


def test_prices_that_are_not_known_are_not_guessed() -> None:
    with pytest.raises(PriceUnknownError, match="mars-north-1"):
        Prices(provider="aws", region="mars-north-1").tariff("x64")
