"""What SeBS's eviction experiment wrote, invocation by invocation.

A JSON object: seconds of idling to a list of repetitions, each of which is a list of what became
of its environments: ``first`` started one, and ``second`` looked for it after that time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from sebs.errors import ResultFormatError
from sebs.results.manifest import FINISHED, Manifest
from sebs.results.results import Results
from sebs.results.rows import Row
from sebs.results.schema import Column
from sebs.results.sebs_invocations import results_of

#: As the eviction experiment of ours has them.
_FACTORS = (
    Column("environments", "integer", "", "how many are started at once, and looked for"),
    Column("delta_t", "number", "s", "how long they idled before", measured=True),
)

#: What is kept of an invocation that failed: nothing.
_FAILED = {"stats": {"failure": True}, "error": "SeBS kept nothing of it."}


def is_eviction(document: Mapping[str, Any]) -> bool:
    """Whether a document is what the eviction experiment wrote."""
    return bool(document) and all(
        _seconds(key) is not None and isinstance(value, list) for key, value in document.items()
    )


def read_eviction(document: Mapping[str, Any], name: str) -> Results:
    """Return the invocations of the eviction experiment.

    Args:
        document: What the file has.
        name: The file, for errors.

    Raises:
        ResultFormatError: A value in it cannot be, or there is no invocation.
    """
    manifest = Manifest(
        experiment="eviction-model", deployment="", factors=_FACTORS, state=FINISHED
    )
    return results_of(manifest, list(_found(document, name)), name)


def _found(document: Mapping[str, Any], name: str) -> Iterator[tuple[Row, Any]]:
    for key, trials in document.items():
        for repetition, environments in enumerate(trials, start=1):
            if not isinstance(environments, list):
                raise ResultFormatError(f"Repetition {repetition} of {key} s in {name!r} is none.")
            asked: Row = {"environments": len(environments), "repetition": repetition}
            for each in environments:
                if not isinstance(each, Mapping):
                    raise ResultFormatError(
                        f"Repetition {repetition} of {key} s in {name!r} has {each!r}, which is no "
                        "pair of invocations."
                    )
                idled = {"delta_t": _seconds(key)}
                yield {**asked, "kind": "fill"}, each.get("first") or _FAILED
                yield {**asked, "kind": "probe", **idled}, each.get("second") or _FAILED


def _seconds(key: str) -> float | None:
    try:
        seconds = float(key)
    except ValueError:
        return None
    return seconds if 0 <= seconds < math.inf else None
