"""``sebs`` against AWS's stand-in, as a user calls it."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from aws_rig import SECRET, VERSIONS
from aws_servers import REGION, Server
from command_line import CommandLine

from sebs.sebs_types import Language


@pytest.fixture
def sebs(tmp_path: Path, ministack: Server) -> CommandLine:
    return CommandLine(tmp_path, ministack)


@pytest.mark.registry
def test_a_benchmark_from_end_to_end(sebs: CommandLine) -> None:
    name, config = "110.dynamic-html", ("--config", "sebs.json")
    # The server has deployments of others as well, and a plan is of one.
    sebs.configure(resources={"resources_id": f"command-{uuid.uuid4().hex[:8]}"})
    out, _ = sebs("plan", name, *config)
    assert "create" in out
    printed = [out]
    for trigger in ("http", "library", "storage"):
        out, err = sebs(
            "benchmark", "invoke", name, "test", *config, "--trigger", trigger, "-v", "--json"
        )
        document = json.loads(out)
        assert document["deployment"] == "aws"
        assert document["region"] == REGION
        assert document["validation"] == {"checked": True, "valid": True, "reasons": {}}
        assert document["metrics"]["found"] == 3
        assert document["invocations"][0]["stats"]["cold_start"]
        assert all(each["billing"]["billed_time"] > 0 for each in document["invocations"])
        printed += [out, err]
    out, _ = sebs("benchmark", "invoke", name, "test", *config)
    assert "All outputs are valid." in out
    out, _ = sebs("plan", name, *config)
    assert "up to date" in out
    listed, _ = sebs("resource", "list", *config)
    for kind in ("functions", "log groups", "buckets", "roles"):
        assert kind in listed
    sebs("resource", "clean", *config)
    out, _ = sebs("resource", "list", *config)
    assert "Nothing is allocated." in out
    # What is secret is in the file that the user wrote, and nowhere else.
    kept = [path for path in sebs.root.rglob("*") if path.is_file() and path.name != "sebs.json"]
    assert kept
    for path in kept:
        assert SECRET.encode() not in path.read_bytes(), path
    assert not any(SECRET in text for text in printed)


@pytest.mark.registry
def test_the_regression_of_a_platform(sebs: CommandLine) -> None:
    out, _ = sebs(
        "regression", "--config", "sebs.json", "--benchmarks", "010.sleep,311.compression",
        "--languages", "python", "--language-versions", VERSIONS[Language.PYTHON],
        "--architectures", "x64", "--variants", "package", "--json",
    )  # fmt: skip
    document = json.loads(out)
    assert document["succeeded"]
    assert [each["case"]["benchmark"] for each in document["outcomes"]] == [
        "010.sleep",
        "311.compression",
    ]
    sebs("resource", "clean", "--config", "sebs.json")


def test_the_platform_is_listed(sebs: CommandLine) -> None:
    out, _ = sebs("systems", "--json")
    (aws,) = [each for each in json.loads(out) if each["name"] == "aws"]
    assert aws["available"]


def test_of_a_url_is_said_what_is_known_of_it_and_no_more(sebs: CommandLine) -> None:
    url = "https://abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-south-2.on.aws/"
    out, _ = sebs("function", "attach", url, "--config", "sebs.json", "--as", "url", "--json")
    shown = json.loads(out)
    assert (shown["target"], shown["triggers"]) == (url, ["http"])
    assert [shown[key] for key in ("language", "version", "memory")] == ["unknown", None, None]


def test_no_credentials_say_how_to_get_some(sebs: CommandLine) -> None:
    sebs.configure(credentials=None)
    _, err = sebs("benchmark", "invoke", "010.sleep", "test", "--config", "sebs.json", code=1)
    assert "There are no credentials for AWS." in err
    assert "aws sso login" in err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"regoin": "us-east-1"}, "region"),
        ({"credentials": {"access_key": "AKIAIOSFODNN7EXAMPLE"}}, "secret_key"),
        ({"credentials": {"profile": "nobody"}}, "there is no profile 'nobody'"),
        ({"endpoint_url": "ftp://127.0.0.1"}, "endpoint_url"),
        ({"endpoint_urls": {"lamda": "http://127.0.0.1:1"}}, "lambda"),
    ],
)
def test_a_wrong_configuration_is_wrong_usage(
    sebs: CommandLine, more: dict[str, Any], said: str
) -> None:
    sebs.configure(**more)
    _, err = sebs("benchmark", "invoke", "010.sleep", "test", "--config", "sebs.json", code=2)
    assert said in err
    assert SECRET not in err
