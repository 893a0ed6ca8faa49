"""What is found in a benchmark's directory."""

from __future__ import annotations

from dataclasses import dataclass

from sebs.errors import SebsError


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a benchmark.

    Attributes:
        where: File or directory, relative to the benchmark's.
        what: What there is about it.
        remedy: What to do.
        problem: Whether the benchmark, or a language of it, cannot be used like this; else it is
            worth knowing.
    """

    where: str
    what: str
    remedy: str
    problem: bool = True


def of_error(where: str, error: SebsError | OSError, remedy: str = "Correct it.") -> Finding:
    """Return the problem that a build or a run would end with.

    Args:
        where: File or directory, relative to the benchmark's.
        error: What it would end with.
        remedy: What to do where the error does not say.
    """
    if isinstance(error, SebsError):
        return Finding(where, error.message.removesuffix("."), error.remedy or remedy)
    return Finding(where, f"it cannot be read: {error.strerror or error}", remedy)
