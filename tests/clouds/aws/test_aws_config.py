"""The section ``deployment.aws``: what is wrong with it, and what the cache keeps of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sebs.aws.clients import Clients
from sebs.aws.config import AWSConfig
from sebs.aws.options import problems
from sebs.cache import Cache
from sebs.errors import ConfigurationError, CredentialsError

SECRET, TOKEN = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLESECRET", "FwoGZXIvYXdzEXAMPLETOKEN"
KEYS = {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": SECRET, "session_token": TOKEN}
ROLE = "arn:aws:iam::123456789012:role/given"


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    cache = Cache(tmp_path / "cache")
    yield cache
    cache.close()


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine on which nobody is signed in; its configuration is the file that is returned."""
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return tmp_path / "config"


def read(cache: Cache, **section: Any) -> AWSConfig:
    return AWSConfig.deserialize({"region": "eu-south-2", **section}, cache, None)


# --- what is wrong ---


@pytest.mark.parametrize(
    ("section", "path", "says"),
    [
        ({"regoin": "x"}, "regoin", "did you mean 'region'"),
        ({"resources": {"lambda_role": ROLE}}, "resources.lambda_role", "mean 'lambda-role'"),
        ({"resources": {"lambda-role": "admin"}}, "resources.lambda-role", "pattern"),
        ({"resources": {"resources_id": "Not A Name"}}, "resources.resources_id", "pattern"),
        ({"credentials": {"access_key": "a"}}, "credentials.secret_key", "other half"),
        ({"credentials": {"secret_key": "a"}}, "credentials.access_key", "other half"),
        ({"credentials": {"session_token": "a"}}, "credentials.session_token", "access_key"),
        ({"credentials": {**KEYS, "profile": "p"}}, "credentials.profile", "together"),
        ({"credentials": {"external_id": "ab"}}, "credentials.external_id", "role_arn"),
        ({"credentials": {"role_arn": "admin"}}, "credentials.role_arn", "pattern"),
        ({"endpoint_url": "localhost:4566"}, "endpoint_url", ""),
        ({"endpoint_urls": {"lamda": "http://x"}}, "endpoint_urls.lamda", "mean 'lambda'"),
        ({"endpoint_urls": {"s3": "ftp://x"}}, "endpoint_urls.s3", ""),
        ({"log_format": "XML"}, "log_format", "JSON"),
        ({"base_images": {"java": "x"}}, "base_images", ""),
        ({"region": "US EAST"}, "region", "pattern"),
    ],
)
def test_what_is_wrong_is_said_with_its_path(section: dict[str, Any], path: str, says: str) -> None:
    found = problems(section)
    assert any(each.path.startswith(f"deployment.aws.{path}") for each in found), found
    assert any(says in each.message for each in found), found


def test_everything_that_is_wrong_is_said_at_once(cache: Cache) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(cache, log_format="XML", endpoint_urls={}, credentials={"role_arn": "admin"})
    assert "log_format" in str(caught.value)
    assert "role_arn" in str(caught.value)


@pytest.mark.parametrize("credentials", [KEYS, {**KEYS, "acess_key": SECRET}])
def test_no_error_shows_a_secret(credentials: dict[str, str]) -> None:
    found = problems({"region": "US EAST", "credentials": credentials})
    assert found
    assert SECRET not in repr(found)
    assert TOKEN not in repr(found)


@pytest.mark.parametrize(
    ("section", "role"),
    [
        ({"lambda-role": ""}, None),
        ({"lambda-role": ROLE}, ROLE),
        ({"lambda-role": ROLE, "resources": {"lambda-role": f"{ROLE}-2"}}, f"{ROLE}-2"),
        (
            {
                "resources": {
                    "lambda-role": "",
                    "http-apis": {},
                    "docker": {"registry": "", "username": "", "password": ""},
                }
            },
            None,
        ),
    ],
)
def test_files_of_sebs_are_read(cache: Cache, section: dict[str, Any], role: str | None) -> None:
    assert read(cache, **section).resources.lambda_role == role


# --- what is kept ---


def test_only_the_account_is_ever_written_down(cache: Cache) -> None:
    config = read(cache, credentials=KEYS)
    config.credentials.account_id = "123456789012"
    config.resources.resources_id = "rid"
    config.update_cache(cache)
    written = json.dumps([config.serialize(), cache.get_config("aws")])
    shown = repr([config, config.credentials, config.credentials.keys])
    for text in (written, shown):
        assert SECRET not in text
        assert TOKEN not in text
        assert KEYS["access_key"] not in text
    again = read(cache)
    assert again.credentials.account_id == "123456789012"
    assert again.credentials.keys is None
    assert (again.resources.resources_id, again.resources.remembered) == ("rid", True)


def test_another_deployment_does_not_get_the_buckets_of_the_cache(cache: Cache) -> None:
    config = read(cache, resources={"resources_id": "one", "storage_buckets": {"benchmarks": "b"}})
    config.update_cache(cache)
    assert read(cache).resources.serialize()["storage_buckets"] == {"benchmarks": "b"}
    other = read(cache, resources={"resources_id": "two"})
    assert "storage_buckets" not in other.resources.serialize()


