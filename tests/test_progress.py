"""Bars: on a terminal, and nowhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

PROGRAM = """
from sebs.progress import progress, status
with status("Waiting for the log"):
    pass
print(list(progress(range(3), "Deploying", 3)))
"""


def test_nothing_is_shown_without_a_terminal() -> None:
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
