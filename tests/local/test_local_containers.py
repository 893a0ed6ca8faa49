"""How containers are configured, and that their images are there; no Docker is needed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import docker
import pytest

from sebs.cache import Cache
from sebs.errors import ConfigurationError, DockerUnavailableError, ImageUnavailableError
from sebs.faas.function import Runtime
from sebs.local import languages
from sebs.local.config import LocalConfig
from sebs.local.containers import DEFAULT_IMAGES, ContainerOptions, Containers
from sebs.sebs_types import Language

PYTHON = Runtime(Language.PYTHON, "3.12")
S3 = {"type": "s3", "endpoint": "http://127.0.0.1:9000"}


def configure(tmp_path: Any, **section: Any) -> LocalConfig:
    with Cache(tmp_path / "cache") as cache:
        return LocalConfig.deserialize(section, cache, None)


def test_functions_are_processes_unless_containers_are_wanted(tmp_path: Any) -> None:
    config = configure(tmp_path)
    assert config.containers is None
    assert config.serialize()["sandbox"] == "process"
    assert Containers(None, lambda _: pytest.fail("no engine is needed")).wanted(PYTHON) is None


def test_an_image_is_named_by_its_language_and_version(tmp_path: Any) -> None:
    config = configure(tmp_path, sandbox="docker", images={"nodejs": "mine:{version}-x"})
    assert config.containers is not None
    containers = Containers(config.containers, lambda _: None)
    assert containers.wanted(PYTHON) == {"image": "python:3.12-slim", "network": "none"}
    node = Runtime(Language.NODEJS, "20")
    assert containers.wanted(node) == {"image": "mine:20-x", "network": "none"}
    written = {key: config.serialize()[key] for key in ("sandbox", "images", "network")}
    assert configure(tmp_path, **written).containers == config.containers


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ({"sandbox": "podman"}, "deployment.local.sandbox"),
        ({"images": {"java": "x"}}, "deployment.local.images.java"),
        ({"images": {"python": ""}}, "deployment.local.images.python"),
        ({"network": ""}, "deployment.local.network"),
        ({"sandbox": "docker", "storage": S3}, "deployment.local.network"),
    ],
)
def test_a_section_that_makes_no_sense_is_refused(
    tmp_path: Any, section: dict[str, Any], path: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        configure(tmp_path, **section)
    assert [problem.path for problem in caught.value.problems] == [path]


@pytest.mark.parametrize("network", ["bridge", "host"])
def test_a_server_is_reached_through_a_network(tmp_path: Any, network: str) -> None:
    config = configure(tmp_path, sandbox="docker", storage=S3, network=network)
    assert config.containers is not None
    assert config.containers.network == network


def test_without_an_engine_the_remedy_is_another_sandbox() -> None:
    def none(operation: str) -> Any:
        raise DockerUnavailableError(f"{operation} needs a Docker engine.", remedy="Deploy code.")

    containers = Containers(ContainerOptions(DEFAULT_IMAGES), none)
    with pytest.raises(DockerUnavailableError, match=r"sandbox 'docker' .* to 'process'\.$"):
        containers.check()


class Engine:
    """A Docker client that has some images, and a registry that answers in lines."""

    def __init__(self, present: list[str], lines: list[dict[str, Any]]) -> None:
        self.images = SimpleNamespace(get=self.get)
        self.api = SimpleNamespace(pull=self.pull)
        self.pulled: list[tuple[str, str]] = []
        self._present = present
        self._lines = lines

    def get(self, image: str) -> None:
        if image not in self._present:
            raise docker.errors.ImageNotFound(image)

    def pull(self, repository: str, tag: str, **_: Any) -> list[dict[str, Any]]:
        self.pulled.append((repository, tag))
        return self._lines


def provide(engine: Engine, image: str) -> None:
    containers = Containers(ContainerOptions(DEFAULT_IMAGES), lambda _: engine)
    containers.provide({"image": image, "network": "none"})


def test_an_image_that_is_here_is_not_pulled() -> None:
    engine = Engine(["a:1"], [])
    provide(engine, "a:1")
    assert engine.pulled == []


@pytest.mark.parametrize(
    ("image", "pulled"),
    [
        ("python:3.12-slim", ("python", "3.12-slim")),
        ("host:5000/a/b", ("host:5000/a/b", "latest")),
        ("a@sha256:12", ("a", "sha256:12")),
    ],
)
def test_an_image_that_is_not_here_is_pulled(image: str, pulled: tuple[str, str]) -> None:
    engine = Engine([], [{"status": "Pulling fs layer", "id": "x"}, {"status": "Pull complete"}])
    provide(engine, image)
    assert engine.pulled == [pulled]


def test_a_pull_that_fails_half_way_says_why() -> None:
    engine = Engine([], [{"status": "Pulling"}, {"error": "toomanyrequests: slow down"}])
    with pytest.raises(ImageUnavailableError, match=r"a:1 is not on this machine .*slow down"):
        provide(engine, "a:1")


def test_containers_run_versions_that_this_machine_lacks() -> None:
    offered = languages.contained_languages()
    own = languages.supported_languages()["python"][languages.architecture()][0]
    versions = offered["python"][languages.architecture()]
    assert versions[0] == own or own not in versions
    assert {"3.10", "3.11", "3.12", "3.13"} <= set(versions)
    assert offered["nodejs"][languages.architecture()][0] == "22"
