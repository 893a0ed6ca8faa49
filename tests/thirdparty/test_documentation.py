"""The guide for writers of providers shows code that exists and works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
GUIDE = HERE.parent.parent / "docs" / "writing-a-provider.md"
CODE = re.findall(r"```(?:python|toml)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
SOURCES = [
    path.read_text(encoding="utf-8")
    for path in [*HERE.rglob("*.py"), *HERE.rglob("*.toml")]
    if path != Path(__file__)
]


@pytest.mark.parametrize("code", CODE, ids=range(len(CODE)))
def test_the_code_in_the_guide_is_the_toys(code: str) -> None:
    assert any(code in source for source in SOURCES)


def test_the_guide_names_every_hook_that_must_be_written() -> None:
    from sebs.faas.system import System

    text = GUIDE.read_text(encoding="utf-8")
    assert {name for name in System.__abstractmethods__ if f"`{name}`" not in text} == set()
