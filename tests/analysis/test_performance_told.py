"""What a run of perf-cost showed, in the words in which a person reads it."""

from __future__ import annotations

from typing import Any

import pytest

from sebs.analysis.performance import conclude_performance
from sebs.analysis.prices import Tariff
from sebs.results.manifest import Manifest
from sebs.results.results import Results

#: What a GB·s and a request cost, and the billing step, ms.
DEAR, USUAL = Tariff.of_user(0.0123, 0, 1), Tariff.of_user(16.67e-6, 0.2e-6, 1)

MANIFEST = Manifest(experiment="perf-cost", deployment="local", benchmark="010.sleep")


def words_of(tariff: Tariff = DEAR, **point: Any) -> list[str]:
    """Return what is said of nine invocations, with a provider time just below a second."""
    every = {"start": "warm", "client": 1_034_567, "provider": 999_000, **point}
    rows = [{"id": f"{number}", **every} for number in range(9)]
    results = Results(MANIFEST, rows)
    return list(conclude_performance(results, lambda *_: tariff).words)


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ({"memory": 128, "architecture": "arm64"}, "with 128 MB on arm64: warm 1,035 ms."),
        ({"memory": 128}, "with 128 MB: warm 1,035 ms."),
        ({"architecture": "x64"}, "on x64: warm 1,035 ms."),
        ({}, ": warm 1,035 ms."),
        ({"memory": 128, "kind": "burst", "start": "cold"}, "with 128 MB: burst (cold) 1,035 ms."),
        ({"memory": 128, "start": None}, "with 128 MB: unknown 1,035 ms."),
        ({"memory": 128, "client": 123}, "with 128 MB: warm 0.123 ms."),
    ],
)
def test_only_what_is_known_is_named_and_numbers_are_as_everywhere(point, said) -> None:
    [sentence] = words_of(**point)[:1]
    assert sentence == f"Median client time{'' if said.startswith(':') else ' '}{said}"


def test_large_costs_are_no_powers_of_ten() -> None:
    [_, cost] = words_of(memory=1024, architecture="x64")
    assert cost == (
        "A million warm invocations with 1024 MB on x64 cost 12,288 USD (prices as given), without "
        "free tiers."
    )


@pytest.mark.parametrize(("provider", "said"), [(4_000, "0.208 USD"), (7_000, "0.215 USD")])
def test_costs_that_differ_look_different(provider, said) -> None:
    [_, cost] = words_of(USUAL, memory=128, architecture="x64", provider=provider)
    assert said in cost
