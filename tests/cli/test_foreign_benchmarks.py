"""Directories of benchmarks that were written for SeBS run as they are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cli_line import CommandLine, Done
from foreign_benchmarks import NEW, OLD, VALIDATORS, write_new, write_old

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
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
