"""The price book: every entry has a source, nothing is guessed, broken files are refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sebs.analysis.prices as prices
from sebs.analysis.prices import Bills, Memory, Plan, PriceBook, Source, Tariff, price_book
from sebs.analysis.prices.book import read_prices
from sebs.cli.main import run
from sebs.errors import LimitExceededError, PriceUnknownError, ResultFormatError

AWS = (Path(prices.__file__).parent / "aws.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("place", "memory", "milliseconds", "expected"),
    [
        # 512 MB for a second: the provider's own example, 16.67 a million GB-seconds.
        (("aws", "us-east-1", "x64"), 512, 1000, 0.5 * 16.6667 + 0.2),
        (("aws", "eu-central-1", "arm64"), 1024, 1, 0.0133334 + 0.2),
        (("aws", "ap-east-1", "x64"), 128, 200, 0.125 * 0.2 * 22.92 + 0.28),
        # Flex bills a second at least, then tenths.
        (("azure", "westeurope", "x64"), 2048, 3, 2 * 26 + 0.4),
        (("azure", "westeurope", "x64"), 512, 1001, 0.5 * 1.1 * 26 + 0.4),
        (("azure", "eastus", "x64", "consumption"), 128, 3, 0.125 * 0.1 * 16 + 0.2),
        # The provider's table: 256 MB and 400 MHz cost $0.000000463 for 100 ms, without requests.
        (("gcp", "us-central1", "x64", "gen1"), 256, 100, 0.4625 + 0.4),
        (("gcp", "us-west2", "x64", "gen1"), 2048, 101, 0.2 * (2 * 3.5 + 2.4 * 14) + 0.4),
        (("gcp", "us-central1", "x64"), 1024, 50, 0.1 * (2.5 + 0.583 * 24) + 0.4),
    ],
)
def test_known_prices_of_a_million_invocations(place, memory, milliseconds, expected) -> None:
    tariff = price_book().tariff(*place)
    billed = tariff.plan.billed_ms(milliseconds * 1000)
    assert tariff.cost(memory, billed) * 1e6 == pytest.approx(expected, rel=1e-9)


def test_every_price_has_a_source_and_a_day_that_was() -> None:
    for tariff in price_book().tariffs:
        assert tariff.source is not None
        assert tariff.source.url.startswith("https://")
        assert date(2024, 1, 1) < tariff.source.date <= datetime.now(timezone.utc).date()
        assert tariff.plan.rules.startswith("https://")


def test_regions_of_every_provider_and_both_architectures() -> None:
    book = price_book()
    assert {tariff.provider for tariff in book.tariffs} == {"aws", "azure", "gcp"}
    for provider in ("aws", "azure", "gcp"):
        assert len({tariff.region for tariff in book.find(provider)}) >= 2
    x64, arm64 = book.tariff("aws", "us-east-1", "x64"), book.tariff("aws", "us-east-1", "arm64")
    assert arm64.gb_second < x64.gb_second


@pytest.mark.parametrize(
    ("place", "known"),
    [
        (("ibm", "us-south", "x64"), "aws, azure, gcp"),
        (("aws", "moon-1", "x64"), "us-east-1"),
        (("azure", "eastus", "arm64"), "x64"),
        (("gcp", "us-central1", "x64", "premium"), "gen1, run"),
    ],
)
def test_what_is_not_known_is_an_error_that_says_what_is(place, known) -> None:
    with pytest.raises(PriceUnknownError) as caught:
        price_book().tariff(*place)
    assert known in str(caught.value)


@given(st.integers(1, 10**9), st.sampled_from([1.0, 20.0, 100.0, 0.5]))
def test_durations_are_rounded_up_and_never_by_a_whole_step(microseconds, step) -> None:
    plan = Plan("p", "p", step, 0.0, Bills.CONFIGURED, Memory())
    billed = plan.billed_ms(microseconds)
    assert 0 <= billed - microseconds / 1000 < step
    assert billed / step == pytest.approx(round(billed / step))


def test_what_is_a_whole_step_but_for_rounding_is_one() -> None:
    plan = Plan("p", "p", 0.1, 0.0, Bills.CONFIGURED, Memory())
    assert plan.billed_ms(300.0) == pytest.approx(0.3)  # 0.3 / 0.1 is 2.9999999999999996
    assert plan.billed_ms(300.1) == pytest.approx(0.4)


def test_memory_sizes_that_are_not_sold() -> None:
    flex = price_book().tariff("azure", "eastus", "x64").plan.memory
    assert flex.require(2048) == 2048
    for size in (1024, 8192, 0, -1):
        with pytest.raises(LimitExceededError, match="512, 2048, 4096 MB"):
            flex.require(size)
    consumption = price_book().tariff("azure", "eastus", "x64", "consumption").plan.memory
    assert [consumption.billed(used) for used in (1, 128, 129, 1536)] == [128, 128, 256, 1536]
    with pytest.raises(LimitExceededError):
        consumption.billed(1537)


def test_prices_of_the_user_apply_to_any_memory() -> None:
    tariff = Tariff.of_user(1e-5, 1e-7, 100)
    assert tariff.plan.memory.require(777) == 777
    assert tariff.cost(1024, tariff.plan.billed_ms(100_001)) == pytest.approx(2e-6 + 1e-7)


@pytest.mark.parametrize(
    ("pattern", "replacement", "complaint"),
    [
        ("version = 1", "version = 2", "version 2"),
        ('currency = "USD"', 'currency = "EUR"', "EUR"),
        ("date = 2026-09-19", 'date = "yesterday"', "yesterday"),
        ("date = 2026-09-19", "date = 2026-09-19T00:00:00", "no date"),
        ("https://calculator", "http://calculator", "https"),
        ('source = "calculator"', 'source = "hearsay"', "hearsay"),
        ("x64 = 0.0000166667", "x86 = 0.0000166667", "x86"),
        ("x64 = 0.0000166667", "x64 = 16.6667", "16.6667"),
        ("x64 = 0.0000166667", "x64 = -1", "-1"),
        ("x64 = 0.0000166667", "x64 = nan", "nan"),
        ('"us-east-1", "sa-east-1"', '"us-east-1", "us-east-1"', "two prices"),
        ("step_ms = 1", "step_ms = 0", "rounds to 0"),
        ("step_ms = 1", "step_hours = 1", "step_hours"),
        ('bills = "configured"', 'bills = "whatever"', "whatever"),
        ('bills = "configured"', 'bills = "used"\nprocessor_unit = "vCPU"', "processors"),
        ("request = 0.0000002", "requests = 0.0000002", "request"),
        ("version = 1", "version = ", "wrong"),
    ],
)
def test_a_broken_book_is_refused_with_what_is_wrong(pattern, replacement, complaint) -> None:
    assert pattern in AWS
    broken = AWS.replace(pattern, replacement)
    with pytest.raises(ResultFormatError, match=re.escape(complaint)) as caught:
        read_prices(broken, "aws.toml")
    assert "aws.toml" in str(caught.value)


def test_show_has_every_field_and_its_source(capfd) -> None:
    arguments = ["prices", "show", "--provider", "aws", "--region", "us-east-1"]
    assert run([*arguments, "--architecture", "arm64", "--json"]) == 0
    [shown] = json.loads(capfd.readouterr().out)
    assert shown["price_per_gb_second"] == 0.0000133334
    assert shown["price_per_request"] == 0.0000002
    assert (shown["rounding_ms"], shown["date"], shown["free_tier"]) == (
        1,
        "2026-09-19",
        "left out",
    )
    assert run(arguments) == 0
    text = capfd.readouterr().out
    assert "16.6667" in text
    assert "Source: https://pricing.us-east-1.amazonaws.com" in text
    assert "Free tiers are left out." in text


def test_show_of_nothing_fails_and_says_so(capfd) -> None:
    assert run(["prices", "show", "--provider", "aws", "--region", "atlantis"]) == 2
    assert "atlantis" in capfd.readouterr().err
    assert run(["prices", "show", "--architecture", "sparc"]) == 2


@pytest.fixture
def aged(monkeypatch) -> None:
    """A book whose prices were looked up 300 and 400 days ago."""
    today = datetime.now(timezone.utc).date()
    book = PriceBook(
        tuple(
            replace(tariff, source=Source(f"https://example.org/{age}", today - timedelta(age)))
            for tariff, age in zip(price_book().tariffs, (300, 400), strict=False)
        )
    )
    monkeypatch.setattr(prices, "price_book", lambda: book)


@pytest.mark.usefixtures("aged")
def test_check_warns_of_prices_that_are_a_year_old_and_succeeds(capfd) -> None:
    assert run(["prices", "check"]) == 0
    told = capfd.readouterr().out
    assert "Warning: Prices of aws (lambda) are 400 days old: https://example.org/400" in told
    assert "300 days old" not in told
    assert "in order, but for its age" in told
    assert run(["prices", "check", "--json"]) == 0
    checked = json.loads(capfd.readouterr().out)
    assert (checked["valid"], checked["findings"], len(checked["warnings"])) == (True, [], 1)
    assert [source["age_days"] for source in checked["sources"]] == [300, 400]


@pytest.mark.usefixtures("aged")
@pytest.mark.parametrize(("most", "findings", "warnings"), [(350, 1, 0), (250, 2, 0), (500, 0, 1)])
def test_check_fails_only_for_the_age_that_ci_gives(most, findings, warnings, capfd) -> None:
    assert run(["prices", "check", "--json", "--max-age", str(most)]) == (1 if findings else 0)
    checked = json.loads(capfd.readouterr().out)
    assert (len(checked["findings"]), len(checked["warnings"])) == (findings, warnings)


def test_check_counts_every_price(capfd) -> None:
    assert run(["prices", "check", "--json"]) == 0
    checked = json.loads(capfd.readouterr().out)
    assert all(source["age_days"] >= 0 for source in checked["sources"])
    assert sum(source["prices"] for source in checked["sources"]) == len(price_book().tariffs)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--provider", "awss"], ["the provider 'awss'", "Did you mean aws?", "aws, azure, gcp"]),
        (["--provider", "aws", "--region", "eu-centrl-1"], ["of aws.", "mean eu-central-1", "?"]),
        (["--provider", "azure", "--plan", "flexx"], ["of azure.", "mean flex?"]),
        (["--provider", "azure", "--architecture", "arm64"], ["of azure.", "Known: x64."]),
    ],
)
def test_what_is_misspelt_is_asked_back(options, words, capfd) -> None:
    assert run(["prices", "show", *options]) == 2
    told = capfd.readouterr().err
    for word in words:
        assert word in told


def test_check_finds_a_day_that_is_still_to_come(monkeypatch, capfd) -> None:
    tariff = price_book().tariffs[0]
    tomorrow = Source("https://example.org/", datetime.now(timezone.utc).date() + timedelta(2))
    book = PriceBook((replace(tariff, source=tomorrow),))
    monkeypatch.setattr(prices, "price_book", lambda: book)
    assert run(["prices", "check"]) == 1
    assert "a day to come" in capfd.readouterr().out
