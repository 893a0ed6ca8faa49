"""Cells of a plan: what is measured, what is left out on a resume, and when it is given up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import pytest

from sebs.errors import ExperimentError
from sebs.experiments.cells import FRUITLESS_BATCHES, Cell, measure_cell
from sebs.experiments.daemon_pool import DaemonPool
from sebs.faas.result import ExecutionResult
from sebs.results.manifest import Manifest
from sebs.results.run import Run


def answer(cold: bool = False, error: str | None = None) -> ExecutionResult:
    result = ExecutionResult()
    result.stats.cold_start = cold
    if error:
        result.fail(error)
    return result


def answers(results: Iterable[ExecutionResult]) -> Callable[[], ExecutionResult]:
    return iter(results).__next__


@pytest.fixture
def run(tmp_path):
    with Run.create(tmp_path, Manifest(experiment="perf-cost", deployment="local")) as created:
        yield created


def never() -> None:
    pytest.fail("a cold start was forced")


def test_ids_are_of_the_point_and_the_kind() -> None:
    cell = Cell({"memory": 128, "architecture": "x64"}, "warm", 2, 4)
    assert cell.ids == ["128-x64-warm-1", "128-x64-warm-2"]
    assert cell.at_a_time == 4
    assert Cell({}, "sequential", 1, 4).at_a_time == 1


def test_a_cold_start_is_forced_once_a_batch(run) -> None:
    forced = []
    cell = Cell({"memory": 128}, "cold", 5, 2)
    invoke = answers(answer(cold=True) for _ in range(5))
    assert len(list(measure_cell(run, cell, invoke, lambda: forced.append(1)))) == 5
    assert len(forced) == 3
    assert run.recorded() == set(cell.ids)


def test_a_cold_answer_to_a_warm_invocation_is_kept_and_made_again(run) -> None:
    cell = Cell({"memory": 128}, "warm", 2, 1)
    invoke = answers([answer(cold=True), answer(), answer(error="no memory"), answer()])
    list(measure_cell(run, cell, invoke, never))
    assert [row["id"] for row in run.rows()] == [
        "128-warm-unwanted-1",
        "128-warm-1",
        "128-warm-unwanted-2",
        "128-warm-2",
    ]
    assert {row["kind"] for row in run.rows()} == {"warm"}
    assert [row.get("wanted") for row in run.rows()] == [False, None, False, None]


def test_what_is_recorded_is_not_made_again(run) -> None:
    cell = Cell({"memory": 128}, "sequential", 5, 1)
    for number in (1, 3):
        run.record({"id": f"128-sequential-{number}"}, answer())
    list(measure_cell(run, cell, answers(answer() for _ in range(3)), never))
    assert sorted(row["id"] for row in run.rows()) == sorted(cell.ids)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (answer(), "was warm"),
        (answer(cold=True, error="it is broken."), "failed: it is broken[.] Put"),
    ],
)
def test_what_can_never_be_had_ends_with_the_reason(run, result, reason) -> None:
    made = []

    def invoke() -> ExecutionResult:
        made.append(1)
        return result

    with pytest.raises(ExperimentError, match=reason):
        list(measure_cell(run, Cell({"memory": 128}, "cold", 3, 2), invoke, lambda: None))
    assert len(made) == len(run.recorded()) == FRUITLESS_BATCHES * 2


def test_it_ends_where_there_is_enough(run) -> None:
    made: list[ExecutionResult] = []
    invoke = answers(answer() for _ in range(9))
    cell = Cell({"memory": 128}, "warm", 9, 2)
    for result in measure_cell(run, cell, invoke, never, lambda: 4 - len(made)):
        made.append(result)
    assert len(made) == len(run.recorded()) == 4


def test_no_more_are_made_at_a_time_than_may_be(run) -> None:
    left = iter([4, 3, 0])
    cell = Cell({"memory": 128}, "burst", 50, 4)
    forced: list[int] = []
    answered = answers(answer() for _ in range(50))
    list(measure_cell(run, cell, answered, lambda: forced.append(1), lambda: next(left)))
    assert (len(run.recorded()), len(forced)) == (7, 2)


def test_what_is_shared_is_recorded_and_no_part_of_the_id(run) -> None:
    cell = Cell({"memory": 128}, "sequential", 1)
    list(measure_cell(run, cell, answer, never, shared={"function": "f"}))
    (row,) = run.rows()
    assert (row["id"], row["function"]) == ("128-sequential-1", "f")


def test_who_breaks_off_does_not_wait_for_what_is_under_way(run) -> None:
    first, answered = answers([answer()]), threading.Event()

    def invoke() -> ExecutionResult:
        try:
            return first()
        except StopIteration:
            answered.wait()
            return answer()

    measuring = measure_cell(run, Cell({"memory": 128}, "warm", 2, 2), invoke, never)
    next(measuring)
    breaking_off = threading.Thread(target=measuring.close, daemon=True)
    breaking_off.start()
    breaking_off.join(10)
    was_waiting = breaking_off.is_alive()
    answered.set()
    assert not was_waiting
    assert run.recorded() == {"128-warm-1"}


def test_threads_keep_no_program_from_ending() -> None:
    with DaemonPool(2, "x") as pool:
        assert pool.submit(lambda: threading.current_thread().daemon).result()
        with pytest.raises(ZeroDivisionError):
            pool.submit(divmod, 1, 0).result()
