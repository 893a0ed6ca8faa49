"""An executable that was built elsewhere, deployed and invoked as a user does it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from aws_servers import Server
from command_line import CommandLine

NAME = "900.custom"

#: Speaks the runtime interface by itself, without any of ours.
#: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
BOOTSTRAP = f"""#!{sys.executable}
import json, os, urllib.request

base = f"http://{{os.environ['AWS_LAMBDA_RUNTIME_API']}}/2018-06-01/runtime/invocation"
while True:
    with urllib.request.urlopen(base + "/next") as answer:
        request, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
    answer = {{"sum": event["a"] + event["b"], "called": os.environ["_HANDLER"]}}
    urllib.request.urlopen(f"{{base}}/{{request}}/response", json.dumps(answer).encode()).close()
"""

INPUT = """
def buckets_count():
    return (0, 0)

def generate_input(data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func):
    return {"a": 2, "b": 3}

def validate_output(data_dir, input_config, output, language, storage=None):
    return None if output["sum"] == 5 else f"the sum is {output['sum']}"
"""  # noqa: E501 - one signature


@pytest.fixture
def sebs(tmp_path: Path, ministack: Server) -> CommandLine:
    made = CommandLine(tmp_path, ministack)
    made.patience = 1.0
    benchmark = tmp_path / "benchmarks" / NAME
    (benchmark / "cpp").mkdir(parents=True)
    (benchmark / "java").mkdir()
    (benchmark / "java/pom.xml").write_text("<project/>")
    config = {"timeout": 30, "memory": 128, "languages": ["cpp", "java"]}
    (benchmark / "config.json").write_text(json.dumps(config))
    (benchmark / "input.py").write_text(INPUT)
    return made


def arguments(language: str) -> list[str]:
    return [
        NAME, "test", "--config", "sebs.json", "--benchmarks-dir", "benchmarks",
        "--language", language, "--trigger", "library", "--json",
    ]  # fmt: skip


def test_an_executable_is_deployed_invoked_and_given_another_handler(sebs: CommandLine) -> None:
    code = sebs.root / "benchmarks" / NAME / "cpp"
    sebs("benchmark", "invoke", *arguments("cpp"), code=1)
    (code / "bootstrap").write_text(BOOTSTRAP)
    (code / "bootstrap").chmod(0o755)
    for handler in ("handler", "another"):
        if handler != "handler":
            (code / "handler.txt").write_text(handler)
        out, _ = sebs("benchmark", "invoke", *arguments("cpp"))
        document = json.loads(out)
        assert document["validation"] == {"checked": True, "valid": True, "reasons": {}}
        outputs = [each["output"] for each in document["invocations"]]
        assert outputs == [{"sum": 5, "called": handler}] * 3
    (found,) = [
        each
        for page in sebs.server.client("lambda").get_paginator("list_functions").paginate()
        for each in page["Functions"]
        if "custom" in each["FunctionName"]
    ]
    assert (found["Runtime"], found["Handler"]) == ("provided.al2023", "another")
    sebs("resource", "clean", "--config", "sebs.json")


def test_java_as_source_is_refused_before_anything_is_deployed(sebs: CommandLine) -> None:
    out, _ = sebs("benchmark", "invoke", *arguments("java"), code=1)
    error = json.loads(out)["error"]
    assert error["type"] == "InvalidBenchmarkError"
    assert "sebs does not compile Java" in error["message"]
    sebs("resource", "clean", "--config", "sebs.json")
