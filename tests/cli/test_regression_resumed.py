"""``sebs regression --resume DIR`` alone goes on exactly as it was begun."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from cli_line import HANDLER, CommandLine, Done

#: Needs a file of the data directory, which ``generate_input`` reads.
INPUT = """
from pathlib import Path

size_generators = {"test": 1, "small": 2}

def generate_input(data_dir, size, bucket, inputs, outputs, upload, nosql):
    return {"number": int(Path(data_dir, "number").read_text()) + size_generators[size]}

def validate_output(data_dir, input_config, output, language, storage=None):
    return None if output["result"] == input_config["number"] + 1 else "it is wrong"
"""
WRONG = "def handler(event):\n    return {'result': 0}\n"
NAME = "902.fed"


@pytest.fixture
def begun(sebs: CommandLine) -> CommandLine:
    """A regression that did not pass, begun with everything that can be given."""
    sebs.write_benchmark(NAME, WRONG, INPUT)
    number = sebs.root / "my data" / NAME / "number"
    number.parent.mkdir(parents=True)
    number.write_text("41")
    settings = {"deployment": {"local": {"max_environments": 3}}}
    (sebs.root / "own.json").write_text(json.dumps(settings))
    done = sebs(
        "regression", "--benchmarks", f"{NAME},901.increment", "--benchmarks-dir", "benchmarks",
        "--config", "own.json", "--data-dir", "my data", "--cache", "own cache",
        "--size", "small", "--trigger", "library", "--languages", "python",
        "--resource-prefix", "begun", "--output-dir", "results", "--junit", "reports/own.xml",
    )  # fmt: skip
    assert done.code == 1, done.err
    assert "1 of 2 passed." in done.out
    sebs.write_benchmark(NAME, HANDLER, INPUT)
    return sebs


def elsewhere(sebs: CommandLine, *arguments: object) -> Done:
    """Run sebs in another directory, with another cache in the environment."""
    place = sebs.root / "elsewhere"
    place.mkdir(exist_ok=True)
    return CommandLine(place)(*arguments)


def test_what_is_printed_goes_on_alone(begun: CommandLine) -> None:
    directory = begun.only_run()
    done = elsewhere(begun, "regression", "--resume", directory, "--json")
    assert done.code == 0, done.err + done.out
    assert done.document["passed"] == 2
    assert (begun.root / "reports/own.xml").is_file()
    assert "902.fed" in (begun.root / "reports/own.xml").read_text()
    # Nothing was made where it was taken up.
    assert list((begun.root / "elsewhere").iterdir()) == []
    assert [path.name for path in begun.results.iterdir()] == [directory.name]


def test_a_directory_that_was_moved_goes_on(begun: CommandLine) -> None:
    moved = begun.only_run().rename(begun.root / "moved here")
    begun.results.rmdir()
    done = elsewhere(begun, "regression", "--resume", moved)
    assert done.code == 0, done.err + done.out
    assert not begun.results.exists()


@pytest.mark.parametrize(
    "given",
    [
        ("--benchmarks", "901.increment"),
        ("--benchmarks-dir", "elsewhere"),
        ("--config", "elsewhere"),
        ("--data-dir", "elsewhere"),
        ("--cache", "elsewhere"),
        ("--size", "test"),
        ("--trigger", "http"),
        ("--languages", "nodejs"),
        ("--language-versions", "3.11"),
        ("--architectures", "x64"),
        ("--variants", "package"),
        ("--resource-prefix", "other"),
        ("--deployment", "aws"),
        ("--peer-address", "127.0.0.1"),
    ],
    ids=lambda given: given[0],
)
def test_an_option_that_contradicts_is_refused(begun: CommandLine, given: tuple[str, str]) -> None:
    before = (begun.only_run() / "outcomes.jsonl").read_bytes()
    done = begun("regression", "--resume", begun.only_run(), *given)
    assert done.code == 2, done.err
    assert re.search(rf"It was begun with .*, and now there is {given[0]} ", done.err)
    assert (begun.only_run() / "outcomes.jsonl").read_bytes() == before


def test_options_that_say_the_same_are_no_contradiction(begun: CommandLine) -> None:
    done = begun(
        "regression", "--resume", begun.only_run(), "--benchmarks", f"901.increment, {NAME}",
        "--data-dir", begun.root / "my data", "--size", "small", "--jobs", 1, "--junit", "new.xml",
    )  # fmt: skip
    assert done.code == 0, done.err + done.out
    assert (begun.root / "new.xml").is_file()


def test_another_configuration_is_refused(begun: CommandLine) -> None:
    changed = {"deployment": {"local": {"max_environments": 5}}}
    (begun.root / "own.json").write_text(json.dumps(changed))
    done = begun("regression", "--resume", begun.only_run())
    assert done.code == 2
    assert "deployment.local.max_environments was 3 and is 5" in done.err


def test_what_the_environment_said_is_kept(sebs: CommandLine) -> None:
    sebs.write_benchmark("901.increment", WRONG)
    sebs.environment["SEBS_RESOURCE_PREFIX"] = "fromenv"
    arguments = ("--benchmarks", "901.increment", "--benchmarks-dir", sebs.benchmarks)
    sebs("regression", *arguments, "--output-dir", sebs.results)
    del sebs.environment["SEBS_RESOURCE_PREFIX"]
    sebs.write_benchmark("901.increment", HANDLER)
    done = sebs("regression", "--resume", sebs.only_run())
    assert done.code == 0, done.err
    resources = sebs("resource", "list", "--json").out
    assert "fromenv" in resources


def test_the_hint_is_the_command(begun: CommandLine) -> None:
    begun.write_benchmark(NAME, WRONG, INPUT)
    done = elsewhere(begun, "regression", "--resume", begun.only_run())
    [line] = [line for line in done.out.splitlines() if line.startswith("Run again")]
    arguments = shlex.split(line.partition(": ")[2])
    begun.write_benchmark(NAME, HANDLER, INPUT)
    assert arguments[0] == "sebs"
    assert elsewhere(begun, *arguments[1:]).code == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": "1"}, "'1' is no version"),
        ({"version": 2, "options": None}, "options"),
        ({"cases": [{"benchmark": "901.increment"}]}, "missing"),
    ],
)
def test_a_manifest_that_is_none_is_named(
    begun: CommandLine, change: dict[str, object], said: str
) -> None:
    manifest = begun.only_run() / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **change}))
    done = begun("regression", "--resume", begun.only_run())
    assert done.code == 1
    assert f"{str(manifest)!r} is no regression's manifest" in done.err
    assert said in done.err
    assert "bug" not in done.err


def test_an_outcome_that_is_none_is_named(begun: CommandLine) -> None:
    outcomes = begun.only_run() / "outcomes.jsonl"
    with outcomes.open("a") as stream:
        stream.write("{}\n")
    done = begun("regression", "--resume", begun.only_run())
    assert done.code == 1
    assert f"Line 3 of {str(outcomes)!r}: This is no outcome of a regression" in done.err
    assert "'case'" in done.err


def test_a_junit_file_that_cannot_be_written_is_noticed_before_anything_is_run(
    begun: CommandLine,
) -> None:
    before = (begun.only_run() / "outcomes.jsonl").read_bytes()
    done = begun("regression", "--resume", begun.only_run(), "--junit", "/proc/nope")
    assert done.code == 2
    assert (begun.only_run() / "outcomes.jsonl").read_bytes() == before


def test_one_that_kept_no_options_is_refused(begun: CommandLine) -> None:
    manifest = begun.only_run() / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "version": 1}))
    done = begun("regression", "--resume", begun.only_run())
    assert done.code == 1
    assert "has version 1, this sebs reads 2. Begin a new regression." in done.err
