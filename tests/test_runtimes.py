"""Interpreters: only those that run count, and finding them is remembered."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sebs import runtimes


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine with nothing on it: its ``PATH`` is the directory that is returned."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'absent'}:relative:{directory}:/usr/bin:/bin")
    monkeypatch.setattr(runtimes, "_glob", lambda *patterns: [])
    runtimes.forget()
    yield directory
    runtimes.forget()


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def own_version() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_the_interpreter_that_runs_this_comes_first() -> None:
    found = runtimes.python_interpreters()
    command = [found[own_version()], "-c", "import sys; print(sys.base_prefix)"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == sys.base_prefix


def test_only_programs_that_run_count(machine: Path) -> None:
    program(machine / "python3.42", "echo 3.42")
    program(machine / "python3.43", "echo 'pyenv: python3.43: command not found' >&2; exit 127")
    program(machine / "python3.44", "true")
    program(machine / "python3.48", "echo 3.48; exit 1")
    program(machine / "python3.7", "echo 3.7")
    (machine / "python3.45").write_text("not executable")
    (machine / "python3.46").symlink_to("nowhere")
    (machine / "python3.47").write_bytes(b"\x7fELF no program")
    (machine / "python3.47").chmod(0o755)
    found = runtimes.python_interpreters()
    assert found["3.42"] == machine / "python3.42"
    assert not {"3.43", "3.44", "3.7", "3.45", "3.46", "3.47", "3.48"} & set(found)
    numbers = [tuple(map(int, version.split("."))) for version in found]
    assert numbers == sorted(numbers, reverse=True)


def test_a_program_that_hangs_is_given_up(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "_TIMEOUT", 0.5)
    program(machine / "python3.42", "exec sleep 60")
    assert "3.42" not in runtimes.python_interpreters()


def test_node_is_found_by_its_major_version(machine: Path) -> None:
    program(machine / "node", "echo v42.7.1")
    assert runtimes.node_interpreters()["42"] == machine / "node"


def test_a_memo_saves_running_them_again(machine: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    count = program(machine / "node", f"echo run >> '{log}'; echo v42.0.0")
    cache_dir = tmp_path / "cache"
    for _ in range(2):
        assert runtimes.node_interpreters(cache_dir)["42"] == count
        assert runtimes.node_interpreters(cache_dir)["42"] == count
        runtimes.forget()
    assert log.read_text() == "run\n"
    program(machine / "node", f"echo run >> '{log}'; echo v43.0.0")
    assert "42" not in runtimes.node_interpreters(cache_dir)


@pytest.mark.parametrize("memo", ["", "[]", "{", '{"/usr/bin/node": 7}', '{"a": {"mark": null}}'])
def test_a_memo_that_cannot_be_understood_is_ignored(
    machine: Path, tmp_path: Path, memo: str
) -> None:
    node = program(machine / "node", "echo v42.0.0")
    (tmp_path / "interpreters.json").write_text(memo)
    assert runtimes.node_interpreters(tmp_path)["42"] == node
    assert str(node) in json.loads((tmp_path / "interpreters.json").read_text())


def test_a_memo_that_cannot_be_written_does_no_harm(machine: Path, tmp_path: Path) -> None:
    node = program(machine / "node", "echo v42.0.0")
    (tmp_path / "file").write_text("")
    assert runtimes.node_interpreters(tmp_path / "file")["42"] == node


def test_the_caller_cannot_change_what_is_remembered() -> None:
    runtimes.python_interpreters().clear()
    assert own_version() in runtimes.python_interpreters()
