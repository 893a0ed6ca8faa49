"""Servers and a client for the tests of the HTTP client."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator

import pytest
from http_doubles import Script, Server

from sebs.http import HTTPClient


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(script: Script, context: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(script, context))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def client() -> Iterator[HTTPClient]:
    with HTTPClient() as client:
        yield client
