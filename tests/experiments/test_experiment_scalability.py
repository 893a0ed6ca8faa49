"""``sebs experiment invoke scalability`` as it is typed."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from cli_line import CommandLine

from sebs.experiments.open_loop import send
from sebs.faas.result import ExecutionResult

INPUT = """
size_generators = {"test": 0.2}

def generate_input(data_dir, size, bucket, inputs, outputs, upload, nosql):
    return {"sleep": size_generators[size]}

def validate_output(data_dir, input_config, output, language, storage=None):
    return None if output["result"] == input_config["sleep"] else "it slept otherwise"
"""
HANDLER = """
from time import sleep

def handler(event):
    sleep(event["sleep"])
    return {"result": event["sleep"]}
"""
SECTION = {
    "benchmark": "902.sleep",
    "burst-sizes": [2, 5],
    "inter-arrival-times": [0, 0.05],
    "repetitions": 2,
    "tolerated-lateness": 60,
}


@pytest.fixture
def sebs(tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path)
    line.write_benchmark("902.sleep", HANDLER, INPUT)
    return line


def command(
    sebs: CommandLine, *further: object, local: dict[str, object] | None = None, **changed: object
) -> list[object]:
    path = sebs.root / "config.json"
    config: dict[str, object] = {"experiments": {"scalability": SECTION | changed}}
    if local is not None:
        config["deployment"] = {"name": "local", "local": local}
    path.write_text(json.dumps(config))
    place = ("--benchmarks-dir", sebs.benchmarks, "--output-dir", sebs.results)
    return ["experiment", "invoke", "scalability", "--config", path, *place, *further]


def rows(run: Path) -> list[dict[str, object]]:
    lines = map(json.loads, (run / "journal.jsonl").read_text().splitlines())
    return [line for line in lines if "id" in line]


def test_every_burst_is_cold_whole_and_sent_when_it_was_to_be(sebs) -> None:
    done = sebs(*command(sebs, "--json", repetitions=1, **{"function-time": 2.5}))
    assert done.code == 0, done.err
    # The output was judged by what was sent, not by the input's own time.
    assert done.document["validation"]["valid"] is True
    made = rows(sebs.only_run())
    wanted = {
        f"burst-of-{size}-every-{every}-s-1-{number}"
        for size in (2, 5)
        for every in ("0", "0.05")
        for number in range(1, size + 1)
    }
    assert {row["id"] for row in made} == wanted
    assert {row["start"] for row in made} == {"cold"}
    for row in made:
        assert row["begin"] - row["intended"] == row["late"] >= 0
        assert row["end"] - row["intended"] >= 2_500_000
        # One clock has both: the handler was entered after the sending and before the answer.
        assert row["begin"] <= row["entered"] + 1000
        assert row["entered"] <= row["end"]
    first = {
        (row["burst_size"], row["inter_arrival"]): row["intended"]
        for row in made
        if str(row["id"]).endswith("-1")
    }
    for row in made:
        number = int(str(row["id"]).rpartition("-")[2])
        key = (row["burst_size"], row["inter_arrival"])
        offset = round((number - 1) * float(str(row["inter_arrival"])) * 1e6)
        assert abs(int(str(row["intended"])) - int(str(first[key])) - offset) <= 2
    found = done.document["conclusion"]["bursts"]
    assert [(each["burst_size"], each["environments"]) for each in found] == [
        *((2, 2), (2, 2), (5, 5), (5, 5))
    ]
    assert all(each["cold_share"] == 1 for each in found)
    assert all(0 < each["half_s"] <= each["ninety_percent_s"] <= each["all_s"] for each in found)
    assert not (sebs.only_run() / "unfinished.jsonl").exists()


def test_that_times_are_not_the_latencies_is_said_where_they_are_shown(sebs) -> None:
    once = {"burst-sizes": [2], "inter-arrival-times": [0], "repetitions": 1}
    assert sebs(*command(sebs, **once)).code == 0
    shown = " ".join(sebs("results", "show", sebs.only_run()).out.split())
    assert "run from the actual sending here" in shown
    assert "`sebs experiment process`" in shown


def test_two_hundred_at_once_are_served(sebs) -> None:
    bursts = {"burst-sizes": [200], "inter-arrival-times": [0], "repetitions": 1}
    done = sebs(*command(sebs, "--json", local={"max_environments": 20}, **bursts))
    assert done.code == 0, done.err
    (found,) = done.document["conclusion"]["bursts"]
    assert (found["n"], found["failed"]) == (200, 0)
    assert 1 <= found["environments"] <= 20
    assert {tail["start"] for tail in found["latency"]} == {"cold", "warm"}


def test_what_the_platform_refuses_is_counted_as_throttled(sebs) -> None:
    local = {"max_environments": 2, "queue": 0}
    bursts = {"burst-sizes": [6], "inter-arrival-times": [0], "repetitions": 1}
    done = sebs(*command(sebs, "--json", local=local, **bursts, **{"function-time": 3}))
    assert done.code == 1
    (found,) = done.document["conclusion"]["bursts"]
    assert (found["failed"], found["throttled"], found["environments"]) == (4, 4, 2)


def test_an_interrupted_burst_is_made_again_as_a_whole(sebs) -> None:
    bursts = {"burst-sizes": [3], "inter-arrival-times": [0], "repetitions": 2}
    assert sebs(*command(sebs, **bursts)).code == 0
    run = sebs.only_run()
    # As it was left by a process that was killed when two of the last burst's three had ended.
    kept = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
    whole = str([line["id"] for line in kept if "id" in line][-1]).rpartition("-")[0]
    part = [line for line in kept if str(line.get("id", "")).startswith(whole)]
    others = [line for line in kept if "id" in line and line not in part]
    (run / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in others))
    left = [
        {
            **{"whole": whole, "count": 3, "attempt": 1, "number": number},
            "row": {name: value for name, value in line.items() if name != "id"},
        }
        for number, line in enumerate(part[:2], start=1)
    ]
    torn = '{"whole": "' + whole
    (run / "unfinished.jsonl").write_text("".join(json.dumps(e) + "\n" for e in left) + torn)
    done = sebs(*command(sebs, "--resume", run, **bursts))
    assert done.code == 0, done.err
    made = rows(run)
    ids = Counter(row["id"] for row in made)
    assert set(ids.values()) == {1}
    unwanted = {row["id"]: row["request_id"] for row in made if row.get("wanted") is False}
    assert unwanted == {
        f"{whole}-unwanted-1-{number}": line["request_id"]
        for number, line in enumerate(part[:2], start=1)
    }
    assert len(ids) == 6 + 2
    before = {line["id"]: line["request_id"] for line in others}
    assert before.items() <= {row["id"]: row["request_id"] for row in made}.items()


def test_bursts_of_which_nothing_succeeds_end_with_the_reason(sebs) -> None:
    sebs.write_benchmark("902.sleep", "def handler(event):\n    raise ValueError('never')\n", INPUT)
    done = sebs(*command(sebs, repetitions=50))
    assert done.code == 1
    assert "2 bursts in a row had no invocation that succeeded" in done.err
    assert "never" in done.err
    assert len(rows(sebs.only_run())) <= 2 * 5


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"burst-sizes": []}, "burst-sizes"),
        ({"burst-sizes": [0]}, "burst-sizes.0"),
        ({"burst-sizes": [2001]}, "burst-sizes.0"),
        ({"inter-arrival-times": [-1]}, "inter-arrival-times.0"),
        ({"function-time": 0}, "function-time"),
        ({"tolerated-lateness": 0}, "tolerated-lateness"),
        ({"repetitions": 0}, "repetitions"),
        ({"burst": 1}, "burst"),
    ],
)
def test_wrong_parameters_are_named(sebs, changed, path) -> None:
    done = sebs(*command(sebs, **changed))
    assert done.code == 2
    assert f"experiments.scalability.{path}" in done.err


def test_a_time_of_the_function_that_is_over_the_timeout_is_refused(sebs) -> None:
    done = sebs(*command(sebs, **{"function-time": 3600}))
    assert done.code == 2
    assert "experiments.scalability.function-time" in done.err
    assert "less than the timeout" in done.err
    assert list(sebs.results.glob("*")) == []


def test_who_stops_early_does_not_wait_for_answers_under_way() -> None:
    entered, leave, left = threading.Barrier(2), threading.Event(), []

    def invoke() -> ExecutionResult:
        if entered.wait(60):
            leave.wait(60)
            left.append("late")
        return ExecutionResult()

    burst = send([0, 0], invoke)
    next(burst)
    burst.close()
    assert left == []
    leave.set()


def test_a_time_of_the_function_that_nothing_takes_is_refused(sebs) -> None:
    sebs.write_benchmark()
    done = sebs(*command(sebs, benchmark="901.increment", **{"function-time": 2}))
    assert done.code == 2
    assert "experiments.scalability.function-time" in done.err
    assert list(sebs.results.glob("*")) == []
