"""110.dynamic-html: the page is whole, in both languages, and the verdict reads it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from suite_doubles import Fed

NAME = "110.dynamic-html"

#: As the function gets it on the day of the page.
INCOME = datetime(2024, 2, 29, 11, 12, 13, tzinfo=timezone.utc).timestamp()
EVENT = {"username": "testname", "random_len": 3, "income-timestamp": INCOME}
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Random numbers</title></head>
<body><h1>Hello, testname!</h1>
<p>This page was made at 2024-02-29 11:12:13.000014. Its random numbers are:</p>
<ul><li>0</li>
<li> 7 </li><li>999999</li></ul></body></html>
"""
MEASURED = {"compute_time": 5}


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
        (PAGE.replace("2024-02-29 11:12:13.000014", "2024-02-29T11:12:13.014Z"), None),
        (PAGE.replace("<li>0</li>", "<LI>0</LI>"), None),
        (PAGE.replace("<li>0</li>", "<li class='x'>0</li>"), "something else than numbers"),
        (PAGE.replace("</li>", ""), "something else than numbers"),
        (PAGE.replace("</li>", "</li>, and"), "something else than numbers"),
        (PAGE.replace("<li>0</li>", "<b>0</b>"), "something else than numbers"),
        (PAGE.replace("<li>0</li>", "<!-- <li>0</li> -->"), "something else than numbers"),
        (PAGE.replace("<li>0</li>", ""), "lists 2 numbers, not 3"),
        (PAGE.replace("<li>0</li>", "<li>0</li><li>1</li>"), "lists 4 numbers, not 3"),
        (PAGE.replace("<li>0<", "<li><"), "lists ''"),
        (PAGE.replace("<li>0<", "<li>-1<"), "lists '-1'"),
        (PAGE.replace("<li>0<", "<li>1000000<"), "lists '1000000'"),
        (PAGE.replace("<li>0<", "<li>0.5<"), "lists '0.5'"),
        (PAGE.replace("<li>0<", "<li>000001<"), "lists '000001'"),
        (PAGE.replace("<li>0<", "<li>00<"), "lists '00'"),
        (PAGE.replace("<li>0<", f"<li>{'9' * 5000}<"), "lists '9999"),
        (PAGE.replace("<li>0<", "<li>\u0663<"), "lists '\u0663'"),
        (PAGE.replace("<li>0<", "<li>{{ number }}<"), "lists '{{ number }}'"),
        (PAGE.replace(">0<", ">7<").replace("999999", "7"), "2 of 3 are there already"),
        (PAGE.replace("testname", "Testname"), "should greet 'testname'"),
        (PAGE.replace("Hello, testname", "Bye, testname"), "should greet 'testname'"),
        (PAGE.replace("h1>", "h2>"), "where the template has <h1>"),
        (PAGE.replace("2024-02-29", "2023-02-29"), "should say when it was made"),
        (PAGE.replace("2024-02-29 11:12:13.000014", "noon"), "should say when it was made"),
        (PAGE.replace(" 11:12:13.000014", ""), "should say when it was made"),
        (PAGE.replace("This page", "It"), "should say when it was made"),
        (PAGE.replace("2024-02-29", "2001-01-01"), "the page is of 2001-01-01"),
        (PAGE.replace("2024-02-29", "9999-12-31"), "the page is of 9999-12-31"),
        (PAGE.replace("2024-02-29", "2024-03-02"), "the page is of 2024-03-02"),
        (PAGE.replace("2024-02-29", "0001-01-01"), "the page is of 0001-01-01"),
        (PAGE.replace("Random numbers", "Numbers"), "where the template has <title>"),
        (PAGE.replace("<!DOCTYPE html>", ""), "where the template has <!doctype html>"),
        (PAGE.replace("<body>", "").replace("</body>", ""), "where the template has <body>"),
        (
            PAGE.replace('<html lang="en">', "").replace("</html>", ""),
            "where the template has <html",
        ),
        (PAGE.replace("</html>", ""), "where the template has"),
        ("junk" + PAGE, "where the template has"),
        (PAGE + "junk", "where the template has </html>"),
        (PAGE + "<p>more</p>", "where the template has"),
        (PAGE.replace("<body>", "<body>junk"), "where the template has <body>"),
        (PAGE[: len(PAGE) // 2], "where the template has"),
        ("Hello, testname! <li>1</li><li>2</li><li>3</li>", "where the template has"),
        ("", "the page is not whole"),
        (None, "should be a page, and is NoneType"),
        ([PAGE], "should be a page, and is list"),
    ],
)
def test_verdicts(fed: Any, language: str, page: Any, reason: str | None) -> None:
    output = {"result": page, "measurement": MEASURED}
    verdict = fed(NAME).judge(EVENT, output, language)
    assert verdict is None if reason is None else reason in str(verdict)


