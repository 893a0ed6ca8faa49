"""The configuration: SeBS's files, all problems at once, nothing coerced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sebs import config
from sebs.config_schema import check, mask
from sebs.errors import ConfigurationError
from sebs.experiments import registry
from sebs.experiments.config import ExperimentConfig, SystemVariant

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def write(tmp_path: Path, content: object, name: str = "config.json") -> Path:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def paths(error: ConfigurationError) -> list[str]:
    return [problem.path for problem in error.problems]


def test_an_empty_file_is_valid_and_gives_the_defaults(tmp_path) -> None:
    loaded = config.load(write(tmp_path, {}))
    assert loaded.deployment_name == "local"
    assert loaded.experiments["repetitions"] == 5
    assert set(loaded.origins.values()) == {"default"}


def test_later_layers_win_and_each_value_knows_its_origin(tmp_path) -> None:
    path = write(tmp_path, {"experiments": {"repetitions": 7, "memory": 256}})
    loaded = config.load(
        path,
        environment={"SEBS_LANGUAGE": "nodejs"},
        overrides={"experiments.memory": 512, "experiments.timeout": None},
    )
    assert loaded.experiments["repetitions"] == 7
    assert loaded.experiments["memory"] == 512
    assert loaded.origins["experiments.repetitions"] == str(path)
    assert loaded.origins["experiments.runtime.language"] == "SEBS_LANGUAGE"
    assert loaded.origins["experiments.memory"] == "command line"
    assert loaded.origins["experiments.timeout"] == "default"


def test_a_file_of_sebs_is_accepted(tmp_path) -> None:
    path = write(
        tmp_path,
        {
            "experiments": {
                "deployment": "aws",
                "update_code": False,
                "download_results": False,
                "architecture": "arm64",
                "container_deployment": True,
                "runtime": {"language": "python", "version": "3.8"},
                "type": "perf-cost",
                "perf-cost": {"benchmark": "110.dynamic-html", "repetitions": 50},
            },
            "deployment": {"name": "aws", "aws": {"region": "us-east-1"}},
        },
    )
    experiment = ExperimentConfig.deserialize(config.load(path).experiments)
    assert experiment.architecture == "arm64"
    assert experiment.system_variant == SystemVariant("container")
    assert experiment.settings["perf-cost"]["repetitions"] == 50


def test_all_problems_come_at_once_with_their_paths(tmp_path) -> None:
    path = write(
        tmp_path,
        {
            "experimnts": {},
            "experiments": {
                "repetitions": "5",
                "architecture": "riscv",
                "update_cod": True,
                "runtime": {"versoin": "3.11"},
            },
            "deployment": {"name": 3, "aws": []},
        },
    )
    with pytest.raises(ConfigurationError) as caught:
        config.load(path)
    assert paths(caught.value) == [
        "deployment.aws",
        "deployment.name",
        "experiments.architecture",
        "experiments.repetitions",
        "experiments.runtime.versoin",
        "experiments.update_cod",
        "experimnts",
    ]
    text = str(caught.value)
    for near in ("'experiments'", "'update_code'", "'version'"):
        assert f"did you mean {near}" in text


@pytest.mark.parametrize(
    ("content", "words"),
    [("{", "cannot be parsed"), ("[1]", "list"), ("\x00", "cannot be parsed"), ('"a"', "str")],
)
def test_what_is_no_json_object_is_refused(tmp_path, content, words) -> None:
    with pytest.raises(ConfigurationError, match=words):
        config.load(write(tmp_path, content))


@pytest.mark.parametrize(
    ("experiment", "section", "said"),
    [
        (
            "memory-tuning",
            {"benchmark": "b", "memory-sizes": [1]},
            "memory-sizes: must have 2 or more, has 1",
        ),
        ("memory-tuning", {"memory-sizes": [1, 2]}, "benchmark: is missing"),
        ("memory-tuning", {"benchmark": ""}, "benchmark: must not be empty"),
        ("memory-tuning", {"objective": "x"}, "must be 'speed', 'cost' or 'balanced', is 'x'"),
        ("memory-tuning", {"weight": 3}, "weight: must be 1 or less, is 3"),
        ("memory-tuning", {"repetitions": 0}, "repetitions: must be more than 0, is 0"),
        ("memory-tuning", {"repetitions": 2.5}, "repetitions: must be a whole number, is 2.5"),
        ("memory-tuning", {"cold": -1}, "cold: must be 0 or more, is -1"),
        ("memory-tuning", {"events": []}, "events: must be an object, is a list"),
        (
            "invocation-overhead",
            {"begin": 100, "end": 100},
            "end: must be larger than begin, is 100",
        ),
        ("scalability", {"tolerated-lateness": "x"}, "must be a number, is 'x'"),
    ],
)
def test_problems_are_told_in_plain_words(experiment, section, said) -> None:
    shape = registry.load(experiment).PARAMETERS
    problems = [str(each) for each in check(f"experiments.{experiment}", shape, section)]
    assert any(each.endswith(said) for each in problems), problems
    for validators in ("should", "Input", "valid", "Value error", "after"):
        assert not any(validators in each for each in problems)


def test_an_unknown_platform_is_a_problem_among_others(tmp_path) -> None:
    content = {"deployment": {"name": "lokal"}, "experiments": {"perf-costs": {}}}
    with pytest.raises(ConfigurationError) as caught:
        config.load(write(tmp_path, content), platforms=["local"])
    assert paths(caught.value) == ["deployment.name", "experiments.perf-costs"]
    assert "Did you mean local?" in str(caught.value)
    assert "did you mean 'perf-cost'?" in str(caught.value)


def test_a_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        config.load(tmp_path / "nowhere.json")


def test_toml_has_the_same_shape(tmp_path) -> None:
    path = write(tmp_path, "[experiments]\nrepetitions = 9\n", "config.toml")
    assert config.load(path).experiments["repetitions"] == 9


@given(st.dictionaries(st.sampled_from(["deployment", "experiments", "x"]) | st.text(), JSON))
def test_no_object_ever_crashes_the_check(content) -> None:
    try:
        config.merge([("fuzz", content)])
    except ConfigurationError as error:
        caught = error
    else:
        return
    assert caught.problems
    assert str(caught)


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1)))
def test_unknown_keys_are_never_accepted_in_silence(extra) -> None:
    unknown = {f"zz{key}": value for key, value in extra.items()}
    if not unknown:
        return
    with pytest.raises(ConfigurationError) as caught:
        config.merge([("fuzz", {"experiments": unknown})])
    assert len(caught.value.problems) == len(unknown)


def test_secrets_are_masked() -> None:
    shown = mask({"aws": {"secret_access_key": "hush", "region": "r"}, "list": [{"token": "hush"}]})
    assert "hush" not in json.dumps(shown)
    assert shown["aws"]["region"] == "r"
