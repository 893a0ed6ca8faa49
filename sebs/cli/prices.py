"""``sebs prices``: the price book, shown and checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any

import click

from sebs.cli import options

if TYPE_CHECKING:
    from sebs.analysis.prices import Tariff

#: Days after which a price should be looked up again: providers change theirs every few years.
_OLD = 365


@click.group("prices")
def command() -> None:
    """Show and check the price book. Free tiers are left out of every price."""


@command.command("show")
@click.option("--provider", metavar="NAME", help="aws, azure, gcp.")
@click.option("--region", metavar="NAME", help="A region, as the provider calls it.")
@click.option("--architecture", type=click.Choice(["x64", "arm64"]))
@click.option("--plan", metavar="NAME", help="A plan of the provider, such as flex.")
@options.as_json
def show(as_json: bool, **given: str | None) -> None:
    """Show prices, with their source and its date. Exits with 2 where there are none."""
    from sebs.analysis.prices import price_book
    from sebs.cli import output

    price_book().require(**given)
    tariffs = price_book().find(**given)
    if as_json:
        output.print_json([tariff.serialize() for tariff in tariffs])
        return
    for plan in dict.fromkeys(tariff.plan for tariff in tariffs):
        _show_plan([tariff for tariff in tariffs if tariff.plan is plan])
    click.echo("Free tiers are left out.")


def _show_plan(tariffs: Sequence[Tariff]) -> None:
    from sebs.cli import output

    first = tariffs[0]
    plan = first.plan
    click.echo(f"{plan.title} ({first.provider}, {plan.name}): {plan.memory}; times are")
    click.echo(f"rounded up to {plan.step_ms:g} ms, at least {plan.least_ms:g} ms.")
    # A million of each, so that nobody has to count zeros.
    processor = [f"\n{plan.processor_unit}·s"] if plan.processor_unit else []
    prices = ["USD a million\nGB·s", *processor, "\nrequests"]
    rows = [
        (
            tariff.region,
            tariff.architecture,
            f"{tariff.gb_second * 1e6:.4f}",
            *(f"{tariff.processor_second * 1e6:.4f}" for _ in processor),
            f"{tariff.request * 1e6:.2f}",
            tariff.source and tariff.source.date,
        )
        for tariff in tariffs
    ]
    output.print_table(["region", "arch", *prices, "as of"], rows, numbers=prices)
    for url in dict.fromkeys(tariff.source.url for tariff in tariffs if tariff.source):
        click.echo(f"Source: {url}")
    click.echo()


@command.command("check")
@click.option(
    "--max-age",
    type=click.IntRange(min=0),
    metavar="DAYS",
    help="Fail where nobody looked a price up for longer; for CI.",
)
@options.as_json
def check(max_age: int | None, as_json: bool) -> int:
    """Check the price book: its form, its dates, its age in days.

    Prices that nobody looked up for more than 365 days are warned of. Exits with 1 where something
    is wrong, or older than --max-age.
    """
    from sebs.analysis.prices import price_book
    from sebs.cli import output

    sources = _sources(price_book().tariffs)
    findings = [finding for source in sources if (finding := source.finding(max_age))]
    warnings = [
        source.age_told
        for source in sources
        if source.age_days > _OLD and source.finding(max_age) is None
    ]
    if as_json:
        output.print_json(
            {
                "valid": not findings,
                "findings": findings,
                "warnings": warnings,
                "sources": [source.serialize() for source in sources],
            }
        )
        return 1 if findings else 0
    columns = ["provider", "plan", "prices", "as of", "age [days]"]
    rows = [(each.provider, each.plan, each.prices, each.day, each.age_days) for each in sources]
    output.print_table(columns, rows, numbers=["prices", "age [days]"])
    for finding in findings:
        click.echo(finding)
    for warning in warnings:
        click.echo(f"Warning: {warning}")
    if warnings:
        click.echo(
            "What is a year old may have changed: look it up, and give the source a new date."
        )
    if not findings:
        click.echo("The price book is in order" + (", but for its age." if warnings else "."))
    return 1 if findings else 0


@dataclass(frozen=True, slots=True)
class _Source:
    """Prices of one plan that were looked up at one place, on one day."""

    provider: str
    plan: str
    url: str
    day: date
    prices: int
    age_days: int

    @property
    def age_told(self) -> str:
        return f"Prices of {self.provider} ({self.plan}) are {self.age_days} days old: {self.url}"

    def finding(self, max_age: int | None) -> str | None:
        """Return what is wrong with them; nothing where they are as they should be."""
        if self.age_days < 0:
            told = f"Prices of {self.provider} ({self.plan}) are of a day to come"
            return f"{told}, {self.day}: {self.url}"
        return self.age_told if max_age is not None and self.age_days > max_age else None

    def serialize(self) -> dict[str, Any]:
        return {
            "provider": self.provider,
            "plan": self.plan,
            "prices": self.prices,
            "date": self.day.isoformat(),
            "age_days": self.age_days,
            "source": self.url,
        }


def _sources(tariffs: Iterable[Tariff]) -> list[_Source]:
    today = datetime.now(timezone.utc).date()
    counts = Counter(
        (tariff.provider, tariff.plan.name, tariff.source.url, tariff.source.date)
        for tariff in tariffs
        if tariff.source is not None
    )
    return [_Source(*key, prices, (today - key[3]).days) for key, prices in counts.items()]
