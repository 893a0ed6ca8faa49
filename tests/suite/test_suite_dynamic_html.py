"""110.dynamic-html: the page is whole, in both languages, and the verdict reads it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from suite_doubles import Fed

NAME = "110.dynamic-html"
EVENT = {"username": "testname", "random_len": 3}
PAGE = "<html><body><p>Hello, testname!</p><ul>\n<li>0</li><li> 7 </li><li>999999</li></ul></body>"


@pytest.mark.parametrize(("size", "count"), [("test", 10), ("small", 1000), ("large", 100_000)])
def test_the_event_says_how_many(fed: Any, size: str, count: int) -> None:
    assert fed(NAME).event(size) == {"username": "testname", "random_len": count}


@pytest.mark.registry
def test_python_makes_the_page(fed: Any, python_handler: Any) -> None:
    benchmark = fed(NAME)
    check(benchmark, python_handler(benchmark), "python")


@pytest.mark.node
@pytest.mark.registry
def test_nodejs_makes_the_page(fed: Any, nodejs_handler: Any) -> None:
    benchmark = fed(NAME)
    check(benchmark, nodejs_handler(benchmark), "nodejs")


def check(benchmark: Any, handler: Any, language: str) -> None:
    for event in (
        benchmark.event("test"),
        benchmark.event("large"),
        {"username": "<b>&\"'", "random_len": 1},
        {"username": "Žofie", "random_len": 0},
    ):
        output = handler(event)
        assert benchmark.judge(event, output, language) is None
        assert output["result"].count("<li>") == event["random_len"]
        assert "<b>" not in output["result"]
        assert output["measurement"]["compute_time"] > 0
    event = benchmark.event("small")
    first, second = (re.findall(r"<li>(\d+)</li>", handler(event)["result"]) for _ in range(2))
    assert len(first) == len(second) == 1000
    assert first != second


@pytest.mark.parametrize("language", ["python", "nodejs"])
@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (PAGE, None),
        (PAGE.replace("<li>0</li>", "<LI class='x'>0</LI>"), None),
        (PAGE.replace("</li>", ""), None),
        (PAGE.replace("</li>", "</li>, and"), None),
        (PAGE.replace("<li>0</li>", ""), "lists 2 numbers, not 3"),
        (PAGE.replace("<li>0</li>", "<li>0</li><li>1</li>"), "lists 4 numbers, not 3"),
        (PAGE.replace("<li>0</li>", "<!-- <li>0</li> -->"), "lists 2 numbers, not 3"),
        (PAGE.replace("<li>0<", "<li><"), "lists ''"),
        (PAGE.replace("<li>0<", "<li>-1<"), "lists '-1'"),
        (PAGE.replace("<li>0<", "<li>1000000<"), "lists '1000000'"),
        (PAGE.replace("<li>0<", "<li>0.5<"), "lists '0.5'"),
        (PAGE.replace("<li>0<", "<li>\u0663<"), "lists '\u0663'"),
        (PAGE.replace("<li>0<", "<li>{{ number }}<"), "lists '{{ number }}'"),
        (PAGE.replace("testname", "Testname"), "does not greet 'testname'"),
        (PAGE.replace("<li>0<", "<li>testname<").replace("Hello, testname", ""), "not greet"),
        (PAGE[: len(PAGE) // 2], "numbers, not 3"),
        ("", "does not greet"),
        (None, "should be a page, and is NoneType"),
        ([PAGE], "should be a page, and is list"),
    ],
)
def test_verdicts(fed: Any, language: str, page: Any, reason: str | None) -> None:
    verdict = fed(NAME).judge(EVENT, {"result": page}, language)
    assert verdict is None if reason is None else reason in str(verdict)


@pytest.mark.parametrize("output", [None, PAGE, {}, {"body": PAGE}])
def test_an_output_without_a_page_is_wrong(fed: Any, output: Any) -> None:
    assert "should be a page" in fed(NAME).judge(EVENT, output)


@given(numbers=st.lists(st.integers(-5, 1_000_005), max_size=6), wanted=st.integers(0, 6))
def test_only_as_many_numbers_in_range_are_right(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], wanted: int
) -> None:
    benchmark = Fed(NAME, tmp_path_factory.getbasetemp())
    items = "".join(f"<li>{number}</li>" for number in numbers)
    event = {"username": "u", "random_len": wanted}
    verdict = benchmark.judge(event, {"result": f"<p>Hello, u!</p><ul>{items}</ul>"})
    right = len(numbers) == wanted and all(0 <= number < 1_000_000 for number in numbers)
    assert (verdict is None) == right
