"""Functions in containers of images that the machine made."""

import pytest
from base_images import base_image

from sebs.faas.container import docker_from_environment

PROGRAMS = {"python": "python3", "nodejs": "node"}


@pytest.fixture
def engine():
    client = docker_from_environment()
    yield client
    client.close()


@pytest.fixture
def contained():
    """Return what a definition says of a function in containers."""

    def options(language="python", **container):
        runtime = {"language": language, "version": "", "executable": PROGRAMS[language]}
        container = {"image": base_image(language), **container}
        return {"language": language, "runtime": runtime, "container": container}

    return options


@pytest.fixture
def containers(engine, tmp_path):
    """Return the containers of the test's gateways, running or not."""

    def find():
        label = f"sebs.home={(tmp_path / 'home').resolve()}"
        # One may be gone between the question for all and that for each.
        return engine.containers.list(all=True, filters={"label": label}, ignore_removed=True)

    return find
