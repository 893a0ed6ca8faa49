"""A real gateway process for each test that asks for one."""

import contextlib
import dataclasses
import hashlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from sebs.local.gateway.fence import sweep_groups

RUNTIMES = {
    "python": {
        "language": "python",
        "version": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "executable": sys.executable,
    },
    "nodejs": {"language": "nodejs", "version": "20", "executable": shutil.which("node")},
}
SUFFIXES = {"python": "py", "nodejs": "js"}


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def result(self):
        assert self.status == 200, self.body[:500]
        return self.json["result"]

    @property
    def error(self):
        return self.json["error"]

    @property
    def report(self):
        pairs = self.headers["x-sebs-report"].split(";")
        return {key: float(value) for key, value in (pair.split("=") for pair in pairs)}


class Gateway:
    """A gateway process and a client of it, which holds a lease unless told otherwise."""

    def __init__(self, home, work, lease=True):
        self.home = home
        self._work = work
        home.mkdir(exist_ok=True)
        self.log = (home / "gateway.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sebs.local.gateway", "--home", str(home)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
            start_new_session=True,
        )
        line = self.process.stdout.readline()
        assert line.startswith(b"ready "), (home / "gateway.log").read_text()
        self.state = json.loads((home / "gateway.json").read_text())
        self.port = self.state["port"]
        self.headers = {"Authorization": f"Bearer {self.state['token']}"}
        self.lease = self.take_lease() if lease else None

    def take_lease(self):
        connection = self.connect()
        connection.request("GET", "/-/lease", headers=self.headers)
        response = connection.getresponse()
        assert response.status == 200
        assert json.loads(response.readline()) == {"lease": True}
        return connection

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def raw(self, data, *, until=b"", timeout=10):
        """Send bytes, and return all that comes until the end or a marker."""
        received = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            connection.sendall(data)
            while not (until and until in received):
                chunk = connection.recv(65536)
                if not chunk:
                    break
                received += chunk
        return received

    def call(self, method, path, body=None, headers=None):
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, data, self.headers if headers is None else headers)
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers), response.read())

    def definition(self, source, *, name="f", language="python", files=None, **fields):
        path = f"function/function.{SUFFIXES[language]}"
        package = self._work / f"{name}-{hashlib.sha256(source.encode()).hexdigest()[:8]}.zip"
        with zipfile.ZipFile(package, "w") as archive:
            for entry, text in {path: source, **(files or {})}.items():
                archive.writestr(entry, text)
        return {
            "package": str(package),
            "sha256": hashlib.sha256(package.read_bytes()).hexdigest(),
            "runtime": RUNTIMES[language],
            "memory": 256,
            "timeout": 20,
            **fields,
        }

    def deploy(self, source, *, name="f", **options):
        answer = self.call(
            "PUT", f"/-/functions/{name}", self.definition(source, name=name, **options)
        )
        assert answer.status in (200, 201), answer.body
        return answer.json

    def invoke(self, event=0, *, name="f"):
        """Invoke with an event; without one, with a value that holds nothing and stays as it is."""
        return self.call("POST", f"/functions/{name}", event)

    def environments(self, name="f"):
        return self.call("GET", "/-/status").json["functions"][name]["environments"]

    def records(self, name="f"):
        path = self.home / "metrics" / f"{name}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.lease is not None:
            self.lease.close()
        self.process.stdout.close()
        self.log.close()


@pytest.fixture
def start(tmp_path):
    """Start gateways in the same directory, one after the other; all are ended afterwards."""
    started = []

    def start_one(**options):
        started.append(Gateway(tmp_path / "home", tmp_path, **options))
        return started[-1]

    yield start_one
    for gateway in started:
        # An orderly end takes the environments with it.
        if gateway.process.poll() is None:
            gateway.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                gateway.process.wait(10)
        gateway.close()
    # A killed one leaves its control groups to the next, and there is none.
    sweep_groups(tmp_path / "home")


@pytest.fixture
def gateway(start):
    return start()


@pytest.fixture
def proc(tmp_path):
    """Write what the kernel says of a process's control groups; return its directory."""

    def write(groups: str, mounts: str) -> Path:
        directory = tmp_path / "proc"
        directory.mkdir()
        (directory / "cgroup").write_text(groups)
        (directory / "mountinfo").write_text(mounts)
        return directory

    return write


@pytest.fixture
def wait_for():
    """Wait until a condition holds; what it returned last is the message of a failure."""

    def wait(condition, seconds=10.0):
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < deadline, value
            time.sleep(0.02)
        return value

    return wait


@pytest.fixture
def alive():
    """Whether a process exists and is no zombie."""

    def is_alive(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
        except (FileNotFoundError, ProcessLookupError):
            return False

    return is_alive


def pytest_collection_modifyitems(items):
    """Skip what needs Node.js where there is none, unless it is required."""
    required = "node" in os.environ.get("SEBS_REQUIRE", "").split(",")
    if RUNTIMES["nodejs"]["executable"] is None and not required:
        for item in items:
            if item.get_closest_marker("node"):
                item.add_marker(pytest.mark.skip(reason="Node.js is not installed"))
