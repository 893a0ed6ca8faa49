"""A deployment's data services on servers that are not ours."""

import pytest
from aws_servers import REGION, Server

from sebs.aws.clients import Clients
from sebs.aws.config import AWSConfig, AWSCredentials, AWSResources
from sebs.aws.endpoints import Endpoints
from sebs.aws.resources import AWSSystemResources
from sebs.cache import Cache


@pytest.fixture(scope="session", params=["moto", "ministack"])
def running_server(request, tmp_path_factory):
    server = Server(request.param, tmp_path_factory.mktemp("server") / "log")
    yield server
    server.close()


@pytest.fixture
def server(running_server):
    running_server.reset()
    return running_server


@pytest.fixture
def deploy(server, tmp_path):
    """Makes the data services of a deployment; all share one cache."""
    opened = []

    def make(resources_id="rid-12345678", *, account="123456789012", region=REGION):
        resources = AWSResources()
        resources.resources_id = resources_id
        config = AWSConfig(
            AWSCredentials(account, "none"), resources, region, Endpoints(server.url)
        )
        clients = Clients(region, config.credentials, config.endpoints)
        opened.append(clients)
        made = AWSSystemResources(config, clients, Cache(tmp_path / "cache"))
        made.clients = clients
        return made

    yield make
    for clients in opened:
        clients.close()


@pytest.fixture
def resources(deploy):
    return deploy()
