"""The price book: what a provider bills, in which region, since when, and who says so."""

from __future__ import annotations

from sebs.analysis.prices.book import PriceBook, price_book
from sebs.analysis.prices.tariff import Bills, Memory, Plan, Source, Tariff

__all__ = ["Bills", "Memory", "Plan", "PriceBook", "Source", "Tariff", "price_book"]
