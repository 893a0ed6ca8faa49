"""Logs: where they go, and what is never in them."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sebs import log


@pytest.mark.parametrize(
    "text",
    [
        "connecting with password=hunter2-hush",
        'body {"secret_access_key": "hunter2-hush", "region": "r"}',
        "{'AccountKey': 'hunter2-hush'}",
        "DefaultEndpointsProtocol=https;AccountKey=hunter2-hush;EndpointSuffix=x",
        "GET https://user:hunter2-hush@host/path",
        "POST https://host/api?code=hunter2-hush&x=1",
        "Authorization: Bearer hunter2-hush",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2-hush\n-----END RSA PRIVATE KEY-----",
        "client_secret: hunter2-hush",
    ],
)
def test_what_looks_secret_is_masked(text) -> None:
    redacted = log.redact(text)
    assert "hunter2-hush" not in redacted
    assert log.MASK in redacted


@pytest.mark.parametrize(
    "text",
    [
        "Using deployment sebs-1234 in /tmp/x:y@z",
        "Configuration of f: memory is 128, wanted is 256.",
        "http://127.0.0.1:8080/functions/f?page=2",
        "primary_key: id",
    ],
)
def test_ordinary_lines_stay_as_they_are(text) -> None:
    assert log.redact(text) == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=6), st.text())
def test_a_hidden_value_is_in_no_line(secret, around) -> None:
    log.hide(secret)
    try:
        assert secret not in log.redact_hidden(f"{around}{secret}{around}") or secret in log.MASK
    finally:
        log._secrets.discard(secret)


def test_a_traceback_is_masked_and_the_file_is_private(tmp_path: Path, capsys) -> None:
    path = tmp_path / "run.log"
    log.set_up(filename=path)
    try:
        try:
            raise RuntimeError("token=hunter2-hush")
        except RuntimeError:
            logging.getLogger("sebs.Test").exception("It failed")
    finally:
        log.set_up()
    text = path.read_text()
    assert "RuntimeError" in text
    assert "hunter2-hush" not in text + capsys.readouterr().err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
