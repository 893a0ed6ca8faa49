"""Samples hold what belongs together: nothing that differs in what was asked for is pooled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sebs.analysis.medians import median_clients
from sebs.analysis.runs import compare_runs
from sebs.analysis.samples import times_of, warm_usages
from sebs.errors import InvalidSampleError
from sebs.results.manifest import Manifest
from sebs.results.results import Results

MANIFEST = Manifest(experiment="perf-cost", deployment="aws", region="us-east-1")


def rows_of(times: list[int], **common: Any) -> list[dict[str, Any]]:
    told = {"start": "warm", "memory": 128, "kind": "warm", **common}
    return [
        {"id": f"{sorted(told.items())}{at}", "client": time, "provider": time, **told}
        for at, time in enumerate(times)
    ]


def results_of(*parts: list[dict[str, Any]]) -> Results:
    return Results(MANIFEST, [row for part in parts for row in part])


def steady(mean: int, n: int = 20) -> list[int]:
    return [mean + at % 7 for at in range(n)]


def test_a_burst_is_priced_with_nothing_else() -> None:
    found, left = warm_usages(
        results_of(
            rows_of([9000] * 9, kind="burst"),
            rows_of([1000, 1000], kind="sequential"),
            rows_of([2000], kind="warm"),
            rows_of([7], kind="warm", wanted=False),
        )
    )
    assert [(each.memory, np.asarray(each.provider).tolist()) for each in found] == [(128, [2000])]
    assert left.otherwise == 11
    assert str(left) == "11 of another kind"
    only, _ = warm_usages(results_of(rows_of([9000], kind="burst"), rows_of([1], kind="odd")))
    assert len(only) == 1


def test_sizes_have_no_common_cost() -> None:
    several = results_of(rows_of([1], size="test"), rows_of([1], size="large"))
    with pytest.raises(InvalidSampleError, match="size"):
        warm_usages(several)


def test_architectures_are_priced_apart() -> None:
    both = results_of(rows_of([1, 1], architecture="x64"), rows_of([5], architecture="arm64"))
    for architecture, n in (("x64", 2), ("arm64", 1)):
        [usage], _ = warm_usages(both, architecture)
        assert len(np.asarray(usage.provider)) == n


def test_times_and_medians_are_of_what_differs_in_nothing() -> None:
    results = results_of(
        rows_of([1, 2, 3], kind="burst"),
        rows_of([10], kind="sequential"),
        rows_of([100], kind="sequential", start="cold"),
        rows_of([1000], kind="sequential", memory=256),
        rows_of([5], kind="burst", wanted=False),
        rows_of([6], kind="burst", failure=True),
    )
    found = times_of(results, "client")
    assert found.levels == ("memory", "kind")
    assert {key: list(value) for key, value in found.groups.items()} == {
        ("warm", 128, "burst"): [1, 2, 3],
        ("cold", 128, "sequential"): [100],
        ("warm", 128, "sequential"): [10],
        ("warm", 256, "sequential"): [1000],
    }
    assert found.failed == 1
    medians = median_clients(results, found.levels)
    assert {key: median.value for key, median in medians.items()} == {
        key: float(np.median(value)) for key, value in found.groups.items()
    }


def test_a_burst_that_became_slower_is_not_hidden_by_what_did_not() -> None:
    base = results_of(rows_of(steady(1000, 60)), rows_of(steady(5000), kind="burst"))
    head = results_of(rows_of(steady(1000, 60)), rows_of(steady(6000), kind="burst"))
    found = {group.levels["kind"]: group for group in compare_runs(base, head).groups}
    assert found["warm"].verdict.value == "no difference shown"
    assert found["burst"].verdict.value == "slower"
    assert found["burst"].memory == 128
    assert found["burst"].serialize()["levels"] == {"kind": "burst"}


def test_other_sizes_are_compared_only_where_each_run_has_one() -> None:
    small, large = rows_of(steady(1000)), rows_of(steady(700), memory=256)
    [one] = compare_runs(results_of(small), results_of(large), force=True).groups
    assert (one.memory, one.verdict.value) == (None, "faster")
    groups = compare_runs(results_of(small, large), results_of(large), force=True).groups
    assert [(each.memory, each.comparison is None) for each in groups] == [
        (128, True),
        (256, False),
    ]
