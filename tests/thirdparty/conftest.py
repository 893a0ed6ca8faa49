"""Installs the toy provider, as anybody installs a distribution, for the tests in here."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import uv

TOY = Path(__file__).parent / "sebs-toy"


@pytest.fixture(scope="session", autouse=True)
def installed_toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory that the toy's distribution is installed to, importable for the session."""
    target = tmp_path_factory.mktemp("installed")
    command = [uv.find_uv_bin(), "pip", "install", "--quiet", "--target", str(target)]
    # The build backend is there already, and so is what the toy depends on.
    command += ["--no-deps", "--no-build-isolation", "--offline", "--no-cache", "--no-config"]
    command += ["--python", sys.executable, str(TOY)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    sys.path.insert(0, str(target))
    importlib.invalidate_caches()
    yield target
    sys.path.remove(str(target))
