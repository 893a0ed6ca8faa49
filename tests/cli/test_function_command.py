"""``sebs function``: what is not ours is attached, measured, and forgotten; never changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_line import CommandLine

from sebs.cache import Cache
from sebs.cli.main import run

HANDLER = """
import os

def lambda_handler(event, context):
    if "fail" in event:
        raise ValueError(event["fail"])
    return {"event": event, "colour": os.environ.get("COLOUR")}
"""


@pytest.fixture
def code(sebs: CommandLine) -> Path:
    directory = sebs.root / "thumbs up"
    directory.mkdir()
    (directory / "lambda_function.py").write_text(HANDLER)
    return directory


def invoke(sebs: CommandLine, name: object, *arguments: object):
    return sebs("function", "invoke", name, "--output-dir", sebs.results, *arguments)


def copies(sebs: CommandLine) -> list[str]:
    """Names of the functions that the local platform keeps."""
    return [path.stem for path in (sebs.root / "cache/local/functions").glob("*.json")]


def test_one_is_attached_listed_invoked_and_detached(sebs, code) -> None:
    attached = sebs("function", "attach", code, "--as", "thumbs", "--env", "COLOUR=red", "--json")
    assert attached.code == 0, attached.err
    assert attached.document["alias"] == "thumbs"
    assert attached.document["target"] == str(code)
    assert attached.document["triggers"] == ["http", "library"]

    [listed] = sebs("function", "list", "--json").document
    assert listed == {
        "deployment": "local",
        "alias": "thumbs",
        "target": str(code),
        "options": {"environment": {"COLOUR": "red"}},
    }

    done = invoke(sebs, "thumbs", "--event", '{"a": 1}', "-n", 3, "--json")
    assert done.code == 0, done.err
    result = done.document
    outputs = [result["output"] for result in result["invocations"]]
    assert outputs == [{"event": {"a": 1}, "colour": "red"}] * 3
    assert (result["attached"], result["forced_cold"]) == (True, False)
    assert result["metrics"]["found"] == 3
    assert result["summary"]["cold"]["n"] + result["summary"]["warm"]["n"] == 3
    assert sebs("results", "show", sebs.only_run(), "--json").document == result

    assert sebs("function", "detach", "thumbs").code == 0
    assert sebs("function", "list", "--json").document == []
    assert copies(sebs) == []
    assert (code / "lambda_function.py").read_text() == HANDLER


def test_a_person_reads_the_same_report_as_of_a_benchmark(sebs, code) -> None:
    done = invoke(sebs, code, "-n", 2)
    assert done.code == 0, done.err
    assert "thumbs-up (attached) on local: python" in done.out
    assert "median" in done.out
    assert "n = 1" in done.out
    assert "although a cold start was forced" not in done.out
    assert "Results: results/thumbs-up-local-" in done.out


def test_what_was_not_attached_leaves_nothing_behind(sebs, code) -> None:
    assert invoke(sebs, code, "-n", 1).code == 0
    assert copies(sebs) == []
    assert sebs("cache", "list", "--json").document == []


def test_what_was_attached_keeps_its_copy_and_is_no_deployed_function(sebs, code) -> None:
    assert sebs("function", "attach", code).code == 0
    assert invoke(sebs, "thumbs-up", "-n", 1).code == 0
    assert len(copies(sebs)) == 1
    [entry] = sebs("cache", "list", "--json").document
    assert (entry["kind"], entry["benchmark"]) == ("attached", "thumbs-up")
    assert sebs("resource", "clean", "--json").document["resources_id"] is None
    assert len(copies(sebs)) == 1


def test_a_failing_handler_is_counted_and_exits_with_1(sebs, code) -> None:
    done = invoke(sebs, code, "--event", '{"fail": "no picture"}', "-n", 2)
    assert done.code == 1
    assert "2 of 2 invocations failed" in done.out
    assert "ValueError: no picture" in done.out


def test_the_event_may_be_a_file(sebs, code) -> None:
    event = sebs.root / "event ü.json"
    event.write_text('{"from": "file ü"}', encoding="utf-8")
    done = invoke(sebs, code, "--event", f"@{event}", "-n", 1, "--json")
    assert done.document["invocations"][0]["output"]["event"] == {"from": "file ü"}


def test_a_cold_start_is_forced_where_the_user_says_so_for_this_run(sebs, code) -> None:
    assert sebs("local", "start").code == 0
    try:
        assert sebs("function", "attach", code).code == 0
        runs = [
            invoke(sebs, "thumbs-up", "-n", 1, "--json", *more).document
            for more in ([], [], ["--force-cold"], [])
        ]
    finally:
        sebs("local", "stop")
    cold = [run["invocations"][0]["stats"]["cold_start"] for run in runs]
    assert cold == [True, False, True, False]
    assert [run["forced_cold"] for run in runs] == [False, False, True, False]


def test_metrics_of_a_saved_run_are_fetched_again(sebs, code) -> None:
    result = invoke(sebs, code, "-n", 2, "--json").document
    done = sebs("benchmark", "process", result["run_directory"], "--json")
    assert done.code == 0, done.err
    assert done.document["metrics"]["found"] == 2


def test_options_given_to_one_invocation_are_not_remembered(sebs, code) -> None:
    assert sebs("function", "attach", code, "--memory", 200).code == 0
    result = invoke(sebs, "thumbs-up", "-n", 1, "--memory", 300, "--json").document
    assert result["function"]["memory"] == 300
    assert sebs("function", "list", "--json").document[0]["options"] == {"memory": 200}


def test_a_secret_is_not_remembered_and_can_come_from_the_environment(sebs, code) -> None:
    refused = sebs("function", "attach", code, "--env", "COLOUR_TOKEN=hush-1234")
    assert refused.code == 2
    assert "COLOUR_TOKEN" in refused.err
    assert "hush-1234" not in refused.err + refused.out
    assert sebs("function", "list", "--json").document == []
    sebs.environment["COLOUR"] = "hush-1234"
    done = invoke(sebs, code, "--env", "COLOUR", "-n", 1, "--json")
    assert done.document["invocations"][0]["output"]["colour"] == "hush-1234"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere"),
        (["CODE", "--event", "[1]"], "list"),
        (["CODE", "--event", "{nonsense"], "JSON"),
        (["CODE", "--event", "@nowhere.json"], "nowhere.json"),
        (["CODE", "--handler", "app.main"], "app.main"),
        (["CODE", "--env", "=x"], "NAME=VALUE"),
        (["CODE", "--memory", "1"], "memory"),
        (["CODE", "--public"], "public"),
        (["CODE", "-n", "0"], "0"),
        (["CODE", "--trigger", "storage"], "storage"),
    ],
)
def test_what_makes_no_sense_exits_with_2_says_why_and_leaves_nothing(
    sebs, code, arguments, said, monkeypatch, capfd
) -> None:
    monkeypatch.chdir(sebs.root)
    monkeypatch.setenv("SEBS_CACHE_DIR", sebs.environment["SEBS_CACHE_DIR"])
    given = [str(code) if argument == "CODE" else argument for argument in arguments]
    assert run(["function", "invoke", *given, "--output-dir", str(sebs.results)]) == 2
    printed = capfd.readouterr()
    assert said in printed.err
    assert printed.out == ""
    assert not sebs.results.exists() or not list(sebs.results.iterdir())
    assert copies(sebs) == []


def test_what_is_not_attached_cannot_be_detached(sebs, code) -> None:
    done = sebs("function", "detach", code)
    assert done.code == 2
    assert "sebs function list" in done.err


def test_what_was_attached_can_be_forgotten_when_its_code_is_gone(sebs, code) -> None:
    assert sebs("function", "attach", code, "--as", "one").code == 0
    assert sebs("function", "attach", code, "--as", "two").code == 0
    code.rename(code.with_name("elsewhere"))
    done = sebs("function", "detach", code)
    assert done.code == 0, done.err
    assert "one, two" in done.out
    assert sebs("function", "list", "--json").document == []
    assert copies(sebs) == []


@pytest.fixture
def aws_file(sebs: CommandLine) -> Path:
    """A configuration that names another platform."""
    file = sebs.root / "aws.json"
    file.write_text('{"deployment": {"name": "aws", "aws": {"region": "eu-west-1"}}}')
    return file


def remember_on_aws(sebs: CommandLine, alias: str) -> None:
    with Cache(sebs.root / "cache") as cache:
        cache.remember_attached("aws", alias, {"target": "arn", "options": {}})


def test_the_platform_that_the_configuration_names_wins_over_an_alias_elsewhere(
    sebs, code, aws_file
) -> None:
    assert sebs("function", "attach", code, "--as", "thumbs").code == 0
    done = invoke(sebs, "thumbs", "--config", aws_file)
    assert done.code == 2
    assert "attached on local" in done.err
    assert "--deployment" in done.err
    assert invoke(sebs, "thumbs", "--config", aws_file, "--deployment", "local").code == 0
    # Where both have it, the one that is named is meant; where none is named, it is asked.
    remember_on_aws(sebs, "thumbs")
    done = invoke(sebs, "thumbs")
    assert done.code == 2
    assert "several platforms: aws, local" in done.err
    assert invoke(sebs, "thumbs", "--deployment", "local").code == 0


def test_the_list_is_that_of_the_platform_that_is_named(sebs, code, aws_file) -> None:
    assert sebs("function", "attach", code, "--as", "here").code == 0
    remember_on_aws(sebs, "there")
    for arguments, aliases in (
        ((), ["there", "here"]),
        (("--config", aws_file), ["there"]),
        (("--config", aws_file, "--deployment", "local"), ["here"]),
    ):
        listed = sebs("function", "list", "--json", *arguments).document
        assert [each["alias"] for each in listed] == aliases


def test_the_configuration_is_remembered_with_the_alias(sebs, code) -> None:
    file = sebs.root / "local.json"
    home = str(sebs.root / "another home")
    file.write_text(json.dumps({"deployment": {"local": {"home": home}}}))
    assert sebs("function", "attach", code, "--as", "thumbs", "--config", file).code == 0
    assert invoke(sebs, "thumbs").code == 0
    assert not (sebs.root / "cache/local").exists()
    file.unlink()
    done = invoke(sebs, "thumbs")
    assert done.code == 2
    assert "local.json" in done.err


def test_an_alias_of_another_function_is_not_taken_away(sebs, code) -> None:
    other = sebs.root / "other"
    other.mkdir()
    (other / "lambda_function.py").write_text(HANDLER)
    assert sebs("function", "attach", code, "--as", "thumbs").code == 0
    done = sebs("function", "attach", other, "--as", "thumbs")
    assert done.code == 2
    assert "sebs function detach thumbs" in done.err
    assert sebs("function", "list", "--json").document[0]["target"] == str(code)
