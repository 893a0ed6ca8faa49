from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cache_doubles import BenchmarkDouble, FunctionDouble, add_function
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sebs.cache import Cache
from sebs.cache.guard import find_secrets
from sebs.errors import CacheError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.sampled_from(
    ["it's", 'a "b"', "a/b/../c", "x'; DROP TABLE functions; --", "名前", "e\u0301", "a\0b", "%s?"]
)
quick = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@quick
@given(name=NAMES, entry=st.dictionaries(st.text(), JSON, max_size=4))
def test_any_name_and_json_entry_come_back_as_they_were(
    cache: Cache, name: str, entry: dict[str, Any]
) -> None:
    if list(find_secrets(entry)):
        return
    add_function(cache, name, entry)
    functions = cache.get_functions("local", "010.sleep", "python")
    assert functions[name] == entry
    assert name in functions
    assert name in list(functions)


def test_an_empty_cache_reads_as_empty_and_makes_nothing(cache: Cache) -> None:
    functions = cache.get_functions("local", "010.sleep", "python")
    assert not functions
    assert functions.get("sleep") is None
    assert cache.get_all_functions("local") == {}
    assert not cache.cache_dir.exists()


def test_the_mapping_shows_what_was_added_after_it_was_made(cache: Cache) -> None:
    functions = cache.get_functions("local", "010.sleep", "python")
    add_function(cache, "one")
    assert dict(functions) == {"one": {"name": "one"}}
    add_function(cache, "two")
    assert sorted(functions) == ["one", "two"]
    assert len(functions) == 2
    cache.remove_function("local", "010.sleep", "python", "one")
    assert "one" not in functions
    with pytest.raises(KeyError, match="one"):
        functions["one"]


def test_a_looked_up_entry_is_the_callers_to_change(cache: Cache) -> None:
    add_function(cache, "one")
    functions = cache.get_functions("local", "010.sleep", "python")
    functions["one"]["name"] = "changed"
    assert functions["one"] == {"name": "one"}


def test_benchmark_language_and_platform_are_kept_apart(cache: Cache) -> None:
    add_function(cache, "one")
    add_function(cache, "two", language_name="nodejs")
    add_function(cache, "three", benchmark="110.dynamic-html")
    add_function(cache, "one", {"of": "aws"}, deployment="aws")
    assert list(cache.get_functions("local", "010.sleep", "python")) == ["one"]
    assert list(cache.get_functions("local", "010.sleep", "nodejs")) == ["two"]
    assert sorted(cache.get_all_functions("local")) == ["one", "three", "two"]
    assert cache.get_all_functions("aws") == {"one": {"of": "aws"}}
    assert "two" not in cache.get_functions("local", "010.sleep", "python")
    for name in ("two", "three"):
        with pytest.raises(KeyError, match=name):
            cache.get_functions("local", "010.sleep", "python")[name]


def test_adding_again_replaces_and_keeps_the_date_of_creation(cache: Cache) -> None:
    add_function(cache, "one", {"round": 1})
    (before,) = cache.show()["functions"]
    add_function(cache, "one", {"round": 2})
    (after,) = cache.show()["functions"]
    assert after["entry"] == {"round": 2}
    assert after["created"] == before["created"]
    assert after["modified"] > before["modified"]


def test_another_process_sees_it_at_once(cache: Cache) -> None:
    add_function(cache, "one")
    with Cache(cache.cache_dir) as other:
        assert "one" in other.get_functions("local", "010.sleep", "python")
        other.remove_function("local", "010.sleep", "python", "one")
    assert "one" not in cache.get_functions("local", "010.sleep", "python")


def test_update_of_an_unknown_function_fails_and_adds_nothing(cache: Cache) -> None:
    add_function(cache, "one")
    with pytest.raises(CacheError, match="'two'"):
        cache.update_function(FunctionDouble("two"))
    assert list(cache.get_all_functions("local")) == ["one"]


def test_update_of_a_name_on_two_platforms_changes_the_one_that_is_meant(cache: Cache) -> None:
    for deployment in ("aws", "local"):
        add_function(cache, "one", {"round": 1}, deployment=deployment)
    new = FunctionDouble("one", {"round": 2})
    with pytest.raises(CacheError, match="aws, local"):
        cache.update_function(new)
    with cache.function_lock("aws", "one"):
        cache.update_function(new)
    assert cache.get_all_functions("aws") == {"one": {"round": 2}}
    assert cache.get_all_functions("local") == {"one": {"round": 1}}
    new.deployment_name = "local"
    cache.update_function(new)
    assert cache.get_all_functions("local") == {"one": {"round": 2}}


@pytest.mark.parametrize("entry", [{"x": float("nan")}, {"x": object()}, {"x": {1, 2}}])
def test_what_is_no_json_is_refused_and_the_old_entry_stays(cache: Cache, entry: Any) -> None:
    add_function(cache, "one", {"round": 1})
    with pytest.raises(CacheError, match=r"functions\.one"):
        add_function(cache, "one", entry)
    assert cache.get_all_functions("local") == {"one": {"round": 1}}


def test_an_object_that_serializes_itself_is_stored_as_what_it_returns(cache: Cache) -> None:
    add_function(cache, "one", {"inner": FunctionDouble(entry={"a": 1})})
    assert cache.get_all_functions("local")["one"] == {"inner": {"a": 1}}


def test_a_name_that_is_no_text_is_refused_by_name(cache: Cache) -> None:
    with pytest.raises(CacheError, match="no valid Unicode"):
        add_function(cache, "broken-\ud800")


def test_nothing_changes_where_a_secret_is_refused(cache: Cache, tmp_path: Path) -> None:
    with pytest.raises(CacheError) as raised:
        add_function(cache, "one", {"triggers": [{"function_key": "abcDEF123456"}]})
    assert "functions.one.triggers.0.function_key" in str(raised.value)
    assert "abcDEF123456" not in str(raised.value)
    assert cache.get_all_functions("local") == {}
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(b"abcDEF123456" in path.read_bytes() for path in files)


def test_benchmark_double_stands_for_a_benchmark_without_a_package(cache: Cache) -> None:
    with pytest.raises(CacheError, match="no code package"):
        cache.add_code_package("local", BenchmarkDouble())