@pytest.mark.parametrize(
    ("resources", "function_url", "public"),
    [
        ({}, True, False),
        ({"use-function-url": False}, False, False),
        ({"function-url-auth-type": "NONE"}, True, True),
    ],
)
def test_triggers_are_private_function_urls_unless_the_user_asks(
    cache: Cache, resources: dict[str, Any], function_url: bool, public: bool
) -> None:
    made = read(cache, resources=resources).resources
    assert (made.use_function_url, made.is_public) == (function_url, public)


# --- where ---


@pytest.mark.parametrize(
    ("section", "variables", "unsaid"),
    [
        ({"region": "eu-west-1"}, {"AWS_REGION": "us-west-2"}, {}),
        ({}, {"AWS_REGION": "us-west-2"}, {"region": "us-west-2"}),
        (
            {"region": "eu-west-1"},
            {"AWS_ENDPOINT_URL": "http://here:1", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": "http://log"},
            {"endpoint_url": "http://here:1", "endpoint_urls": {"logs": "http://log"}},
        ),
        (
            {"region": "eu-west-1", "endpoint_urls": {"lambda": "http://said"}},
            {"AWS_ENDPOINT_URL_LAMBDA": "http://unsaid", "AWS_ENDPOINT_URL_STS": "http://sts"},
            {"endpoint_urls": {"sts": "http://sts"}},
        ),
        (
            {"region": "eu-west-1", "endpoint_url": "http://said"},
            {"AWS_ENDPOINT_URL": "http://unsaid", "AWS_ENDPOINT_URL_LAMBDA": "http://unsaid"},
            {},
        ),
        (
            {"region": "eu-west-1"},
            {"AWS_ENDPOINT_URL": "http://here", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
            {},
        ),
        ({"region": "eu-west-1"}, {"AWS_ENDPOINT_URL": "http://user:word@here"}, {}),
    ],
)
def test_what_a_section_leaves_to_the_environment_is_what_it_could_say(
    section: dict[str, Any],
    variables: dict[str, str],
    unsaid: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert AWSConfig.left_to_environment(section) == unsaid
    assert problems({**section, **unsaid}) == []


def test_the_region_is_where_the_sdk_looks_for_it(
    cache: Cache, nobody: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match=r"deployment\.aws\.region") as caught:
        AWSConfig.deserialize({}, cache, None)
    assert "AWS_REGION" in (caught.value.remedy or "")
    nobody.write_text("[default]\nregion = eu-west-3\n[profile work]\nregion = eu-north-1\n")
    assert AWSConfig.deserialize({}, cache, None).region == "eu-west-3"
    work = AWSConfig.deserialize({"credentials": {"profile": "work"}}, cache, None)
    assert work.region == "eu-north-1"
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert AWSConfig.deserialize({}, cache, None).region == "eu-central-1"
    assert read(cache).region == "eu-south-2"


def test_one_service_may_be_elsewhere(cache: Cache) -> None:
    endpoints = read(
        cache, endpoint_url="http://127.0.0.1:1", endpoint_urls={"s3": "http://127.0.0.1:2"}
    ).endpoints
    assert (endpoints.of("s3"), endpoints.of("lambda")) == (
        "http://127.0.0.1:2",
        "http://127.0.0.1:1",
    )
    assert read(cache).endpoints.of("lambda") is None


# --- signing in ---


def session(config: AWSConfig) -> Any:
    return Clients(config.region, config.credentials, config.endpoints).session


def test_nobody_is_signed_in(cache: Cache) -> None:
    with pytest.raises(CredentialsError, match="no credentials") as caught:
        session(read(cache))
    assert "aws configure" in (caught.value.remedy or "")


def test_half_a_pair_in_the_environment(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS["access_key"])
    with pytest.raises(CredentialsError, match="half of the credentials is missing") as caught:
        session(read(cache))
    assert "together" in (caught.value.remedy or "")


def test_a_profile_that_does_not_exist(cache: Cache, nobody: Path) -> None:
    nobody.write_text("[profile work]\nregion = eu-north-1\n")
    with pytest.raises(ConfigurationError, match="no profile 'wrok'") as caught:
        session(read(cache, credentials={"profile": "wrok"}))
    assert "work" in (caught.value.remedy or "")


def test_keys_and_profiles_are_signed_in_with(cache: Cache, nobody: Path) -> None:
    given = session(read(cache, credentials=KEYS)).get_credentials()
    assert (given.access_key, given.secret_key, given.token) == tuple(KEYS.values())
    nobody.write_text(
        f"[profile work]\naws_access_key_id = WORK\naws_secret_access_key = {SECRET}\n"
    )
    profile = session(read(cache, credentials={"profile": "work"})).get_credentials()
    assert (profile.access_key, profile.secret_key) == ("WORK", SECRET)
