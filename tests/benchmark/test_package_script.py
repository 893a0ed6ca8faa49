"""``package.sh``: what it is told, what it leaves, and how it fails; the engine is a double.

That it works in a real container is seen where whole benchmarks run.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from sebs.benchmark.build_container import BuildContainer, build_image
from sebs.benchmark.dependencies import Target
from sebs.benchmark.package_script import run_package_script
from sebs.docker_engine import DockerHandle
from sebs.errors import BuildScriptError, DockerUnavailableError, ImageUnavailableError
from sebs.sebs_types import Language

PYTHON = Target(Language.PYTHON, "3.11", "x64")
NODE = Target(Language.NODEJS, "20", "arm64")


class Engine:
    """Runs the command of a container on this machine, where its mount stands for itself."""

    def __init__(self, *, image: bool = True, rootless: bool = False) -> None:
        self.containers = self.images = self
        self.image, self.rootless = image, rootless
        self.asked: dict[str, Any] = {}
        self.pulled: list[tuple[str, dict[str, Any]]] = []
        self.removed = 0
        self.fault: Exception | None = None

    def info(self) -> dict[str, Any]:
        return {"SecurityOptions": ["name=rootless"] if self.rootless else None}

    def get(self, name: str) -> None:
        if not self.image:
            raise docker.errors.ImageNotFound("no such image")

    def pull(self, repository: str, **asked: Any) -> None:
        self.pulled.append((repository, asked))
        if self.fault is not None:
            raise self.fault

    def create(self, image: str, command: list[str], **asked: Any) -> Engine:
        self.asked = {"image": image, "command": command, **asked}
        return self

    def start(self) -> None:
        if self.fault is not None:
            raise self.fault
        (mount,) = self.asked["mounts"]
        self.done = subprocess.run(
            self.asked["command"],
            cwd=mount["Source"],
            env={"PATH": os.environ["PATH"], **self.asked["environment"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )

    def wait(self) -> dict[str, int]:
        return {"StatusCode": self.done.returncode}

    def logs(self) -> bytes:
        return self.done.stdout

    def remove(self, force: bool) -> None:
        assert force
        self.removed += 1


def run(engine: Engine, directory: Path, text: str, target: Target = PYTHON) -> None:
    directory.mkdir(exist_ok=True)
    script = directory.parent / "package.sh"
    script.write_text(text)
    container = BuildContainer(DockerHandle(engine), "image:1", target.architecture)
    run_package_script(
        script, directory, benchmark="1.b", platform="aws", target=target, container=container
    )


def left(directory: Path) -> set[str]:
    return {str(p.relative_to(directory)) for p in directory.rglob("*") if not p.is_dir()}


def test_it_is_told_what_sebs_tells_it(tmp_path: Path) -> None:
    engine, directory = Engine(), tmp_path / "the code"
    text = (
        'echo "$APP $PLATFORM $TARGET_ARCHITECTURE $PYTHON_VERSION" > facts\n'
        'cd "$1" && mkdir __pycache__ && touch kept.py __pycache__/kept.pyc\n'
    )
    run(engine, directory, text)
    packages = ".python_packages/lib/site-packages"
    assert (directory / "facts").read_text() == "1.b AWS x64 3.11\n"
    assert left(directory) == {"facts", f"{packages}/kept.py"}
    assert engine.asked["command"] == ["bash", "package.sh", packages]
    assert (engine.asked["image"], engine.asked["platform"]) == ("image:1", "linux/amd64")
    assert engine.asked["working_dir"] == engine.asked["mounts"][0]["Target"] == "/mnt/function"
    assert engine.asked["user"] == f"{os.getuid()}:{os.getgid()}"
    assert (engine.removed, engine.pulled) == (1, [])


def test_without_dependencies_no_directory_of_them_stays(tmp_path: Path) -> None:
    engine = Engine(rootless=True)
    run(engine, tmp_path / "code", "[ -d $1 ] && echo $NODE_VERSION > facts", NODE)
    assert left(tmp_path / "code") == {"facts"}
    assert not (tmp_path / "code/node_modules").exists()
    assert (engine.asked["platform"], engine.asked["user"]) == ("linux/arm64", "0:0")


def test_a_script_that_fails_says_how_and_is_not_packed(tmp_path: Path) -> None:
    engine = Engine()
    with pytest.raises(BuildScriptError, match=r"exited with 3.*image:1:\nno strip here") as caught:
        run(engine, tmp_path / "code", "echo no strip here >&2; exit 3")
    assert "build_image" in str(caught.value.remedy)
    assert left(tmp_path / "code") == set()
    assert engine.removed == 1


def test_an_image_is_pulled_for_the_architecture_or_named_as_absent(tmp_path: Path) -> None:
    engine = Engine(image=False)
    run(engine, tmp_path / "code", "true", NODE)
    assert engine.pulled == [("image", {"tag": "1", "platform": "linux/arm64"})]
    engine.fault = docker.errors.APIError("denied", explanation="denied: no")
    with pytest.raises(ImageUnavailableError, match=r"image image:1.*denied: no"):
        run(engine, tmp_path / "code", "true")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (docker.errors.APIError("no", explanation="no such mount"), BuildScriptError),
        (requests.ConnectionError("gone"), DockerUnavailableError),
    ],
)
def test_an_engine_that_refuses_or_stops_is_told_apart(
    tmp_path: Path, fault: Exception, expected: type[Exception]
) -> None:
    engine = Engine()
    engine.fault = fault
    with pytest.raises(expected, match=r"package\.sh of 1\.b.*(no such mount|gone)"):
        run(engine, tmp_path / "code", "true")
    assert engine.removed == 1
    assert left(tmp_path / "code") == set()


def test_the_image_is_the_languages_own_unless_another_is_named() -> None:
    assert build_image(PYTHON, None) == "python:3.11"
    assert build_image(NODE, None) == "node:20"
    assert (
        build_image(PYTHON, "registry:5000/builder:{version}-x") == "registry:5000/builder:3.11-x"
    )
