"""Tables in terminals of several widths, and in pipes: every word is whole, nothing is lost."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from sebs.cli.main import run as sebs_command
from sebs.cli.output import number_columns
from sebs.results.manifest import Manifest
from sebs.results.run import Run

PLATFORMS = ("local", "aws", "azure", "gcp", "openwhisk")
LONG_WORDS = ("AWS_SECRET_ACCESS_KEY,", "deployment.aws.credentials.profile.")


def in_terminal(width: int, code: str) -> list[str]:
    """Run Python code in a terminal so many columns wide; return its lines without colour."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    environment = {**os.environ, "TERM": "xterm"}
    environment.pop("COLUMNS", None)
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 65536):
                said += part
        except OSError:  # the terminal is closed at the other end
            pass
    os.close(ours)
    assert process.returncode == 0, said
    text = re.sub(r"\x1b\[[0-9;]*m", "", said.decode())
    return [line.rstrip() for line in text.split("\r\n")]


def sebs_in_terminal(width: int, *arguments: str) -> list[str]:
    return in_terminal(width, f"from sebs.cli.main import run; run({list(arguments)!r})")


@pytest.mark.parametrize("width", [50, 80, 120])
def test_what_is_long_is_wrapped_between_words_in_a_terminal(width) -> None:
    lines = sebs_in_terminal(width, "systems")
    assert max(map(len, lines)) <= width
    for word in LONG_WORDS:
        assert sum(word in line for line in lines) == 1
    assert [name for line in lines for name in PLATFORMS if line.split()[1:] == [name]] == [
        *PLATFORMS
    ]


def test_a_pipe_gets_a_line_for_each_row_with_all_of_it(capfd) -> None:
    assert sebs_command(["systems"]) == 0
    title, rule, *rows = capfd.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == [*PLATFORMS]
    assert title.split()[0] == "platform"
    assert all(word in rows[1] for word in LONG_WORDS)
    assert set(rule.strip()) == {"─"}
    assert len(rule) <= max(80, len(title)) < len(rows[1])


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for experiment in ("invoke", "perf-cost"):
        manifest = Manifest(experiment=experiment, deployment="local", benchmark="110.dynamic-html")
        with Run.create(tmp_path / "runs", manifest) as made:
            made.finish()
    return tmp_path / "runs"


def names(runs: Path) -> list[str]:
    return sorted(path.name for path in runs.iterdir())


def test_runs_are_a_table_that_says_what_a_narrow_terminal_goes_without(runs) -> None:
    lines = sebs_in_terminal(80, "results", "list", str(runs))
    assert max(map(len, lines)) <= 80
    rows = [line.split() for line in lines if "finished" in line]
    assert sorted(row[0] for row in rows) == names(runs)
    assert "Not shown: platform, experiment, benchmark" in "\n".join(lines)


def test_runs_in_a_wide_terminal_and_in_a_pipe_are_whole(runs, capfd) -> None:
    wide = "\n".join(sebs_in_terminal(200, "results", "list", str(runs)))
    assert sebs_command(["results", "list", str(runs)]) == 0
    for shown in (wide, capfd.readouterr().out):
        assert "Not shown" not in shown
        rows = [line.split() for line in shown.splitlines() if "finished" in line]
        assert sorted(row[0] for row in rows) == names(runs)
        assert all({"110.dynamic-html", "local"} <= set(row) for row in rows)


def test_runs_in_the_narrowest_terminal_stand_one_below_the_other(runs) -> None:
    lines = sebs_in_terminal(30, "results", "list", str(runs))
    assert max(map(len, lines)) <= 30
    assert sum(line.split() == ["platform", "local"] for line in lines) == 2


def test_columns_come_closer_before_anything_is_wrapped() -> None:
    code = (
        "from sebs.cli.output import print_table\n"
        "print_table(['a', 'b', 'c'], [['x' * 20, 'y' * 20, 'z' * 20]])"
    )
    [row] = [line for line in in_terminal(68, code) if "x" in line]
    assert row.split() == ["x" * 20, "y" * 20, "z" * 20]


def test_a_pair_without_titles_is_a_line() -> None:
    pair = [["k", "v " * 200]]
    code = f"from sebs.cli.output import print_table\nprint_table(['', ''], {pair!r})"
    first, *rest = in_terminal(40, code)
    assert first.startswith("k  v v")
    assert all(line.startswith("   v") for line in rest if line)


def test_columns_of_numbers_are_known_by_their_cells() -> None:
    columns = ("name", "n", "share", "either", "times")
    rows = [
        ("large", "1,024", "96%", None, "1,705 (no interval)"),
        ("12", "3.5e-05", "-4%", "0.1", "2"),
    ]
    assert number_columns(columns, rows) == ["n", "share", "either"]
    assert number_columns((), []) == []
