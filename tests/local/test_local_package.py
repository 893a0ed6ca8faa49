"""The code package: where everything is in it, and what it may not be."""

from __future__ import annotations

import stat
import zipfile

import pytest

from sebs.errors import InvalidBenchmarkError, PackageTooLargeError
from sebs.local import limits
from sebs.local.package import package
from sebs.sebs_types import Language


@pytest.fixture
def build(tmp_path):
    """Makes a build directory."""

    def make(*names):
        directory = tmp_path / "code"
        for name in names:
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        return directory

    return make


PYTHON = (
    "function.py",
    "storage.py",
    "lib/deep.py",
    ".hidden",
    ".python_packages/lib/site-packages/dependency/__init__.py",
    ".python_packages/lib/site-packages/bin/tool",
)
NODEJS = ("function.js", "package.json", "lib/deep.js", "node_modules/dependency/index.js")


def names(archive):
    with zipfile.ZipFile(archive) as opened:
        return sorted(opened.namelist())


def test_python_finds_code_in_a_package_and_dependencies_at_the_root(build, tmp_path):
    directory = build(*PYTHON)
    (directory / "lib/deep.py").chmod(0o755)
    archive, size = package(directory, Language.PYTHON, "b")
    assert archive == tmp_path / "code.zip"
    assert size == archive.stat().st_size
    assert names(archive) == [
        "bin/tool",
        "dependency/__init__.py",
        "function/.hidden",
        "function/function.py",
        "function/lib/deep.py",
        "function/storage.py",
    ]
    with zipfile.ZipFile(archive) as opened:
        assert opened.read("function/lib/deep.py") == b"lib/deep.py"
        mode = opened.getinfo("function/lib/deep.py").external_attr >> 16
        assert stat.S_IMODE(mode) == 0o755
    assert sorted(path.name for path in tmp_path.iterdir()) == ["code.zip"]


@pytest.mark.parametrize("name", ["function.py", "function/__init__.py"])
def test_a_dependency_must_not_hide_the_code(build, tmp_path, name):
    directory = build("function.py", f".python_packages/lib/site-packages/{name}")
    with pytest.raises(InvalidBenchmarkError, match=r"dependency of b has a module 'function"):
        package(directory, Language.PYTHON, "b")
    assert not (tmp_path / "code.zip").exists()


def test_node_finds_dependencies_above_the_code(build):
    archive, _ = package(build(*NODEJS), Language.NODEJS, "b")
    assert names(archive) == [
        "function/function.js",
        "function/lib/deep.js",
        "function/package.json",
        "node_modules/dependency/index.js",
    ]


def test_what_is_named_like_another_languages_dependencies_is_code(build):
    archive, _ = package(build("function.py", "node_modules/x.py"), Language.PYTHON, "b")
    assert names(archive) == ["function/function.py", "function/node_modules/x.py"]


def test_the_same_code_gives_the_same_bytes(build):
    first = package(build(*PYTHON), Language.PYTHON, "b")[0].read_bytes()
    assert package(build(*reversed(PYTHON)), Language.PYTHON, "b")[0].read_bytes() == first


def test_the_unpacked_size_is_limited(build, tmp_path):
    directory = build("function.py")
    with (directory / "large").open("wb") as stream:
        stream.truncate(limits.LARGEST_PACKAGE - len("function.py"))
    package(directory, Language.PYTHON, "b")
    (tmp_path / "code.zip").unlink()
    with (build("function.py") / "large").open("wb") as stream:
        stream.truncate(limits.LARGEST_PACKAGE)
    with pytest.raises(PackageTooLargeError, match=r"package of b has 262,144,011 bytes"):
        package(directory, Language.PYTHON, "b")
    assert not (tmp_path / "code.zip").exists()


@pytest.mark.parametrize(("memory", "timeout"), [(128, 1), (10_240, 900)])
def test_the_ends_of_the_ranges_are_allowed(memory, timeout):
    limits.check_configuration(memory, timeout)
