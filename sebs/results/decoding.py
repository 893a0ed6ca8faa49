"""JSON from files that anybody may have written."""

from __future__ import annotations

import json
from typing import Any

from sebs.errors import ResultFormatError


def decoded(data: bytes | str, name: str, *, remedy: str | None = None) -> Any:
    """Return what a JSON document holds.

    Args:
        data: All of it.
        name: Its file, for errors.
        remedy: What to do where it is broken.

    Raises:
        ResultFormatError: It is no JSON, or holds what is none: NaN, Infinity.
    """
    try:
        return json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ResultFormatError(
            f"{name!r} is no whole JSON document: {error}.", remedy=remedy
        ) from error


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number")
