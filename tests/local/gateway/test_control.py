"""Functions come, change and go."""

import hashlib
import json
import threading
import zipfile

import pytest

GOOD = "def handler(event):\n    return 1\n"


def test_a_function_is_created_listed_and_deleted(gateway):
    created = gateway.deploy(GOOD, resource_id="abc", timeout=2.5)
    assert created["version"] == 1
    assert created["resource_id"] == "abc"
    assert created["timeout"] == 2.5
    assert created["config"]["max_environments"] == 64
    assert gateway.call("GET", "/-/functions/f").json == created
    assert gateway.call("GET", "/-/functions").json == {"functions": [created]}
    gateway.invoke()
    assert gateway.call("DELETE", "/-/functions/f").status == 200
    assert gateway.call("GET", "/-/functions/f").status == 404
    assert gateway.invoke().status == 404
    assert gateway.call("DELETE", "/-/functions/f").status == 404
    assert list((gateway.home / "packages").iterdir()) == []
    assert list((gateway.home / "functions").iterdir()) == []
    assert len(gateway.records()) == 1


def test_purging_removes_metrics_and_logs(gateway):
    gateway.deploy(GOOD)
    gateway.invoke()
    assert gateway.call("DELETE", "/-/functions/f?purge=1").status == 200
    assert list((gateway.home / "metrics").iterdir()) == []
    assert list((gateway.home / "logs").iterdir()) == []


def test_a_package_is_kept_while_another_function_needs_it(gateway):
    gateway.deploy(GOOD)
    gateway.deploy(GOOD, name="g")
    gateway.call("DELETE", "/-/functions/f")
    assert gateway.invoke(name="g").result == 1


def test_a_package_is_kept_while_an_environment_still_works_with_it(gateway, wait_for):
    gateway.deploy(
        "import time\ndef handler(event):\n"
        "    time.sleep(1)\n    from function import late\n    return late.VALUE\n",
        files={"function/late.py": "VALUE = 7\n"},
    )
    answers = []
    busy = threading.Thread(target=lambda: answers.append(gateway.invoke()))
    busy.start()
    wait_for(lambda: [each["state"] for each in gateway.environments()] == ["busy"])
    gateway.deploy(GOOD)
    busy.join()
    assert answers[0].result == 7
    assert gateway.invoke().result == 1


def test_status_shows_the_environments(gateway):
    gateway.deploy(GOOD)
    gateway.invoke()
    status = gateway.call("GET", "/-/status").json
    assert status["version"] == gateway.state["version"]
    assert status["pid"] == gateway.process.pid
    (environment,) = status["functions"]["f"]["environments"]
    assert environment["state"] == "idle"
    assert environment["served"] == 1
    assert environment["memory"] > 1


@pytest.mark.parametrize("name", ["a b", "..", "a.b", "x" * 65, "%2e%2e", "ü"])
def test_names_outside_the_rule_are_refused(gateway, name):
    quoted = name.replace(" ", "%20").replace("ü", "%C3%BC")
    answer = gateway.call("PUT", f"/-/functions/{quoted}", gateway.definition(GOOD))
    assert answer.status == 400
    assert list((gateway.home / "functions").iterdir()) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("memory", "256"),
        ("memory", 0),
        ("memory", True),
        ("timeout", -1),
        ("timeout", None),
        ("handler", "handler"),
        ("handler", "os;x.y"),
        ("sha256", "../../etc"),
        ("environment", {"A=B": "x"}),
        ("environment", {"A": 1}),
        ("environment", {"A": "x\0y"}),
        ("config", {"max_environments": 0}),
        ("config", {"max_environments": 1.5}),
        ("config", {"keepalive": 1}),
        ("runtime", {"language": "cobol", "version": "1", "executable": "/bin/sh"}),
        ("runtime", {"language": "python", "version": "3", "executable": "/nothing"}),
        ("package", 1),
        ("colour", "red"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_made(gateway, field, value):
    body = {**gateway.definition(GOOD), field: value}
    answer = gateway.call("PUT", "/-/functions/f", body)
    assert answer.status == 400
    assert answer.error["type"] == "InvalidDefinition"
    assert field in answer.error["message"]
    assert gateway.call("GET", "/-/functions").json == {"functions": []}
    assert list((gateway.home / "packages").iterdir()) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(gateway, body):
    assert gateway.call("PUT", "/-/functions/f", body).status == 400


def test_a_package_with_another_hash_is_refused(gateway):
    body = {**gateway.definition(GOOD), "sha256": "0" * 64}
    answer = gateway.call("PUT", "/-/functions/f", body)
    assert (answer.status, answer.error["type"]) == (400, "InvalidPackage")


def test_a_missing_package_is_refused(gateway):
    body = {**gateway.definition(GOOD), "package": "/nothing.zip"}
    answer = gateway.call("PUT", "/-/functions/f", body)
    assert (answer.status, answer.error["type"]) == (400, "InvalidPackage")


@pytest.mark.parametrize("entry", ["../outside.py", "/tmp/outside.py", "a/../../outside.py"])
def test_a_package_that_climbs_out_is_refused(gateway, tmp_path, entry):
    package = tmp_path / "evil.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(entry, "x")
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    body = {**gateway.definition(GOOD), "package": str(package), "sha256": digest}
    answer = gateway.call("PUT", "/-/functions/f", body)
    assert (answer.status, answer.error["type"]) == (400, "InvalidPackage")
    assert list(gateway.home.rglob("outside.py")) == []
    assert list((gateway.home / "packages").iterdir()) == []


def test_a_patch_of_what_cannot_change_is_refused(gateway):
    gateway.deploy(GOOD)
    assert gateway.call("PATCH", "/-/functions/f", {"sha256": "0" * 64}).status == 400
    assert gateway.call("PATCH", "/-/functions/missing", {"memory": 1}).status == 404
    assert gateway.call("GET", "/-/functions/f").json["version"] == 1


def test_definitions_are_for_the_owner_only(gateway):
    gateway.deploy(GOOD, environment={"SECRET": "s3cret"})
    path = gateway.home / "functions" / "f.json"
    assert path.stat().st_mode & 0o077 == 0
    assert json.loads(path.read_text())["environment"] == {"SECRET": "s3cret"}
    assert (gateway.home / "gateway.json").stat().st_mode & 0o777 == 0o600
