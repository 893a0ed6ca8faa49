"""Servers that are not ours, one of each a test process, and the calls that are made to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aws_rig import Recorder
from aws_servers import Server

from sebs.aws import metrics


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server("moto", tmp_path_factory.mktemp("moto") / "log")
    yield server
    server.close()


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server("ministack", tmp_path_factory.mktemp("ministack") / "log")
    yield server
    server.close()


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    return Recorder().install(monkeypatch)


@pytest.fixture(autouse=True)
def prompt_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less long for reports that never come: the logs of these servers are hardly late."""
    monkeypatch.setattr(metrics, "PATIENCE", 5.0)
