"""The cached functions of a benchmark, as a mapping that reads the database on each look-up."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from typing import Any

from sebs.cache.documents import decode
from sebs.cache.store import Store
from sebs.cache.tables import FUNCTIONS


class FunctionEntries(Mapping[str, dict[str, Any]]):
    """Function name to cached entry; never stale, and as fast with many functions as with one.

    Each look-up returns a fresh dictionary, which the caller may change.

    Args:
        store: The content of the cache.
        deployment: The platform's key.
        benchmark: Name of the benchmark; ``None`` for those of all benchmarks.
        language: Its language; ``None`` for all languages.
    """

    def __init__(
        self, store: Store, deployment: str, benchmark: str | None, language: str | None
    ) -> None:
        self._store = store
        self._where = {"deployment": deployment}
        if benchmark is not None:
            self._where["benchmark"] = benchmark
        if language is not None:
            self._where["language"] = language

    def __getitem__(self, name: str) -> dict[str, Any]:
        with self._store.database.reading() as rows:
            row = rows.get(FUNCTIONS, name=name, **self._where)
        if row is None:
            raise KeyError(name)
        return decode(row["entry"], f"functions.{name}")

    def __contains__(self, name: object) -> bool:
        with self._store.database.reading() as rows:
            return rows.count(FUNCTIONS, name=name, **self._where) > 0

    def __iter__(self) -> Iterator[str]:
        with self._store.database.reading() as rows:
            return iter(rows.column(FUNCTIONS, "name", **self._where))

    def __len__(self) -> int:
        with self._store.database.reading() as rows:
            return rows.count(FUNCTIONS, **self._where)

    def __repr__(self) -> str:
        return f"<{len(self)} cached functions of {'/'.join(self._where.values())}>"

    def copy(self) -> dict[str, dict[str, Any]]:
        """Return all entries as of one moment."""
        with self._store.database.reading() as rows:
            found = rows.find(FUNCTIONS, **self._where)
        return {row["name"]: decode(row["entry"], f"functions.{row['name']}") for row in found}

    def items(self) -> ItemsView[str, dict[str, Any]]:
        """Return the names and entries as of one moment."""
        return self.copy().items()

    def values(self) -> ValuesView[dict[str, Any]]:
        """Return the entries as of one moment."""
        return self.copy().values()
