"""``sebs doctor`` tells whether AWS can be used: what was found, whether it answers, what to do."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from aws_rig import ACCOUNT, SECRET, others
from aws_servers import REGION, Server
from command_line import CommandLine

CREDENTIALS, SIGNING_IN = "credentials for aws", "signing in to aws"


@pytest.fixture
def sebs(tmp_path: Path, ministack: Server) -> CommandLine:
    return CommandLine(tmp_path, ministack)


def doctor(
    sebs: CommandLine, *arguments: str, code: int = 0, **environment: str
) -> dict[str, dict[str, Any]]:
    """Return the findings by what they are about."""
    out, err = sebs("doctor", "--json", *arguments, code=code, **environment)
    assert SECRET not in out + err
    return {check["what"]: check for check in json.loads(out)}


def test_without_credentials_it_says_how_to_sign_in(sebs: CommandLine) -> None:
    checks = doctor(sebs)

    assert checks["platform aws"]["works"]
    assert checks["platform aws"]["detail"].startswith("boto3 ")
    assert not checks[CREDENTIALS]["works"]
    assert not checks[CREDENTIALS]["needed"]
    assert "aws configure" in checks[CREDENTIALS]["remedy"]
    # Nobody is asked who was not named.
    assert SIGNING_IN not in checks


def test_credentials_in_the_environment_are_found(sebs: CommandLine) -> None:
    checks = doctor(sebs, AWS_ACCESS_KEY_ID=ACCOUNT, AWS_SECRET_ACCESS_KEY=SECRET)

    assert checks[CREDENTIALS]["works"]
    assert checks[CREDENTIALS]["detail"] == "the environment (AWS_ACCESS_KEY_ID)"
    assert checks[CREDENTIALS]["remedy"] == ""


def test_credentials_of_a_profile_are_found(sebs: CommandLine) -> None:
    directory = sebs.root / ".aws"
    directory.mkdir()
    (directory / "credentials").write_text(
        f"[work]\naws_access_key_id = {ACCOUNT}\naws_secret_access_key = {SECRET}\n"
    )

    assert not doctor(sebs)[CREDENTIALS]["works"]
    assert "'work'" in doctor(sebs, AWS_PROFILE="work")[CREDENTIALS]["detail"]


def test_it_signs_in_where_it_is_told_to_and_allocates_nothing(
    sebs: CommandLine, ministack: Server
) -> None:
    before = others(ministack)

    checks = doctor(sebs, "--deployment", "aws", "--config", "sebs.json")

    assert checks[SIGNING_IN]["works"]
    assert checks[SIGNING_IN]["detail"] == f"it answered, in {REGION}"
    assert others(ministack) == before


def test_it_signs_in_with_what_the_environment_has(sebs: CommandLine, ministack: Server) -> None:
    given = {
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_ENDPOINT_URL": ministack.url,
    }
    checks = doctor(sebs, "--deployment", "aws", AWS_REGION=REGION, **given)
    assert checks[SIGNING_IN]["works"]

    # Nothing says in which region.
    checks = doctor(sebs, "--deployment", "aws", code=1, **given)
    assert not checks[SIGNING_IN]["works"]
    assert "region" in checks[SIGNING_IN]["detail"]
    assert "AWS_REGION" in checks[SIGNING_IN]["remedy"]


def test_without_credentials_signing_in_fails(sebs: CommandLine) -> None:
    sebs.configure(credentials=None)

    checks = doctor(sebs, "--deployment", "aws", "--config", "sebs.json", code=1)

    assert not checks[SIGNING_IN]["works"]
    assert checks[SIGNING_IN]["needed"]
    assert "credentials" in checks[SIGNING_IN]["detail"]
    assert checks[SIGNING_IN]["remedy"]


def test_an_endpoint_that_does_not_answer_is_named(sebs: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    sebs.configure(endpoint_url=closed)

    checks = doctor(sebs, "--deployment", "aws", "--config", "sebs.json", code=1)

    assert not checks[SIGNING_IN]["works"]
    assert closed in checks[SIGNING_IN]["detail"]
    assert checks[SIGNING_IN]["remedy"]


def test_it_is_read_at_eighty_columns(sebs: CommandLine) -> None:
    sebs.configure(credentials=None)
    out, _ = sebs("doctor", "--deployment", "aws", "--config", "sebs.json", code=1)

    lines = out.splitlines()
    assert lines[-1] == f"This does not work: {SIGNING_IN}."
    for line in lines[:-1]:
        assert line.startswith(("ok       ", "missing  ", " " * 9)), line
        # A path or an address is not broken.
        assert len(line) <= 80 or len(line.split(": ")[-1].split()) == 1, line
    [at] = [number for number, line in enumerate(lines) if f"missing  {CREDENTIALS}: " in line]
    assert lines[at + 1].startswith(" " * 9 + "Sign in with `aws configure`")
