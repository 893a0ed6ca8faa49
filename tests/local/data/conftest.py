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
from s3_doubles import S3Server
from wrappers_doubles import NODE, WRAPPERS

from sebs.cache import Cache
from sebs.http import HTTPClient
from sebs.local.client import GatewayClient
from sebs.local.config import LocalConfig
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
def backend(request):
    """Where buckets are: files, unless a test asks for a server with ``indirect``."""
    if getattr(request, "param", "filesystem") == "s3":
        return request.getfixturevalue("s3_server")
    return SimpleNamespace(section={"type": "filesystem"})


@pytest.fixture
def deploy_resources(tmp_path, backend):
    """Makes the resources of a deployment; all share one home and one cache."""

    def make(resources_id="rid-12345678"):
        cache = Cache(tmp_path / "cache")
        section = {"home": str(tmp_path / "home of ü"), "storage": backend.section}
        config = LocalConfig.deserialize(section, cache, None)
        config.resources.resources_id = resources_id
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


@pytest.fixture(scope="session")
def _running_s3_server(tmp_path_factory):
    with S3Server(tmp_path_factory.mktemp("s3") / "log") as server:
        yield server


@pytest.fixture
def s3_server(_running_s3_server, monkeypatch, tmp_path):
    """A server that speaks S3, empty, with credentials for it where an SDK finds them."""
    _running_s3_server.reset()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", _running_s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", _running_s3_server.secret_key)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "nosuch"))
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    return _running_s3_server


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
