"""Pushing to a registry that asks for a password, which only the request for it may have."""

import logging
import shutil

import pytest
from base_images import base_image
from docker.errors import ImageNotFound
from lambda_images import PASSWORD, USER, Registry, idle_base, prune

from sebs.config import SeBSConfig
from sebs.errors import ImageError
from sebs.faas.container import DockerContainer
from sebs.sebs_types import Language

pytestmark = pytest.mark.docker


class Container(DockerContainer):
    """Builds small images for a registry of this machine."""

    def __init__(self, engine, address, password=PASSWORD):
        super().__init__(SeBSConfig(), engine)
        self._address, self._password = address, password

    @staticmethod
    def name():
        return "test"

    def registry_name(self, benchmark, language_name, language_version, architecture):
        return self._address, "images", benchmark, f"{self._address}/images:{benchmark}"

    def dockerfile(self, language, language_version, architecture):
        return "FROM scratch\nCOPY file /file\n"

    def labels(self):
        return {"registry": self._address}

    def login(self):
        return {"username": USER, "password": self._password}


@pytest.fixture(scope="module")
def registry(engine, tmp_path_factory):
    if shutil.which("docker-registry") is None:
        pytest.skip("docker: docker-registry is not installed; .ci/docker installs it")
    registry = Registry(tmp_path_factory.mktemp("registry"))
    yield registry
    registry.close()
    prune(engine, f"registry={registry.address}")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The user's home, where Docker keeps what users have logged in with."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


def build(container, tmp_path, contents="first", architecture="x64", is_cached=True):
    directory = tmp_path / "code"
    directory.mkdir(exist_ok=True)
    (directory / "file").write_text(contents)
    return container.build_base_image(
        str(directory), Language.PYTHON, "3.11", architecture, "bench", is_cached
    )


def test_what_was_pushed_can_be_pulled_by_the_digest(engine, registry, home, tmp_path):
    container = Container(engine, registry.address)

    built, uri, size = build(container, tmp_path, registry.address)

    assert (built, size) == (True, len(registry.address))
    prune(engine, f"registry={registry.address}")
    with pytest.raises(ImageNotFound):
        engine.images.get(uri)
    login = {"username": USER, "password": PASSWORD}
    pulled = engine.images.pull(uri, auth_config=login)
    container = engine.containers.create(pulled, ["none"])
    archive, _ = container.get_archive("/file")
    container.remove()
    assert registry.address.encode() in b"".join(archive)


def test_the_same_contents_are_found_and_others_are_not(engine, registry, home, tmp_path):
    container = Container(engine, registry.address)
    first = build(container, tmp_path, "one")

    again = build(container, tmp_path, "one")
    other = build(container, tmp_path, "two")
    anew = build(container, tmp_path, "one", is_cached=False)

    assert again == (False, first[1], 0)
    assert other[0]
    assert other[1] != first[1]
    assert anew[0]


def test_a_wrong_password_is_an_error_that_does_not_say_it(engine, registry, home, tmp_path):
    container = Container(engine, registry.address, "a wrong password")

    with pytest.raises(ImageError, match=r"Pushing localhost.* failed: ") as refused:
        build(container, tmp_path, is_cached=False)

    assert "a wrong password" not in str(refused.value)


def test_the_password_is_written_nowhere(engine, registry, home, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)

    build(Container(engine, registry.address), tmp_path, "anything", is_cached=False)

    assert PASSWORD not in caplog.text
    assert not list(home.rglob("*"))


def test_progress_is_told_unless_it_is_not_wanted(engine, registry, home, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    container = Container(engine, registry.address)
    build(container, tmp_path, "told")
    assert "Building the image of bench: Step 2/" in caplog.text
    assert "layer" in caplog.text
    caplog.clear()

    container.show_progress = False
    build(container, tmp_path, "not told")

    assert "Step" not in caplog.text


def test_a_build_that_fails_says_how(engine, registry, tmp_path, monkeypatch):
    container = Container(engine, registry.address)
    dockerfile = f"FROM {base_image('python')}\nRUN echo the last words && exit 3\n"
    monkeypatch.setattr(container, "dockerfile", lambda *_: dockerfile)

    with pytest.raises(ImageError, match=r"returned a non-zero code: 3(?s:.*)the last words"):
        build(container, tmp_path)


def test_a_base_that_there_is_not_for_the_architecture_is_told(
    engine, registry, tmp_path, monkeypatch
):
    container = Container(engine, registry.address)
    monkeypatch.setattr(container, "dockerfile", lambda *_: f"FROM {base_image('python')}\n")

    with pytest.raises(ImageError, match="is for amd64, wanted is arm64"):
        build(container, tmp_path, architecture="arm64")


def test_an_image_for_another_architecture_needs_no_emulation(
    engine, registry, tmp_path, monkeypatch
):
    container = Container(engine, registry.address)
    dockerfile = f"FROM {idle_base(engine, 'arm64')}\nCOPY file /file\n"
    monkeypatch.setattr(container, "dockerfile", lambda *_: dockerfile)

    _, uri, _ = build(container, tmp_path, architecture="arm64")

    assert engine.images.get(uri).attrs["Architecture"] == "arm64"
