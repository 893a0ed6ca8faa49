"""What is found in a benchmark's code without running it: it is read as a build reads it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from benchmark_doubles import write_tree

from sebs.benchmark.new import write_skeleton
from sebs.checking.check import check, usable_languages

NAME = "911.my-function"
HANDLER = "def handler(event):\n    return {'result': 1}\n"
PATCH = "--- a/function.py\n+++ b/function.py\n@@ -1,2 +1,2 @@\n {}\n-{}\n+{}\n"


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    return write_skeleton(tmp_path / "my benchmarks", NAME)


def declare(directory: Path, **variants: object) -> None:
    """Let the Python code of a benchmark have variants."""
    config = {"timeout": 1, "memory": 1}
    languages = [{"language": "python", "variants": {"default": "default", **variants}}, "nodejs"]
    (directory / "config.json").write_text(json.dumps({**config, "languages": languages}))


def problems(directory: Path) -> list[tuple[str, str]]:
    return [(each.where, each.what) for each in check(directory, sizes=["test"]) if each.problem]


def only_problem(directory: Path, where: str, what: str) -> None:
    [(place, text)] = problems(directory)
    assert place == where
    assert what in text


@pytest.mark.parametrize(
    "code",
    [
        "try:\n    import numpy\nexcept ImportError:\n    numpy = None\nif not numpy:\n"
        "    def handler(event):\n        return {}\n",
        "from typing import Any\ndef run(event):\n    return {}\nhandler: Any = run\n",
        "class Handler:\n    pass\nwith open(__file__):\n    handler, other = Handler(), 1\n",
        "if (handler := print):\n    pass\n",
        "from json import dumps as handler\n",
        "from os.path import *\n",
        "import json as handler\n",
        "class handler:\n    pass\n",
        "def setup():\n    global handler\n    handler = print\nsetup()\n",
        "# -*- coding: latin-1 -*-\nNAME = '\xe4'\n" + HANDLER,
    ],
)
def test_every_way_to_bind_the_handler_of_python_counts(fresh: Path, code: str) -> None:
    (fresh / "python/function.py").write_bytes(code.encode("latin-1"))
    assert problems(fresh) == []


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("class Box:\n    def handler(self):\n        pass\n", "no function handler"),
        ("def outer():\n    def handler(event):\n        pass\n", "no function handler"),
        ("async def handler(event):\n    return {}\n", "nothing awaits"),
        (HANDLER + "return 1\n", "no Python"),
    ],
)
def test_what_only_looks_like_a_handler_of_python_does_not(
    fresh: Path, code: str, what: str
) -> None:
    (fresh / "python/function.py").write_text(code)
    only_problem(fresh, "python/function.py", what)


def test_the_function_may_be_a_package(fresh: Path) -> None:
    (fresh / "python/function.py").unlink()
    write_tree(fresh, {"python/function/__init__.py": HANDLER})
    assert problems(fresh) == []
    # As Python finds it: before a module of that name.
    write_tree(fresh, {"python/function/__init__.py": "", "python/function.py": HANDLER})
    only_problem(fresh, "python/function/__init__.py", "no function handler")


def test_a_function_that_a_build_makes_is_not_missed(fresh: Path) -> None:
    (fresh / "python/function.py").unlink()
    only_problem(fresh, "python/function.py", "there is none")
    (fresh / "python/init.sh").write_text('cp "$0" "$1/function.py"\n')
    assert problems(fresh) == []
    [note] = check(fresh, sizes=["test"])
    assert "init.sh has to make it" in note.what


@pytest.mark.node
@pytest.mark.parametrize(
    "code",
    [
        "module.exports = { handler: async (event) => ({}) };",
        "exports['handler'] = async (event) => ({});",
        "const slashes = /[/]\\/\\/'/; exports.handler = async (event) => ({});",
    ],
)
def test_every_way_to_export_the_handler_of_node_counts(fresh: Path, code: str) -> None:
    (fresh / "nodejs/function.js").write_text(code)
    assert problems(fresh) == []


@pytest.mark.node
@pytest.mark.parametrize(
    "code",
    [
        "export const handler = async (event) => ({});",
        "export async function handler(event) { return {}; }",
        "const run = () => ({});\nexport { run as handler };",
        "export * from './other.js';",
    ],
)
def test_a_module_of_node_may_be_an_es_module(fresh: Path, code: str) -> None:
    (fresh / "nodejs/function.js").write_text(code)
    [note] = check(fresh, sizes=["test"])
    assert (note.where, note.problem) == ("nodejs/function.js", False)
    assert "ES module" in note.what


@pytest.mark.node
@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("// exports.handler = run;\n/* module.exports = 1; */", "exports no handler"),
        ("export default async (event) => ({});", "exports no handler"),
        ("exports.handler = async function( {", "line 1: SyntaxError: Unexpected"),
        ("\nexport const handler = async (event => ({});", "line 2: SyntaxError: missing )"),
    ],
)
def test_what_only_looks_like_a_handler_of_node_does_not(fresh: Path, code: str, what: str) -> None:
    (fresh / "nodejs/function.js").write_text(code)
    only_problem(fresh, "nodejs/function.js", what)


def test_a_patch_is_applied_as_a_build_applies_it(fresh: Path) -> None:
    declare(fresh, patched="p")
    first, second, *_ = HANDLER.splitlines()
    write_tree(
        fresh,
        {
            "python/function.py": HANDLER,
            "python/p/patch.diff": PATCH.format(first, second, "    return {}"),
        },
    )
    assert problems(fresh) == []
    write_tree(fresh, {"python/p/patch.diff": PATCH.format("foo", "bar", "baz")})
    only_problem(
        fresh,
        "python/p/patch.diff",
        "cannot be applied: the hunk at line 1 of 'function.py' does not",
    )
    write_tree(fresh, {"python/p/patch.diff": PATCH.format(first, second, "    return {")})
    only_problem(fresh, "python/p/patch.diff", "no Python")


def test_the_code_of_every_variant_is_read(fresh: Path) -> None:
    declare(fresh, fast="fast", image={"containers": "image"})
    write_tree(fresh, {"python/fast/function.py": "def handler(:\n", "python/image/helper.py": ""})
    only_problem(fresh, "python/fast/function.py", "no Python")
    write_tree(fresh, {"python/fast/function.py": HANDLER, "python/image/function.py": "x = 1\n"})
    only_problem(fresh, "python/image/function.py", "no function handler")


def test_a_variant_without_files_is_the_plain_code(fresh: Path) -> None:
    declare(fresh, fast="fast")
    (fresh / "python/fast/__pycache__").mkdir(parents=True)
    only_problem(fresh, "python/fast", "the variant 'fast' has no files")


@pytest.mark.parametrize("place", ["python", "python/fast", "."])
def test_a_link_that_leads_out_is_found_in_every_part(fresh: Path, place: str) -> None:
    declare(fresh, fast="fast")
    write_tree(fresh, {"python/fast/function.py": HANDLER})
    (fresh / place / "out").symlink_to("/etc/hostname")
    [(where, what)] = problems(fresh)
    assert (where, "leads out of its directory" in what) == (place, True)


@pytest.mark.parametrize(
    ("file", "text", "what"),
    [
        ("python/requirements.txt", "???bad==\n", "Unexpected '?'"),
        ("python/requirements.txt.3.12", "numpy=1.26\n", "no such comparison operator"),
        ("python/requirements.txt.arm", "-r absent.txt\n", "absent.txt"),
        ("nodejs/package.json", "{nope", "no description of a package"),
        ("nodejs/package.json.20", '{"dependencies": []}', "no description of a package"),
    ],
)
def test_lists_of_dependencies_are_read_as_the_installer_reads_them(
    fresh: Path, file: str, text: str, what: str
) -> None:
    write_tree(fresh, {file: text})
    only_problem(fresh, file, what)


def test_nothing_is_asked_of_an_index(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    lines = "--index-url https://index.invalid/simple\nno-such-package-of-mine==1\n"
    write_tree(
        fresh,
        {
            "python/requirements.txt": lines,
            "python/requirements.txt.3.11": "-r requirements.txt\nother[extra]; python_version<'4'",
            "python/requirements.txt.kept-by-me": "???",
            "nodejs/package.json": '{"dependencies": {"no-such-package-of-mine": "1"}}',
        },
    )
    assert check(fresh) == []
    assert {path.name for path in (fresh / "python").iterdir()} == {
        "function.py",
        "requirements.txt",
        "requirements.txt.3.11",
        "requirements.txt.kept-by-me",
    }


@pytest.mark.parametrize("script", ["init.sh", "python/init.sh", "nodejs/package.sh"])
def test_scripts_of_a_build_are_read(fresh: Path, script: str) -> None:
    write_tree(fresh, {script: "if [ ; then\n"})
    only_problem(fresh, script, "syntax error")


def test_what_is_wrong_with_one_language_is_wrong_with_that_alone(fresh: Path) -> None:
    write_tree(fresh, {"python/requirements.txt": "???"})
    assert usable_languages(fresh, check(fresh)) == {"python": False, "nodejs": True}


def test_no_language_at_all_is_a_problem(fresh: Path) -> None:
    config = {"timeout": 1, "memory": 1, "languages": []}
    (fresh / "config.json").write_text(json.dumps(config))
    only_problem(fresh, "config.json", "languages must name one at least")


def test_a_service_that_nobody_knows_is_worth_knowing(fresh: Path) -> None:
    config = {"timeout": 1, "memory": 1, "languages": ["python"], "modules": ["storag", "nosql"]}
    (fresh / "config.json").write_text(json.dumps(config))
    [note] = check(fresh)
    assert (note.where, note.problem) == ("config.json", False)
    assert "'storag'" in note.what
    assert note.remedy.startswith("Did you mean storage?")


def test_a_language_without_its_directory_is_named(fresh: Path) -> None:
    shutil.rmtree(fresh / "python")
    only_problem(fresh, "python/function.py", "there is none")
