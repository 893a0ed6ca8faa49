"""A real gateway process and real Python workers."""

from __future__ import annotations

import hashlib
import json
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sebs.http import HTTPClient

CODE = """
import os, sys, time
served = 0
def handler(event):
    global served
    served += 1
    what = event.get("do")
    if what == "raise":
        raise ValueError("told to")
    if what == "exit":
        os._exit(3)
    if what == "sleep":
        time.sleep(30)
    if what == "print":
        sys.stdout.write("x" * 10_000_000)
    if what == "set":
        return {"result": {1, 2}}
    return {"result": served}
"""


class Gateway:
    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sebs.local.gateway", "--home", str(home)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("ready")
        self.state = home / "gateway.json"
        content = json.loads(self.state.read_text())
        self.url = f"http://127.0.0.1:{content['port']}"
        self.token = content["token"]
        self.client = HTTPClient()

    def call(self, method: str, path: str, document: Any = None) -> Any:
        return self.client.request(
            method,
            self.url + path,
            body=None if document is None else json.dumps(document).encode(),
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=20,
            raise_for_status=False,
        )

    def invoke(self, **event: Any) -> Any:
        return self.call("POST", "/functions/f", event)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.call("POST", "/-/stop")
        self.client.close()
        self.process.wait(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def gateway(tmp_path) -> Iterator[Gateway]:
    package = tmp_path / "code package.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("function/function.py", CODE)
    home = tmp_path / "home"
    home.mkdir()
    running = Gateway(home)
    try:
        created = running.call(
            "PUT",
            "/-/functions/f",
            {
                "package": str(package),
                "sha256": hashlib.sha256(package.read_bytes()).hexdigest(),
                "runtime": {
                    "language": "python",
                    "version": "{}.{}".format(*sys.version_info),
                    "executable": sys.executable,
                },
                "memory": 256,
                "timeout": 1,
                "environment": {},
                "resource_id": "r",
                "config": {},
            },
        )
        assert created.status in (200, 201), created.body
        yield running
    finally:
        running.stop()


def test_the_first_invocation_is_cold_and_the_next_is_warm(gateway) -> None:
    cold, warm = gateway.invoke().json(), gateway.invoke().json()
    assert (cold["is_cold"], warm["is_cold"]) == (True, False)
    assert cold["environment_id"] == warm["environment_id"]
    assert cold["init_time"] > 0
    assert (cold["result"], warm["result"]) == ({"result": 1}, {"result": 2})
    assert cold["request_id"] != warm["request_id"]


def test_a_recycled_function_starts_anew(gateway) -> None:
    before = gateway.invoke().json()
    assert gateway.call("POST", "/-/functions/f/recycle").status == 200
    after = gateway.invoke().json()
    assert after["is_cold"]
    assert after["environment_id"] != before["environment_id"]
    assert after["result"] == {"result": 1}


@pytest.mark.parametrize(
    ("what", "status"), [("raise", 500), ("exit", 500), ("sleep", 504), ("set", 502)]
)
def test_a_failure_is_reported_and_the_gateway_lives_on(gateway, what, status) -> None:
    failed = gateway.invoke(do=what)
    assert failed.status == status
    assert failed.json()["error"]["type"]
    assert gateway.invoke().status == 200


def test_ten_megabytes_of_output_do_no_harm(gateway) -> None:
    assert gateway.invoke(do="print").json()["result"] == {"result": 1}


def test_nothing_answers_without_the_token(gateway) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        refused = gateway.client.request(
            "POST",
            gateway.url + "/functions/f",
            body=b"{}",
            headers=headers,
            timeout=5,
            raise_for_status=False,
        )
        assert refused.status == 401
    assert gateway.invoke().json()["result"] == {"result": 1}


def test_the_token_is_readable_by_its_owner_alone_and_the_file_goes(gateway) -> None:
    assert stat.S_IMODE(gateway.state.stat().st_mode) == 0o600
    gateway.stop()
    assert not gateway.state.exists()


def test_an_unknown_function_is_named(gateway) -> None:
    assert gateway.call("POST", "/functions/other", {}).status == 404
