"""Directories of benchmarks that were written for SeBS run on AWS's stand-in as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_rig import VERSIONS
from aws_servers import Server
from command_line import CommandLine
from foreign_benchmarks import NEW, OLD, write_new, write_old

from sebs.sebs_types import Language


@pytest.mark.parametrize(
    "language", [Language.PYTHON, pytest.param(Language.NODEJS, marks=pytest.mark.node)]
)
@pytest.mark.parametrize(("name", "write"), [(OLD, write_old), (NEW, write_new)])
def test_both_generations_run(
    tmp_path: Path,
    ministack: Server,
    language: Language,
    name: str,
    write: Callable[[Path], Any],
) -> None:
    sebs = CommandLine(tmp_path, ministack)
    foreign = tmp_path / "my own benchmarks"
    write(foreign)
    out, _ = sebs(
        "benchmark", "invoke", name, "test", "--config", "sebs.json", "--repetitions", "2",
        "--benchmarks-dir", str(foreign), "--language", language.value,
        "--language-version", VERSIONS[language], "--json",
    )  # fmt: skip
    document = json.loads(out)
    assert document["deployment"] == "aws"
    assert document["validation"] == {"checked": True, "valid": True, "reasons": {}}
    sebs("resource", "clean", "--config", "sebs.json")
