"""The images that tests with a Docker engine start from: this machine makes them (.ci/docker)."""

from __future__ import annotations

from functools import lru_cache

import pytest

#: By language; the tag is the language's version.
IMAGES = {"python": "sebs-test/python:3.11", "nodejs": "sebs-test/node:18"}


@lru_cache
def _present(image: str) -> bool:
    import docker

    from sebs.faas.container import docker_from_environment

    client = docker_from_environment()
    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        return False
    finally:
        client.close()
    return True


def base_image(language: str) -> str:
    """Return a language's image; the test is skipped where it has not been made."""
    image = IMAGES[language]
    if not _present(image):
        pytest.skip(f"docker: there is no image {image}; .ci/docker makes it")
    return image
