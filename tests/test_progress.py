"""Bars: on a terminal, and nowhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

from sebs import progress

PROGRAM = """
from sebs.progress import progress, status
with status("Waiting for the log"):
    pass
print(list(progress(range(3), "Deploying", 3)))
"""


def test_without_a_terminal_a_line_tells_from_time_to_time(monkeypatch, capsys) -> None:
    monkeypatch.setattr(progress, "LINES_EVERY", 0)
    assert list(progress.progress(range(3), "Invoking", 3)) == [0, 1, 2]
    assert capsys.readouterr().err == "Invoking: 1 of 3.\nInvoking: 2 of 3.\n"


def test_what_takes_no_time_shows_nothing_without_a_terminal() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("[0, 1, 2]\n", "")


def test_a_terminal_shows_what_is_being_done() -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment,
        check=True,
    )
    os.close(theirs)
    shown = os.read(ours, 100_000)
    os.close(ours)
    assert done.stdout == b"[0, 1, 2]\n"
    assert b"Deploying" in shown
    assert b"Waiting for the log" in shown
