"""When enough was measured: a precision that is reached, a budget that is spent."""

from __future__ import annotations

import random

import pytest

from sebs.analysis.prices import Tariff
from sebs.errors import PriceUnknownError
from sebs.experiments.bench import Setting
from sebs.experiments.prices import Prices
from sebs.experiments.stopping import Budget, Limits, Precision, Sample, precision_told
from sebs.faas.result import ExecutionResult

SETTING = Setting(1024, "x64")


def answer(client_us: int = 1, *, cold: bool = False) -> ExecutionResult:
    result = ExecutionResult(environment_id="one")
    result.times.client, result.stats.cold_start = client_us, cold
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


def test_cold_and_warm_times_are_of_different_samples() -> None:
    warm = [answer(1000 + step) for step in range(8)]
    sample = Sample([answer(900_000, cold=True), *warm, answer(800_000, cold=True)])
    assert (len(sample), sample.start) == (10, "warm")
    assert list(sample.times) == [1000 + step for step in range(8)]
    for _ in range(7):
        sample.add(answer(700_000, cold=True))
    assert (len(sample), sample.start, len(sample.times)) == (17, "cold", 9)
    assert (len(Sample()), list(Sample().times)) == (0, [])


def test_it_is_said_what_was_precise_and_what_was_not() -> None:
    same, spread = [answer(1000)] * 9, [answer(1000 + 100 * step) for step in range(9)]
    found = {
        "a-warm": (Sample(same), 40),
        "b-warm": (Sample([answer(10**6, cold=True), *spread]), 10),
        "c-warm": (Sample(spread), 40),
        "d-warm": (Sample(same[:3]), 3),
        "e-warm": (Sample(), 40),
    }
    reached, all_made, ended = precision_told(Precision(within=0.05), found)
    asked = "Half the interval of the median is to be within 5% of it"
    assert reached == f"{asked}: it was with a-warm (0% after 9 warm invocations)."
    assert all_made == (
        f"{asked}: it was not after all that were to be made with b-warm (21.4% after 9 warm "
        "invocations), d-warm (no interval after 3 warm invocations)."
    )
    assert ended == (
        f"{asked}: it was not when the budget ended it with c-warm (21.4% after 9 warm "
        "invocations), e-warm (nothing was made)."
    )
    [tail] = precision_told(Precision(quantile=0.95, within=0.3), {"d": (Sample(same), 9)})
    assert tail.startswith("Half the interval of the 0.95 quantile is to be within 30% of it: it")


def test_invocations_are_counted() -> None:
    budget = Budget(Limits(invocations=2))
    assert budget.left() == 2
    budget.spend(answer(), SETTING)
    assert (budget.spent(), budget.left()) == (None, 1)
    budget.spend(answer(), SETTING)
    assert (budget.spent(), budget.left()) == ("2 invocations", 0)


def test_what_is_not_limited_is_never_used_up() -> None:
    budget = Budget(Limits())
    budget.spend(answer(), SETTING)
    assert budget.left() > 10**9


def test_time_passes() -> None:
    assert Budget(Limits(minutes=60)).spent() is None
    assert Budget(Limits(minutes=1e-9)).spent() == "1e-09 minutes"
    assert Budget(Limits(minutes=1e-9)).left() == 0


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
