"""Running the programs that a build needs, and saying why one failed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LINES = 15
_CREDENTIALS = re.compile(r"://[^/@\s]+@")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended.

    Attributes:
        status: Its exit status; 0 is success.
        output: What it printed, standard output and error as they came.
    """

    status: int
    output: str

    @property
    def reason(self) -> str:
        """The last lines that say something, without credentials of URLs."""
        text = _CREDENTIALS.sub("://***@", _COLOURS.sub("", self.output))
        lines = [line.rstrip() for line in text.splitlines() if line.strip()]
        return "\n".join(lines[-_LINES:]) or f"It printed nothing, and exited with {self.status}."


def run(
    command: Sequence[str | Path], *, directory: Path, environment: Mapping[str, str] | None = None
) -> Outcome:
    """Run a program to its end.

    Args:
        command: The program and its arguments.
        directory: Its working directory.
        environment: Its environment; by default this process's.

    Raises:
        FileNotFoundError: There is no such program.
    """
    finished = subprocess.run(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        encoding="utf-8",
        errors="replace",
    )
    return Outcome(finished.returncode, finished.stdout)
