"""The code package of a Lambda function: where everything is in it, and what it may not be."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from wrapper_doubles import MODULES, make_package

from sebs.aws import limits
from sebs.aws.package import package
from sebs.errors import InvalidBenchmarkError, PackageTooLargeError
from sebs.sebs_types import Language

LANGUAGES = [Language.PYTHON, Language.NODEJS]


@pytest.mark.parametrize("language", LANGUAGES)
def test_lambda_finds_the_entry_at_the_root(tmp_path: Path, language: Language) -> None:
    archive = make_package(language, "the benchmark", tmp_path)
    suffix = Path(MODULES[language]).suffix
    with zipfile.ZipFile(archive) as opened:
        names = set(opened.namelist())
        assert opened.read(f"function/{MODULES[language]}") == b"the benchmark"
    assert {name for name in names if "/" not in name} == {f"handler{suffix}"}
    clients = ("storage", "nosql", "storage_s3", "aws_client", "aws_sigv4", "lambda_events")
    assert names >= {f"function/{name}{suffix}" for name in clients}
    assert not [name for name in names if not name.endswith(suffix)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_code_gives_the_same_bytes(tmp_path: Path, language: Language) -> None:
    first, second = (make_package(language, "x", tmp_path / name) for name in "ab")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", ["handler.py", "handler/__init__.py", "function.py"])
def test_a_dependency_must_not_hide_the_entry(tmp_path: Path, name: str) -> None:
    build = tmp_path / "build"
    dependency = build / ".python_packages/lib/site-packages" / name
    dependency.parent.mkdir(parents=True)
    for path in (dependency, build / "handler.py", build / "function.py"):
        path.touch()
    with pytest.raises(InvalidBenchmarkError, match=r"dependency of b has a module '(hand|func)"):
        package(build, Language.PYTHON, "b")
    assert not build.with_name("build.zip").exists()


@pytest.mark.parametrize("more", [0, 1])
def test_the_unpacked_size_is_limited(tmp_path: Path, more: int) -> None:
    build = tmp_path / "build"
    build.mkdir()
    (build / "handler.py").touch()
    with (build / "large").open("wb") as stream:
        stream.truncate(limits.LARGEST_PACKAGE + more)
    if not more:
        assert package(build, Language.PYTHON, "b")[0].exists()
        return
    with pytest.raises(PackageTooLargeError, match="b has 262,144,001 bytes unpacked") as caught:
        package(build, Language.PYTHON, "b")
    assert "'container'" in str(caught.value.remedy)
    assert not build.with_name("build.zip").exists()
