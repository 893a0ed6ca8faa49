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
from types import NoneType
from typing import Any

import sebs
from sebs.errors import ResultFormatError
from sebs.results.machine import describe_machine
from sebs.results.processor_use import ProcessorUse
from sebs.results.rows import check_row
from sebs.results.schema import COLUMNS, FORMAT_VERSION, LIMITS, Column, Scalar, askable
from sebs.utils import write_atomically

MANIFEST = "manifest.json"

#: The experiment of a benchmark, or a function, that is simply invoked.
INVOKE = "invoke"

RUNNING, FINISHED = "running", "finished"

#: What the attributes are that a file gives.
_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("experiment", "deployment", "region", "resources_id", "benchmark"), (str,)),
    **dict.fromkeys(("size", "sebs_version", "python", "state"), (str,)),
    "benchmark_hash": (str, NoneType),
    **dict.fromkeys(("planned", "seed", "tabled", "table_crc32"), (int, NoneType)),
    **dict.fromkeys(("constants", "parameters", "configuration", "details"), (Mapping,)),
    **dict.fromkeys(("machine", "findings", "processors"), (Mapping,)),
    **dict.fromkeys(("remarks", "sessions"), (list, tuple)),
}

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
        table_crc32: CRC-32 of the Parquet file; ``None`` where nobody kept it.
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
    table_crc32: int | None = None

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
            table_crc32=None,
        )

    def finished(
        self,
        findings: Mapping[str, Any],
        remarks: Sequence[str],
        tabled: int | None,
        table_crc32: int | None = None,
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
            table_crc32=table_crc32,
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
            ResultFormatError: It is no manifest, a value in it cannot be, or a newer version of
                sebs wrote it.
        """
        require_readable(stored, place)
        known = {each.name for each in fields(Manifest)}
        values = {key: value for key, value in stored.items() if key in known}
        try:
            factors = tuple(Column.deserialize(each) for each in stored.get("factors", ()))
            manifest = Manifest(**{**values, "factors": factors})
        except TypeError as error:
            raise ResultFormatError(f"{place!r} is no manifest of a run: {error}.") from error
        require_sound(manifest, place)
        return manifest

    def write(self, directory: Path) -> None:
        """Write it into a run's directory.

        Raises:
            OSError: The directory cannot be written.
        """
        text = json.dumps(self.serialize(), indent=1, default=str)
        write_atomically(directory / MANIFEST, text.encode() + b"\n")


def require_sound(manifest: Manifest, place: str) -> None:
    """Refuse a manifest that a file gave, where a value in it cannot be.

    Args:
        manifest: The manifest.
        place: Its file, for errors.

    Raises:
        ResultFormatError: A value is of another type, no finite number or no time.
    """
    askable(manifest.factors)
    for name, types in _TYPES.items():
        value = getattr(manifest, name)
        if not isinstance(value, types):
            raise ResultFormatError(f"{place!r}: {name} is {value!r}, which it cannot be.")
    for name in ("begun", "ended"):
        value = getattr(manifest, name)
        if not (is_time(value) or (name == "ended" and value is None)):
            raise ResultFormatError(f"{place!r}: {name} is {value!r}, which is no Unix time.")
    if not all(map(_is_session, manifest.sessions)):
        raise ResultFormatError(f"{place!r}: sessions has what no session is.")
    if not ProcessorUse.can_be(manifest.processors):
        raise ResultFormatError(f"{place!r}: processors has what no processors do.")
    listed = [manifest.findings.get(key) for key in ("missing", "cold_start_disagreements")]
    if not all(isinstance(each, list | None) for each in listed):
        raise ResultFormatError(f"{place!r}: findings has no list where there has to be one.")
    function = manifest.details.get("function") or {"name": ""}
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise ResultFormatError(f"{place!r}: the function in details is none with a name.")
    check_row(manifest.constants, manifest.columns, f"The constants of {place}")


def is_time(value: object) -> bool:
    """Whether a value is a Unix time that calendars have."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value * 10**6 <= LIMITS["time"][1]


def _is_session(stored: object) -> bool:
    keys = ("begun", "ended")
    return isinstance(stored, Mapping) and all(is_time(stored.get(key)) for key in keys)


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
