"""What is found in a benchmark's directory: all of it at once, and nothing in a good one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmark_doubles import write_tree

from sebs.benchmark.new import check_name, write_skeleton
from sebs.benchmark.source import list_benchmarks
from sebs.checking.check import check, usable_languages
from sebs.checking.finding import Finding
from sebs.errors import InvalidNameError, UnsupportedLanguageError, UsageError
from sebs.sebs_types import Language

NAME = "911.my-function"


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    return write_skeleton(tmp_path / "my benchmarks", NAME)


def problems(directory: Path) -> list[tuple[str, str]]:
    return [(each.where, each.what) for each in check(directory) if each.problem]


def test_nothing_is_found_in_a_new_benchmark(fresh: Path) -> None:
    assert check(fresh) == []
    files = {str(path.relative_to(fresh)) for path in fresh.rglob("*") if path.is_file()}
    assert files == {"config.json", "input.py", "python/function.py", "nodejs/function.js"}
    assert [path.name for path in fresh.parent.iterdir()] == [NAME]


def test_a_new_benchmark_in_one_language_has_no_other(tmp_path: Path) -> None:
    made = write_skeleton(tmp_path, NAME, [Language.NODEJS])
    assert json.loads((made / "config.json").read_text())["languages"] == ["nodejs"]
    assert not (made / "python").exists()
    assert check(made) == []


@pytest.mark.parametrize("name", ["", "x", "1.", "1.Übung", "1.a/b", "../1.a", "12345.a", "1.a--b"])
def test_names_that_are_no_benchmarks_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidNameError, match="cannot be called"):
        write_skeleton(tmp_path / "there", name)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(fresh: Path) -> None:
    (fresh / "input.py").write_text("mine")
    for below in (fresh / "input.py", fresh / "input.py" / "deep"):
        with pytest.raises(UsageError, match="is no directory"):
            write_skeleton(below, "912.other")
    with pytest.raises(UsageError, match="already"):
        write_skeleton(fresh.parent, NAME)
    with pytest.raises(UnsupportedLanguageError, match="no skeleton in java"):
        write_skeleton(fresh.parent, "912.other", [Language.JAVA])
    assert (fresh / "input.py").read_text() == "mine"
    assert [path.name for path in fresh.parent.iterdir()] == [NAME]


@pytest.mark.parametrize("source", list_benchmarks(), ids=lambda source: source.name)
def test_names_of_the_bundled_benchmarks_are_right(source) -> None:
    check_name(source.name)


def test_everything_is_found_at_once(fresh: Path) -> None:
    write_tree(
        fresh,
        {
            "config.json": '{"timeout": 1, "memory": 0, "languages": "python"}',
            "input.py": "def generate_input(data_dir, size, bucket, i, o, upload):\n"
            "    return {'test': {'a': {1, 2}}, 'small': {'a': 1}}.get(size) or 1 / 0\n"
            "def validate_output(a, b):\n    return None\n",
        },
    )
    found = problems(fresh)
    assert found[0] == (
        "config.json",
        "is no benchmark's: languages must be a list, not 'python'; memory must be a positive "
        "whole number of MB, not 0.",
    )
    assert [where for where, _ in found[1:]] == ["input.py"] * (len(found) - 1)
    text = "\n".join(what for _, what in found)
    for part in ("no JSON for the size 'test'", "for the size 'large': ZeroDivisionError"):
        assert part in text
    assert "accepts the output None" in text
    assert all(each.remedy for each in check(fresh))


@pytest.mark.parametrize(
    ("files", "where", "what"),
    [
        ({"python/function.py": "def handle(event): pass"}, "python/function.py", "no function"),
        ({"python/function.py": "def handler(:"}, "python/function.py", "no Python"),
        ({"python/function.py": b"\xff"}, "python/function.py", "no Python"),
        ({"nodejs/function.js": "console.log(1)"}, "nodejs/function.js", "exports no handler"),
        ({"input.py": "1/0"}, "input.py", "could not be loaded: ZeroDivisionError"),
        ({"input.py": "x = 1"}, "input.py", "has no generate_input"),
        (
            {
                "input.py": "def buckets_count():\n    return 1, 0\n"
                "def generate_input(d, s, b, i, o, upload, nosql):\n"
                "    upload(0, 'key', 'absent')\n"
            },
            "input.py",
            "uploads 'absent' as 'key', which is no file",
        ),
        (
            {
                "input.py": "def buckets_count():\n    return 1, 0\n"
                "def generate_input(d, s, i, o, upload):\n    upload(1, 'key', __file__)\n"
            },
            "input.py",
            "uploads to input 1, of 1",
        ),
        (
            {
                "config.json": '{"timeout": 1, "memory": 1, "languages": ["nodejs", '
                '{"language": "python", "variants": ["default", "fast"]}]}'
            },
            "python/fast",
            "variant 'fast' has no directory",
        ),
    ],
)
def test_each_problem_is_named_where_it_is(
    fresh: Path, files: dict[str, str | bytes], where: str, what: str
) -> None:
    write_tree(fresh, files)
    found = problems(fresh)
    assert any(place == where and what in text for place, text in found), found
    assert {place for place, _ in found} == {where}


def test_a_missing_function_is_found_for_each_language(fresh: Path) -> None:
    (fresh / "python/function.py").unlink()
    (fresh / "nodejs/function.js").unlink()
    assert {where for where, _ in problems(fresh)} == {"python/function.py", "nodejs/function.js"}


def test_what_is_only_worth_knowing_is_no_problem(fresh: Path) -> None:
    languages = ["python", "rust", "java"]
    config = {"timeout": 1, "memory": 1, "languages": languages}
    (fresh / "config.json").write_text(json.dumps(config))
    inputs = fresh / "input.py"
    inputs.write_text(inputs.read_text().replace("def validate_output", "def judge"))
    renamed = fresh.rename(fresh.with_name("my_function"))
    found = check(renamed)
    assert [each.where for each in found] == [".", "config.json", "java", "input.py"]
    assert "has no validate_output" in found[-1].what
    assert not any(each.problem for each in found)
    assert isinstance(found[0], Finding)
    usable = {"python": True, "java": False, "rust": False}
    assert usable_languages(renamed, found) == usable


@pytest.mark.parametrize("name", ["911.my function", "911.mö", ".911", "911.a+b"])
def test_a_name_that_no_resource_can_have_is_a_problem(fresh: Path, name: str) -> None:
    renamed = fresh.rename(fresh.with_name(name))
    [found] = check(renamed)
    assert (found.where, found.problem) == (".", True)
    assert "cannot be called" in found.what
    assert usable_languages(renamed, [found]) == {"python": False, "nodejs": False}


@pytest.mark.parametrize(
    ("language", "file", "needed"),
    [("java", "handler.jar", "its jar and handler.txt"), ("cpp", "bootstrap", "executable")],
)
def test_a_language_that_nothing_is_built_in_is_usable_only_as_it_was_built(
    fresh: Path, language: str, file: str, needed: str
) -> None:
    config = {"timeout": 1, "memory": 1, "languages": [language]}
    (fresh / "config.json").write_text(json.dumps(config))
    write_tree(fresh, {f"{language}/source": "text"})
    [found] = check(fresh)
    assert (found.where, found.problem) == (language, True)
    assert f"sebs builds no {language}" in found.what
    assert needed in found.remedy
    assert usable_languages(fresh, [found]) == {language: False}
    (fresh / language / file).write_text("built")
    (fresh / language / file).chmod(0o755)
    [found] = check(fresh)
    assert not found.problem
    assert usable_languages(fresh, [found]) == {language: True}


def test_one_language_may_be_usable_and_another_not(fresh: Path) -> None:
    (fresh / "python/function.py").unlink()
    assert usable_languages(fresh, check(fresh)) == {"python": False, "nodejs": True}
    (fresh / "input.py").write_text("1/0")
    assert usable_languages(fresh, check(fresh)) == {"python": False, "nodejs": False}
    (fresh / "config.json").write_text("")
    assert usable_languages(fresh, check(fresh)) == {}


def test_only_the_wanted_sizes_are_generated(fresh: Path) -> None:
    text = (fresh / "input.py").read_text()
    (fresh / "input.py").write_text(text.replace('"large": 10_000_000', '"large": 1 / 0'))
    assert "could not be loaded" in problems(fresh)[0][1]
    broken = text.replace(
        '    return {"count"', "    assert size != 'large'\n    return {\"count\""
    )
    (fresh / "input.py").write_text(broken)
    assert check(fresh, sizes=["test", "small"]) == []
    assert "'large'" in problems(fresh)[0][1]
    (unknown,) = check(fresh, sizes=["huge"])
    assert "no input of size 'huge'" in unknown.what


def test_of_the_usual_sizes_only_the_one_for_tests_must_be_there(fresh: Path) -> None:
    text = (fresh / "input.py").read_text().replace("size_generators", "sizes")
    (fresh / "input.py").write_text(text.replace(', "large": 10_000_000', ""))
    assert problems(fresh) == []
    assert "no input of size 'large'" in [each.what for each in check(fresh)][-1]
    (fresh / "input.py").write_text(text.replace('"test": 1_000, ', ""))
    assert "no input of size 'test'" in problems(fresh)[0][1]
