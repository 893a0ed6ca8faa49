"""Directories of benchmarks that were written for SeBS run as they are."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path

import pytest
from base_images import base_image
from cli_line import CommandLine, Done
from foreign_benchmarks import NEW, OLD, VALIDATORS, write_new, write_old
from foreign_exchanges import CLOCK, NETWORK, REPLY, write_exchanges

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
PACKAGE_SCRIPT = """
echo "$APP $PLATFORM $TARGET_ARCHITECTURE $(id -u)" > facts.txt
echo "VALUE = 'made in a container'" > "$1/added.py"
echo "exports.VALUE = 'made in a container';" > "$1/added.js"
rm -rf "$1/absent"
"""
PYTHON_CHECK = "import added\nassert added.VALUE == 'made in a container'\n"
NODE_CHECK = pytest.param(
    "nodejs",
    "require('assert').equal(require('added').VALUE, 'made in a container');\n",
    marks=pytest.mark.node,
)
LANGUAGES = ["python", pytest.param("nodejs", marks=pytest.mark.node)]


@pytest.fixture
def foreign(sebs: CommandLine) -> Path:
    return sebs.root / "my own benchmarks"


def invoke(sebs: CommandLine, foreign: Path, name: str, *arguments: object) -> Done:
    directories = ("--benchmarks-dir", foreign, "--output-dir", sebs.root / "my results")
    options = ("--repetitions", 2, "--json")
    return sebs("benchmark", "invoke", name, "test", *directories, *options, *arguments)


def require_valid(done: Done) -> None:
    assert done.code == 0, done.err
    reasons = done.document["validation"]["reasons"]
    assert done.document["validation"] == {"checked": True, "valid": True, "reasons": {}}, reasons
    assert len(done.document["invocations"]) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_generation_runs(sebs: CommandLine, foreign: Path, language: str) -> None:
    write_old(foreign)
    done = invoke(sebs, foreign, OLD, "--language", language)
    require_valid(done)
    assert done.document["invocations"][0]["output"]["result"]["text"].endswith(":3")


@pytest.mark.parametrize("validator", VALIDATORS)
def test_every_form_of_a_validator_is_called_rightly_and_rejects(
    sebs: CommandLine, foreign: Path, validator: str
) -> None:
    write_old(foreign, validator)
    require_valid(invoke(sebs, foreign, OLD, "--repetitions", 2))
    function = foreign / "300.utilities" / OLD / "python/function.py"
    function.write_text(function.read_text().replace('["size"])', '["size"] + 1)'))
    done = invoke(sebs, foreign, OLD)
    assert done.code == 1
    assert done.document["validation"]["valid"] is False
    assert "is not tree/deep/two.txt" in str(done.document["validation"]["reasons"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_second_generation_runs(sebs: CommandLine, foreign: Path, language: str) -> None:
    write_new(foreign)
    require_valid(invoke(sebs, foreign, NEW, "--language", language))


@pytest.mark.parametrize(
    ("language", "variant", "flavour"),
    [
        ("python", "patched", "patched"),
        ("python", "overlaid", "overlaid"),
        pytest.param("nodejs", "bun", "bun", marks=pytest.mark.node),
    ],
)
def test_variants_of_the_code_run(
    sebs: CommandLine, foreign: Path, language: str, variant: str, flavour: str
) -> None:
    write_new(foreign)
    done = invoke(sebs, foreign, NEW, "--language", language, "--language-variant", variant)
    assert done.code == 1
    output = done.document["invocations"][0]["output"]["result"]
    assert output["flavour"] == flavour
    assert f"flavour is {flavour}" in str(done.document["validation"]["reasons"])


@pytest.mark.parametrize("language", ["java", "cpp"])
def test_java_and_cpp_are_refused_before_anything_is_made(
    sebs: CommandLine, foreign: Path, language: str
) -> None:
    write_new(foreign)
    done = invoke(sebs, foreign, NEW, "--language", language)
    assert done.code == 2
    error = done.document["error"]
    assert error["type"] == "UnsupportedLanguageError"
    assert f"local does not run {language} on x64" in error["message"]
    assert "python on x64" in error["message"]
    assert not list((sebs.root / "my results").iterdir())


def test_a_directory_lists_with_the_languages_that_are_known(
    sebs: CommandLine, foreign: Path
) -> None:
    write_old(foreign)
    write_new(foreign)
    listed = sebs("benchmark", "list", "--benchmarks-dir", foreign, "--json").document
    found = {each["name"]: each["languages"] for each in listed}
    assert found[OLD] == ["python", "nodejs"]
    assert found[NEW] == ["python", "nodejs", "java", "cpp"]


@pytest.mark.registry
def test_the_list_of_the_version_counts_and_may_name_the_plain_one(
    sebs: CommandLine, foreign: Path
) -> None:
    write_old(foreign)
    python = foreign / "300.utilities" / OLD / "python"
    (python / "requirements.txt").write_text("iniconfig\n")
    (python / f"requirements.txt.{VERSION}").write_text("-r requirements.txt\nsix\n")
    (python / "requirements.txt.2.7").write_text("there-is-no-such-package-at-all==0\n")
    function = python / "function.py"
    function.write_text("import iniconfig\nimport six\n" + function.read_text())
    require_valid(invoke(sebs, foreign, OLD, "--language-version", VERSION))


@pytest.mark.docker
@pytest.mark.parametrize(("language", "check"), [("python", PYTHON_CHECK), NODE_CHECK])
def test_a_package_sh_runs_in_a_container(
    sebs: CommandLine, foreign: Path, language: str, check: str
) -> None:
    write_old(foreign)
    sources = foreign / "300.utilities" / OLD / language
    (sources / "package.sh").write_text(PACKAGE_SCRIPT)
    function = next(sources.glob("function.*"))
    function.write_text(check + function.read_text())
    config = sebs.root / "image.json"
    config.write_text(json.dumps({"experiments": {"build_image": base_image(language)}}))
    options = ("--language", language, "--config", config)
    require_valid(invoke(sebs, foreign, OLD, *options))
    built = sebs("benchmark", "build", OLD, "--benchmarks-dir", foreign, "--json", *options)
    packed = zipfile.ZipFile(built.document["package"])
    names = packed.namelist()
    assert not [name for name in names if name.endswith("package.sh")]
    facts = next(name for name in names if name.endswith("facts.txt"))
    assert packed.read(facts).decode() == f"{OLD} LOCAL x64 {os.getuid()}\n"


@pytest.mark.docker
def test_a_regression_builds_in_the_image_that_is_configured(
    sebs: CommandLine, foreign: Path
) -> None:
    write_old(foreign)
    sources = foreign / "300.utilities" / OLD / "python"
    (sources / "package.sh").write_text(PACKAGE_SCRIPT)
    (sources / "function.py").write_text(PYTHON_CHECK + (sources / "function.py").read_text())
    config = sebs.root / "image.json"
    config.write_text(json.dumps({"experiments": {"build_image": base_image("python")}}))
    done = sebs(
        "regression", "--benchmarks-dir", foreign, "--output-dir", sebs.results, "--config", config,
        "--benchmarks", OLD, "--languages", "python", "--variants", "package", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err + done.out


@pytest.mark.parametrize("name", [NETWORK, CLOCK, REPLY])
def test_those_that_exchange_messages_run_by_themselves(
    sebs: CommandLine, foreign: Path, name: str
) -> None:
    write_exchanges(foreign)
    done = invoke(sebs, foreign, name)
    assert done.code == 0, done.err
    results = [each["output"]["result"] for each in done.document["invocations"]]
    assert len(results) == 2
    if name == REPLY:
        assert all(results)
        return
    keys = [result if name == NETWORK else result["bucket-key"] for result in results]
    assert len(set(keys)) == 2
    stored = [
        path.read_bytes()
        for path in (sebs.root / "cache").rglob("*")
        if path.is_file() and path.stat().st_size < 1_000_000
    ]
    tables = [text for text in stored if text.startswith(b"id,client_send,client_rcv\r\n")]
    assert len(tables) == 2
    least = 101 if name == NETWORK else 21
    assert all(len(table.splitlines()) >= least for table in tables)


def test_those_that_exchange_messages_are_in_a_regression(sebs: CommandLine, foreign: Path) -> None:
    write_exchanges(foreign)
    done = sebs(
        "regression", "--benchmarks-dir", foreign, "--output-dir", sebs.results,
        "--benchmarks", ",".join((NETWORK, CLOCK, REPLY)), "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert [each["state"] for each in done.document["outcomes"]] == ["not judged"] * 3


def test_nothing_is_wrong_with_them(sebs: CommandLine, foreign: Path) -> None:
    write_old(foreign)
    write_new(foreign)
    for name in (OLD, NEW):
        done = sebs("benchmark", "validate", foreign / "300.utilities" / name, "--json")
        assert (done.code, done.document["valid"]) == (0, True), done.out
