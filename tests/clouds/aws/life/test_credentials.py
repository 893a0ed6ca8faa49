"""The ways to sign in, each as the server sees who came; what is secret is hidden from logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aws_rig import ACCOUNT, SECRET
from aws_servers import REGION, Server
from botocore.credentials import CachedCredentialFetcher

from sebs import log
from sebs.aws.clients import Clients
from sebs.aws.config import AWSConfig
from sebs.cache import Cache

ROLE = f"arn:aws:iam::{ACCOUNT}:role/measuring"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKENOFASESSION"


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials but those of the test."""
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


def sign_in(server: Server, tmp_path: Path, credentials: dict[str, Any] | None) -> Clients:
    section: dict[str, Any] = {"region": REGION, "endpoint_url": server.url}
    if credentials is not None:
        section["credentials"] = credentials
    with Cache(tmp_path / "cache") as cache:
        config = AWSConfig.deserialize(section, cache, None)
    return Clients(config.region, config.credentials, config.endpoints)


def who(clients: Clients) -> str:
    return str(clients.control("sts").get_caller_identity()["Arn"])


def test_the_environment(
    ministack: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    clients = sign_in(ministack, tmp_path, None)
    assert who(clients) == f"arn:aws:iam::{ACCOUNT}:root"
    assert log.redact(f"it is {SECRET}") == f"it is {log.MASK}"


def test_a_profile(ministack: Server, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(
        f"[other]\naws_access_key_id = 210987654321\naws_secret_access_key = none\n"
        f"[measuring]\naws_access_key_id = {ACCOUNT}\naws_secret_access_key = {SECRET}\n"
    )
    assert ACCOUNT in who(sign_in(ministack, tmp_path, {"profile": "measuring"}))
    assert "210987654321" in who(sign_in(ministack, tmp_path, {"profile": "other"}))


def test_temporary_keys_are_sent_with_their_token(ministack: Server, tmp_path: Path) -> None:
    keys = {"access_key": ACCOUNT, "secret_key": SECRET, "session_token": TOKEN}
    clients = sign_in(ministack, tmp_path, keys)
    sent: list[Any] = []
    client = clients.control("sts")
    client.meta.events.register("before-send", lambda request, **_: sent.append(request.headers))
    client.get_caller_identity()
    assert [headers["X-Amz-Security-Token"] for headers in sent] == [TOKEN.encode()]
    assert TOKEN not in log.redact(f"it is {TOKEN}")
    assert TOKEN not in repr(clients)


def test_a_role_is_assumed_and_its_keys_are_hidden_when_they_are_renewed(
    ministack: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"access_key": ACCOUNT, "secret_key": SECRET, "role_arn": ROLE, "external_id": "sebs"}
    clients = sign_in(ministack, tmp_path, own)
    assert who(clients) == f"arn:aws:sts::{ACCOUNT}:assumed-role/measuring/sebs"
    credentials = clients.session.get_credentials()
    first = credentials.get_frozen_credentials()
    # As if they ended now.
    monkeypatch.setattr(CachedCredentialFetcher, "_is_expired", lambda self, keys: True)
    credentials._expiry_time = credentials._time_fetcher()
    second = credentials.get_frozen_credentials()
    assert first.secret_key != second.secret_key
    for secret in (first.secret_key, first.token, second.secret_key, second.token):
        assert secret not in log.redact(f"it is {secret}")
