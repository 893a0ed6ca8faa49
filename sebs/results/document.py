"""Results as one JSON document, and what is said of them as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from sebs.results.manifest import Manifest
from sebs.results.reading import state_of
from sebs.results.results import Results
from sebs.results.rows import Invocation, Row, invocation_of, is_wanted
from sebs.results.summary import NO_REASON, start_in, summarize
from sebs.results.trials import counted, trials_in


class Overview:
    """Results, read once, and what is said of them as a whole.

    Attributes:
        manifest: What was run.
        directory: Where it is kept; ``None`` where it is no run of ours.
        findings: What the platform reported beside the invocations.
        invocations: What was measured, in that order.
    """

    def __init__(self, results: Results) -> None:
        self.manifest = results.manifest
        self.directory: Path | None = getattr(results, "directory", None)
        self.findings = getattr(results, "findings", results.manifest.findings)
        self._rows = results.rows()
        self.invocations: Sequence[Invocation] = [invocation_of(row) for row in self._rows]

    @property
    def _wanted(self) -> Iterable[Invocation]:
        return (each for each in self.invocations if is_wanted(each.point))

    @property
    def missing(self) -> int:
        """How many invocations were planned and not made."""
        return self.manifest.missing(sum(map(is_wanted, self._rows)))

    @property
    def validated(self) -> bool:
        """Whether outputs were judged."""
        return any(each.valid is not None for each in self._wanted)

    @cached_property
    def rejections(self) -> dict[str, str]:
        """Why outputs were judged wrong, by request id."""
        return {
            each.result.request_id or each.id: each.rejection or NO_REASON
            for each in self._wanted
            if each.valid is False
        }

    @property
    def valid(self) -> bool | None:
        """Whether every output that there is was judged right; ``None`` where none was judged."""
        return not self.rejections if self.validated else None

    def serialize(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        manifest, summary = self.manifest.serialize(), summarize(self._rows, self.manifest)
        trials = trials_in(self._rows, self.manifest)
        details = manifest.pop("details")
        manifest.pop("findings")
        return {
            **details,
            **manifest,
            "details": details,
            "state": state_of(self.directory, self.manifest),
            "started": manifest["begun"],
            "repetitions": manifest["planned"],
            "run_directory": None if self.directory is None else str(self.directory),
            "invocations": [
                _invocation(row, each)
                for row, each in zip(self._rows, self.invocations, strict=True)
            ],
            "interrupted": self.missing > 0,
            "failures": summary.failed,
            "failure_reasons": summary.reasons,
            "unwanted": {"n": summary.unwanted + summary.retried, "failures": summary.retried},
            "trials": counted(trials) if trials else None,
            "summary": summary.by_start(),
            "groups": [group.serialize() for group in summary.groups],
            "metrics": self.findings,
            "validation": {
                "checked": self.validated,
                "valid": self.valid,
                "reasons": self.rejections,
            },
        }


def _invocation(row: Row, each: Invocation) -> dict[str, Any]:
    known = {"start": start_in(row), "valid": each.valid}
    if each.rejection is not None:
        known["rejection"] = each.rejection
    return {**each.point, **each.result.serialize(), **known}


def interval_of(manifest: Manifest, invocations: Sequence[Invocation]) -> tuple[int, int]:
    """Return the first and the last second of a run, Unix time, both included."""
    times = [each.result.times for each in invocations]
    known = [each.client_begin.timestamp() for each in times if each.client_begin is not None]
    if not known:
        return int(manifest.begun), int(manifest.begun) + 1
    longest = max((each.client for each in times), default=0) / 1e6
    return int(min(known)), int(max(known) + longest) + 1
