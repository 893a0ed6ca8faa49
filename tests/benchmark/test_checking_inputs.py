"""What is found in input.py: inputs are made as for a run, and the validator is tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from sebs.benchmark.new import write_skeleton
from sebs.checking.check import check
from sebs.checking.finding import Finding
from sebs.sebs_types import Language

NAME = "911.my-function"
RETURN = '    return {"count": size_generators[size]}'
COUNTS = "def buckets_count() -> tuple[int, int]:\n"
TABLES = "def allocate_nosql():\n    return {}\n\n\n"


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    return write_skeleton(tmp_path, NAME, [Language.PYTHON])


def change(directory: Path, old: str, new: str) -> None:
    inputs = directory / "input.py"
    text = inputs.read_text()
    assert old in text
    inputs.write_text(text.replace(old, new))


def only_problem(directory: Path) -> Finding:
    [found] = check(directory, sizes=["test"])
    assert (found.where, found.problem) == ("input.py", True)
    return found


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ('{"count": float("nan")}', "Out of range float values"),
        ('{"count": {1, 2}}', "type set is not JSON serializable"),
        ('{"count": b"x"}', "type bytes is not JSON serializable"),
    ],
)
def test_an_event_that_is_no_json_is_a_problem(fresh: Path, event: str, said: str) -> None:
    change(fresh, RETURN, f"    return {event}")
    found = only_problem(fresh)
    assert "'test'" in found.what
    assert said in found.what


@pytest.mark.parametrize("counts", ["(-1, 0)", "(0, -2)", "(1,)", "('a', 0)", "(1, 0, 0)"])
def test_counts_of_buckets_that_cannot_be_are_a_problem(fresh: Path, counts: str) -> None:
    change(fresh, "return 0, 0", f"return {counts}")
    assert "buckets_count" in only_problem(fresh).what


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ("{'a': {'primary_key': 3}}", "primary_key of the table 'a'"),
        ("{'a': {}}", "primary_key of the table 'a'"),
        ("{'a': {'primary_key': 'p', 'secondary_key': 3}}", "secondary_key of the table 'a'"),
        ("{'a': {'primary_key': 'p', 'secondary_key': 'p'}}", "cannot be the keys of a table"),
        ("{'': {'primary_key': 'p'}}", "cannot be the name of a table"),
        ("['a']", "allocate_nosql"),
    ],
)
def test_tables_that_cannot_be_are_a_problem(fresh: Path, tables: str, said: str) -> None:
    change(fresh, COUNTS, TABLES.replace("{}", tables) + COUNTS)
    assert said in only_problem(fresh).what


GOOD = f"nosql_func('{NAME}', 'carts', {{'a': 1}}, ('cart', '1'), ('item', '2'))"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (GOOD.replace(NAME, "912.other"), "writes a table of '912.other'"),
        (GOOD.replace("carts", "wagons"), "no table 'wagons'"),
        (GOOD.replace("'cart'", "'art'"), "primary key of the table 'carts' is 'cart', not 'art'"),
        (GOOD.replace(", ('item', '2')", ""), "secondary key of the table 'carts' is 'item'"),
        (GOOD.replace("'1'", "1"), "no text of 1 to"),
        (GOOD.replace("{'a': 1}", "{'a': float('nan')}"), "no JSON object"),
        (GOOD.replace("{'a': 1}", "{'a': 'x' * 500_000}"), "409600 allowed"),
        (GOOD.replace("{'a': 1}", "3"), "int"),
        ("nosql_func('wrong', 'nope', {})", "missing"),
    ],
)
def test_items_are_held_against_the_rules_of_tables(fresh: Path, call: str, said: str) -> None:
    tables = "{'carts': {'primary_key': 'cart', 'secondary_key': 'item'}}"
    change(fresh, COUNTS, TABLES.replace("{}", tables) + COUNTS)
    change(fresh, RETURN, f"    {GOOD}\n{RETURN}")
    assert check(fresh) == []
    change(fresh, GOOD, call)
    assert said in only_problem(fresh).what


SIGNATURE = """def validate_output(
    data_dir: str | None,
    input_config: dict[str, Any],
    output: Any,
    language: str,
    storage: Any = None,
) -> str | None:"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (SIGNATURE, "def validate_output(output):", "takes 1 positional argument but 2 were given"),
        ("right = (count", "right = typo_here + (count", "name 'typo_here' is not defined"),
        ('input_config["count"]', 'input_config["counts"]', "KeyError: 'counts'"),
        (
            "    if not isinstance(found, int)",
            "    if isinstance(output, dict):\n        import nothing_of_that_name\n"
            "    if not isinstance(found, int)",
            "No module named 'nothing_of_that_name'",
        ),
    ],
)
def test_a_validator_that_cannot_judge_rejects_nothing(
    fresh: Path, old: str, new: str, said: str
) -> None:
    change(fresh, old, new)
    found = only_problem(fresh)
    assert "validate_output" in found.what
    assert said in found.what


def test_a_validator_that_raises_because_of_the_output_rejects_it(fresh: Path) -> None:
    change(
        fresh, 'output.get("result") if isinstance(output, dict) else output', 'output["result"]'
    )
    assert check(fresh) == []


def test_a_validator_that_this_machine_keeps_from_judging_is_told(fresh: Path) -> None:
    change(
        fresh,
        '    count = input_config["count"]',
        "    from sebs.errors import DependencyError\n"
        '    raise DependencyError("no ffmpeg", remedy="Get one.")',
    )
    found = only_problem(fresh)
    assert "no ffmpeg" in found.what
    assert found.remedy == "Get one."
