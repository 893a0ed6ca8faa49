"""The local platform passes the contract of every platform, in both of its languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from base_images import base_image

from sebs.faas.container import docker_from_environment
from sebs.faas.registry import load_system
from sebs.local import client
from sebs.local.client import GatewayClient
from sebs.sebs_types import Language
from sebs.testing import Capability, SystemContract, SystemRig, system_factory

CAPABILITIES = frozenset(
    {
        Capability.EXECUTES,
        Capability.HTTP,
        Capability.LIBRARY,
        Capability.COLD_START,
        Capability.METRICS,
        Capability.STORAGE,
        Capability.DELETE,
        Capability.CLEANUP,
    }
)


class TestLocalPython(SystemContract):
    """Functions in Python."""

    language = Language.PYTHON
    version: str | None = None

    @pytest.fixture
    def home(self, tmp_path: Path) -> Path:
        """A directory that no gateway serves: each program starts one and ends it."""
        return tmp_path / "home of ü"

    @pytest.fixture
    def section(self, home: Path) -> dict[str, Any]:
        """Return the platform's section of the configuration."""
        return {"home": str(home)}

    @pytest.fixture
    def rig(
        self, home: Path, section: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> SystemRig:
        calls, tokens = record_mutations(monkeypatch), record_tokens(monkeypatch)
        return SystemRig(
            make_system=system_factory(load_system("local"), section, docker_from_environment),
            capabilities=CAPABILITIES,
            inventory=lambda resources_id: inventory(home, resources_id),
            mutations=lambda: calls,
            is_upload=lambda call: call.startswith("PUT"),
            delete_function=lambda name: delete_function(home, name),
            count_invocations=lambda name: count_invocations(home, name),
            secrets=lambda: sorted(tokens),
            language=self.language,
            language_version=self.version,
        )


@pytest.mark.node
class TestLocalNode(TestLocalPython):
    """Functions in Node.js, all on one gateway, which outlives each program."""

    language = Language.NODEJS

    @pytest.fixture
    def home(self, served_home: Path) -> Path:
        """A directory that a gateway serves already."""
        return served_home


@pytest.mark.docker
class TestContainedPython(TestLocalPython):
    """Functions in containers, of an image that the machine made, on one gateway."""

    @pytest.fixture
    def home(self, served_home: Path) -> Path:
        """A directory that a gateway serves already."""
        return served_home

    @pytest.fixture
    def section(self, home: Path) -> dict[str, Any]:
        """Say that there are containers, and of what."""
        language = self.language.value
        images = {language: base_image(language)}
        return {"home": str(home), "sandbox": "docker", "images": images}

    @property
    def version(self) -> str | None:
        """The version that the image has."""
        return base_image(self.language.value).rpartition(":")[2]


@pytest.mark.docker
class TestContainedNode(TestContainedPython):
    """Functions in Node.js."""

    language = Language.NODEJS


@pytest.fixture(scope="module")
def served_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory whose gateway somebody uses all the time."""
    home = tmp_path_factory.mktemp("served") / "home of ü"
    keeper = GatewayClient(home)
    keeper.open()
    yield home
    keeper.close()


def record_mutations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect every control request that may change something."""
    calls: list[str] = []
    original = client.call

    def call(http: Any, gateway: Any, method: str, path: str, body: Any = None) -> Any:
        if method != "GET":
            calls.append(f"{method} {path}")
        return original(http, gateway, method, path, body)

    monkeypatch.setattr(client, "call", call)
    return calls


def record_tokens(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Collect the token of every gateway that is used."""
    tokens: set[str] = set()
    original = client.take_lease

    def take_lease(home: Path) -> Any:
        lease = original(home)
        tokens.add(lease.gateway.token)
        return lease

    monkeypatch.setattr(client, "take_lease", take_lease)
    return tokens


def inventory(home: Path, resources_id: str) -> set[str]:
    """Read from the platform's directory what a deployment has."""
    functions = {
        path.stem
        for path in home.glob("functions/*.json")
        if json.loads(path.read_bytes())["resource_id"] == resources_id
    }
    buckets = {path.name for path in home.glob(f"storage/sebs-*-{resources_id}")}
    left_behind = {
        str(path.relative_to(home))
        for name in functions
        for directory in ("logs", "metrics")
        for path in home.glob(f"{directory}/{name}.*")
    }
    return functions | buckets | left_behind


def delete_function(home: Path, name: str) -> None:
    """Delete a function as another user of the same directory would."""
    gateway = GatewayClient(home)
    gateway.open()
    try:
        gateway.request("DELETE", f"/-/functions/{name}")
    finally:
        gateway.close()


def count_invocations(home: Path, name: str) -> int:
    """Count the lines of the platform's metrics log."""
    log = home / "metrics" / f"{name}.jsonl"
    return len(log.read_bytes().splitlines()) if log.exists() else 0
