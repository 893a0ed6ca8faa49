"""501.graph-pagerank, 502.graph-mst, 503.graph-bfs: only what is right for the graph passes."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from hashlib import md5
from typing import Any

import pytest
from graph_oracle import edges_of, rank_of_the_oldest, search

from sebs.benchmark.dependencies import PYTHON_PACKAGES
from sebs.sebs_types import Language

PAGERANK, TREE, SEARCH = "501.graph-pagerank", "502.graph-mst", "503.graph-bfs"
SIZES = {"test": 10, "small": 10_000, "large": 100_000}
SEED = 42

#: What SeBS expects of the same events: rank of vertex 0, and MD5 of the tree as JSON.
RANKS_IN_SEBS = {10: 0.1, 10_000: 0.00121224809, 100_000: 0.00033384438552589015}
TREES_IN_SEBS = {
    10: "2731b0a338d620aac853321b832983c3",
    10_000: "ebac1069ed7b96771ac4a9684bdfc6ba",
    100_000: "b0b868c92d20f96b40c04a0f846f979f",
}

ORACLES: dict[str, Callable[[int, int], Any]] = {
    PAGERANK: rank_of_the_oldest,
    TREE: lambda size, seed: search(size, seed)[1],
    SEARCH: lambda size, seed: search(size, seed)[0],
}


def answer(result: Any, **measurement: Any) -> dict[str, Any]:
    measured = {"graph_generating_time": 1, "compute_time": 1, **measurement}
    return {"result": result, "measurement": measured}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ORACLES)
def test_the_event_has_the_size_and_the_seed(fed: Any, name: str, size: str) -> None:
    assert fed(name).event(size) == {"size": SIZES[size], "seed": SEED}


@pytest.mark.parametrize("size", SIZES.values())
def test_other_code_finds_what_passes(fed: Any, size: int) -> None:
    for name, oracle in ORACLES.items():
        output = answer(oracle(size, SEED))
        assert fed(name).judge({"size": size, "seed": SEED}, output) is None
    # One size a test, so that a worker makes each graph once, and SeBS agrees on it.
    assert rank_of_the_oldest(size, SEED) == pytest.approx(RANKS_IN_SEBS[size], abs=1e-9)
    tree = json.dumps(search(size, SEED)[1], separators=(",", ":")).encode()
    assert md5(tree, usedforsecurity=False).hexdigest() == TREES_IN_SEBS[size]


@pytest.mark.registry
@pytest.mark.parametrize("name", ORACLES)
def test_python_computes(fed: Any, python_process: Any, scratch: Any, name: str) -> None:
    benchmark = fed(name)
    compute = python_process(benchmark)
    for size in SIZES:
        event = benchmark.event(size)
        output = compute(event)
        assert benchmark.judge(event, output) is None
        measured = output["measurement"]
        assert all(isinstance(value, int) for value in measured.values())
    other = {"size": 300, "seed": 7}
    expected = ORACLES[name](300, 7)
    if name == PAGERANK:
        expected = pytest.approx(expected, abs=1e-9)
    assert compute(other)["result"] == expected
    # Without a seed, every graph is another; of 300 vertices no two are the same.
    assert compute({"size": 300})["result"] != compute({"size": 300})["result"]
    assert list(scratch.iterdir()) == []


#: Many threads of one process, as with a concurrency above 1.
THREADS = """
import importlib, json, sys
from concurrent.futures import ThreadPoolExecutor
sys.path[:0] = sys.argv[1:]
sys.setswitchinterval(1e-6)
handler = importlib.import_module("function.function").handler
events = [{"size": 50, "seed": number % 4} for number in range(2000)]
with ThreadPoolExecutor(8) as pool:
    found = [answer["result"] for answer in pool.map(handler, events)]
print(len({(event["seed"], json.dumps(result)) for event, result in zip(events, found)}))
"""


@pytest.mark.registry
def test_seeds_of_concurrent_invocations_do_not_mix(fed: Any, tmp_path: Any) -> None:
    package = fed(TREE).package(Language.PYTHON, tmp_path / "python" / "function")
    done = subprocess.run(
        [sys.executable, "-I", "-c", THREADS, package / PYTHON_PACKAGES, package.parent],
        capture_output=True,
        check=True,
        env=dict(os.environ),
    )
    assert int(done.stdout) == 4


# --- the verdict ---


def swapped(values: list[Any], first: int, second: int) -> list[Any]:
    changed = list(values)
    changed[first], changed[second] = changed[second], changed[first]
    return changed


RANK = rank_of_the_oldest(10_000, SEED)
FOUND, EDGES = search(10_000, SEED)
ORDER, BEGINS, PARENTS = FOUND

WRONG: list[tuple[str, Any]] = [
    *((PAGERANK, value) for value in (RANK * 1.0001, RANK - 2e-9, 0, -RANK, 1, 0.1)),
    *((PAGERANK, value) for value in (math.nan, math.inf, None, True, str(RANK), [RANK])),
    (TREE, EDGES[:-1]),
    (TREE, [*EDGES, EDGES[-1]]),
    (TREE, [*EDGES[:-1], EDGES[-1] + 1]),
    (TREE, swapped(EDGES, 10, 11)),
    (TREE, [float(edge) for edge in EDGES]),
    (TREE, sorted(EDGES, reverse=True)),
    (TREE, EDGES[0]),
    (SEARCH, ORDER),
    (SEARCH, [ORDER, BEGINS]),
    (SEARCH, [swapped(ORDER, 5000, 5001), BEGINS, PARENTS]),
    (SEARCH, [ORDER, BEGINS[:-1], PARENTS]),
    (SEARCH, [ORDER, BEGINS, [0, *PARENTS[1:]]]),
    (SEARCH, [ORDER, PARENTS, BEGINS]),
    *((name, value) for name in (TREE, SEARCH) for value in (None, [], 0, "", {})),
]


@pytest.mark.parametrize(("name", "result"), WRONG, ids=lambda value: str(value)[:20])
def test_another_result_is_noticed(fed: Any, name: str, result: Any) -> None:
    verdict = fed(name).judge({"size": 10_000, "seed": SEED}, answer(result))
    assert "should" in str(verdict)
    # A reason is short, however long the result.
    assert len(str(verdict)) < 300


@pytest.mark.parametrize("name", ORACLES)
def test_the_result_of_another_graph_is_noticed(fed: Any, name: str) -> None:
    benchmark = fed(name)
    other = answer(ORACLES[name](10_000, SEED + 1))
    assert edges_of(10_000, SEED) != edges_of(10_000, SEED + 1)
    assert "should" in str(benchmark.judge({"size": 10_000, "seed": SEED}, other))
    for event in ({"size": 10_000, "seed": 43}, {"size": 10_000}, {"size": 11, "seed": SEED}):
        assert "is known for" in str(benchmark.judge(event, other))


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("output", [None, [], "", {}])
def test_an_output_that_is_none_is_noticed(fed: Any, name: str, output: Any) -> None:
    assert "should" in str(fed(name).judge({"size": 10, "seed": SEED}, output))


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("value", [-1, 0, None, "1", True])
def test_measurements_that_cannot_be_are_noticed(fed: Any, name: str, value: Any) -> None:
    event, result = {"size": 10, "seed": SEED}, ORACLES[name](10, SEED)
    for key in ("graph_generating_time", "compute_time"):
        verdict = fed(name).judge(event, answer(result, **{key: value}))
        assert f"{key} should be" in str(verdict)
    assert "measurement should be" in str(fed(name).judge(event, {"result": result}))
