"""What a validator knows of an invocation: the event as the function got it."""

from __future__ import annotations

import pytest
from cli_line import CommandLine

FIRST_ONE = """
first = None

def handler(event):
    global first
    first = first or event["request-id"]
    return {"result": first}
"""

VALIDATOR = """
def validate_output(data_dir, input_config, output, language, storage=None):
    if input_config["income-timestamp"] < 1.7e9:
        return "it was not invoked in our days"
    if output["result"] != input_config["request-id"]:
        return "this is what another invocation answered"
    return None
"""


@pytest.fixture
def stale(sebs: CommandLine) -> CommandLine:
    directory = sebs.write_benchmark("902.stale", FIRST_ONE)
    with (directory / "input.py").open("a") as inputs:
        inputs.write(VALIDATOR)
    return sebs


def test_the_answer_to_an_earlier_invocation_is_noticed(stale: CommandLine) -> None:
    place = ("--benchmarks-dir", stale.benchmarks, "--output-dir", stale.results)
    done = stale("benchmark", "invoke", "902.stale", "test", *place, "--repetitions", 3, "--json")
    assert done.code == 1
    assert len(done.document["validation"]["reasons"]) == 2
    assert "what another invocation answered" in str(done.document["validation"]["reasons"])


def test_the_answer_to_the_cold_invocation_is_noticed(stale: CommandLine) -> None:
    place = ("--benchmarks-dir", stale.benchmarks, "--output-dir", stale.results)
    done = stale("regression", "--benchmarks", "902.stale", *place, "--json")
    assert done.code == 1
    [outcome] = done.document["outcomes"]
    assert outcome["reason"] == "the warm invocation: this is what another invocation answered"
