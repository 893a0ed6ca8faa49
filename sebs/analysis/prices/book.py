"""Reads and checks the files of prices, and looks tariffs up in them; none is ever guessed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from sebs.analysis.prices.tariff import Bills, Memory, Plan, Source, Tariff
from sebs.errors import PriceUnknownError, ResultFormatError
from sebs.utils import did_you_mean

#: Version of the files; others are refused.
FORMAT_VERSION = 1

_FILES = ("aws.toml", "azure.toml", "gcp.toml")
_ARCHITECTURES = {"x64", "arm64"}


@dataclass(frozen=True, slots=True)
class PriceBook:
    """All tariffs, and what is wrong with them.

    Attributes:
        tariffs: One for each provider, plan, region and architecture.
    """

    tariffs: tuple[Tariff, ...]

    def find(
        self,
        provider: str | None = None,
        region: str | None = None,
        architecture: str | None = None,
        plan: str | None = None,
    ) -> list[Tariff]:
        """Return the tariffs to which all that is given applies."""
        return [
            tariff
            for tariff in self.tariffs
            if provider in (None, tariff.provider)
            and region in (None, tariff.region)
            and architecture in (None, tariff.architecture)
            and plan in (None, tariff.plan.name)
        ]

    def tariff(
        self, provider: str, region: str, architecture: str, plan: str | None = None
    ) -> Tariff:
        """Return the one tariff of a function.

        Args:
            provider: Name of the platform.
            region: Its region.
            architecture: ``x64`` or ``arm64``.
            plan: Name of the plan; the provider's first one by default.

        Raises:
            PriceUnknownError: It is not in the book; the message says what is.
        """
        self.require(provider)
        wanted = self.find(provider)[0].plan.name if plan is None else plan
        self.require(provider, region, architecture, wanted)
        return self.find(provider, region, architecture, wanted)[0]

    def require(
        self,
        provider: str | None = None,
        region: str | None = None,
        architecture: str | None = None,
        plan: str | None = None,
    ) -> None:
        """Refuse what the book has no price of.

        Raises:
            PriceUnknownError: The message has the first of these that is not known, and what is.
        """
        wanted = {
            "provider": provider,
            "plan": plan,
            "region": region,
            "architecture": architecture,
        }
        given: dict[str, str] = {}
        for what, value in wanted.items():
            if value is None:
                continue
            known = self.known(what, **given)
            if value not in known:
                raise PriceUnknownError(
                    f"There are no prices of the {what} {value!r}{_place(given)}.",
                    remedy=f"{did_you_mean(value, known)}Known: {', '.join(known)}.",
                )
            given[what] = value

    def known(self, what: str, **given: str) -> list[str]:
        """Return the names of what there are prices of.

        Args:
            what: ``provider``, ``plan``, ``region`` or ``architecture``.
            given: Of which of the others, as :meth:`find` takes them.
        """
        found = self.find(**given)
        names = (tariff.plan.name if what == "plan" else getattr(tariff, what) for tariff in found)
        return sorted(set(names))


def _place(given: dict[str, str]) -> str:
    """Return of whom, and where, in words; empty where nothing of it is given."""
    of = f" of {given['provider']}" if "provider" in given else ""
    plan = f" ({given['plan']})" if "plan" in given else ""
    return of + plan + (f" in {given['region']}" if "region" in given else "")


@cache
def price_book() -> PriceBook:
    """Return the book of this version of sebs.

    Raises:
        ResultFormatError: A file of it is broken.
    """
    directory = files(__package__ or "sebs.analysis.prices")
    texts = ((name, (directory / name).read_text(encoding="utf-8")) for name in _FILES)
    tariffs = tuple(tariff for name, text in texts for tariff in read_prices(text, name))
    return PriceBook(tariffs)


def read_prices(text: str, name: str) -> list[Tariff]:
    """Read one file of prices; the file says in its head what is left out of them.

    Args:
        text: The file, TOML.
        name: Of the file, for messages.

    Raises:
        ResultFormatError: It lacks something, has something unknown, or a price twice.
    """
    try:
        document = _parse_toml(text)
        version, currency = document["version"], document["currency"]
        if version != FORMAT_VERSION or currency != "USD":
            raise ValueError(f"version {version} in {currency} is not read")
        tariffs = list(_tariffs(document))
        keys = [(t.plan.name, t.region, t.architecture) for t in tariffs]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise ValueError(f"there are two prices of {', '.join(twice[0])}")
    except KeyError as error:
        raise ResultFormatError(f"The prices in {name} lack {error}.") from error
    except (TypeError, ValueError) as error:
        raise ResultFormatError(f"The prices in {name} are wrong: {error}.") from error
    return tariffs


def _parse_toml(text: str) -> Any:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)


def _tariffs(document: dict[str, Any]) -> Iterator[Tariff]:
    plans = {name: _plan(name, values) for name, values in document["plans"].items()}
    sources = {name: Source(**values) for name, values in document["sources"].items()}
    for source in sources.values():
        _check_source(source)
    for entry in document["prices"]:
        plan, processors = plans[entry["plan"]], entry.get("processor_second", {})
        if bool(processors) != bool(plan.processor_unit):
            raise ValueError(f"{plan.name} has a price of processors or a unit of them, not both")
        for region in entry["regions"]:
            for architecture, price in entry["gb_second"].items():
                if architecture not in _ARCHITECTURES:
                    raise ValueError(f"{architecture!r} is no architecture")
                tariff = Tariff(
                    provider=document["provider"],
                    region=region,
                    architecture=architecture,
                    plan=plan,
                    gb_second=float(price),
                    processor_second=float(processors[architecture]) if processors else 0.0,
                    request=float(entry["request"]),
                    source=sources[entry["source"]],
                )
                _check_prices(tariff)
                yield tariff


def _plan(name: str, values: dict[str, Any]) -> Plan:
    given = dict(values)
    memory = given.pop("memory")
    processors = tuple(float(value) for value in given.pop("processors", ()))
    sizes = tuple(memory.pop("sizes", ()))
    if processors and len(processors) != len(sizes):
        raise ValueError(f"{name} has {len(sizes)} memory sizes and {len(processors)} processors")
    if list(sizes) != sorted(set(sizes)):
        raise ValueError(f"the memory sizes of {name} are not in order")
    bills = Bills(given.pop("bills"))
    plan = Plan(name, bills=bills, memory=Memory(sizes, processors, **memory), **given)
    if not (plan.step_ms > 0 and plan.least_ms >= 0):
        raise ValueError(f"{name} rounds to {plan.step_ms} ms from {plan.least_ms} ms")
    return plan


def _check_source(source: Source) -> None:
    if not source.url.startswith("https://"):
        raise ValueError(f"{source.url!r} is no https URL")
    # A TOML file may have a time of day where a date is meant.
    if type(source.date) is not date:
        raise ValueError(f"{source.date!r} is no date")


def _check_prices(tariff: Tariff) -> None:
    prices = {"a GB-second": tariff.gb_second, "a request": tariff.request}
    if tariff.plan.processor_unit:
        prices[f"a {tariff.plan.processor_unit}-second"] = tariff.processor_second
    for what, price in prices.items():
        # What is a thousand times as much as anything that was ever charged is a slip of the pen.
        if not 0 < price < 1e-3:
            raise ValueError(f"{price} USD for {what} in {tariff.region} cannot be")
