"""The table is summed up to the same numbers as the rows, with polars and without."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from sebs.faas.result import ExecutionResult
from sebs.results.manifest import Manifest
from sebs.results.reading import read_results
from sebs.results.run import Run
from sebs.results.summary import SHOWN, summarize
from sebs.results.table_summary import summarize_table

EVICTION = "Memory,FunctionTime,Invocations,DeltaT,WarmContainers\n128,1,8,30,8\n128,1,8,60,4\n"
PERFORMANCE = (
    "memory,type,is_cold,exec_time,connection_time,client_time,provider_time,mem_used\n"
    "128,cold,true,5000,0.02,90000,6000,41.5\n128,warm,false,4000,0.02,7000,0,40\n"
)


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


@pytest.fixture(params=range(5))
def run(request, tmp_path) -> Run:
    chance = random.Random(request.param)
    made = Run.create(tmp_path, Manifest(experiment="invoke", deployment="local"))
    for number in range(request.param * 60):
        made.record({"id": str(number)}, some_result(chance))
        if chance.random() < 0.3:
            made.judge(str(number), chance.choice([None, "too small", "too large"]))
        if chance.random() < 0.3:
            made.amend(str(number), {"provider": chance.randrange(1, 10**6)})
    return made


def test_the_table_has_the_numbers_of_the_rows(run) -> None:
    expected = summarize(run.rows())
    assert summarize_table(run.frame()) == expected
    run.finish()
    assert Run.load(run.directory).summary() == expected
    assert expected.total == len(run.rows())


@pytest.mark.parametrize("text", [EVICTION, PERFORMANCE])
def test_tables_of_others_have_the_numbers_of_their_rows(tmp_path: Path, text) -> None:
    (tmp_path / "result.csv").write_text(text)
    results = read_results(tmp_path / "result.csv")
    assert summarize_table(results.frame()) == summarize(results.rows())
    assert summarize(results.rows()).total == 2


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
    found = summarize(rows)
    cold, warm, unknown, unanswered = found.groups
    assert cold.spreads["client"].median == 900
    assert (warm.spreads["client"].median, warm.spreads["client"].maximum) == (15, 20)
    assert (warm.spreads["initialization"].median, warm.spreads["initialization"].maximum) == (4, 5)
    assert (warm.n, warm.failures, unanswered.failures, unknown.n) == (3, 1, 1, 0)
    assert (found.reasons, found.rejections) == (("late",), ("no reason was given",))
    assert (found.judged, found.rejected, found.failed) == (1, 1, 2)


def test_of_many_the_first_are_shown() -> None:
    rows = [{"id": str(n), "start": "warm", "client": n + 1} for n in range(SHOWN + 9)]
    first = summarize(rows).groups[1].first
    assert [each.number for each in first] == list(range(1, SHOWN + 1))
