"""Code that was built elsewhere: what Lambda gets, and what is refused before it gets anything."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from sebs.aws.package import handler, package
from sebs.errors import InvalidBenchmarkError
from sebs.sebs_types import Language


def build(root: Path, **files: str) -> Path:
    """A build directory; ``__`` in a name stands for a slash, and ``_`` for a dot."""
    directory = root / "code"
    for name, content in files.items():
        path = directory / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return directory


def content(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_jars_are_where_lambda_loads_classes_from(tmp_path: Path) -> None:
    directory = build(
        tmp_path,
        handler_txt=" example.Handler::run\n",
        code_jar="a",
        lib__more_jar="b",
        C_class="c",
    )
    archive, size = package(directory, Language.JAVA, "b")
    assert content(archive) == {
        "handler.txt": b" example.Handler::run\n",
        "lib/code.jar": b"a",
        "lib/more.jar": b"b",
        "C.class": b"c",
    }
    assert size == archive.stat().st_size
    assert handler(Language.JAVA, archive) == "example.Handler::run"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"pom_xml": "<project/>", "src__Main_java": "class Main {}"}, "no compiled classes"),
        ({"code_jar": "a"}, "which class"),
        ({"code_jar": "a", "handler_txt": "\n"}, "which class"),
    ],
)
def test_java_that_is_not_built_or_names_no_handler(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    directory = build(tmp_path, **files)
    with pytest.raises(InvalidBenchmarkError, match=f"500.java .*{said}") as caught:
        package(directory, Language.JAVA, "500.java")
    assert "handler.txt" in (caught.value.remedy or "")
    assert [path.name for path in tmp_path.iterdir()] == ["code"]


@pytest.mark.parametrize(
    ("given", "called"), [({}, "handler"), ({"handler_txt": "mine\n"}, "mine")]
)
def test_an_executable_is_started_as_it_is(
    tmp_path: Path, given: dict[str, str], called: str
) -> None:
    directory = build(tmp_path, bootstrap="#!/bin/sh\n", **given)
    (directory / "bootstrap").chmod(0o755)
    archive, _ = package(directory, Language.CPP, "b")
    with zipfile.ZipFile(archive) as opened:
        assert opened.getinfo("bootstrap").external_attr >> 16 & 0o777 == 0o755
    assert handler(Language.CPP, archive) == called


@pytest.mark.parametrize("files", [{"main_cpp": "int main() {}"}, {"bootstrap": "not executable"}])
def test_what_cannot_be_started_is_refused(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(InvalidBenchmarkError, match="no executable cpp/bootstrap") as caught:
        package(build(tmp_path, **files), Language.CPP, "b")
    assert "chmod" in (caught.value.remedy or "")