@pytest.mark.parametrize("output", [None, PAGE, {}, {"body": PAGE}])
def test_an_output_without_a_page_is_wrong(fed: Any, output: Any) -> None:
    assert "should be a page" in fed(NAME).judge(EVENT, output)


@pytest.mark.parametrize(
    "measurement", [None, {}, {"compute_time": 0}, {"compute_time": float("inf")}]
)
def test_a_page_without_its_time_is_wrong(fed: Any, measurement: Any) -> None:
    output = {"result": PAGE, "measurement": measurement}
    assert fed(NAME).judge(EVENT, output) is not None


def page_of(numbers: list[int]) -> str:
    items = "".join(f"<li>{number}</li>" for number in numbers)
    before, _, rest = PAGE.partition("<ul>")
    return f"{before}<ul>{items}</ul>{rest.partition('</ul>')[2]}"


@given(
    numbers=st.lists(st.integers(-5, 1_000_005), max_size=6, unique=True), wanted=st.integers(0, 6)
)
def test_only_as_many_numbers_in_range_are_right(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], wanted: int
) -> None:
    benchmark = Fed(NAME, tmp_path_factory.getbasetemp())
    event = {**EVENT, "random_len": wanted}
    output = {"result": page_of(numbers), "measurement": MEASURED}
    verdict = benchmark.judge(event, output)
    right = len(numbers) == wanted and all(0 <= number < 1_000_000 for number in numbers)
    assert (verdict is None) == right


@pytest.mark.parametrize("count", [10, 1000, 100_000])
def test_numbers_that_are_drawn_pass_and_repeated_ones_do_not(fed: Any, count: int) -> None:
    benchmark = fed(NAME)
    event = {**EVENT, "random_len": count}
    draw = Random(1)
    for numbers, passes in (
        (draw.sample(range(1_000_000), count), True),
        ([draw.randrange(1_000_000) for _ in range(count)], True),
        ([7] * count, False),
        ([draw.randrange(1_000_000) for _ in range(count // 2)] * 2, False),
        ([draw.randrange(101) for _ in range(10 * count)][:count], count == 10),
        # Ten numbers may be anything.
        (list(range(count)), count == 10),
        (sorted(draw.sample(range(1_000_000), count)), count == 10),
        (sorted(draw.sample(range(1_000_000), count), reverse=True), count == 10),
        (draw.sample(range(0, 1_000_000, 2), count), count == 10),
        (draw.sample(range(1, 1_000_000, 2), count), count == 10),
        (draw.sample(range(500_000), count), count == 10),
    ):
        output = {"result": page_of(numbers), "measurement": MEASURED}
        assert (benchmark.judge(event, output) is None) == passes


def test_clocks_and_time_zones_may_differ_but_not_days(fed: Any) -> None:
    benchmark = fed(NAME)
    for hours, passes in ((-25, False), (-23, True), (0, True), (23, True), (25, False)):
        moment = datetime.fromtimestamp(INCOME, timezone.utc) + timedelta(hours=hours)
        for text in (f"{moment:%Y-%m-%d %H:%M:%S.%f}", moment.isoformat()):
            page = PAGE.replace("2024-02-29 11:12:13.000014", text)
            output = {"result": page, "measurement": MEASURED}
            assert (benchmark.judge(EVENT, output) is None) is passes


def test_without_its_own_time_an_invocation_was_a_moment_ago(fed: Any) -> None:
    benchmark = fed(NAME)
    event = benchmark.event("test") | {"random_len": 3}
    output = {"result": PAGE, "measurement": MEASURED}
    assert "the page is of 2024-02-29" in str(benchmark.judge(event, output))
    now = datetime.now().isoformat(" ")
    output["result"] = PAGE.replace("2024-02-29 11:12:13.000014", now)
    assert benchmark.judge(event, output) is None
