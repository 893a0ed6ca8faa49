"""The data services of a deployment, and functions that use them through a real gateway."""

import contextlib
import hashlib
import json
import os
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from wrappers_doubles import NODE, WRAPPERS

from sebs.cache import Cache
from sebs.faas.plain_config import PlainConfig
from sebs.http import HTTPClient
from sebs.local.client import GatewayClient
from sebs.local.resources import LocalResources

RUNTIMES = {
    "python": {
        "language": "python",
        "version": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "executable": sys.executable,
    },
    "nodejs": {"language": "nodejs", "version": "20", "executable": NODE},
}


@pytest.fixture
def deploy_resources(tmp_path):
    """Makes the resources of a deployment; all share one home and one cache."""

    def make(resources_id="rid-12345678"):
        cache = Cache(tmp_path / "cache")
        section = {
            "name": "local",
            "region": "local",
            "resources": {"resources_id": resources_id, "storage_buckets": {}},
        }
        config = PlainConfig.deserialize(section, cache, None)
        config.home = tmp_path / "home of ü"
        return LocalResources(config, cache)

    return make


@pytest.fixture
def resources(deploy_resources):
    return deploy_resources()


@pytest.fixture
def storage(resources):
    return resources.get_storage()


@pytest.fixture
def bucket(storage):
    return storage._create_bucket("bucket")


@pytest.fixture
def root(resources):
    """The directory of the object storage."""
    return Path(resources.config.home) / "storage"


@pytest.fixture
def write(storage, bucket, tmp_path):
    """Writes an object."""

    def put(key, content=b"content"):
        path = tmp_path / "upload"
        path.write_bytes(content)
        storage.upload(bucket, str(path), key)

    return put


@pytest.fixture
def read(storage, bucket, tmp_path):
    """Reads an object."""

    def fetch(key):
        path = tmp_path / "download"
        storage.download(bucket, key, str(path))
        return path.read_bytes()

    return fetch


class Functions:
    """Functions with the wrappers beside them, as packages have them, behind a gateway."""

    def __init__(self, resources, work):
        self.resources = resources
        self.client = GatewayClient(Path(resources.config.home))
        self.client.open()
        self.http = HTTPClient()
        self._work = work

    def deploy(self, source, *, language="python", benchmark="bench"):
        suffix = {"python": "py", "nodejs": "js"}[language]
        package = self._work / "function.zip"
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr(f"function/function.{suffix}", source)
            for wrapper in (WRAPPERS / language).glob(f"*.{suffix}"):
                archive.write(wrapper, f"function/{wrapper.name}")
        definition = {
            "package": str(package),
            "sha256": hashlib.sha256(package.read_bytes()).hexdigest(),
            "runtime": RUNTIMES[language],
            "memory": 256,
            "timeout": 20,
            "environment": self.resources.function_environment(
                SimpleNamespace(benchmark=benchmark)
            ),
        }
        self.client.request("PUT", "/-/functions/f", definition)

    def post(self, path, body=None, *, token=None, method="POST"):
        data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        gateway = self.client.ensure()
        headers = dict(gateway.headers)
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return self.http.request(
            method,
            gateway.url(path),
            body=data,
            headers=headers,
            timeout=30,
            raise_for_status=False,
        )

    def invoke(self, event=None):
        response = self.post("/functions/f", event)
        assert response.status == 200, response.body
        return response.json()["result"]

    def close(self):
        self.http.close()
        with contextlib.suppress(OSError):
            self.client.close()


@pytest.fixture
def functions(resources, tmp_path):
    started = Functions(resources, tmp_path)
    yield started
    started.close()


def pytest_collection_modifyitems(items):
    """Skip what needs Node.js where there is none, unless it is required."""
    required = "node" in os.environ.get("SEBS_REQUIRE", "").split(",")
    if NODE is None and not required:
        for item in items:
            if item.get_closest_marker("node"):
                item.add_marker(pytest.mark.skip(reason="Node.js is not installed"))
