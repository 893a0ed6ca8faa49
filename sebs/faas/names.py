"""The naming rules of a platform, declared as data, and names that obey them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sebs.errors import InvalidNameError

_DIGEST_LENGTH = 8


@dataclass(frozen=True, slots=True)
class NameRules:
    """What a platform allows in the name of a function.

    Attributes:
        max_length: Longest name, in characters.
        allowed: Characters that may occur, as the inside of a regular expression's class.
        separator: Put between parts and in place of what is not allowed.
        lowercase: Whether capitals are refused.
        first: Characters that may come first, as the inside of a class.
        last: Characters that may come last, as the inside of a class.
    """

    max_length: int = 64
    allowed: str = "A-Za-z0-9_-"
    separator: str = "-"
    lowercase: bool = False
    first: str = "A-Za-z"
    last: str = "A-Za-z0-9"

    def violation(self, name: str) -> str | None:
        """Return what is wrong with a name, or ``None``."""
        if not name:
            return "it is empty"
        if len(name) > self.max_length:
            return f"it has {len(name)} characters, the most is {self.max_length}"
        if strange := re.sub(f"[{self.allowed}]", "", name):
            return f"it contains {strange[0]!r}"
        if self.lowercase and name != name.lower():
            return "it contains capitals"
        if not re.match(f"[{self.first}]", name[0]):
            return f"it starts with {name[0]!r}"
        if not re.match(f"[{self.last}]", name[-1]):
            return f"it ends with {name[-1]!r}"
        return None

    def check(self, name: str) -> str:
        """Return the name.

        Raises:
            InvalidNameError: The platform would refuse it.
        """
        if (problem := self.violation(name)) is not None:
            raise InvalidNameError(
                f"{name!r} is no valid function name: {problem}.",
                remedy="Choose another name, or none: one is derived from the benchmark.",
            )
        return name

    def make(self, parts: Sequence[str]) -> str:
        """Return a name made of parts: readable as far as it fits, and different for other parts.

        A digest of the parts ends every name, since replacing what a platform refuses, and cutting
        what is too long, would make equal names of different parts.
        """
        digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_DIGEST_LENGTH]
        text = self.separator.join(parts)
        if self.lowercase:
            text = text.lower()
        text = re.sub(f"[^{self.allowed}]", self.separator, text)
        text = text[: self.max_length - len(digest) - len(self.separator)]
        return f"{text}{self.separator}{digest}"
