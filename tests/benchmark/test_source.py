"""Finding benchmarks, and reading what they say of themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from benchmark_doubles import NAME, write_tree
from hypothesis import given
from hypothesis import strategies as st

from sebs.benchmark.config import BenchmarkConfig, read_config
from sebs.benchmark.source import find_benchmark, list_benchmarks, survey
from sebs.errors import (
    InvalidBenchmarkError,
    InvalidNameError,
    UnknownBenchmarkError,
    UsageError,
)
from sebs.sebs_types import Language

GOOD: dict[str, Any] = {"timeout": 10, "memory": 128, "languages": ["python"]}


def test_grouped_and_single_benchmarks_are_found(suite: Path) -> None:
    write_tree(
        suite, {"100.group/920.other/config.json": (suite / NAME / "config.json").read_text()}
    )
    assert find_benchmark("920.other", [suite]).path == suite / "100.group" / "920.other"
    names = [source.name for source in list_benchmarks([suite])]
    assert {NAME, "920.other"} <= set(names)
    assert names == sorted(names)


def test_earlier_directories_win(suite: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write_tree(other, {f"{NAME}/config.json": (suite / NAME / "config.json").read_text()})
    assert find_benchmark(NAME, [other, suite]).path == other / NAME


def test_data_is_in_the_group_where_that_has_any(tmp_path: Path) -> None:
    source = find_benchmark("110.dynamic-html")
    assert source.data_dir(tmp_path) == tmp_path / "110.dynamic-html"
    grouped = tmp_path / "100.webapps" / "110.dynamic-html"
    grouped.mkdir(parents=True)
    assert source.data_dir(tmp_path) == grouped


def test_a_prefix_is_no_name(suite: Path) -> None:
    with pytest.raises(UnknownBenchmarkError, match=f"Known benchmarks: .*{NAME}"):
        find_benchmark("910", [suite])


def test_a_directory_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        list_benchmarks([tmp_path / "nowhere"])


def test_a_benchmark_in_the_place_of_a_directory_of_them_is_told(suite: Path) -> None:
    for look in (
        lambda: find_benchmark(NAME, [suite / NAME]),
        lambda: list_benchmarks([suite / NAME]),
    ):
        with pytest.raises(UsageError, match="is a benchmark itself") as caught:
            look()
        assert caught.value.remedy == f"Name {str(suite)!r}."
    # A configuration of sebs itself may lie beside benchmarks.
    (suite / "config.json").write_text("{}")
    assert find_benchmark(NAME, [suite]).path == suite / NAME


def test_two_of_one_name_in_one_directory_are_refused(suite: Path, tmp_path: Path) -> None:
    config = (suite / NAME / "config.json").read_text()
    names = [f"100.one/{NAME}", f"200.two/{NAME}"]
    other = tmp_path / "other"
    write_tree(other, {f"{name}/config.json": config for name in names})
    for look in (lambda: find_benchmark(NAME, [other, suite]), lambda: list_benchmarks([other])):
        with pytest.raises(InvalidBenchmarkError, match="There are 2 benchmarks") as caught:
            look()
        assert all(str(other / name) in caught.value.message for name in names)
    # One that comes first settles it, and another benchmark is not concerned.
    assert find_benchmark(NAME, [suite, other]).path == suite / NAME
    assert find_benchmark("010.sleep", [other]).name == "010.sleep"
    found, faults = survey([other])
    assert "010.sleep" in {source.name for source in found}
    assert len(faults) == 1


def test_a_name_that_no_resource_can_have_is_refused(suite: Path) -> None:
    config = (suite / NAME / "config.json").read_text()
    write_tree(suite, {"911.my function/config.json": config, ".draft/912.x/config.json": config})
    with pytest.raises(InvalidNameError, match=r"cannot be called '911\.my function'"):
        find_benchmark("911.my function", [suite])
    found, faults = survey([suite])
    assert NAME in {source.name for source in found}
    assert [type(fault) for fault in faults] == [InvalidNameError]
    with pytest.raises(UnknownBenchmarkError):
        find_benchmark("912.x", [suite])


def test_both_forms_of_languages_and_unknown_keys_are_read() -> None:
    config = BenchmarkConfig.deserialize(
        {
            **GOOD,
            "languages": ["nodejs", {"language": "python", "variants": ["default", "pypy"]}],
            "modules": ["storage"],
            "cpp_dependencies": ["x"],
        }
    )
    assert config.languages == [Language.NODEJS, Language.PYTHON]
    assert list(config.variants[Language.PYTHON]) == ["default", "pypy"]
    assert config.modules == ["storage"]
    assert BenchmarkConfig.deserialize(config.serialize()) == config


def test_variants_of_every_form_that_sebs_has_are_read() -> None:
    declared = {
        "default": "default",
        "bun": "on-bun",
        "cloudflare": {"workers": "cloudflare", "containers": "default"},
        "images": {"containers": "images"},
    }
    languages = [{"language": "nodejs", "variants": declared}]
    config = BenchmarkConfig.deserialize({**GOOD, "languages": languages})
    found = {
        name: (variant.directory(in_image=False), variant.directory(in_image=True))
        for name, variant in config.variants[Language.NODEJS].items()
    }
    assert found == {
        "default": ("default", "default"),
        "bun": ("on-bun", "on-bun"),
        "cloudflare": ("cloudflare", "default"),
        "images": (None, "images"),
    }
    assert BenchmarkConfig.deserialize(config.serialize()) == config


def test_languages_that_are_unknown_here_leave_the_others_usable() -> None:
    languages = ["rust", "python", {"language": "pypy", "variants": ["default"]}]
    config = BenchmarkConfig.deserialize({**GOOD, "languages": languages})
    assert config.languages == [Language.PYTHON]
    assert config.unknown_languages == ["rust", "pypy"]
    assert BenchmarkConfig.deserialize(config.serialize()) == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"timeout": "10"}, "timeout must be a positive whole number of seconds, not '10'"),
        ({"timeout": True}, "timeout"),
        ({"memory": 0}, "memory must be a positive whole number of MB, not 0"),
        ({"memory": 1.5}, "memory"),
        ({"languages": "python"}, "languages must be a list"),
        ({"languages": []}, "languages must name one at least"),
        ({"languages": ["cobol"]}, "Unknown language 'cobol'"),
        ({"languages": [{"language": "python", "variants": ["../up"]}]}, "variants of 'python'"),
        ({"languages": [{"language": "python", "variants": {"x": "../up"}}]}, "variants of"),
        ({"languages": [{"language": "python", "variants": {"x": {"pods": "x"}}}]}, "variants of"),
        ({"languages": [{"language": "python", "variants": {"x": {}}}]}, "variants of"),
        ({"languages": [7]}, "a language must be its name, not 7"),
        ({"modules": [1]}, "modules must be names"),
    ],
)
def test_wrong_values_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidBenchmarkError, match=message):
        BenchmarkConfig.deserialize({**GOOD, **change})


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text("{}")
    with pytest.raises(InvalidBenchmarkError) as caught:
        read_config(path)
    for word in ("timeout", "memory", "languages", str(path)):
        assert word in caught.value.message


@pytest.mark.parametrize("text", ["", "[]", "{", "\ud800".encode("utf-8", "surrogatepass")])
def test_files_that_are_no_configuration_are_named(tmp_path: Path, text: Any) -> None:
    write_tree(tmp_path, {"config.json": text})
    with pytest.raises(InvalidBenchmarkError, match=r"config\.json"):
        read_config(tmp_path / "config.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys([*GOOD, "modules"], JSON)))
def test_any_object_is_read_or_refused(content: dict[str, Any]) -> None:
    try:
        config = BenchmarkConfig.deserialize(content)
    except InvalidBenchmarkError:
        return
    assert config.timeout > 0
    assert config.memory > 0
