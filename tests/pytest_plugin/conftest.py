"""A project with functions and tests of its own, and what stays of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from guarded_project import Project


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in [name for name in os.environ if name.startswith("SEBS_")]:
        monkeypatch.delenv(name)
    # What is said of failures is cut short, but not where it is read afterwards.
    monkeypatch.delenv("CI", raising=False)
    # Where temporary files are, so that it shows what stays.
    monkeypatch.setenv("TMPDIR", str(pytester.mkdir("temporary")))
    return Project(pytester)


@pytest.fixture
def gateways() -> Callable[[Path], list[str]]:
    """Command lines of the local platform's processes below a directory."""

    def find(below: Path) -> list[str]:
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if "sebs.local" in line and str(below) in line:
                found.append(line)
        return found

    return find
