"""``sebs experiment`` as it is typed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from cli_line import HANDLER, CommandLine

from sebs.experiments import registry

SLEEPING = "    time.sleep(0.1)\n    "
KINDS = ["cold", "warm", "burst", "sequential"]
SECTION = {
    "benchmark": "901.increment",
    "input-size": "test",
    "repetitions": 4,
    "concurrent-invocations": 2,
    "memory-sizes": [128, 192],
}


@pytest.fixture
def sebs(tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path)
    line.write_benchmark()
    return line


def command(sebs: CommandLine, *further: object, **changed: object) -> list[object]:
    config = {"experiments": {"perf-cost": SECTION | changed}}
    path = sebs.root / "config.json"
    path.write_text(json.dumps(config))
    place = ("--benchmarks-dir", sebs.benchmarks, "--output-dir", sebs.results)
    return ["experiment", "invoke", "perf-cost", "--config", path, *place, *further]


def rows(run: Path) -> list[dict[str, object]]:
    lines = map(json.loads, (run / "journal.jsonl").read_text().splitlines())
    return [line for line in lines if "id" in line]


def wanted() -> set[str]:
    return {
        f"{memory}-x64-{kind}-{n}" for memory in (128, 192) for kind in KINDS for n in range(1, 5)
    }


def check(run: Path) -> None:
    ids = Counter(row["id"] for row in rows(run))
    assert set(ids.values()) == {1}
    assert wanted() <= set(ids)
    starts = {row["kind"]: {row["start"]} for row in rows(run) if "unwanted" not in str(row["id"])}
    assert starts["cold"] == {"cold"}
    assert starts["warm"] == {"warm"}


def test_it_lists_them(sebs) -> None:
    listed = [each["name"] for each in sebs("experiment", "list", "--json").document]
    assert listed == sorted(registry.known())
    assert "perf-cost" in listed


def test_a_run_that_is_killed_goes_on(sebs) -> None:
    for lines in (0, 3, 9, 17, 28):
        resume = ("--resume", sebs.only_run()) if sebs.results.exists() else ()
        sebs.kill_at(command(sebs, *resume), lines)
    done = sebs(*command(sebs, "--resume", sebs.only_run()))
    assert done.code == 0, done.err
    check(sebs.only_run())


def test_a_run_of_something_else_is_not_resumed(sebs) -> None:
    assert sebs(*command(sebs, repetitions=1, experiments=["warm"])).code == 0
    done = sebs(*command(sebs, "--resume", sebs.only_run(), repetitions=2))
    assert done.code == 2
    assert "experiments.perf-cost.repetitions was 1 and is 2" in done.err
    assert "input-size" not in done.err


def test_without_a_section_nothing_is_begun_and_one_is_shown(sebs) -> None:
    for name in registry.BUILT_IN:
        done = sebs("experiment", "invoke", name, "--output-dir", sebs.results)
        assert done.code == 2
        assert f"no section experiments.{name}" in done.err
        example = registry.load(name).EXAMPLE
        assert json.dumps({"experiments": {name: example}}) in done.err
        registry.load(name).PARAMETERS.model_validate(dict(example))
    assert not list(sebs.results.glob("*/manifest.json"))


def test_what_will_be_made_is_told_before(sebs) -> None:
    done = sebs(*command(sebs))
    assert "To be made: 32 invocations.\n" in done.err
    done = sebs(*command(sebs, "--resume", sebs.results.iterdir().__next__()))
    assert "To be made: 0 invocations.\n" in done.err


def test_a_memory_size_out_of_range_is_named_by_its_key(sebs) -> None:
    done = sebs(*command(sebs, **{"memory-sizes": [64, 128]}))
    assert done.code == 2
    assert "change experiments.perf-cost.memory-sizes, which has 64" in done.err
    assert "--memory" not in done.err


def test_a_timeout_out_of_range_is_named_by_its_own_key(sebs) -> None:
    line = command(sebs)
    config = {"experiments": {"timeout": 100_000, "perf-cost": SECTION}}
    (sebs.root / "config.json").write_text(json.dumps(config))
    done = sebs(*line)
    assert done.code == 2
    assert ": set experiments.timeout." in done.err
    assert "memory-sizes" not in done.err
    assert "--timeout" not in done.err


def test_who_interrupts_is_told_how_far_it_came_and_how_to_go_on(sebs) -> None:
    sebs.write_benchmark(handler="import time\n" + HANDLER.replace("    ", SLEEPING, 1))
    process = subprocess.Popen(
        sebs.command(*command(sebs, repetitions=50)),
        cwd=sebs.root,
        env=sebs.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list(sebs.results.glob("*/journal.jsonl")):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert " invocations were not made; the others are kept." in told
    assert f"--resume {sebs.only_run()}" in told


#: Of an environment every third invocation fails, the first one excepted.
FLAKY = """
made = 0

