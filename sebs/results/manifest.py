"""The manifest of a run: what was run, with what, on what machine.

It is written before the first invocation, and once more when the run is finished.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import sebs
from sebs.errors import ResultFormatError
from sebs.results.machine import describe_machine
from sebs.results.schema import COLUMNS, FORMAT_VERSION, Column, Scalar, askable
from sebs.utils import write_atomically

MANIFEST = "manifest.json"

#: The experiment of a benchmark, or a function, that is simply invoked.
INVOKE = "invoke"

RUNNING, FINISHED = "running", "finished"

#: What no manifest says: it is running by its manifest, and nobody records it.
INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What was run.

    Whoever starts a run gives the first group; :meth:`started` and :meth:`finished` fill in the
    second.

    Attributes:
        experiment: Name of the experiment; ``invoke`` for a benchmark that is simply invoked.
        deployment: The platform.
        region: Its region.
        resources_id: The deployment on it.
        benchmark: The benchmark, or the function where it is not ours.
        benchmark_hash: Hash of its package; ``None`` where nothing is known.
        size: Size of its input.
        planned: How many invocations are planned; ``None`` where that is not known before.
        seed: Of everything random.
        constants: Columns of the table that are the same for every invocation unless its point
            says otherwise.
        factors: The experiment's own columns.
        parameters: Of the experiment.
        configuration: The effective one; what looks secret is masked when the run is created.
        details: Whatever else is to be kept.

        version: Of the format.
        sebs_version: Of what wrote it.
        python: Version of Python.
        machine: The client's machine.
        state: ``running`` or ``finished``; one that was interrupted is still ``running``.
        begun: Unix time of the beginning.
        ended: Unix time of the end.
        findings: What the platform reported beside the invocations.
        remarks: Sentences on how it went, such as why it ended early.
        sessions: When it was measured, the first time and after each interruption: ``begun`` and
            ``ended``, Unix times. One that was killed ended, as far as that is known, when it was
            last looked at, a few seconds before.
        processors: What the client's processors did in all of them, as
            :class:`sebs.results.processor_use.ProcessorUse` has it; empty where nobody looked.
        tabled: How many bytes of the journal the Parquet file has; ``None`` where there is none.
    """

    experiment: str
    deployment: str
    region: str = ""
    resources_id: str = ""
    benchmark: str = ""
    benchmark_hash: str | None = None
    size: str = ""
    planned: int | None = None
    seed: int | None = None
    constants: Mapping[str, Scalar] = field(default_factory=dict)
    factors: tuple[Column, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    configuration: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    version: int = FORMAT_VERSION
    sebs_version: str = ""
    python: str = ""
    machine: Mapping[str, Any] = field(default_factory=dict)
    state: str = RUNNING
    begun: float = 0
    ended: float | None = None
    findings: Mapping[str, Any] = field(default_factory=dict)
    remarks: Sequence[str] = ()
    sessions: Sequence[Mapping[str, float]] = field(default_factory=list)
    processors: Mapping[str, Any] = field(default_factory=dict)
    tabled: int | None = None

    @property
    def columns(self) -> dict[str, Column]:
        """Every column of the run's table, by name: the factors are the last ones."""
        return {column.name: column for column in (*COLUMNS, *self.factors)}

    @property
    def fixed(self) -> dict[str, Scalar]:
        """What every row has whose point does not say otherwise."""
        known = {
            "experiment": self.experiment,
            "platform": self.deployment,
            "region": self.region,
            "benchmark": self.benchmark,
            "size": self.size,
        }
        given = {name: value for name, value in known.items() if value}
        return {**given, **self.constants}

    def missing(self, made: int) -> int:
        """Return how many invocations were planned and not made.

        Args:
            made: How many were made.
        """
        return max(0, (self.planned or 0) - made)

    def started(self) -> Manifest:
        """Return it with versions, machine and time of the beginning, and without secrets."""
        from sebs.config_schema import mask

        askable(self.factors)
        return replace(
            self,
            configuration=mask(self.configuration),
            version=FORMAT_VERSION,
            sebs_version=sebs.__version__,
            python=platform.python_version(),
            machine=describe_machine(),
            begun=datetime.now(timezone.utc).timestamp(),
            tabled=None,
        )

    def finished(
        self, findings: Mapping[str, Any], remarks: Sequence[str], tabled: int | None
    ) -> Manifest:
        """Return it with the time of the end; one that had ended keeps that."""
        ended = datetime.now(timezone.utc).timestamp() if self.ended is None else self.ended
        return replace(
            self,
            state=FINISHED,
            ended=ended,
            findings=findings,
            remarks=list(remarks),
            tabled=tabled,
        )

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**values, "factors": [factor.serialize() for factor in self.factors]}

    @staticmethod
    def deserialize(stored: Mapping[str, Any], place: str) -> Manifest:
        """Read what :meth:`serialize` wrote.

        Args:
            stored: The document.
            place: Its file, for errors.

        Raises:
            ResultFormatError: It is no manifest, or a newer version of sebs wrote it.
        """
        require_readable(stored, place)
        known = {each.name for each in fields(Manifest)}
        values = {key: value for key, value in stored.items() if key in known}
        try:
            factors = tuple(Column.deserialize(each) for each in stored.get("factors", ()))
            return Manifest(**{**values, "factors": factors})
        except TypeError as error:
            raise ResultFormatError(f"{place!r} is no manifest of a run: {error}.") from error

    def write(self, directory: Path) -> None:
        """Write it into a run's directory.

        Raises:
            OSError: The directory cannot be written.
        """
        text = json.dumps(self.serialize(), indent=1, default=str)
        write_atomically(directory / MANIFEST, text.encode() + b"\n")


def require_readable(stored: Any, place: str) -> int:
    """Return the version of a document of ours.

    Raises:
        ResultFormatError: It has none, or a newer one.
    """
    version = stored.get("version") if isinstance(stored, Mapping) else None
    if not isinstance(version, int):
        raise ResultFormatError(f"{place!r} is no run of sebs: it has no version.")
    if version > FORMAT_VERSION:
        raise ResultFormatError(
            f"{place!r} has version {version}, this sebs reads {FORMAT_VERSION}.",
            remedy="Update sebs-faas.",
        )
    return version
