"""What a table is and which items it holds, on every platform that has our own rules for them.

The limits are DynamoDB's
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html), so that what
one platform accepts the others do, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from sebs.errors import InvalidItemError, InvalidNameError
from sebs.utils import is_text

#: Name and value of a key.
Key: TypeAlias = tuple[str, str]

#: Bytes of the largest item, as JSON in UTF-8, and of the longest values of the keys.
MAX_ITEM = 400 * 1024
MAX_PRIMARY = 2048
MAX_SECONDARY = 1024

#: Characters of the longest name of a table.
MAX_NAME = 255


class Table(NamedTuple):
    """A table: its name, its deployment, the names of its keys."""

    name: str
    owner: str
    primary: str
    secondary: str | None


def check_table(table: Table) -> None:
    """Refuse a table that cannot be.

    Raises:
        InvalidNameError: Its name is empty or too long, or its keys have the same name.
    """
    if not 1 <= len(table.name) <= MAX_NAME or not is_text(table.name):
        raise InvalidNameError(
            f"{table.name!r} cannot be the name of a table: it is no Unicode text of 1 to "
            f"{MAX_NAME} characters."
        )
    if not table.primary or table.secondary == "" or table.primary == table.secondary:
        raise InvalidNameError(
            f"{table.primary!r} and {table.secondary!r} cannot be the keys of a table."
        )


def key_values(table: Table, primary: Key, secondary: Key | None) -> tuple[str, str]:
    """Return the values under which an item is stored; without a secondary key it is empty.

    Raises:
        InvalidItemError: The keys are not the table's, or their values cannot be.
    """
    value = key_value(table, "primary", table.primary, primary, MAX_PRIMARY)
    if table.secondary is None and secondary is None:
        return value, ""
    return value, key_value(table, "secondary", table.secondary, secondary, MAX_SECONDARY)


def key_value(table: Table, kind: str, name: str | None, key: Key | None, limit: int) -> str:
    """Return the value of one key.

    Args:
        table: The table.
        kind: ``primary`` or ``secondary``, for the message.
        name: The table's name of that key.
        key: The key that was given.
        limit: Bytes of its longest value.

    Raises:
        InvalidItemError: It is not the table's, or its value cannot be.
    """
    if key is None or key[0] != name:
        raise foreign_key(table, kind, key[0] if key else None)
    value = key[1]
    if not isinstance(value, str) or not is_text(value) or not 1 <= len(value.encode()) <= limit:
        raise InvalidItemError(
            f"The value {str(value)[:100]!r} of the key {name!r} is no text of 1 to {limit} bytes."
        )
    return value


def foreign_key(table: Table, kind: str, name: str | None) -> InvalidItemError:
    """Return the error that says that a key is not the table's."""
    actual = table.primary if kind == "primary" else table.secondary
    return InvalidItemError(
        f"The {kind} key of the table {table.name!r} is {actual!r}, not {name!r}."
    )


def key_attributes(primary: Key, secondary: Key | None) -> dict[str, str]:
    """Return the part of an item that its keys are."""
    return dict([primary] if secondary is None else [primary, secondary])


def item_text(values: tuple[str, str], item: Mapping[str, Any]) -> str:
    """Return an item as JSON.

    Args:
        values: The values of its keys, for the message.
        item: The whole item, its keys included.

    Raises:
        InvalidItemError: It is no JSON object, or too large.
    """
    try:
        text = json.dumps(item, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidItemError(f"The item for {values} is no JSON object: {error}.") from error
    if size > MAX_ITEM:
        raise InvalidItemError(
            f"The item for {values} has {size} bytes, of {MAX_ITEM} allowed.",
            remedy="Keep large values in the object storage.",
        )
    return text
