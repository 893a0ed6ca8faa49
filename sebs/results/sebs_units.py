"""Units that differ between the versions of SeBS, and how they are told from what was measured."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

#: Said of results whose provider times were in milliseconds.
IN_MILLISECONDS = (
    "The provider times of this file were milliseconds, as the first SeBS kept those of Google "
    "Cloud, and are read as such: they are a thousandth of what the functions measured themselves."
)

#: The platform's time has the function's own in it, and cannot be so much less.
_IMPOSSIBLE = 0.1


def are_milliseconds(times: Iterable[tuple[float | None, float | None]]) -> bool:
    """Whether provider times are milliseconds, where the functions' own are microseconds.

    SeBS's first versions kept those of Google Cloud so; `gcp/gcp.py` multiplies them since.

    Args:
        times: Provider time and the function's own of each invocation; ``None`` or 0 where one
            was not measured.
    """
    ratios = [provider / own for provider, own in times if provider and own]
    return bool(ratios) and median(ratios) < _IMPOSSIBLE
