"""``prices``: whose prices apply to an experiment, such as to one on the local platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sebs.config_schema import Strict

if TYPE_CHECKING:
    from sebs.analysis.prices import Tariff


class Prices(Strict):
    """Where prices are looked up.

    Attributes:
        provider: Such as ``aws``.
        region: Such as ``us-east-1``.
        plan: Of the provider; its first one by default.
    """

    provider: str
    region: str
    plan: str | None = None

    def tariff(self, architecture: str) -> Tariff:
        """Return what applies to an architecture.

        Raises:
            PriceUnknownError: The price book does not have it.
        """
        from sebs.analysis.prices import price_book

        return price_book().tariff(self.provider, self.region, architecture, self.plan)
