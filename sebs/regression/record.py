"""A regression on disk: what was to be run, and what became of each case so far.

The directory holds ``manifest.json`` (written first), ``outcomes.jsonl`` (each outcome as it is
known) and ``junit.xml`` (written last). One that was interrupted, or in which cases did not pass,
is taken up again with the options that it was begun with: what passed is not run again.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import sebs
from sebs.errors import ResultFormatError, UsageError
from sebs.regression.cases import Case
from sebs.regression.outcome import Outcome, State
from sebs.results.journal import Journal, read_lines
from sebs.utils import write_atomically

#: Version of the manifest; readers refuse newer ones. Older ones did not keep the options.
FORMAT_VERSION = 2

_MANIFEST, _OUTCOMES = "manifest.json", "outcomes.jsonl"

#: What a manifest has to go on with, and as what.
_FIELDS = {
    "deployment": str, "size": str, "trigger": str, "options": dict, "configuration": dict,
    "cases": list,
}  # fmt: skip


class Record:
    """One regression on disk.

    Args:
        directory: Where it is kept.
        manifest: What was to be run.
        outcomes: What is known so far, by the keys of the cases.
    """

    def __init__(
        self, directory: Path, manifest: dict[str, Any], outcomes: dict[str, Outcome]
    ) -> None:
        self.directory = directory
        self.manifest = manifest
        self._outcomes = outcomes

    @property
    def cases(self) -> list[Case]:
        """Everything that is to be run."""
        return [Case(**case) for case in self.manifest["cases"]]

    @property
    def outcomes(self) -> list[Outcome]:
        """What is known so far, in the order of the cases."""
        known = (self._outcomes.get(case.key) for case in self.cases)
        return [outcome for outcome in known if outcome is not None]

    @property
    def all_outcomes(self) -> list[Outcome]:
        """What became of every case, in their order: also that one was not run."""
        reason = "It was interrupted before this case was run."
        return [
            self._outcomes.get(case.key, Outcome(case, State.NOT_RUN, reason))
            for case in self.cases
        ]

    @property
    def remaining(self) -> list[Case]:
        """What was not run yet, or failed."""
        return [
            case
            for case in self.cases
            if (known := self._outcomes.get(case.key)) is None or known.failing
        ]

    @property
    def succeeded(self) -> bool:
        """Whether every case was run and none failed, and there is at least one."""
        return bool(self.manifest["cases"]) and not self.remaining

    @property
    def junit_path(self) -> Path:
        """Where the JUnit file is."""
        return self.directory / "junit.xml"

    def journal(self) -> Journal:
        """Open the journal of the outcomes, to be given to :meth:`add`."""
        return Journal(self.directory / _OUTCOMES)

    def add(self, journal: Journal, outcome: Outcome) -> None:
        """Keep an outcome.

        Raises:
            OSError: The journal cannot be written.
        """
        journal.append(outcome.serialize())
        self._outcomes[outcome.case.key] = outcome

    def document(self) -> dict[str, Any]:
        """Return the whole regression as plain JSON values."""
        outcomes = self.outcomes
        return {
            **self.manifest,
            "directory": str(self.directory),
            "passed": sum(outcome.passed for outcome in outcomes),
            "not_judged": sum(outcome.state is State.UNJUDGED for outcome in outcomes),
            "total": len(self.manifest["cases"]),
            "succeeded": self.succeeded,
            "outcomes": [outcome.serialize() for outcome in outcomes],
        }


def new_record(
    output_dir: Path,
    platform: str,
    size: str,
    trigger: str,
    cases: Sequence[Case],
    *,
    options: Mapping[str, Any],
    configuration: Mapping[str, Any],
) -> Record:
    """Make a regression's directory and write its manifest.

    Args:
        output_dir: Where the directory is made.
        platform: Key of the platform.
        size: The input size.
        trigger: Key of the trigger type.
        cases: What is run.
        options: What it was asked for with, so that it is taken up in the same way; JSON values.
        configuration: What it is run with; no secrets.

    Raises:
        OSError: The directory cannot be made.
    """
    now = datetime.now(timezone.utc)
    unique = f"{now:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}"
    directory = output_dir / f"regression-{platform}-{unique}"
    directory.mkdir(parents=True)
    manifest = {
        "version": FORMAT_VERSION,
        "sebs_version": sebs.__version__,
        "started": now.timestamp(),
        "deployment": platform,
        "size": size,
        "trigger": trigger,
        "options": dict(options),
        "configuration": dict(configuration),
        "cases": [asdict(case) for case in cases],
    }
    write_atomically(directory / _MANIFEST, json.dumps(manifest, indent=1).encode() + b"\n")
    return Record(directory, manifest, {})


def load_record(directory: Path) -> Record:
    """Read a regression, finished or not.

    Raises:
        UsageError: There is none.
        ResultFormatError: It cannot be read, or another version of sebs wrote it.
    """
    path = directory / _MANIFEST
    if not path.is_file():
        raise UsageError(
            f"There is no regression in {str(directory)!r}.",
            remedy="Name the directory that `sebs regression` printed.",
        )
    manifest = _read_manifest(path)
    wanted = {Case(**case).key for case in manifest["cases"]}
    known = _read_outcomes(directory / _OUTCOMES)
    outcomes = {outcome.case.key: outcome for outcome in known if outcome.case.key in wanted}
    return Record(directory, manifest, outcomes)


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_bytes())
        version = manifest["version"]
        if not isinstance(version, int):
            raise ValueError(f"{version!r} is no version")
        if version == FORMAT_VERSION:
            _check_manifest(manifest)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultFormatError(
            f"{str(path)!r} is no regression's manifest: {error!r}.",
            remedy="Begin a new regression.",
        ) from error
    if version != FORMAT_VERSION:
        newer = version > FORMAT_VERSION
        raise ResultFormatError(
            f"{str(path)!r} has version {version}, this sebs reads {FORMAT_VERSION}.",
            remedy="Update sebs-faas." if newer else "Begin a new regression.",
        )
    checked: dict[str, Any] = manifest
    return checked


def _check_manifest(manifest: Mapping[str, Any]) -> None:
    for name, kind in _FIELDS.items():
        if not isinstance(manifest[name], kind):
            raise ValueError(f"{name} is {manifest[name]!r}")
    for case in manifest["cases"]:
        Case(**case)


def _read_outcomes(path: Path) -> Iterator[Outcome]:
    """Yield the outcomes in a journal, where there is one."""
    for number, line in read_lines(path) if path.exists() else ():
        try:
            yield Outcome.deserialize(line)
        except ResultFormatError as error:
            raise ResultFormatError(
                f"Line {number} of {str(path)!r}: {error.message}",
                remedy="Remove the line: its case is run again.",
            ) from error
