"""The table is summed up to the same numbers as the rows, with polars and without."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import pytest

from sebs.faas.result import ExecutionResult
from sebs.results.levels import places
from sebs.results.manifest import Manifest
from sebs.results.reading import read_results
from sebs.results.run import Run
from sebs.results.schema import Column
from sebs.results.summary import SHOWN, summarize
from sebs.results.table_summary import summarize_table

EVICTION = "Memory,FunctionTime,Invocations,DeltaT,WarmContainers\n128,1,8,30,8\n128,1,8,60,4\n"
PERFORMANCE = (
    "memory,type,is_cold,exec_time,connection_time,client_time,provider_time,mem_used\n"
    "128,cold,true,5000,0.02,90000,6000,41.5\n128,warm,false,4000,0.02,7000,0,40\n"
)

PLAIN = Manifest(experiment="invoke", deployment="local")


def some_result(chance: random.Random) -> ExecutionResult:
    """Return a result of any kind, with some of the quantities measured."""
    made = ExecutionResult(request_id=f"{chance.random()}")
    made.stats.cold_start = chance.random() < 0.2
    made.environment_id = chance.choice(["", "one", "two"])
    made.times.client = chance.choice([0, chance.randrange(10**6)])
    made.times.benchmark = chance.randrange(10**6)
    made.times.initialization = chance.choice([0, 700])
    made.provider_times.initialization = chance.choice([0, 300])
    made.stats.memory_used = chance.choice([None, 0.0, chance.uniform(20, 90)])
    if chance.random() < 0.2:
        made.fail(chance.choice(["refused", "late", "broken"]))
    return made


FACTORS = (
    Column("delta_t", "number", "s", "how long environments idled"),
    Column("received", "integer", "", "what came of it", measured=True),
)


def some_point(chance: random.Random, number: int) -> dict[str, Any]:
    """Return a point that says all, some or none of what may differ, or is not wanted."""
    asked = {
        "memory": chance.choice([128, 256, None]),
        "kind": chance.choice(["burst", "sequential"]),
        "delta_t": chance.choice([0.5, 2.0, None]),
        "received": number,
        "wanted": chance.choice([None, None, False]),
    }
    kept = chance.choice([(), ("received", "wanted"), ("memory", "wanted"), tuple(asked)])
    return {"id": str(number), **{name: asked[name] for name in kept}}


@pytest.fixture(params=range(8))
def run(request, tmp_path) -> Run:
    chance = random.Random(request.param)
    constants = {"memory": 256, "kind": "sequential"}
    manifest = Manifest(
        experiment="invoke", deployment="local", constants=constants, factors=FACTORS
    )
    made = Run.create(tmp_path, manifest)
    for number in range(request.param * 40):
        # Of an odd one all are of one group.
        point = {"id": str(number)} if request.param % 2 else some_point(chance, number)
        made.record(point, some_result(chance))
        if chance.random() < 0.3:
            made.judge(str(number), chance.choice([None, "too small", "too large"]))
        if chance.random() < 0.3:
            made.amend(str(number), {"provider": chance.randrange(1, 10**6)})
    return made


def test_the_table_has_the_numbers_of_the_rows(run) -> None:
    expected = summarize(run.rows(), run.manifest)
    assert summarize_table(run.frame(), run.manifest) == expected
    run.finish()
    assert Run.load(run.directory).summary() == expected
    assert expected.total + expected.unwanted == len(run.rows())


@pytest.mark.parametrize("text", [EVICTION, PERFORMANCE])
def test_tables_of_others_have_the_numbers_of_their_rows(tmp_path: Path, text) -> None:
    (tmp_path / "result.csv").write_text(text)
    results = read_results(tmp_path / "result.csv")
    assert summarize_table(results.frame(), results.manifest) == summarize(
        results.rows(), results.manifest
    )
    assert summarize(results.rows(), results.manifest).total == 2


def test_without_polars_the_rows_are_summed_up(run, monkeypatch) -> None:
    expected = run.summary()
    monkeypatch.setitem(sys.modules, "polars", None)
    assert run.summary() == expected


def test_the_medians_are_those_of_what_succeeded_and_reasons_are_told_once() -> None:
    rows = [
        {"id": "1", "start": "cold", "client": 900, "initialization": 5, "failure": False},
        {"id": "2", "start": "warm", "client": 10, "provider_initialization": 3},
        {"id": "3", "start": "warm", "client": 20, "initialization": 4, "valid": False},
        {"id": "6", "start": "warm", "initialization": 800, "provider_initialization": 5},
        {"id": "4", "start": "warm", "client": 7000, "failure": True, "error": "late"},
        {"id": "5", "failure": True, "error": "late"},
    ]
    found = summarize(rows, PLAIN)
    cold, warm, unanswered = found.groups
    assert cold.spreads["client"].median == 900
    assert (warm.spreads["client"].median, warm.spreads["client"].maximum) == (15, 20)
    assert (warm.spreads["initialization"].median, warm.spreads["initialization"].maximum) == (4, 5)
    assert (warm.n, warm.failures, unanswered.failures) == (3, 1, 1)
    assert (found.reasons, found.rejections) == ({"late": 2}, {"no reason was given": 1})
    assert (found.judged, found.rejected, found.failed) == (1, 1, 2)


def test_what_failed_and_was_made_again_is_counted_with_what_was_asked_for(tmp_path) -> None:
    run = Run.create(tmp_path, Manifest(experiment="perf-cost", deployment="local", planned=4))
    for number, (memory, error) in enumerate(
        [(128, ""), (128, "late"), (256, ""), (256, "late"), (256, "broken"), (512, "broken")]
    ):
        made = ExecutionResult(environment_id="one")
        made.times.client = 10
        point = {"id": f"{number}", "memory": memory}
        if error:
            made.fail(error)
            point["wanted"] = False
        run.record(point, made)
    run.record({"id": "other", "memory": 128, "wanted": False}, ExecutionResult())
    found = summarize(run.rows(), run.manifest)
    assert summarize_table(run.frame(), run.manifest) == found
    # A size at which nothing works has no successful invocation, and is a group all the same.
    assert [(each.key, each.n, each.failures) for each in found.groups] == [
        (("warm", 128), 1, 1),
        (("warm", 256), 1, 2),
        (("warm", 512), 0, 1),
    ]
    assert found.reasons == {"late": 2, "broken": 2}
    assert list(found.reasons) == ["broken", "late"]
    assert (found.total, found.failed, found.retried, found.unwanted) == (6, 4, 4, 1)
    # What is planned lacks two of four, however often these were tried.
    assert (found.made, run.manifest.missing(found.made)) == (2, 2)


def test_what_differs_is_in_no_common_figure() -> None:
    manifest = Manifest(experiment="perf-cost", deployment="aws", constants={"size": "test"})
    asked = [(256, "warm"), (128, "warm"), (256, "burst"), (256, "warm"), (128, "burst")]
    rows = [
        {"id": str(at), "memory": memory, "kind": kind, "start": "warm", "client": 10 * at + 10}
        for at, (memory, kind) in enumerate(asked)
    ]
    rows += [{**rows[0], "id": "cold", "start": "cold"}, {**rows[1], "id": "late", "failure": True}]
    rows += [{**rows[0], "id": "other", "start": "cold", "wanted": False, "client": 9999}]
    found = summarize(rows, manifest)
    assert found.levels == ("memory", "kind")
    assert [(each.key, each.n, each.failures) for each in found.groups] == [
        (("warm", 128, "warm"), 1, 1),
        (("warm", 128, "burst"), 1, 0),
        (("cold", 256, "warm"), 1, 0),
        (("warm", 256, "warm"), 2, 0),
        (("warm", 256, "burst"), 1, 0),
    ]
    assert found.groups[3].spreads["client"].median == 25
    assert found.by_start()["warm"] == {"n": 5, "failures": 1}
    assert found.by_start()["cold"]["client"]["median"] == 10
    assert not any(each.first for each in found.groups)


def test_numbers_ascend_and_the_rest_is_as_it_occurs() -> None:
    asked = [("warm", 5, None), ("cold", 20, 0.5), ("warm", 100, 0.5), ("cold", 5, 0.5)]
    asked += [("warm", 5, 0.25), ("warm", 5, None)]
    assert list(places(asked)) == [
        ("warm", 5, None),
        ("warm", 5, 0.25),
        ("warm", 100, 0.5),
        ("cold", 5, 0.5),
        ("cold", 20, 0.5),
    ]
    assert list(places(asked).values()) == [0, 1, 2, 3, 4]
    assert places([()]) == {(): 0}
    assert places([]) == {}


def test_of_many_the_first_are_shown() -> None:
    rows = [{"id": str(n), "start": "warm", "client": n + 1} for n in range(SHOWN + 9)]
    first = summarize(rows, PLAIN).groups[0].first
    assert [each.number for each in first] == list(range(1, SHOWN + 1))
