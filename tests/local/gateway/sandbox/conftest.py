"""Functions in containers, of images that the machine made (see .ci/docker)."""

import functools
import json
import subprocess

import pytest

IMAGES = {"python": "sebs-test/python:3.11", "nodejs": "sebs-test/node:18"}
PROGRAMS = {"python": "python3", "nodejs": "node"}


@functools.lru_cache
def absent(image):
    command = ["docker", "image", "inspect", image]
    return subprocess.run(command, capture_output=True, check=False).returncode != 0


@pytest.fixture
def contained():
    """Return what a definition says of a function in containers."""

    def options(language="python", **container):
        image = IMAGES[language]
        if absent(image):
            pytest.skip(f"there is no image {image}; .ci/docker makes it")
        runtime = {"language": language, "version": "", "executable": PROGRAMS[language]}
        container = {"image": image, **container}
        return {"language": language, "runtime": runtime, "container": container}

    return options


@pytest.fixture
def containers(tmp_path):
    """Return what the engine knows of the containers of the test's gateways."""

    def ask():
        label = f"label=sebs.home={(tmp_path / 'home').resolve()}"
        command = ["docker", "ps", "--all", "--quiet", "--no-trunc", "--filter", label]
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        if not found:
            return []
        command = ["docker", "inspect", *found]
        # One may be gone between the two questions.
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        return json.loads(answer.stdout)

    return ask
