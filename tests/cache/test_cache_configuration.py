from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sebs.cache import Cache
from sebs.cache.guard import find_secrets, looks_secret, without_secrets
from sebs.errors import CacheError
from sebs.log import hide

SECRET_NAMES = [
    "password", "DB_PASSWORD", "clientSecret", "client-secret", "token", "accessToken", "authtoken",
    "AWS_SECRET_ACCESS_KEY", "secretAccessKey", "apikey", "api_key", "X-Api-Key", "private_key",
    "Authorization", "auth", "AccountKey", "functionKeys", "connection_string", "passphrase",
    "sessionToken", "token_value", "password2", "key_material", "x-functions-key", "secrets",
]  # fmt: skip
HARMLESS_NAMES = [
    "primary_key", "secondary_key", "primaryKey", "token_endpoint", "secret_name", "secret_arn",
    "key", "keys", "public_key", "partition_key", "sort_key", "object_key", "credentials", "author",
    "password_policy", "auth_type", "tokenizer", "key_id", "access_key_id", "name", "region",
    "resources_id", "storage_buckets", "private_key_path", "hash", "tables", "account_id",
]  # fmt: skip
SECRET_VALUES = [
    "-----BEGIN PRIVATE KEY-----\nMIIE", "-----BEGIN RSA PRIVATE KEY-----",
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=c2VjcmV0", "Bearer eyJhbGciOi.1.x",
    "https://user:hunter2@example.org/path", "https://f.example.org/api?code=abcDEF123",
    "https://b.example.org/x?se=2030&sig=abc%2B", "https://b.example.org/?X-Amz-Signature=00ff",
]  # fmt: skip
HARMLESS_VALUES = [
    "https://example.org/path?page=2", "http://127.0.0.1:8080/function", "basic benchmarks",
    "token",
    "arn:aws:iam::123456789012:role/sebs", "Bearer tokens are refused", "2020:10@20",
    "registry.example.org:5000/sleep:1", "-----BEGIN CERTIFICATE-----",
]  # fmt: skip


def test_a_value_is_set_at_its_path_and_parents_are_made(cache: Cache) -> None:
    assert cache.get_config("knative") is None
    cache.update_config(val="eu-west-1", keys=["knative", "region"])
    cache.update_config(val={"a": "bucket"}, keys=["knative", "resources", "storage_buckets"])
    cache.update_config(val={"b": "bucket"}, keys=["knative", "resources", "storage_buckets"])
    cache.update_config(val=3, keys=["knative", "resources", "limit"])
    assert cache.get_config("knative") == {
        "region": "eu-west-1",
        "resources": {"storage_buckets": {"a": "bucket", "b": "bucket"}, "limit": 3},
    }
    assert cache.get_config_key(["knative", "resources", "limit"]) == 3
    assert cache.get_config_key(["knative", "region", "limit"]) is None
    assert cache.get_config_key(["aws", "region"]) is None


def test_a_scalar_on_the_way_gives_place(cache: Cache) -> None:
    cache.update_config(val="scalar", keys=["aws", "resources"])
    cache.update_config(val=1, keys=["aws", "resources", "deep", "er"])
    assert cache.get_config("aws") == {"resources": {"deep": {"er": 1}}}


def test_removing_values_and_whole_configurations(cache: Cache) -> None:
    cache.update_config(val={"region": "x", "resources": {"a": 1, "b": 2}}, keys=["aws"])
    cache.update_config(val="y", keys=["gcp", "region"])
    cache.remove_config_key(["aws", "resources", "a"])
    cache.remove_config_key(["aws", "absent", "a"])
    cache.remove_config_key(["azure", "absent"])
    assert cache.get_config("aws") == {"region": "x", "resources": {"b": 2}}
    assert cache.get_config("azure") is None
    cache.remove_config("aws")
    assert cache.get_config("aws") is None
    assert cache.get_config("gcp") == {"region": "y"}


