"""``sebs experiment invoke memory-tuning`` as it is typed."""

from __future__ import annotations

import json
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from cli_line import CommandLine

from sebs.experiments.cells import FRUITLESS_BATCHES

SECTION = {
    "benchmark": "901.increment",
    "input-sizes": ["test", "small"],
    "events": {"hundred": {"number": 100}},
    "memory-sizes": [192, 128, 192],
    "repetitions": 8,
    "cold": 2,
}
GREEDY = "def handler(event):\n    x = bytearray(200 * 2**20)\n    return {'result': 2}\n"


@pytest.fixture
def sebs(tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path)
    line.write_benchmark()
    return line


def command(sebs: CommandLine, *further: object, **changed: object) -> list[object]:
    path = sebs.root / "config.json"
    path.write_text(json.dumps({"experiments": {"memory-tuning": SECTION | changed}}))
    place = ("--benchmarks-dir", sebs.benchmarks, "--output-dir", sebs.results)
    return ["experiment", "invoke", "memory-tuning", "--config", path, *place, *further]


def rows(run: Path) -> list[dict[str, object]]:
    lines = map(json.loads, (run / "journal.jsonl").read_text().splitlines())
    return [line for line in lines if "id" in line]


def test_each_size_is_measured_with_each_payload_and_one_is_recommended(sebs) -> None:
    prices = {"provider": "aws", "region": "us-east-1"}
    done = sebs(*command(sebs, "--json", prices=prices, **{"vm-hourly": 0.01}))
    assert done.code == 0, done.err
    document = done.document
    # Environments are processes here.
    assert document["conclusion"]["memory_sets_speed"] is False
    # Each output was judged by its own event: 100 and 1 are not the same.
    assert document["validation"] == {"checked": True, "valid": True, "reasons": {}}
    found = {each["payload"]: each for each in document["conclusion"]["payloads"]}
    assert found.keys() == {"test", "small", "hundred"}
    for payload in found.values():
        assert payload["recommended"] in payload["front"]
        assert [size["memory"] for size in payload["sizes"]] == [128, 192]
        assert [size["n"] for size in payload["sizes"]] == [8, 8]
        assert [size["cold_n"] for size in payload["sizes"]] == [2, 2]
        assert all(size["cost_per_million"] > 0.2 for size in payload["sizes"])
        assert all(size["break_even_per_hour"] > 0 for size in payload["sizes"])
    run = sebs.only_run()
    wanted = {
        f"{memory}-x64-{payload}-{kind}-{number}"
        for memory in (128, 192)
        for payload in found
        for kind, many in (("warm", 8), ("cold", 2))
        for number in range(1, many + 1)
    }
    made = rows(run)
    assert {row["id"] for row in made if row.get("wanted") is not False} == wanted
    assert set(Counter(row["id"] for row in made).values()) == {1}
    assert {row["size"] for row in made if row["payload"] == "hundred"} == {"test"}
    # Sizes take turns: neither is done before the other begins.
    turns = [row["memory"] for row in made if row.get("wanted") is not False]
    assert sum(one != other for one, other in pairwise(turns)) > 10
    # Each has a function of its own.
    assert len({(row["memory"], row["function"]) for row in made}) == 2


def test_a_size_at_which_it_does_not_work_is_given_up_and_the_others_go_on(sebs) -> None:
    sebs.write_benchmark(handler=GREEDY)
    sizes = {"memory-sizes": [128, 512], "input-sizes": [], "events": {}, "cold": 0}
    done = sebs(*command(sebs, "--json", **sizes, objective="speed"))
    assert done.code == 1, done.err
    assert done.document["failures"] == FRUITLESS_BATCHES
    (payload,) = done.document["conclusion"]["payloads"]
    assert payload["recommended"] == 512
    assert [size["verdict"] for size in payload["sizes"]] == ["does not work", "on the front"]
    failed = [row for row in rows(sebs.only_run()) if row["failure"]]
    assert len(failed) == FRUITLESS_BATCHES
    (remark,) = done.document["remarks"]
    assert "Given up" in remark
    assert "OutOfMemory" in remark


def test_what_works_at_no_size_ends_with_the_reason(sebs) -> None:
    sebs.write_benchmark(handler="def handler(event):\n    raise ValueError('never')\n")
    done = sebs(*command(sebs, **{"input-sizes": [], "events": {}, "cold": 0}))
    assert done.code == 1
    assert "batches in a row gave no invocation" in done.err
    assert "never" in done.err
    assert len(rows(sebs.only_run())) == 2 * FRUITLESS_BATCHES


def test_it_ends_early_where_the_interval_is_narrow_enough(sebs) -> None:
    precision = {"within": 0.99}
    done = sebs(*command(sebs, repetitions=500, precision=precision, cold=0, events={}))
    assert done.code == 0, done.err
    assert len(rows(sebs.only_run())) < 500
    assert "it was with 128-x64-test-warm (" in done.out
    assert "192-x64-small-warm (" in done.out


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"memory-sizes": [128]}, "memory-sizes"),
        ({"memory-sizes": [128, 128]}, "memory-sizes"),
        ({"objective": "best"}, "objective"),
        ({"weight": 1.5}, "weight"),
        ({"vm-hourly": 0}, "vm-hourly"),
        ({"events": {"a b": {}}}, "events"),
        ({"events": {"small": {}}}, "events.small"),
        ({"repetitions": 0}, "repetitions"),
        ({"colds": 1}, "colds"),
        ({"prices": {"provider": "aws"}}, "prices.region"),
    ],
)
def test_wrong_parameters_are_named(sebs, changed, path) -> None:
    done = sebs(*command(sebs, **changed))
    assert done.code == 2
    assert f"experiments.memory-tuning.{path}" in done.err
    assert list(sebs.results.glob("*")) == []


def test_sizes_that_cannot_be_had_are_named_before_anything_runs(sebs) -> None:
    prices = {"provider": "gcp", "region": "us-central1", "plan": "gen1"}
    done = sebs(*command(sebs, prices=prices, **{"memory-sizes": [200, 256, 300]}))
    assert done.code == 2
    assert "200 MB are not sold" in done.err
    assert "300 MB are not sold" in done.err
    done = sebs(*command(sebs, **{"memory-sizes": [64, 256]}))
    assert done.code == 2
    assert "64 MB is out of range" in done.err
    assert list(sebs.results.glob("*")) == []
