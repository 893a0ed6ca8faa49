"""Which languages the local platform runs."""

from __future__ import annotations

import sys

from sebs import runtimes
from sebs.local import languages


def test_the_version_that_runs_this_program_is_preferred(monkeypatch) -> None:
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    found = {"3.99": sys.executable, own: sys.executable, "3.8": sys.executable}
    monkeypatch.setattr(runtimes, "python_interpreters", lambda _=None: found)
    versions = languages.supported_languages()["python"][languages.architecture()]
    assert versions == [own, "3.99", "3.8"]
