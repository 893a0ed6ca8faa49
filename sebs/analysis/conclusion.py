"""What follows from an experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What follows from an experiment, for people and for programs.

    Attributes:
        words: Sentences.
        document: The same as plain JSON values; durations in seconds, with ``_s`` in their names.
        columns: Titles of a table behind the words, with units; empty where there is none.
        rows: Its rows, as they are shown.
    """

    words: Sequence[str]
    document: Mapping[str, Any]
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str | None]] = field(default=())
