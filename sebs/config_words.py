"""What is wrong with a value of the configuration, in plain words instead of the validator's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Kind of error of pydantic to what is said; the value follows.
_WORDS = {
    "literal_error": "must be {expected}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "finite_number": "must be a finite number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "list_type": "must be a list",
    "string_pattern_mismatch": "must be like the pattern {pattern}",
}

#: The same of what has a length; nothing follows.
_LENGTHS = {
    "too_short": "must have {min_length} or more, has {actual_length}",
    "too_long": "must have {max_length} or fewer, has {actual_length}",
}


def said(kind: str, message: str, context: Mapping[str, Any], shown: str) -> str:
    """Return what is wrong with a value.

    Args:
        kind: Of the error, as pydantic calls it.
        message: What pydantic says.
        context: What the error is about, by pydantic's names.
        shown: The value, for people.
    """
    given = {name: _plain(value) for name, value in context.items()}
    if kind == "missing":
        return "is missing"
    if kind in _LENGTHS:
        return _LENGTHS[kind].format(**given)
    if kind == "string_too_short" and context["min_length"] == 1:
        return "must not be empty"
    if kind in _WORDS:
        return f"{_WORDS[kind].format(**given)}, is {shown}"
    own = message.removeprefix("Value error, ")
    return f"{own[:1].lower()}{own[1:]}, is {shown}"


def _plain(value: Any) -> str:
    """Return a bound as it was written: 3, and not 3.0."""
    return f"{value:g}" if isinstance(value, float) else str(value)
