"""The section ``deployment.local``: strict, all problems at once, each with its path."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sebs.cache import Cache
from sebs.errors import ConfigurationError
from sebs.local.config import LocalConfig
from sebs.local.gateway.functions import DEFAULT_QUEUE, Scaling
from sebs.local.options import problems
from sebs.s3.connection import S3Endpoint


@pytest.fixture
def cache(tmp_path):
    with Cache(tmp_path / "cache") as cache:
        yield cache


def test_nothing_needs_to_be_said(cache):
    config = LocalConfig.deserialize({}, cache, None)
    assert config.home == cache.cache_dir / "local"
    assert config.region == "local" == config.resources.region
    assert config.scaling == Scaling()
    assert not config.resources.has_resources_id


def test_everything_can_be_said(cache):
    section = {
        "name": "local",
        "home": "~/somewhere",
        "region": "desk",
        "max_environments": 2,
        "concurrency": 3,
        "queue": 4,
        "keep_alive": 5,
        "max_request": 6,
        "max_response": 7,
        "keep_alive_policy": "half-life",
        "clock": "virtual",
        "storage": {"type": "filesystem"},
        "resources": {"resources_id": "mine"},
    }
    config = LocalConfig.deserialize(section, cache, None)
    assert config.home == Path.home() / "somewhere"
    assert config.scaling == Scaling(2, 3, 4, 5, 6, 7, "half-life", "virtual")
    assert config.serialize()["resources"] == {"resources_id": "mine"}
    assert config.serialize()["keep_alive"] == 5


@pytest.mark.parametrize(("given_queue", "meant"), [(True, DEFAULT_QUEUE), (False, 0), (7, 7)])
def test_a_queue_is_a_length_or_just_there(cache, given_queue, meant):
    assert LocalConfig.deserialize({"queue": given_queue}, cache, None).scaling.queue == meant


def test_all_problems_come_at_once(cache):
    section = {
        "hoem": "/x",
        "max_environments": 0,
        "concurrency": "2",
        "keep_alive": float("inf"),
        "queue": -1,
        "storage": {"type": "tape", "endpint": "http://127.0.0.1"},
        "resources": {"resource_id": "x", "resources_id": "../x"},
    }
    with pytest.raises(ConfigurationError) as caught:
        LocalConfig.deserialize(section, cache, None)
    messages = {problem.path: problem.message for problem in caught.value.problems}
    assert messages["deployment.local.hoem"] == "unknown key; did you mean 'home'?"
    assert messages["deployment.local.storage.endpint"] == "unknown key; did you mean 'endpoint'?"
    assert (
        messages["deployment.local.resources.resource_id"]
        == "unknown key; did you mean 'resources_id'?"
    )
    assert {path.removeprefix("deployment.local.").partition(".int")[0] for path in messages} == {
        "hoem",
        "max_environments",
        "concurrency",
        "keep_alive",
        "queue",
        "storage.type",
        "storage.endpint",
        "resources.resource_id",
        "resources.resources_id",
    }


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ({"keep_alive_policy": "half_life"}, "keep_alive_policy"),
        ({"keep_alive_policy": None}, "keep_alive_policy"),
        ({"keep_alive_policy": "half-life", "keep_alive": 0}, "keep_alive"),
        ({"keep_alive_policy": "half-life", "keep_alive": -380}, "keep_alive"),
        ({"keep_alive": -1}, "keep_alive"),
        ({"clock": "simulated"}, "clock"),
        ({"clock": True}, "clock"),
    ],
)
def test_keep_alive_that_cannot_be_is_refused(cache, section, path):
    with pytest.raises(ConfigurationError) as caught:
        LocalConfig.deserialize(section, cache, None)
    (problem,) = caught.value.problems
    assert problem.path == f"deployment.local.{path}"


@pytest.mark.parametrize("home", ["~nobody-of-that-name/x", "relative/x", "a b/'ü'"])
def test_a_home_is_any_path(cache, home):
    assert LocalConfig.deserialize({"home": home}, cache, None).home == Path(home).absolute()


def test_buckets_may_be_on_a_server(cache):
    section = {"type": "s3", "endpoint": "http://127.0.0.1:9000/"}
    config = LocalConfig.deserialize({"storage": section}, cache, None)
    assert config.s3 == S3Endpoint("http://127.0.0.1:9000", "us-east-1")
    section |= {"endpoint": "https://[::1]", "region": "eu-south-2", "profile": "p"}
    config = LocalConfig.deserialize({"storage": section}, cache, None)
    assert config.s3 == S3Endpoint("https://[::1]", "eu-south-2", "p")
    assert config.serialize()["storage"] == section
    assert LocalConfig.deserialize({}, cache, None).serialize()["storage"] == {"type": "filesystem"}


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://me:hunter22@host",
        "https://hunter22@host",
        "ftp://host/hunter22",
        "host:9000/hunter22",
        "https:///hunter22",
        "http://host:hunter22",
        "http://host/hunter22",
        "http://host?hunter22",
        "http://host/#hunter22",
        "http://ho st/hunter22",
        "http://[hunter22",
    ],
)
def test_an_endpoint_is_scheme_host_and_port_and_is_not_repeated(cache, endpoint):
    section = {"storage": {"type": "s3", "endpoint": endpoint}}
    with pytest.raises(ConfigurationError, match=r"deployment\.local\.storage\.endpoint") as caught:
        LocalConfig.deserialize(section, cache, None)
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize(
    ("storage", "path"),
    [
        ({"type": "s3"}, "endpoint"),
        ({"type": "s3", "endpoint": None}, "endpoint"),
        ({"endpoint": "http://127.0.0.1"}, "endpoint"),
        ({"region": "r"}, "region"),
        ({"type": "filesystem", "profile": "p"}, "profile"),
        ({"type": "s3", "endpoint": "http://h", "region": "R 1"}, "region"),
        ({"type": "s3", "endpoint": "http://h", "secret_key": "s"}, "secret_key"),
    ],
)
def test_what_belongs_to_a_server_belongs_together(cache, storage, path):
    with pytest.raises(ConfigurationError) as caught:
        LocalConfig.deserialize({"storage": storage}, cache, None)
    (problem,) = caught.value.problems
    assert problem.path == f"deployment.local.storage.{path}"


def test_a_deployment_is_taken_up_from_the_cache(cache):
    first = LocalConfig.deserialize({}, cache, None)
    first.resources.resources_id = "settled"
    first.update_cache(cache)
    assert LocalConfig.deserialize({}, cache, None).resources.resources_id == "settled"
    other = {"resources": {"resources_id": "other"}}
    assert LocalConfig.deserialize(other, cache, None).resources.resources_id == "other"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
KEYS = st.sampled_from(
    [
        "home",
        "queue",
        "keep_alive",
        "keep_alive_policy",
        "clock",
        "max_environments",
        "storage",
        "resources",
        "region",
        "x",
    ]
)


@given(section=st.dictionaries(KEYS, JSON, max_size=4))
def test_whatever_is_said_is_used_or_refused_by_path(tmp_path_factory, section):
    cache = Cache(tmp_path_factory.getbasetemp() / "unused")
    found = problems(section)
    if found:
        assert all(problem.path.startswith("deployment.local.") for problem in found)
        with pytest.raises(ConfigurationError):
            LocalConfig.deserialize(section, cache, None)
    else:
        config = LocalConfig.deserialize(section, cache, None)
        assert set(section) <= set(config.serialize())
        assert config.home.is_absolute()
