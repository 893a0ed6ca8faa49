"""NoSQL tables for functions on the local platform, served by the gateway.

Part of a function's package, so it needs nothing but the standard library. A key is a name and a
value, both text; a table without a secondary key is given ``None``.
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import quote

from .gateway import Gateway

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


class nosql:  # noqa: N801 - the name that benchmarks use
    """Tables of the function's benchmark, by the names that the benchmark gave them."""

    instance: nosql | None = None

    def __init__(self) -> None:
        self._prefix = os.environ["SEBS_LOCAL_TABLES"]
        self._gateway = Gateway(os.environ["SEBS_LOCAL_DATA_TOKEN"])

    @staticmethod
    def get_instance() -> nosql:
        """Return the one instance of this environment."""
        if nosql.instance is None:
            nosql.instance = nosql()
        return nosql.instance

    def insert(
        self,
        table_name: str,
        primary_key: tuple[str, str],
        secondary_key: tuple[str, str] | None,
        data: dict[str, Any],
    ) -> None:
        """Write an item in the place of any other with its keys."""
        keys = {"primary_key": primary_key, "secondary_key": secondary_key}
        self._call(table_name, "insert", {**keys, "data": data})

    def update(
        self,
        table_name: str,
        primary_key: tuple[str, str],
        secondary_key: tuple[str, str] | None,
        updates: dict[str, Any],
    ) -> None:
        """Set some attributes of an item, which is made where there is none; others stay."""
        keys = {"primary_key": primary_key, "secondary_key": secondary_key}
        self._call(table_name, "update", {**keys, "updates": updates})

    def get(
        self,
        table_name: str,
        primary_key: tuple[str, str],
        secondary_key: tuple[str, str] | None,
    ) -> dict[str, Any] | None:
        """Return an item with its keys, ``None`` where there is none."""
        keys = {"primary_key": primary_key, "secondary_key": secondary_key}
        item: dict[str, Any] | None = self._call(table_name, "get", keys)
        return item

    def query(
        self, table_name: str, primary_key: tuple[str, str], secondary_key_name: str | None
    ) -> list[dict[str, Any]]:
        """Return all items with a primary key, in the order of their secondary keys."""
        keys = {"primary_key": primary_key, "secondary_key_name": secondary_key_name}
        items: list[dict[str, Any]] = self._call(table_name, "query", keys)
        return items

    def delete(
        self,
        table_name: str,
        primary_key: tuple[str, str],
        secondary_key: tuple[str, str] | None,
    ) -> None:
        """Delete an item, if it is there."""
        keys = {"primary_key": primary_key, "secondary_key": secondary_key}
        self._call(table_name, "delete", keys)

    def _call(self, table_name: str, operation: str, body: dict[str, Any]) -> Any:
        table = quote(self._prefix + table_name, safe="")
        data = _encode(body).encode()
        status, answer = self._gateway.post(f"/-/tables/{table}/{operation}", data)
        if status != 200:
            error = answer["error"]
            raise RuntimeError(
                f"{operation} in {table_name!r}: {error['type']}: {error['message']}"
            )
        return answer["result"]
