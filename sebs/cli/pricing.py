"""Whose prices apply: what the options say of it, and where they are silent the results."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sebs.analysis.prices import Tariff
    from sebs.results.results import Results


def tariff_of(
    results: Results,
    place: dict[str, str | None],
    given: tuple[float | None, ...] = (None, None, None),
) -> Tariff:
    """Return the tariff of the options; without any, the one that the run's parameters name.

    What neither says, the results do.

    Args:
        results: Of one run.
        place: ``provider``, ``region``, ``architecture`` and ``plan``, as far as they were given.
        given: Prices of a GB-second and a request, USD, and the billing step, ms.

    Raises:
        PriceUnknownError: It is not known whose prices apply, or they are not in the book.
        UsageError: What was given contradicts itself, or the results are of several places.
    """
    from sebs.analysis.prices import Tariff, price_book
    from sebs.errors import UsageError

    gb_second, request, rounding = given
    if gb_second is not None:
        if any(place.values()):
            raise UsageError("Give prices, or a provider of the price book, not both.")
        prices = (gb_second, request or 0.0, 1.0 if rounding is None else rounding)
        if not (all(0 <= price < math.inf for price in prices) and prices[2] > 0):
            raise UsageError("Prices are not negative, and a billing step is longer than 0 ms.")
        return Tariff.of_user(*prices)
    if request is not None or rounding is not None:
        raise UsageError("Prices that are given include --price-per-gb-second.")
    if not (place["provider"] or place["region"]):
        place = {**(results.manifest.parameters.get("prices") or {}), **_given(place)}
    provider = place.get("provider") or _platform_of(results)
    price_book().require(provider)
    return price_book().tariff(
        provider,
        place.get("region") or _region_of(results, provider),
        place.get("architecture") or _only(results, "architecture") or "x64",
        place.get("plan"),
    )


def one_architecture(results: Results, architecture: str | None) -> str | None:
    """Return the architecture of which results are taken; nothing where they say none.

    Raises:
        UsageError: They have several, and none is named.
    """
    return architecture or _only(results, "architecture")


def _given(place: dict[str, str | None]) -> dict[str, str | None]:
    return {name: value for name, value in place.items() if value is not None}


def _platform_of(results: Results) -> str:
    from sebs.analysis.prices import price_book
    from sebs.errors import PriceUnknownError

    platform, known = _only(results, "platform", "provider"), price_book().known("provider")
    if platform is None or platform not in known:
        where = f"are of {platform!r}" if platform else "do not say where they were measured"
        raise PriceUnknownError(
            f"Whose prices apply is not known: the results {where}.",
            remedy=f"Name them with --provider ({', '.join(known)}) and --region; "
            "`sebs analyze cost` also takes --price-per-gb-second.",
        )
    return platform


def _region_of(results: Results, provider: str) -> str:
    """Return the region of the results, which tells nothing of another platform's prices."""
    from sebs.analysis.prices import price_book
    from sebs.analysis.samples import values_of
    from sebs.errors import PriceUnknownError

    platforms = values_of(results, "platform")
    region = _only(results, "region") if platforms == [provider] else None
    if region is None:
        where = f"are of {', '.join(platforms)}" if platforms else "do not say where"
        raise PriceUnknownError(
            f"The prices of {provider} depend on the region, and the results {where}.",
            remedy="Name one with --region: "
            f"{', '.join(price_book().known('region', provider=provider))}.",
        )
    return region


def _only(results: Results, column: str, option: str = "") -> str | None:
    """Return the one value that a column has; nothing where it has none.

    Raises:
        UsageError: It has several.
    """
    from sebs.analysis.samples import values_of
    from sebs.errors import UsageError

    values = values_of(results, column)
    if len(values) > 1:
        raise UsageError(
            f"The results are of several: {', '.join(values)}; take --{option or column}."
        )
    return values[0] if values else None
