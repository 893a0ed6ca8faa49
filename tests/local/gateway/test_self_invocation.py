"""The token with which a function invokes itself: what it opens, and what it does not."""

import hmac
import json

import pytest

TELL = (
    "import os\n"
    "def handler(event):\n"
    "    return {n: v for n, v in os.environ.items() if n.startswith('SEBS_LOCAL_')}\n"
)


@pytest.fixture
def told(gateway):
    """What the function ``f`` is told of the gateway, with another function beside it."""
    gateway.deploy(TELL)
    gateway.deploy(TELL, name="other")
    return gateway.invoke().result


def ask(gateway, method, path, token, body=b"{}"):
    return gateway.call(method, path, body, {"Authorization": f"Bearer {token}"})


def test_it_opens_the_function_itself(gateway, told):
    assert told["SEBS_LOCAL_SELF_PATH"] == "/functions/f"
    answer = ask(gateway, "POST", told["SEBS_LOCAL_SELF_PATH"], told["SEBS_LOCAL_SELF_TOKEN"])
    assert answer.result == told


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/functions/other"),
        ("POST", "/functions/f?x=1"),
        ("POST", "/functions/f/"),
        ("POST", "/functions/f/../other"),
        ("POST", "/functions//f"),
        ("POST", "/functions/nosuch"),
        ("POST", "/-/tables/t/get"),
        ("GET", "/-/status"),
        ("GET", "/-/lease"),
        ("POST", "/-/pin"),
        ("POST", "/-/stop"),
        ("GET", "/-/functions"),
        ("GET", "/-/functions/f"),
        ("PUT", "/-/functions/f"),
        ("DELETE", "/-/functions/f"),
        ("GET", "/nothing"),
    ],
)
def test_it_opens_nothing_else(gateway, told, method, path):
    answer = ask(gateway, method, path, told["SEBS_LOCAL_SELF_TOKEN"])
    assert answer.status == 401
    status = gateway.call("GET", "/-/status").json
    assert status["leases"] == 1
    assert set(status["functions"]) == {"f", "other"}
    assert status["functions"]["other"]["environments"] == []


def test_it_does_not_outlive_the_function(gateway, told):
    gateway.call("DELETE", "/-/functions/f")
    answer = ask(gateway, "POST", "/functions/f", told["SEBS_LOCAL_SELF_TOKEN"])
    assert answer.status == 401


def test_what_a_function_is_told_makes_no_token_for_another(gateway, told):
    """Not even as the gateway makes them: with the digest of a path under a key."""
    for key in (told["SEBS_LOCAL_DATA_TOKEN"], told["SEBS_LOCAL_SELF_TOKEN"]):
        assert ask(gateway, "POST", "/functions/other", key).status == 401
        forged = hmac.digest(key.encode(), b"/functions/other", "sha256").hex()
        assert ask(gateway, "POST", "/functions/other", forged).status == 401
    assert gateway.environments("other") == []


def test_every_function_and_every_gateway_has_another(start):
    tokens = []
    for _ in range(2):
        gateway = start()
        for name in ("f", "other"):
            gateway.deploy(TELL, name=name)
            tokens.append(gateway.invoke(name=name).result["SEBS_LOCAL_SELF_TOKEN"])
        gateway.process.terminate()
        gateway.process.wait(10)
    assert len(set(tokens)) == 4
    assert gateway.state["token"] not in tokens
    assert not [text for text in tokens if text in json.dumps(gateway.state)]
