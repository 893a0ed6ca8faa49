"""A command line with a cache, an output directory and a local platform of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_line import CommandLine


@pytest.fixture
def sebs(tmp_path: Path) -> CommandLine:
    root = tmp_path / 'it\'s a "dir" ü'
    root.mkdir()
    line = CommandLine(root)
    line.write_benchmark()
    return line
