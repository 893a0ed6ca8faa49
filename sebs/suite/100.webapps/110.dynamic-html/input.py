"""110.dynamic-html: a page filled in by a template engine."""

import math
import time
from datetime import datetime, timezone
from html.parser import HTMLParser
from itertools import pairwise

from sebs.benchmark.judging import judge_work

#: How many random numbers are on the page.
size_generators = {"test": 10, "small": 1000, "large": 100000}

LIMIT = 1_000_000

#: What is between the tags of the template but its numbers; ``None`` is looked at more closely.
BEFORE = [
    ("!doctype html", ""), ("html lang=en", ""),
    ("head", ""), ("meta charset=utf-8", ""), ("title", "Random numbers"), ("/title", ""),
    ("/head", ""), ("body", ""),
    ("h1", None), ("/h1", ""), ("p", None), ("/p", ""), ("ul", ""),
]  # fmt: skip
AFTER = [("/ul", ""), ("/body", ""), ("/html", "")]

#: Seconds by which a page's time may differ from the invocation's: a page does not say its time
#: zone, which is 14 hours from UTC at most, and clocks may be wrong.
DAY = 86_400

#: What is around the time that the page was made at.
PROSE = ("This page was made at ", ". Its random numbers are:")


def buckets_count():
    return 0, 0


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    return {"username": "testname", "random_len": size_generators[size]}


def validate_output(data_dir, input_config, output, language, storage=None):
    """Read the page: it must be the template, with the name, a time, and as many numbers."""
    html = output.get("result") if isinstance(output, dict) else None
    if not isinstance(html, str):
        return f"the result should be a page, and is {type(html).__name__}"
    count = input_config["random_len"]
    page = Page(html).parts
    first, last = len(BEFORE), len(page) - len(AFTER)
    asked = input_config.get("income-timestamp", time.time())
    reason = judge_frame(page[:first], page[last:]) or judge_prose(
        dict(page[:first]), input_config["username"], asked
    )
    reason = reason or judge_numbers(page[first:last], count)
    return reason or judge_work(output, ("compute_time",))


def judge_frame(before, after):
    """Return where the page has other tags or texts than the template."""
    for (tag, text), (wanted, exact) in zip(before + after, BEFORE + AFTER, strict=False):
        if tag != wanted or exact not in (None, text):
            return f"where the template has <{wanted}>{exact or ''} the page has <{tag}>{text[:40]}"
    if len(before + after) != len(BEFORE + AFTER):
        return "the page is not whole"
    return None


def judge_prose(texts, username, asked):
    """Return why the heading or the paragraph is not what it should be."""
    if texts["h1"] != f"Hello, {username}!":
        return f"the page should greet {username!r}, and says {texts['h1']!r}"
    before, after = PROSE
    stated = texts["p"].removeprefix(before).removesuffix(after)
    moment = time_of(stated)
    if texts["p"] != before + stated + after or moment is None:
        return f"the page should say when it was made, and says {texts['p']!r}"
    if abs(moment - asked) > DAY:
        return f"the page is of {stated}, and was asked for at {asked} Unix seconds"
    return None


def judge_numbers(parts, count):
    """Return why a list is not one of so many random numbers."""
    tags = [tag for tag, _ in parts]
    if tags != ["li", "/li"] * (len(parts) // 2) or any(text for _, text in parts[1::2]):
        return "between <ul> and </ul> there is something else than numbers in <li>"
    items = [text for _, text in parts[::2]]
    if len(items) != count:
        return f"the page lists {len(items)} numbers, not {count}"
    wrong = next((item for item in items if not is_number(item)), None)
    if wrong is not None:
        return f"the page lists {wrong!r}, which is no number from 0 to {LIMIT - 1}"
    numbers = [int(item) for item in items]
    repeated = count - len(set(numbers))
    if repeated > most_repeated(count):
        return f"the numbers are not random: {repeated} of {count} are there already"
    return judge_tosses(numbers)


def judge_tosses(numbers):
    """Return which question a list of random numbers answers otherwise than tosses of a coin.

    By Hoeffding's inequality one list in ten million million is so far off; neighbours, of which
    one is the greater, vary less than coins do. Few numbers may be anything.
    """
    questions = {
        "are even": sum(number % 2 == 0 for number in numbers),
        f"are below {LIMIT // 2}": sum(number < LIMIT // 2 for number in numbers),
        "are greater than the one before": sum(one < other for one, other in pairwise(numbers)),
    }
    count = len(numbers)
    for what, found in questions.items():
        if abs(found - count / 2) > 4 * math.sqrt(count):
            return f"the numbers are not random: {found} of {count} {what}"
    return None


def most_repeated(count):
    """Return how many of so many random numbers may be there already.

    As many pairs are expected to be equal as there are pairs by numbers, and their standard
    deviation is the root of that. Ten of them and one pair more are exceeded by one page of a
    hundred million at most, of the sizes above; and not even three numbers may all be the same.
    """
    expected = count * (count - 1) / 2 / LIMIT
    return 1 + expected + 10 * math.sqrt(expected)


def time_of(text):
    """Return a day and a time of it, as ISO 8601 has them, in Unix seconds; else ``None``."""
    try:
        # Python knows no Z before 3.11.
        moment = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return None
    if len(text) <= len("2000-01-01T00"):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def is_number(text):
    digits = text.isascii() and text.isdecimal() and len(text) <= len(str(LIMIT))
    return digits and int(text) < LIMIT and str(int(text)) == text


class Page(HTMLParser):
    """The tags of a page in their order, each with the text after it; comments are tags, too.

    Attributes:
        parts: Pairs of both; white space at the ends of texts is left out.
    """

    def __init__(self, html):
        super().__init__()
        self._parts = [["", ""]]
        self.feed(html)
        self.close()
        parts = [(tag, text.strip()) for tag, text in self._parts]
        # Text before the first tag is a part of its own.
        self.parts = parts if parts[0][1] else parts[1:]

    def handle_starttag(self, tag, attrs):
        self._parts.append([" ".join([tag, *(f"{name}={value}" for name, value in attrs)]), ""])

    def handle_endtag(self, tag):
        self._parts.append([f"/{tag}", ""])

    def handle_decl(self, decl):
        self._parts.append([f"!{decl.lower()}", ""])

    def handle_comment(self, data):
        self._parts.append(["!--", ""])

    def handle_pi(self, data):
        self._parts.append(["?", ""])

    def unknown_decl(self, data):
        self._parts.append(["!--", ""])

    def handle_data(self, data):
        self._parts[-1][1] += data
