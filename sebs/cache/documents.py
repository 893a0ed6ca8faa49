"""JSON as the cache stores it: plain values only, no secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sebs.cache.guard import refuse_secrets
from sebs.errors import CacheError, CacheFormatError


def encode(value: Any, where: str) -> str:
    """Return a value as JSON text.

    Args:
        value: Plain JSON values; an object with ``serialize()`` stands for what that returns.
        where: What it is, for messages, such as ``functions.NAME``.

    Raises:
        CacheError: It is no JSON, or holds what looks like a secret.
    """
    try:
        text = json.dumps(value, default=_plain, allow_nan=False)
        refuse_secrets(json.loads(text), where)
    except (TypeError, ValueError, RecursionError) as error:
        raise CacheError(f"{where} cannot be stored as JSON: {error}.") from error
    return text


def decode(text: str, where: str) -> dict[str, Any]:
    """Return the JSON object that :func:`encode` wrote.

    Raises:
        CacheFormatError: It is none.
    """
    try:
        value = json.loads(text)
    except (TypeError, ValueError) as error:
        raise CacheFormatError(f"The cached {where} cannot be read: {error}.") from error
    if not isinstance(value, dict):
        raise CacheFormatError(f"The cached {where} is no JSON object.")
    return value


def merge(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``old`` with the values of ``new``: objects are merged, other values replaced."""
    merged = dict(old)
    for key, value in new.items():
        before = merged.get(key)
        if isinstance(value, Mapping):
            value = merge(before if isinstance(before, Mapping) else {}, value)
        merged[key] = value
    return merged


def _plain(value: Any) -> Any:
    serialize = getattr(value, "serialize", None)
    if serialize is None:
        raise TypeError(f"a {type(value).__name__} is no JSON value")
    return serialize()
