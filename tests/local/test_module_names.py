"""What is read off a module's source, against what the module has once it has run."""

from __future__ import annotations

import pytest

from sebs.local.module_names import python_names

#: Ways to give ``NAME`` something at the top of a module; each runs.
WAYS = {
    "function": "def NAME(): pass",
    "coroutine": "async def NAME(): pass",
    "class": "class NAME: pass",
    "assignment": "NAME = print",
    "annotated": "NAME: object = print",
    "several": "first, (NAME, *rest) = 1, (2, 3)",
    "chained": "first = NAME = print",
    "augmented": "NAME = 1\nNAME += 1",
    "import": "import json as NAME",
    "from": "from json import loads as NAME",
    "branch": "if True:\n    def NAME(): pass",
    "attempt": "try:\n    import nothing_of_that_name\nexcept ImportError:\n    NAME = print",
    "loop": "for NAME in [1]: pass",
    "block": "import io\nwith io.StringIO() as NAME: pass",
    "walrus": "print(NAME := '')",
    "walrus inside": "[NAME := each for each in [1]]",
    "match": "match {'a': [1]}:\n    case {'a': [*NAME]}: pass",
    "match rest": "match {'a': 1}:\n    case {**NAME}: pass",
    "match all": "match 1:\n    case NAME: pass",
    "global": "def set_it():\n    global NAME\n    NAME = 1\nset_it()",
    "coding": "# coding: latin-1\nNAME = print",
}

#: Modules in which ``NAME`` stands, and is none of theirs.
MENTIONS = {
    "comment": "# NAME = print",
    "text": '"""def NAME(): pass"""',
    "longer": "NAMEs = 1",
    "local": "def other():\n    NAME = 1\n    def inner(NAME): pass",
    "member": "class Other:\n    def NAME(self): pass",
    "argument": "other = lambda NAME: NAME",
    "read": "def other(): return NAME",
    "attribute": "import types\nother = types.SimpleNamespace()\nother.NAME = 1",
    "renamed": "from json import loads as other  # NAME",
    "caught": "try:\n    1 / 0\nexcept ZeroDivisionError as NAME:\n    pass",
}

#: Modules of which the source does not tell.
SILENT = {
    "all of another": "from os.path import *",
    "by text": "exec('NAME = 1')",
    "by dictionary": "globals()['NAME'] = 1",
    "by attribute": "import sys\nsetattr(sys.modules[__name__], 'NAME', 1)",
    "on demand": "def __getattr__(name): return name",
    "of another Python": "print 'NAME'",
    "no text": "\0",
    "too deep": "-" * 100_000 + "1",
}


def run(text: str) -> dict[str, object]:
    module: dict[str, object] = {"__name__": "module"}
    exec(compile(text, "module", "exec"), module)
    return module


@pytest.mark.parametrize("way", WAYS)
def test_a_name_that_the_module_has_is_found(way: str) -> None:
    assert "NAME" in run(WAYS[way])
    names = python_names(WAYS[way].encode())
    assert names is not None
    assert "NAME" in names


@pytest.mark.parametrize("mention", MENTIONS)
def test_a_mention_is_no_name_of_the_module(mention: str) -> None:
    assert "NAME" not in run(MENTIONS[mention])
    names = python_names(MENTIONS[mention].encode())
    assert names is not None
    assert "NAME" not in names


@pytest.mark.parametrize("silent", SILENT)
def test_where_the_source_does_not_tell_nothing_is_claimed(silent: str) -> None:
    assert python_names(SILENT[silent].encode()) is None
