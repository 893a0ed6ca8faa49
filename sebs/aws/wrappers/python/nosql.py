"""NoSQL tables for functions on Lambda: DynamoDB, by its own protocol.

Part of a function's package, so it needs nothing but the standard library: an SDK would be most of
the package, and of the cold start that is measured. A key is a name and a value, both text; a table
without a secondary key is given ``None``. Reads are consistent: they see what was written before.

The protocol is that of https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html.
"""

from __future__ import annotations

import io
import json
import os
from typing import Any

from .aws_client import Client, Refused

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode

_HEADERS = {"content-type": "application/x-amz-json-1.0"}

_Key = tuple[str, str]


class nosql:  # noqa: N801 - the name that benchmarks use
    """Tables of the function's benchmark, by the names that the benchmark gave them."""

    instance: nosql | None = None

    def __init__(self) -> None:
        self._prefix = os.environ["SEBS_AWS_TABLES"]
        self._client = Client("dynamodb")

    @staticmethod
    def get_instance() -> nosql:
        """Return the one instance of this environment."""
        if nosql.instance is None:
            nosql.instance = nosql()
        return nosql.instance

    def insert(
        self, table_name: str, primary_key: _Key, secondary_key: _Key | None, data: dict[str, Any]
    ) -> None:
        """Write an item in the place of any other with its keys."""
        item = {**_item(data), **_keys(primary_key, secondary_key)}
        self._call("PutItem", table_name, Item=item)

    def update(
        self,
        table_name: str,
        primary_key: _Key,
        secondary_key: _Key | None,
        updates: dict[str, Any],
    ) -> None:
        """Set some attributes of an item, which is made where there is none; others stay."""
        if not updates:
            return
        attributes = _item(updates)
        # By number: a name may be anything, also a word that the expression has.
        names = {f"#{n}": name for n, name in enumerate(attributes)}
        values = {f":{n}": value for n, value in enumerate(attributes.values())}
        self._call(
            "UpdateItem",
            table_name,
            Key=_keys(primary_key, secondary_key),
            UpdateExpression="SET " + ", ".join(f"#{n} = :{n}" for n in range(len(names))),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )

    def get(
        self, table_name: str, primary_key: _Key, secondary_key: _Key | None
    ) -> dict[str, Any] | None:
        """Return an item with its keys, ``None`` where there is none."""
        keys = _keys(primary_key, secondary_key)
        answer = self._call("GetItem", table_name, Key=keys, ConsistentRead=True)
        return _plain({"M": answer["Item"]}) if "Item" in answer else None

    def query(
        self, table_name: str, primary_key: _Key, secondary_key_name: str | None
    ) -> list[dict[str, Any]]:
        """Return all items with a primary key, in the order of their secondary keys."""
        name, value = primary_key
        asked: dict[str, Any] = {
            "KeyConditionExpression": "#p = :p",
            "ExpressionAttributeNames": {"#p": name},
            "ExpressionAttributeValues": {":p": {"S": value}},
            "ConsistentRead": True,
        }
        items = []
        while True:
            answer = self._call("Query", table_name, **asked)
            items += [_plain({"M": item}) for item in answer["Items"]]
            if not answer.get("LastEvaluatedKey"):
                return items
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def delete(self, table_name: str, primary_key: _Key, secondary_key: _Key | None) -> None:
        """Delete an item, if it is there."""
        self._call("DeleteItem", table_name, Key=_keys(primary_key, secondary_key))

    def _call(self, operation: str, table_name: str, **asked: Any) -> Any:
        body = _encode({"TableName": self._prefix + table_name, **asked}).encode()
        headers = {**_HEADERS, "x-amz-target": f"DynamoDB_20120810.{operation}"}
        try:
            response = self._client.request("POST", "/", headers=headers, body=io.BytesIO(body))
        except Refused as refused:
            raise _error(operation, table_name, refused) from None
        return json.loads(self._client.read(response))


def _keys(primary_key: _Key, secondary_key: _Key | None) -> dict[str, Any]:
    keys = [primary_key] if secondary_key is None else [primary_key, secondary_key]
    return {name: {"S": value} for name, value in keys}


def _item(data: dict[str, Any]) -> dict[str, Any]:
    """Return attributes as the protocol has them, of what JSON makes of the data."""
    # What no JSON can say is refused, and what it turns into something else is that everywhere.
    attributes: dict[str, Any] = _typed(json.loads(_encode(data)))["M"]
    return attributes


def _typed(value: Any) -> dict[str, Any]:
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, dict):
        return {"M": {name: _typed(inner) for name, inner in value.items()}}
    if isinstance(value, list):
        return {"L": [_typed(inner) for inner in value]}
    return {"N": repr(value)}


def _plain(attribute: dict[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    if kind == "M":
        return {name: _plain(inner) for name, inner in value.items()}
    if kind == "L":
        return [_plain(inner) for inner in value]
    if kind == "N":
        return _number(value)
    return None if kind == "NULL" else value


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _error(operation: str, table_name: str, refused: Refused) -> RuntimeError:
    """Return what the service's refusal means."""
    kind, message = f"HTTP {refused.status}", ""
    try:
        answer = json.loads(refused.answer)
        kind = answer.get("__type", kind).rpartition("#")[2]
        message = answer.get("message") or answer.get("Message") or ""
    except (ValueError, AttributeError):
        pass  # a proxy before the service does not say why
    return RuntimeError(f"{operation} in {table_name!r}: {kind}: {message}")
