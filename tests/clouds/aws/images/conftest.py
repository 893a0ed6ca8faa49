"""A Docker engine, bases that speak Lambda's runtime interface, and a server that runs images."""

import pytest
from aws_servers import REGION, Server
from lambda_images import ACCOUNT, lambda_base, prune

from sebs import SeBS
from sebs.docker_engine import docker_from_environment


@pytest.fixture(scope="session")
def engine():
    client = docker_from_environment()
    yield client
    client.close()


@pytest.fixture(scope="session")
def bases(engine, tmp_path_factory):
    """Return the base of a language; each is made once."""
    made = {}

    def of(language):
        if language not in made:
            directory = tmp_path_factory.mktemp("bases") / language
            made[language] = lambda_base(engine, language, directory)
        return made[language]

    return of


@pytest.fixture(scope="session")
def ministack(tmp_path_factory):
    server = Server("ministack", tmp_path_factory.mktemp("ministack") / "log")
    yield server
    server.reset()  # its containers go with its functions
    server.close()


@pytest.fixture
def client(tmp_path):
    directories = [tmp_path / "benchmarks"]
    directories[0].mkdir()
    with SeBS(tmp_path / "cache", tmp_path / "output", benchmarks_dirs=directories) as client:
        yield client


@pytest.fixture
def deploying(client, ministack, engine):
    """Return AWS with images upon a base."""
    systems = []

    def to(prefix="images", **base_images):
        section = {
            "region": REGION,
            "endpoint_url": ministack.url,
            "credentials": {"access_key": ACCOUNT, "secret_key": "nothing secret"},
            "base_images": base_images,
        }
        system = client.get_deployment({"name": "aws", "aws": section})
        system.initialize(resource_prefix=prefix)
        systems.append(system)
        return system

    yield to
    for system in systems:
        system.cleanup_resources()
        prune(engine, f"sebs:resource-id={system.config.resources.resources_id}")
