"""Variants of a benchmark's code in a language, as a ``config.json`` declares them.

A variant lies in a directory of the language's, over the plain code. SeBS writes them in two ways:
as a list of names, each the name of its directory, or as an object of name to directory, where
``default`` stands for the plain code. A directory may depend on how the code is deployed: then it
is an object of ``workers`` (a code package) and ``containers`` (an image).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_VARIANT = "default"

_PACKAGE, _IMAGE = "workers", "containers"


@dataclass(frozen=True, slots=True)
class CodeVariant:
    """Where a variant's files are.

    Attributes:
        package: Directory, below the language's, for a code package; ``default`` is the plain code,
            ``None`` means that there is no such package.
        image: The same for a container image.
    """

    package: str | None
    image: str | None

    def directory(self, *, in_image: bool) -> str | None:
        """Return the directory for a way to deploy."""
        return self.image if in_image else self.package

    def serialize(self) -> str | dict[str, str]:
        """Return what :func:`read_variants` reads."""
        if self.package == self.image and self.package is not None:
            return self.package
        modes = {_PACKAGE: self.package, _IMAGE: self.image}
        return {mode: name for mode, name in modes.items() if name is not None}


Variants = Mapping[str, CodeVariant]

PLAIN: Variants = {DEFAULT_VARIANT: CodeVariant(DEFAULT_VARIANT, DEFAULT_VARIANT)}


def read_variants(declared: Any) -> dict[str, CodeVariant] | None:
    """Return name to variant; ``None`` where what is declared cannot be read."""
    if isinstance(declared, list):
        if not all(map(_is_name, declared)):
            return None
        return {name: CodeVariant(name, name) for name in declared}
    if not isinstance(declared, dict) or not all(map(_is_name, declared)):
        return None
    found = {name: _variant(place) for name, place in declared.items()}
    known = {name: variant for name, variant in found.items() if variant is not None}
    return known if len(known) == len(found) else None


def _variant(place: Any) -> CodeVariant | None:
    if _is_name(place):
        return CodeVariant(place, place)
    if not isinstance(place, dict) or not place or not set(place) <= {_PACKAGE, _IMAGE}:
        return None
    if not all(map(_is_name, place.values())):
        return None
    return CodeVariant(place.get(_PACKAGE), place.get(_IMAGE))


def _is_name(value: Any) -> bool:
    """Return whether a value names a directory and not a way to another one."""
    return isinstance(value, str) and value not in ("", ".", "..") and not set(value) & set("/\\\0")
