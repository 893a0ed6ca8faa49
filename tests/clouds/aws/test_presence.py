"""Where credentials are said to be, against where the SDK finds them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sebs.aws.config import AWSConfig
from sebs.faas.registry import SystemInfo, list_systems

PAIR = "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = not-to-be-shown\n"

#: Files and variables, and what is said of them; the SDK finds credentials where something is.
FOUND: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "pair": (
        {},
        {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-to-be-shown"},
        "the environment (AWS_ACCESS_KEY_ID)",
    ),
    "default": ({"credentials": f"[default]\n{PAIR}"}, {}, "the profile 'default'"),
    "configuration": ({"config": f"[default]\nregion = us-east-1\n{PAIR}"}, {}, "'default'"),
    "chosen": ({"config": f"[profile work]\n{PAIR}"}, {"AWS_PROFILE": "work"}, "'work'"),
    "quoted": ({"config": f"[profile 'my work']\n{PAIR}"}, {"AWS_PROFILE": "my work"}, "'my work'"),
    "chosen otherwise": (
        {"credentials": f"[work]\n{PAIR}"},
        {"AWS_DEFAULT_PROFILE": "work"},
        "'work'",
    ),
    "process": (
        {
            "config": "[default]\ncredential_process = echo "
            """'{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b"}'\n"""
        },
        {},
        "'default'",
    ),
}

MISSING: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "nothing": ({}, {}, "aws configure"),
    "region alone": ({"config": "[default]\nregion = us-east-1\n"}, {}, "aws configure"),
    "another's": ({"credentials": f"[work]\n{PAIR}"}, {}, "aws configure"),
    "absent": ({"credentials": f"[default]\n{PAIR}"}, {"AWS_PROFILE": "work"}, "profile 'work'"),
    "half": ({}, {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"}, "AWS_SECRET_ACCESS_KEY is not"),
    "unreadable": ({"credentials": "[default\n"}, {}, "cannot be read"),
    "twice": ({"config": "[default]\n[default]\n"}, {}, "cannot be read"),
}

Lay = Callable[[dict[str, str], dict[str, str]], None]


@pytest.fixture
def lay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lay:
    """Write the SDK's files, and set its variables; there are no others."""
    import os

    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def write(files: dict[str, str], variables: dict[str, str]) -> None:
        (tmp_path / ".aws").mkdir()
        for name, text in files.items():
            (tmp_path / ".aws" / name).write_text(text)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return write


def sdk_finds() -> bool:
    import botocore.session
    from botocore.exceptions import BotoCoreError

    try:
        return botocore.session.Session().get_credentials() is not None
    except BotoCoreError:
        return False


@pytest.mark.parametrize("case", FOUND)
def test_what_the_sdk_finds_is_named(lay: Lay, case: str) -> None:
    files, variables, place = FOUND[case]
    lay(files, variables)
    assert sdk_finds()
    told = AWSConfig.sign_in()
    assert place in told.found
    assert told.remedy == ""


@pytest.mark.parametrize("case", MISSING)
def test_where_the_sdk_finds_nothing_the_remedy_is_named(lay: Lay, case: str) -> None:
    files, variables, remedy = MISSING[case]
    lay(files, variables)
    assert not sdk_finds()
    told = AWSConfig.sign_in()
    assert told.found == ""
    assert remedy in told.remedy


@pytest.mark.parametrize(
    ("variable", "what"),
    [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "a web identity"),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "the container"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "the container"),
    ],
)
def test_an_identity_that_the_surroundings_give_is_named(
    lay: Lay, variable: str, what: str
) -> None:
    lay({}, {variable: "/somewhere"})
    assert AWSConfig.sign_in().found == f"{what} ({variable})"


def test_other_files_may_be_named(lay: Lay, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text(f"[default]\n{PAIR}")
    lay({}, {"AWS_SHARED_CREDENTIALS_FILE": str(other)})
    assert sdk_finds()
    assert AWSConfig.sign_in().found == f"the profile 'default' ({other})"


def aws() -> SystemInfo:
    (found,) = [info for info in list_systems() if info.name == "aws"]
    return found


def test_the_list_of_platforms_tells_sdk_and_credentials(lay: Lay) -> None:
    import boto3

    lay({"credentials": f"[default]\n{PAIR}"}, {})
    info = aws()
    assert info.available
    assert info.state == (
        f"boto3 {boto3.__version__}, credentials: the profile 'default' (~/.aws/credentials)"
    )
    assert (info.reason, info.remedy) == ("", "")


def test_without_credentials_the_list_does_not_say_ready(lay: Lay) -> None:
    lay({}, {})
    info = aws()
    assert info.available
    assert info.state.endswith("no credentials found")
    assert "aws configure" in info.remedy


def test_looking_for_credentials_loads_no_sdk(lay: Lay) -> None:
    lay({"config": f"[default]\n{PAIR}"}, {})
    code = (
        "import sys; from sebs.aws.config import AWSConfig; assert AWSConfig.sign_in().found; "
        "print([name for name in ('boto3', 'botocore', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
