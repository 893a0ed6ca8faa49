"""Which list of dependencies counts, what is told to the installers, and what they leave."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from benchmark_doubles import write_tree
from hypothesis import given
from hypothesis import strategies as st

from sebs.benchmark import commands, dependencies
from sebs.benchmark.dependencies import PYTHON_PACKAGES, Target, install, select_list
from sebs.benchmark.package import write_zip
from sebs.benchmark.pip_settings import uv_environment
from sebs.errors import DependencyError
from sebs.sebs_types import Language

PYTHON = Target(Language.PYTHON, "3.11", "x64")
ARM = Target(Language.PYTHON, "3.11", "arm64")
NODE = Target(Language.NODEJS, "20", "x64")


@pytest.mark.parametrize(
    ("files", "x64", "arm64"),
    [
        ([], None, None),
        ([""], "", ""),
        (["", ".3.11"], ".3.11", ".3.11"),
        (["", ".3.12"], "", ""),
        (["", ".3.11", ".arm"], ".3.11", ".arm"),
        (["", ".arm", ".arm.3.11", ".3.11"], ".3.11", ".arm.3.11"),
        ([".arm.3.12"], None, None),
    ],
)
def test_the_most_specific_list_counts(
    tmp_path: Path, files: list[str], x64: str | None, arm64: str | None
) -> None:
    write_tree(tmp_path, {f"requirements.txt{suffix}": suffix for suffix in files})
    for target, expected in ((PYTHON, x64), (ARM, arm64)):
        selected = select_list(tmp_path, target)
        assert (selected and selected.name) == (
            None if expected is None else f"requirements.txt{expected}"
        )


def test_the_package_keeps_only_the_list_that_counts(tmp_path: Path) -> None:
    suffixes = ("", ".18", ".20")
    write_tree(tmp_path, {f"package.json{s}": json.dumps({"a": s}) for s in suffixes})
    install(tmp_path, NODE)
    assert [path.name for path in tmp_path.iterdir()] == ["package.json"]
    assert json.loads((tmp_path / "package.json").read_text()) == {"a": ".20"}


@pytest.mark.parametrize("text", ["", "# nothing\n\n   \n"])
def test_an_empty_list_runs_no_installer(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "run", None)
    write_tree(tmp_path, {"requirements.txt": text})
    install(tmp_path, PYTHON)
    write_tree(tmp_path, {"package.json": '{"name": "x", "devDependencies": {"mocha": "1"}}'})
    install(tmp_path, NODE)
    assert not (tmp_path / PYTHON_PACKAGES).exists()


def test_without_npm_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    write_tree(tmp_path, {"package.json": '{"dependencies": {"x": "1"}}'})
    with pytest.raises(DependencyError, match=r"npm is needed.*Install Node\.js"):
        install(tmp_path, NODE)


# --- what the installers are told ---


def test_pips_settings_are_told_to_uv(tmp_path: Path) -> None:
    environment = {
        "HOME": str(tmp_path),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "https://one/simple",
        "PIP_EXTRA_INDEX_URL": "https://two/simple https://three/simple",
        "PIP_FIND_LINKS": f"{tmp_path} /does/not/exist https://four/links",
        "PIP_CERT": "/ca.pem",
        "VIRTUAL_ENV": "/venv",
        "PATH": "/bin",
    }
    told = uv_environment(environment)
    assert told["UV_DEFAULT_INDEX"] == "https://one/simple"
    assert told["UV_INDEX"] == "https://two/simple https://three/simple"
    assert told["UV_FIND_LINKS"] == f"{tmp_path},https://four/links"
    assert told["SSL_CERT_FILE"] == "/ca.pem"
    assert told["PATH"] == "/bin"
    assert "VIRTUAL_ENV" not in told


@pytest.mark.parametrize("variable", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_what_uv_is_told_itself_counts(variable: str) -> None:
    environment = {
        variable: "https://uv",
        "PIP_INDEX_URL": "https://pip",
        "PIP_CONFIG_FILE": os.devnull,
    }
    told = uv_environment(environment)
    assert told[variable] == "https://uv"
    assert told.get("UV_DEFAULT_INDEX") in (None, "https://uv")


def test_pips_files_are_read_the_later_ones_winning(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            ".config/pip/pip.conf": (
                "[global]\nindex-url = https://user\nfind-links = https://a\n    https://b\n"
            ),
            "own.conf": "[global]\nindex-url = https://own\n[install]\ncert = /ca%20x\n",
            "broken.conf": "no section",
        },
    )
    home = {"HOME": str(tmp_path)}
    assert uv_environment(home)["UV_DEFAULT_INDEX"] == "https://user"
    assert uv_environment(home)["UV_FIND_LINKS"] == "https://a,https://b"
    told = uv_environment({**home, "PIP_CONFIG_FILE": str(tmp_path / "own.conf")})
    assert (told["UV_DEFAULT_INDEX"], told["SSL_CERT_FILE"]) == ("https://own", "/ca%20x")
    broken = uv_environment({**home, "PIP_CONFIG_FILE": str(tmp_path / "broken.conf")})
    assert broken["UV_DEFAULT_INDEX"] == "https://user"


@given(
    st.text(max_size=20),
    st.text(
        st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/@"), min_size=1
    ),
)
def test_credentials_of_urls_are_never_shown(before: str, secret: str) -> None:
    outcome = commands.Outcome(1, f"{before}\nfetch https://user:{secret}@index/simple failed")
    assert f":{secret}@" not in outcome.reason


def test_only_the_last_lines_are_shown() -> None:
    outcome = commands.Outcome(1, "".join(f"\x1b[31mline {n}\x1b[0m\n\n" for n in range(100)))
    assert outcome.reason.splitlines() == [f"line {n}" for n in range(85, 100)]
    assert commands.Outcome(7, " \n").reason == "It printed nothing, and exited with 7."


# --- a wheel made here, installed by the real uv without any index ---


@pytest.fixture
def local_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with one wheel, the only place where uv looks."""
    info = "toy_package-1.0.dist-info"
    entry_points = "[console_scripts]\ntoy = toy_package:main\n"
    write_tree(
        tmp_path / "wheel",
        {
            "toy_package/__init__.py": "VALUE = 42\ndef main(): pass\n",
            f"{info}/METADATA": "Metadata-Version: 2.1\nName: toy-package\nVersion: 1.0\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/entry_points.txt": entry_points,
            f"{info}/RECORD": f"toy_package/__init__.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n"
            f"{info}/entry_points.txt,,\n{info}/RECORD,,\n",
        },
    )
    (tmp_path / "links").mkdir()
    write_zip(tmp_path / "wheel", tmp_path / "links" / "toy_package-1.0-py3-none-any.whl")
    for name in [name for name in os.environ if name.startswith(("UV_", "PIP_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "links"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    return tmp_path / "links"


@pytest.mark.parametrize("target", [PYTHON, ARM, Target(Language.PYTHON, "3.13", "x64")])
@pytest.mark.usefixtures("local_wheel")
def test_wheels_are_installed_for_the_target_and_leave_no_trace_of_this_machine(
    tmp_path: Path, target: Target
) -> None:
    packages = []
    for name in ("one", "two 'ü'"):
        build = tmp_path / name
        write_tree(build, {"requirements.txt": "toy-package==1.0\n"})
        install(build, target)
        assert (build / PYTHON_PACKAGES / "toy_package" / "__init__.py").is_file()
        names = {path.name for path in (build / PYTHON_PACKAGES).rglob("*")}
        assert not names & {"bin", "toy", ".lock", "direct_url.json", "__pycache__", "REQUESTED"}
        for path in (build / PYTHON_PACKAGES).rglob("*"):
            assert path.is_dir() or str(tmp_path).encode() not in path.read_bytes()
        record = (build / PYTHON_PACKAGES / "toy_package-1.0.dist-info" / "RECORD").read_text()
        assert "toy_package/__init__.py" in record
        assert "bin/" not in record
        write_zip(build, tmp_path / "out.zip")
        packages.append((tmp_path / "out.zip").read_bytes())
    assert packages[0] == packages[1]


@pytest.mark.parametrize(
    ("version", "linux"),
    [("3.10", "manylinux2014"), ("3.11", "manylinux2014"), ("3.12", "manylinux_2_28"),
     ("3.14", "manylinux_2_28")],
)  # fmt: skip
@pytest.mark.parametrize(("architecture", "machine"), [("x64", "x86_64"), ("arm64", "aarch64")])
def test_packages_are_for_a_linux_that_the_platforms_have(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    linux: str,
    architecture: str,
    machine: str,
) -> None:
    asked: list[list[Any]] = []

    def run(command: list[Any], **_: Any) -> commands.Outcome:
        asked.append(command)
        return commands.Outcome(0, "")

    monkeypatch.setattr(commands, "run", run)
    (tmp_path / "requirements.txt").write_text("anything")
    install(tmp_path, Target(Language.PYTHON, version, architecture))
    (command,) = asked
    assert command[command.index("--python-platform") + 1] == f"{machine}-{linux}"


@pytest.mark.usefixtures("local_wheel")
def test_requirements_that_cannot_be_met_show_the_installers_reason(tmp_path: Path) -> None:
    write_tree(tmp_path / "b", {"requirements.txt": "toy-package==9.9\n"})
    with pytest.raises(
        DependencyError, match=r"(?s)toy-package==9\.9.*remedy|toy-package"
    ) as caught:
        install(tmp_path / "b", PYTHON)
    assert "Python 3.11 on x64" in caught.value.message
    assert "toy-package" in caught.value.message.split("\n", 1)[1]


@pytest.mark.usefixtures("local_wheel")
def test_source_packages_are_built_where_this_machine_is_like_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[Any]] = []
    run = commands.run

    def recording(command: Any, **options: Any) -> commands.Outcome:
        ran.append(list(command))
        return run(command, **options)

    monkeypatch.setattr(commands, "run", recording)
    for machine, attempts in (("x86_64", 2), ("aarch64", 1)):
        ran.clear()
        monkeypatch.setattr(dependencies.platform, "machine", lambda machine=machine: machine)
        write_tree(tmp_path / machine, {"requirements.txt": "absent-package\n"})
        with pytest.raises(DependencyError):
            install(tmp_path / machine, PYTHON)
        assert ["--only-binary" in command for command in ran] == [True, False][:attempts]


@pytest.mark.registry
def test_a_package_of_the_index_is_installed(tmp_path: Path) -> None:
    write_tree(tmp_path, {"requirements.txt": "markupsafe\n"})
    install(tmp_path, ARM)
    assert list((tmp_path / PYTHON_PACKAGES / "markupsafe").glob("*aarch64*.so"))


@pytest.mark.node
@pytest.mark.parametrize("locked", [False, True])
def test_npm_installs_a_local_package(tmp_path: Path, locked: bool) -> None:
    write_tree(tmp_path, {"build/vendor/toy/package.json": '{"name": "toy", "version": "1.0.0"}'})
    build = tmp_path / "build"
    write_tree(build, {"package.json": '{"dependencies": {"toy": "file:./vendor/toy"}}'})
    if locked:
        npm = str(shutil.which("npm"))
        made = commands.run([npm, "install", "--package-lock-only", "--offline"], directory=build)
        assert made.status == 0, made.output
    install(build, NODE)
    assert (build / "node_modules" / "toy" / "package.json").is_file()
    assert not (build / "node_modules" / ".package-lock.json").exists()
    assert (build / "package-lock.json").exists() == locked


@pytest.mark.node
def test_npms_reason_is_shown(tmp_path: Path) -> None:
    write_tree(tmp_path, {"package.json": '{"dependencies": {"toy": "file:./absent/toy.tgz"}}'})
    with pytest.raises(DependencyError, match=r"Node\.js 20 on x64:\n(.|\n)*absent"):
        install(tmp_path, NODE)


def test_a_description_that_is_no_object_is_refused(tmp_path: Path) -> None:
    write_tree(tmp_path, {"package.json": "[]"})
    with pytest.raises(DependencyError, match=r"package\.json is no description"):
        install(tmp_path, NODE)
