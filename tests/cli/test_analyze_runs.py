"""``sebs analyze`` and ``sebs compare`` on runs of ours, which know what they are of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sebs.cli.main import run
from sebs.faas.result import ExecutionResult
from sebs.results.manifest import Manifest
from sebs.results.run import Run
from sebs.results.schema import Column

DELTA = Column("delta_t", "number", "s", "how long environments idled")


def result(client: int, *, cold: bool = False, failed: bool = False) -> ExecutionResult:
    made = ExecutionResult(environment_id="" if failed else "e")
    made.times.client, made.times.benchmark = client, client - 10
    made.provider_times.execution = client - 5
    made.stats.cold_start = cold
    if failed:
        made.fail("it broke")
    return made


def record(
    output: Path,
    results: Sequence[ExecutionResult],
    points: Sequence[dict[str, Any]] | None = None,
    **manifest: Any,
) -> str:
    described = {
        "experiment": "perf-cost",
        "deployment": "aws",
        "region": "us-east-1",
        "benchmark": "110.dynamic-html",
        "benchmark_hash": "h1",
        "size": "test",
        "constants": {"memory": 256, "architecture": "arm64"},
        **manifest,
    }
    with Run.create(output, Manifest(**described)) as made:
        for number, each in enumerate(results):
            made.record({"id": str(number), **(points[number] if points else {})}, each)
        made.finish()
        return str(made.directory)


def asked(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = run([*arguments, "--json"])
    return code, json.loads(capfd.readouterr().out)


TIMES = [1000, 1010, 1020, 1030, 1040, 1050, 1060, 1070]


def test_a_run_knows_whose_prices_apply(tmp_path, capfd) -> None:
    invocations = [result(time) for time in TIMES]
    invocations += [result(9000, cold=True), result(50, failed=True)]
    code, document = asked(capfd, "analyze", "cost", record(tmp_path, invocations))
    assert code == 0
    assert document["prices"]["architecture"] == "arm64"
    left_out = {"failed": 1, "cold": 1, "unknown": 0, "unmeasured": 0, "otherwise": 0}
    assert document["left_out"] == left_out
    [only] = document["by_memory"]
    assert (only["memory"], only["n"], only["billed_ms"]) == (256, 8, 2)
    assert only["cost_per_million"] == pytest.approx(0.25 * 0.002 * 13.3334 + 0.2)


def test_results_of_several_architectures_take_one(tmp_path, capfd) -> None:
    points = [{"architecture": name} for name in ("x64", "arm64")]
    there = record(tmp_path, [result(1_000_005), result(2_000_005)], points)
    assert run(["analyze", "cost", there]) == 2
    assert "arm64, x64; take --architecture" in capfd.readouterr().err
    _, document = asked(capfd, "analyze", "cost", there, "--architecture", "arm64")
    [only] = document["by_memory"]
    assert (only["n"], only["median_provider_s"]) == (1, 2.0)


def test_of_what_differs_in_a_factor_some_are_priced(tmp_path, capfd) -> None:
    payload, delay = Column("payload", "text", "", "what"), Column("delay", "number", "s", "when")
    points = [{"payload": name, "delay": at} for name in ("large", "small") for at in (0.0, 0.5)]
    invocations = [result(1000 * number) for number in (1, 2, 3, 4)]
    there = record(tmp_path, invocations, points, factors=(payload, delay))
    assert run(["analyze", "cost", there]) == 1
    told = capfd.readouterr().err
    assert "differ in delay, payload" in told
    assert "--where delay=0.0 --where payload=large." in told
    where = ("--where", "delay=0.5", "--where", "payload=small")
    _, document = asked(capfd, "analyze", "cost", there, *where)
    [only] = document["by_memory"]
    assert (only["n"], only["median_provider_s"]) == (1, 0.003995)
    for wrong, word in (("payload=huge", "Known: large, small"), ("client=1", "Take "), ("x", "=")):
        assert run(["analyze", "cost", there, "--where", wrong]) == 2
        assert word in capfd.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], ["are of 'local'", "--provider (aws, azure, gcp) and --region"]),
        (["--region", "us-east-1"], ["are of 'local'", "--provider"]),
        (["--provider", "aws"], ["depend on the region", "--region: af-south-1", "us-east-1"]),
        (["--provider", "aws", "--region", "us-esat-1"], ["'us-esat-1'", "Did you mean"]),
        (["--provider", "local"], ["the provider 'local'", "aws, azure, gcp"]),
    ],
)
def test_prices_of_a_platform_that_charges_nothing_are_asked_for(
    options, words, tmp_path, capfd
) -> None:
    there = record(tmp_path, [result(1000)], deployment="local", region="local")
    assert run(["analyze", "cost", there, *options]) == 2
    told = capfd.readouterr().err
    for word in words:
        assert word in told
    assert run(["report", there, *options]) == (2 if options else 0)
    told = "".join(capfd.readouterr())
    for word in words:
        assert word in told


def test_a_run_elsewhere_is_priced_where_it_is_asked_for(tmp_path, capfd) -> None:
    there = record(tmp_path, [result(1000)], deployment="local", region="local")
    place = ("--provider", "aws", "--region", "us-east-1")
    assert asked(capfd, "analyze", "cost", there, *place)[0] == 0
    assert run(["report", there, *place]) == 0
    assert "A million warm invocations with 256 MB cost" in capfd.readouterr().out


def test_invocations_that_all_failed_have_no_cost(tmp_path, capfd) -> None:
    for point in ({}, {"wanted": False}):
        there = record(tmp_path, [result(1000, failed=True)] * 3, [point] * 3)
        assert run(["analyze", "cost", there]) == 1
        told = capfd.readouterr().err
        assert "not a single warm invocation" in told
        assert "left out: 3 failed" in told


def test_what_failed_and_was_made_again_is_left_out_and_counted(tmp_path, capfd) -> None:
    points = [{}, {"wanted": False, "kind": "clock"}, {"wanted": False}]
    failed = result(1, failed=True)
    there = record(tmp_path, [result(1000), failed, result(2000, cold=True)], points)
    code, document = asked(capfd, "analyze", "cost", there)
    assert (code, document["left_out"]["failed"], document["left_out"]["cold"]) == (0, 1, 0)


def test_a_run_that_is_not_finished_is_analyzed_all_the_same(tmp_path, capfd) -> None:
    made = Run.create(tmp_path, Manifest(experiment="invoke", deployment="aws"))
    made.record({"id": "1", "memory": 128}, result(1000))
    prices = ("--price-per-gb-second", "1e-5")
    code, document = asked(capfd, "analyze", "cost", str(made.directory), *prices)
    assert (code, document["by_memory"][0]["n"]) == (0, 1)


def test_an_eviction_experiment_counts_its_warm_environments(tmp_path, capfd) -> None:
    period, started = 100, 16
    invocations, points = [], []
    for seconds in (40, 90, 140, 190, 240, 290):
        warm = round(started * 2.0 ** -(seconds // period))
        for number in range(started):
            invocations.append(result(1000, cold=number >= warm))
            points.append({"delta_t": seconds, "repetition": 0})
    there = record(tmp_path, invocations, points, experiment="eviction-model", factors=(DELTA,))
    code, model = asked(capfd, "analyze", "eviction", there)
    assert code == 0
    assert model["n"] == 6
    assert model["period_low_s"] < period <= model["period_high_s"]
    assert model["r2"] == pytest.approx(1)


def test_other_code_and_input_are_refused_with_both_values(tmp_path, capfd) -> None:
    invocations = [result(time) for time in TIMES]
    base = record(tmp_path, invocations)
    head = record(tmp_path, invocations, benchmark_hash="h2", size="large")
    assert run(["compare", base, head]) == 2
    message = capfd.readouterr().err
    assert "benchmark hash: h1 and h2" in message
    assert "size: test and large" in message
    assert "memory:" not in message
    code, document = asked(capfd, "compare", base, head, "--force")
    assert code == 0
    assert [each["what"] for each in document["differences"]] == ["benchmark hash", "size"]


def test_failures_are_counted_beside_the_times(tmp_path, capfd) -> None:
    base = record(tmp_path, [result(time) for time in TIMES])
    head = record(tmp_path, [result(time) for time in TIMES] + [result(5, failed=True)] * 4)
    code, document = asked(capfd, "compare", base, head)
    assert (code, document["verdict"]) == (0, "no difference shown")
    failures = document["failures"]
    assert failures.pop("p_value") == pytest.approx(495 / 4845)
    assert failures == {
        **{"n_base": 8, "failed_base": 0, "n_head": 12, "failed_head": 4},
        "more_often": False,
    }
    assert document["groups"][0]["n_head"] == 8
    assert run(["compare", base, head]) == 0
    told = "Failed: 0 of 8 invocations of the base, 4 of 12 of the head: not shown to be more often"
    assert f"{told} (p = 0.1)." in capfd.readouterr().out


def test_a_head_that_only_fails_does_not_pass(tmp_path, capfd) -> None:
    base = record(tmp_path, [result(time) for time in TIMES])
    head = record(tmp_path, [result(time, failed=True) for time in TIMES])
    code, document = asked(capfd, "compare", base, head)
    assert (code, document["verdict"]) == (1, "fails more often")
    assert document["time_verdict"] == "too little data"


def test_a_head_that_fails_more_does_not_pass_where_its_failures_were_made_again(
    tmp_path, capfd
) -> None:
    good, bad = [result(time) for time in TIMES * 5], [result(5, failed=True)] * 12
    again = [{}] * len(good) + [{"wanted": False}] * len(bad)
    base, head = record(tmp_path, good), record(tmp_path, good + bad, again)
    code, document = asked(capfd, "compare", base, head)
    assert (code, document["verdict"]) == (1, "fails more often")
    assert document["time_verdict"] == "no difference shown"
    assert document["failures"]["failed_head"] == 12
    assert run(["compare", base, head, "--fail-if", "slower=50%"]) == 1
    told = capfd.readouterr().out.splitlines()
    assert "Client time of the head: no difference shown" in told[-2]
    assert told[-1] == (
        "Failed: 0 of 40 invocations of the base, 12 of 52 of the head: more often (p < 0.001)."
    )
    # The other way round nothing is worse.
    assert run(["compare", head, base]) == 0
    assert "not shown to be more often (p = 1)" in capfd.readouterr().out


def test_a_size_at_which_one_run_only_failed_is_no_other_size(tmp_path, capfd) -> None:
    sizes = [{"memory": 128}] * 8 + [{"memory": 512}] * 8
    every = {"constants": {"architecture": "x64"}}
    good, bad = [result(time) for time in TIMES], [result(time, failed=True) for time in TIMES]
    base = record(tmp_path, good + good, sizes, **every)
    given_up = [{**each, "wanted": each["memory"] == 512} for each in sizes]
    head = record(tmp_path, bad + good, given_up, **every)
    code, document = asked(capfd, "compare", base, head)
    assert (code, document["verdict"]) == (1, "fails more often")
    assert document["differences"] == []


@pytest.mark.parametrize(("metric", "expected"), [("client", 1035), ("benchmark", 1025),
                                                  ("provider", 1030)])  # fmt: skip
def test_each_metric_is_its_own_time(metric, expected, tmp_path, capfd) -> None:
    same = record(tmp_path, [result(time) for time in TIMES])
    _, document = asked(capfd, "compare", same, same, "--metric", metric)
    [group] = document["groups"]
    assert group["median_base"] == expected