@pytest.mark.parametrize(("val", "keys"), [("x", []), ("x", ["aws"]), ([1], ["aws"])])
def test_what_names_no_place_is_refused(cache: Cache, val: Any, keys: list[str]) -> None:
    with pytest.raises(CacheError):
        cache.update_config(val=val, keys=keys)
    assert cache.get_config("aws") is None


def test_storage_and_nosql_mappings(cache: Cache) -> None:
    buckets = {"buckets": {"input": ["in-0"], "output": []}}
    tables = {"tables": {"cart": {"name": "sebs-cart", "primary_key": "id"}}}
    assert cache.get_storage_config("aws", "311.compression") is None
    cache.update_storage("aws", "311.compression", buckets)
    cache.update_nosql("aws", "130.crud-api", tables)
    cache.update_nosql("gcp", "130.crud-api", {"tables": {}})
    assert cache.get_storage_config("aws", "311.compression") == buckets
    assert cache.get_nosql_config("aws", "130.crud-api") == tables
    assert cache.get_nosql_configs("aws") == {"130.crud-api": tables}
    cache.remove_nosql("aws")
    assert cache.get_nosql_configs("aws") == {}
    assert cache.get_nosql_config("gcp", "130.crud-api") == {"tables": {}}
    assert cache.get_storage_config("aws", "311.compression") == buckets
    cache.remove_storage("aws")
    assert cache.get_storage_config("aws", "311.compression") is None


def test_tree_indexes_are_bytes_under_any_path(cache: Cache) -> None:
    root = "/tmp/with \udcff and 'quotes'"
    assert cache.tree_index(root) is None
    cache.store_tree_index(root, b"\0\xff one")
    cache.store_tree_index(root, b"\0\xff two")
    assert cache.tree_index(root) == b"\0\xff two"


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_secret_is_known_by_its_name(name: str) -> None:
    assert looks_secret(name)
    assert list(find_secrets({"a": [{name: "value"}]})) == [("a", "0", name)]
    assert list(find_secrets({name: {"of": "value"}})) == [(name,)]


@pytest.mark.parametrize("name", HARMLESS_NAMES)
def test_a_harmless_name_passes(name: str) -> None:
    assert not looks_secret(name)


@pytest.mark.parametrize("empty", [None, True, False, "", [], {}])
def test_an_empty_value_is_no_secret(empty: Any) -> None:
    assert list(find_secrets({"password": empty})) == []


@pytest.mark.parametrize("value", SECRET_VALUES)
def test_a_secret_is_known_by_its_shape(value: str) -> None:
    assert list(find_secrets({"url": value})) == [("url",)]


@pytest.mark.parametrize("value", HARMLESS_VALUES)
def test_a_harmless_value_passes(value: str) -> None:
    assert list(find_secrets({"url": value})) == []


def test_what_the_log_hides_is_not_cached_either(cache: Cache) -> None:
    hide("a-very-particular-value-4711")
    with pytest.raises(CacheError, match=r"aws\.note") as raised:
        cache.update_config(val="see a-very-particular-value-4711", keys=["aws", "note"])
    assert "4711" not in str(raised.value)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    path=st.lists(st.sampled_from([*HARMLESS_NAMES, 0, 1]), max_size=5),
    name=st.sampled_from(SECRET_NAMES),
    case=st.sampled_from([str, str.upper, str.title]),
)
def test_a_secret_is_refused_at_any_depth_and_its_path_named(
    cache: Cache, path: list[Any], name: str, case: Any
) -> None:
    name = name if name != name.lower() else case(name)
    value: Any = {name: "s3cr3t-value"}
    for step in reversed(path):
        value = {step: value} if isinstance(step, str) else [{"x": 1}] * step + [value]
    where = ".".join(["aws", "settings", *map(str, path), name])
    with pytest.raises(CacheError) as raised:
        cache.update_config(val=value, keys=["aws", "settings"])
    assert where in str(raised.value)
    assert "s3cr3t-value" not in str(raised.value)
    assert cache.get_config("aws") is None
    cleared, left_out = without_secrets({"settings": value})
    assert left_out == [where.removeprefix("aws.")]
    assert "s3cr3t-value" not in repr(cleared)
