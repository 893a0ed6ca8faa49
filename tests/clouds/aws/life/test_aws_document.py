"""The page on AWS tells the truth: its commands run word for word, its tables are complete."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from ports import free_port
from pydantic import BaseModel

from sebs import config, errors
from sebs.aws import http_apis, invocation, limits, metrics, notifications
from sebs.aws.options import AWSOptions, problems

PAGE = Path(__file__).parents[4] / "docs" / "platforms" / "aws.md"
TEXT = PAGE.read_text(encoding="utf-8")

#: The port that the page takes; where tests run side by side each takes another.
PORT = "4566"

#: Before the tests beside this one shorten it.
PATIENCE = metrics.PATIENCE

#: The programs that the page calls, as this interpreter has them, installed or not.
PROGRAMS = {"sebs": "-c 'from sebs.cli.main import entry; entry()'", "ministack": "-m ministack"}


def section(title: str) -> str:
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def table(title: str) -> list[list[str]]:
    """The rows of a section's first table, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def keys(model: type[BaseModel], prefix: str = "") -> set[str]:
    """Every key that a section may have, those of its parts with a dot."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        part, key = field.annotation, prefix + (field.alias or name)
        is_part = isinstance(part, type) and issubclass(part, BaseModel)
        found |= keys(part, f"{key}.") if is_part else {key}
    return found


def test_the_commands_run_as_they_stand(tmp_path: Path) -> None:
    script = "\n".join(re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL))
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, start in PROGRAMS.items():
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {start} "$@"\n')
        program.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("SEBS_", "AWS_"))},
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(home),
        "SEBS_CACHE_DIR": str(tmp_path / "cache"),
    }
    process = subprocess.Popen(
        ["bash", "-euc", script.replace(PORT, str(free_port()))],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=150)
    finally:
        if process.returncode != 0:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert out.count("All outputs are valid.") == 1
    document = json.loads((tmp_path / "run.json").read_text())
    assert document["validation"]["valid"]
    assert "log groups" in out
    assert "it is deleted" in out


def test_the_configuration_is_valid(tmp_path: Path) -> None:
    written = re.findall(r"<<'END'\n(.*?)END\n", TEXT, re.DOTALL)
    assert written
    for text in written:
        file = tmp_path / "config.json"
        file.write_text(text)
        deployment = config.load(file, platforms=["aws"]).deployment
        assert deployment["name"] == "aws"
        assert problems(deployment["aws"]) == []


def test_every_key_of_the_configuration_is_explained_and_none_is_invented() -> None:
    explained = [key for row in table("Configuration") for key in re.findall("`([^`]+)`", row[0])]
    assert len(explained) == len(set(explained))
    assert set(explained) == keys(AWSOptions)


def test_the_limits_are_those_that_are_checked() -> None:
    rows = {row[0]: row[1] for row in table("Limits and costs")}
    numbers = {
        what: [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", text)]
        for what, text in rows.items()
    }
    assert tuple(numbers["memory"]) == (limits.MEMORY.least, limits.MEMORY.most)
    assert tuple(numbers["timeout"]) == (limits.TIMEOUT.least, limits.TIMEOUT.most)
    package = [limits.LARGEST_PACKAGE, limits.LARGEST_DIRECT_UPLOAD]
    assert [number * 2**20 for number in numbers["package"]] == package
    assert [number * 2**30 for number in numbers["image"]] == [limits.LARGEST_IMAGE]
    events = [invocation.LARGEST_EVENT, invocation.LARGEST_ASYNCHRONOUS_EVENT]
    assert [number * 2**20 for number in numbers["event"]] == events
    assert numbers["HTTP API"][0] == http_apis.LONGEST
    assert numbers["storage triggers"] == [notifications.MOST]
    assert f"up to {PATIENCE:g} s" in section("Metrics")


def test_the_errors_exist() -> None:
    named = [name for row in table("When it does not work") for name in row[0].split(", ")]
    assert named
    for name in named:
        assert issubclass(getattr(errors, name.strip("`")), errors.SebsError)


def test_every_link_leads_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", TEXT) if "://" not in link]
    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
