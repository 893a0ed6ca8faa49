"""The facade: what a script begins with, and what it leaves behind."""

from __future__ import annotations

import pytest

from sebs import Local, SeBS
from sebs.errors import (
    ConfigurationError,
    UnknownExperimentError,
    UnsupportedLanguageError,
)


@pytest.fixture
def client(tmp_path):
    with SeBS(tmp_path / "cache", tmp_path / "results" / "deep") as made:
        yield made


def test_the_output_directory_is_there(client) -> None:
    assert client.output_dir.is_dir()


@pytest.mark.parametrize(
    "configuration",
    [
        {"name": "local"},
        {"name": "local", "local": {"keep_alive": 5}},
        {"deployment": {"name": "local"}, "experiments": {"memory": 256}},
        {},
    ],
)
def test_a_section_or_a_whole_configuration_makes_a_platform(client, configuration) -> None:
    assert isinstance(client.get_deployment(configuration), Local)


@pytest.mark.parametrize("configuration", [None, "local", 3, {"deployment": "local"}])
def test_what_is_no_configuration_is_refused(client, configuration) -> None:
    with pytest.raises(ConfigurationError):
        client.get_deployment(configuration)


def test_one_platform_that_fails_to_shut_down_does_not_keep_the_others(client, monkeypatch) -> None:
    first, second = (client.get_deployment({"name": "local"}) for _ in range(2))
    ended = []
    monkeypatch.setattr(first, "shutdown", lambda: ended.append("first"))

    def failing() -> None:
        ended.append("second")
        raise ConnectionError("the network is gone")

    monkeypatch.setattr(second, "shutdown", failing)
    monkeypatch.setattr(client.cache_client, "shutdown", lambda: ended.append("cache"))
    with pytest.raises(ConnectionError, match="gone"):
        client.shutdown()
    assert ended == ["second", "first", "cache"]
    client.shutdown()


def test_an_unknown_experiment_is_named(client) -> None:
    with pytest.raises(UnknownExperimentError, match="perf-cots"):
        client.get_experiment("perf-cots", {})


def test_a_language_that_the_platform_does_not_run_lists_what_it_runs(client) -> None:
    system = client.get_deployment({"name": "local"})
    config = client.get_experiment_config({"runtime": {"language": "java"}})
    with pytest.raises(UnsupportedLanguageError, match="python on "):
        client.get_benchmark("010.sleep", system, config)


def test_the_defaults_of_rarely_written_hooks(client) -> None:
    system = client.get_deployment({"name": "local"})
    system.disable_rich_output()
    assert not system.shows_progress
    assert system.container_client is None
    assert system.finalize_container_build() is None
    assert system.system_variant_suffix(client.get_experiment_config({}).system_variant) is None