def handler(event):
    global made
    made += 1
    if made % 3 == 0:
        raise ValueError("flaky")
    return {"result": event["number"] + 1}
"""


def test_what_fails_is_made_again_and_told_wherever_one_looks(sebs, tmp_path) -> None:
    sebs.write_benchmark(handler=FLAKY)
    asked = {"experiments": ["sequential"], "memory-sizes": [128], "repetitions": 6}
    done = sebs(*command(sebs, **asked))
    assert done.code == 1, done.err
    run = sebs.only_run()
    failed = [row for row in rows(run) if row["failure"]]
    assert (len(failed), len(rows(run))) == (2, 8)
    told = "2 of 8 invocations failed; 2 of them were made again, or given up:\n  2: ValueError: "
    assert told in done.out
    shown = sebs("results", "show", run)
    assert (shown.code, told in shown.out) == (0, True)
    again = sebs("experiment", "process", "--offline", run, "--json")
    assert (again.code, again.document["failures"]) == (1, 2)
    report = sebs("report", run).out
    assert "2 failed. Failed ones are in no figure of times; 2 of them were made again" in report
    assert "2: ValueError: flaky" in report
    prices = ("--price-per-gb-second", "0.0001")
    cost = sebs("analyze", "cost", run, *prices, "--json").document
    assert cost["left_out"]["failed"] == 2
    page = tmp_path / "report.html"
    assert sebs("report", run, "-o", page).code == 0
    assert "2: ValueError: flaky" in page.read_text()


@pytest.mark.parametrize("changed", [{"repetitions": 0}, {"experiments": ["tepid"]}, {"sise": 1}])
def test_wrong_parameters_are_named(sebs, changed) -> None:
    done = sebs(*command(sebs, **changed))
    assert done.code == 2
    assert f"experiments.perf-cost.{next(iter(changed))}" in done.err


def document(sebs: CommandLine, **changed: object) -> dict[str, object]:
    done = sebs(*command(sebs, "--json", **changed))
    assert done.code == 0, done.err
    return done.document


def test_it_ends_as_soon_as_it_is_precise(sebs) -> None:
    asked = {"experiments": ["sequential"], "memory-sizes": [128], "repetitions": 1000}
    precise = document(sebs, **asked, precision={"within": 0.9})
    [cell, *_] = [each for each in precise["conclusion"]["cells"] if each["start"] == "warm"]
    assert 6 <= cell["n"] < 1000
    assert cell["mean_low_s"] <= cell["mean_s"] <= cell["mean_high_s"]
    assert (cell["median_high_s"] - cell["median_low_s"]) / 2 <= 0.9 * cell["median_s"]
    [remark] = precise["remarks"]
    assert remark.startswith("Half the interval of the median is to be within 90% of it: it was")
    assert "with 128-x64-sequential (" in remark
    assert f"after {cell['n']} warm invocations)" in remark


def test_who_asks_for_more_precision_than_there_can_be_is_told(sebs) -> None:
    asked = {"experiments": ["sequential"], "memory-sizes": [128], "repetitions": 8}
    done = sebs(*command(sebs, **asked, precision={"within": 1e-9}))
    assert done.code == 0, done.err
    assert "it was not after all that were to be made with 128-x64-sequential (" in done.out
    drawn = sebs("report", sebs.only_run())
    assert "it was not after all that were to be made" in drawn.out.replace("\n", " ")


def test_a_spent_budget_ends_it_and_it_goes_on_with_another(sebs) -> None:
    asked = {"experiments": ["sequential"], "repetitions": 6}
    first = sebs(*command(sebs, **asked, budget={"invocations": 5}))
    assert first.code == 0, first.err
    assert "The budget of 5 invocations is spent" in first.out
    run = sebs.only_run()
    assert len(rows(run)) == 5
    again = sebs(*command(sebs, "--resume", run, **asked, budget={"invocations": 50}))
    assert again.code == 0, again.err
    assert "is spent" not in again.out
    assert len(rows(run)) == 12


def test_no_more_are_made_than_the_budget_has(sebs) -> None:
    asked = {"experiments": ["burst"], "repetitions": 8, "concurrent-invocations": 4}
    first = sebs(*command(sebs, **asked, budget={"invocations": 6}))
    assert first.code == 0, first.err
    assert len(rows(sebs.only_run())) == 6
    assert "The budget of 6 invocations is spent; what lacks was not made." in first.out


def test_a_budget_that_is_enough_is_not_said_to_end_it(sebs) -> None:
    asked = {"experiments": ["sequential"], "memory-sizes": [128], "repetitions": 3}
    done = sebs(*command(sebs, **asked, budget={"invocations": 3}))
    assert done.code == 0, done.err
    assert len(rows(sebs.only_run())) == 3
    assert "budget" not in done.out


@pytest.mark.parametrize(
    ("prices", "word"),
    [
        ({"provider": "aws", "region": "moon"}, "'moon'"),
        ({"provider": "acme", "region": "us-east-1"}, "'acme'"),
        ({"provider": "aws", "region": "us-east-1", "plan": "free"}, "'free'"),
    ],
)
def test_prices_that_there_are_not_are_refused_before_anything_is_invoked(
    sebs, prices, word
) -> None:
    done = sebs(*command(sebs, prices=prices))
    assert done.code == 2, done.err
    assert word in done.err
    assert "experiments.perf-cost.prices" in done.err
    assert "budget" not in done.err
    assert not list(sebs.results.glob("*"))


def test_what_a_million_cost_is_told_where_prices_are_known(sebs) -> None:
    prices = {"provider": "aws", "region": "us-east-1"}
    asked = {"experiments": ["sequential"], "memory-sizes": [128], "repetitions": 7}
    priced = document(sebs, **asked, prices=prices)
    [cost] = priced["conclusion"]["cost"]
    assert (cost["memory"], cost["architecture"]) == (128, "x64")
    # Below a millisecond of 128 MB, the request is nearly all.
    assert 0.2 < cost["cost_per_million"] < 0.3
    done = sebs("experiment", "process", "--offline", *sebs.results.iterdir())
    assert done.code == 0, done.err
    assert "A million warm invocations with 128 MB on x64 cost 0.2" in done.out
    drawn = sebs("report", *sebs.results.iterdir())
    assert "Prices of AWS Lambda in us-east-1" in drawn.out


def test_without_prices_it_says_how_to_name_them(sebs) -> None:
    done = sebs(*command(sebs, experiments=["sequential"], repetitions=2))
    assert done.code == 0, done.err
    assert "in experiments.perf-cost.prices, or price the run afterwards" in done.out


def test_money_without_a_price_is_refused_before_anything_is_invoked(sebs) -> None:
    done = sebs(*command(sebs, budget={"usd": 1}))
    assert done.code == 2, done.err
    assert "provider 'local'" in done.err
    assert "experiments.perf-cost.prices" in done.err
    assert not list(sebs.results.glob("*"))


def test_an_architecture_that_the_platform_does_not_run_is_refused(sebs) -> None:
    done = sebs(*command(sebs, architectures=["x64", "arm64"]))
    assert done.code == 2
    assert "arm64" in done.err


def test_a_run_is_concluded_from_and_drawn_by_the_experiment_command(sebs, tmp_path) -> None:
    assert sebs(*command(sebs, experiments=["warm"], repetitions=2)).code == 0
    run = sebs.only_run()
    page = tmp_path / "report.html"
    assert sebs("experiment", "report", run, "-o", page).code == 0
    assert "901.increment" in page.read_text()
    again = sebs("experiment", "process", run, "--json")
    assert again.code == 0, again.err
    assert {cell["start"] for cell in again.document["conclusion"]["cells"]} == {"warm"}
    assert again.document["metrics"]["found"] == len(rows(run))


def test_a_run_of_no_experiment_is_not_processed_as_one(sebs) -> None:
    assert sebs.invoke("--repetitions", 1).code == 0
    done = sebs("experiment", "process", "--offline", sebs.only_run())
    assert done.code == 2
    assert "no experiment 'invoke'" in done.err
