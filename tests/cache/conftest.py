from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sebs.cache import Cache


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache(tmp_path / "cache") as opened:
        yield opened
