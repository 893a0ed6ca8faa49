"""``sebs prices``: the price book, shown and checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING

import click

from sebs.cli import options

if TYPE_CHECKING:
    from sebs.analysis.prices import Tariff

#: Days after which a price should be looked up again.
_MOST_DAYS = 1000


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
    """Show prices, with their source and its date. Exits with 1 where there are none."""
    from sebs.analysis.prices import price_book
    from sebs.cli import output
    from sebs.errors import PriceUnknownError

    tariffs = price_book().find(**given)
    if not tariffs:
        wanted = ", ".join(f"{key} {value}" for key, value in given.items() if value)
        raise PriceUnknownError(
            f"The price book has nothing of {wanted}.",
            remedy="`sebs prices show` has everything that is known; none is guessed.",
        )
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
    default=_MOST_DAYS,
    show_default=True,
    metavar="DAYS",
    help="Prices that nobody looked up for longer are stale.",
)
@options.as_json
def check(max_age: int, as_json: bool) -> int:
    """Check the price book: its form, its dates, its age in days. Exits with 1 on a finding."""
    from sebs.analysis.prices import price_book
    from sebs.cli import output

    today = datetime.now(timezone.utc).date()
    findings: list[str] = []
    groups: dict[tuple[str, str, str, date], int] = {}
    for tariff in price_book().tariffs:
        if tariff.source is not None:
            key = (tariff.provider, tariff.plan.name, tariff.source.url, tariff.source.date)
            groups[key] = groups.get(key, 0) + 1
    for provider, plan, url, day in groups:
        age = (today - day).days
        if age > max_age:
            findings.append(f"Prices of {provider} ({plan}) are {age} days old: {url}")
        if age < 0:
            findings.append(f"Prices of {provider} ({plan}) are of a day to come, {day}: {url}")
    if as_json:
        sources = [
            {
                "provider": provider,
                "plan": plan,
                "prices": number,
                "date": day.isoformat(),
                "age_days": (today - day).days,
                "source": url,
            }
            for (provider, plan, url, day), number in groups.items()
        ]
        output.print_json({"valid": not findings, "findings": findings, "sources": sources})
        return 1 if findings else 0
    columns = ["provider", "plan", "prices", "as of", "age [days]"]
    rows = [
        (provider, plan, number, day, (today - day).days)
        for (provider, plan, _, day), number in groups.items()
    ]
    output.print_table(columns, rows, numbers=["prices", "age [days]"])
    for finding in findings:
        click.echo(finding)
    if not findings:
        click.echo("The price book is in order.")
    return 1 if findings else 0
