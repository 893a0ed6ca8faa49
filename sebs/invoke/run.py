"""A run: invocations of one function, kept in a directory of their own.

The directory holds ``manifest.json`` (what was run, written first), ``journal.jsonl`` (every
invocation as it ends) and ``result.json`` (the whole document, written last). A run that was
interrupted lacks the last one and is read from the first two.
"""

from __future__ import annotations

import json
import os
import platform
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import sebs
from sebs.errors import InvocationError, ResultFormatError
from sebs.faas.result import ExecutionResult
from sebs.results.journal import Journal, read_journal
from sebs.results.summary import summarize
from sebs.utils import write_atomically

if TYPE_CHECKING:
    from sebs.faas.function import Function, Trigger
    from sebs.faas.system import System
    from sebs.sebs_types import SystemVariant

#: Version of the document; readers refuse newer ones.
FORMAT_VERSION = 1

_MANIFEST, _JOURNAL, _RESULT = "manifest.json", "journal.jsonl", "result.json"

#: What the document has beyond the manifest.
_DERIVED = (
    "run_directory",
    "invocations",
    "interrupted",
    "failures",
    "summary",
    "metrics",
    "validation",
)


class Code(Protocol):
    """What a function runs: a benchmark, or code that is not ours."""

    @property
    def benchmark(self) -> str:
        """Its name."""

    @property
    def hash(self) -> str | None:
        """Hash of its package; empty where nothing is known."""

    @property
    def system_variant(self) -> SystemVariant:
        """What is deployed."""

    @property
    def language_variant(self) -> str:
        """Which of the benchmark's implementations it is."""


@dataclass
class Run:
    """One run, in memory.

    Attributes:
        directory: Where it is kept.
        manifest: What was run: benchmark, size, function, configuration, machine.
        invocations: What was measured, in the order of invocation.
        metrics: What else the platform reported.
        invalid: Why outputs were rejected, by request id; empty where all are valid.
        validated: Whether the outputs were judged.
    """

    directory: Path
    manifest: dict[str, Any]
    invocations: list[ExecutionResult] = field(default_factory=list)
    metrics: dict[str, Any] = field(default_factory=dict)
    invalid: dict[str, str] = field(default_factory=dict)
    validated: bool = False

    @property
    def failures(self) -> list[ExecutionResult]:
        """The invocations that failed."""
        return [result for result in self.invocations if result.stats.failure]

    @property
    def valid(self) -> bool | None:
        """Whether every output that there is was judged right; ``None`` where none was judged."""
        judged = self.validated and len(self.failures) < len(self.invocations)
        return not self.invalid if judged else None

    @property
    def interval(self) -> tuple[int, int]:
        """First and last second of the run, Unix time, both included."""
        begins = [result.times.client_begin for result in self.invocations]
        known = [moment.timestamp() for moment in begins if moment is not None]
        longest = max((result.times.client for result in self.invocations), default=0) / 1e6
        if not known:
            started = float(self.manifest["started"])
            return int(started), int(started) + 1
        return int(min(known)), int(max(known) + longest) + 1

    def document(self) -> dict[str, Any]:
        """Return the whole run as plain JSON values."""
        return {
            **self.manifest,
            "run_directory": str(self.directory),
            "invocations": [result.serialize() for result in self.invocations],
            "interrupted": len(self.invocations) < self.manifest["repetitions"],
            "failures": len(self.failures),
            "summary": {group.kind: group.serialize() for group in summarize(self.invocations)},
            "metrics": self.metrics,
            "validation": {
                "checked": self.validated,
                "valid": self.valid,
                "reasons": self.invalid,
            },
        }

    def save(self) -> Path:
        """Write the document; return its path."""
        path = self.directory / _RESULT
        write_atomically(path, json.dumps(self.document(), indent=1).encode() + b"\n")
        return path


def start_run(
    output_dir: Path,
    system: System,
    benchmark: Code,
    function: Function,
    *,
    size: str,
    trigger_type: Trigger.TriggerType,
    repetitions: int,
    forced_cold: bool = True,
) -> Run:
    """Make a run's directory and write its manifest.

    Args:
        output_dir: Where the directory is made.
        system: The platform.
        benchmark: What the function runs.
        function: The function.
        size: Size of the benchmark's input.
        trigger_type: By what it is invoked.
        repetitions: How often.
        forced_cold: Whether a cold start was forced before.

    Raises:
        OSError: The directory cannot be made.
    """
    now = datetime.now(timezone.utc)
    unique = f"{now:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}"
    directory = output_dir / f"{benchmark.benchmark}-{system.name()}-{unique}"
    directory.mkdir(parents=True)
    manifest = {
        "version": FORMAT_VERSION,
        "sebs_version": sebs.__version__,
        "started": now.timestamp(),
        "deployment": system.name(),
        "region": system.config.region,
        "resources_id": system.config.resources.resources_id,
        "benchmark": benchmark.benchmark,
        "benchmark_hash": benchmark.hash,
        "size": size,
        "trigger": trigger_type.value,
        "repetitions": repetitions,
        "forced_cold": forced_cold,
        "attached": function.attached,
        "function": {"name": function.name, **function.config.serialize()},
        "system_variant": benchmark.system_variant.serialize(),
        "language_variant": benchmark.language_variant,
        "client": _describe_client(),
    }
    write_atomically(directory / _MANIFEST, json.dumps(manifest, indent=1).encode() + b"\n")
    return Run(directory, manifest)


def invoke_sequentially(
    run: Run, trigger: Trigger, payload: dict[str, Any], repetitions: int
) -> Iterator[ExecutionResult]:
    """Invoke so many times, one after the other, and journal each result before the next.

    An invocation that got no answer is a failed result: it is counted, it stops nothing.

    Yields:
        Each result as it is there; the run has it by then.

    Raises:
        OSError: The journal cannot be written.
    """
    with Journal(run.directory / _JOURNAL) as journal:
        for _ in range(repetitions):
            result = _attempt(trigger.sync_invoke, payload)
            journal.append(result.serialize())
            run.invocations.append(result)
            yield result


def load_run(path: Path) -> Run:
    """Read a run from its directory or its result file; an interrupted run from its journal.

    Raises:
        ResultFormatError: It is no run, or a newer version of sebs wrote it.
    """
    directory = path if path.is_dir() else path.parent
    source = path if path.is_file() else directory / _RESULT
    if not source.exists():
        source = directory / _MANIFEST
    if not source.exists():
        raise ResultFormatError(
            f"There is no run at {str(path)!r}.",
            remedy="Name the directory that `sebs benchmark invoke` printed.",
        )
    try:
        document = json.loads(source.read_text(encoding="utf-8"))
        version = document["version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultFormatError(f"{str(path)!r} is no run of sebs: {error!r}.") from error
    if version > FORMAT_VERSION:
        raise ResultFormatError(
            f"{str(path)!r} has version {version}, this sebs reads {FORMAT_VERSION}.",
            remedy="Update sebs-faas.",
        )
    manifest = {key: value for key, value in document.items() if key not in _DERIVED}
    if "invocations" in document:
        records = document["invocations"]
    else:
        journal = directory / _JOURNAL
        records = list(read_journal(journal)) if journal.exists() else []
    validation = document.get("validation", {})
    return Run(
        directory,
        manifest,
        [ExecutionResult.deserialize(record) for record in records],
        document.get("metrics", {}),
        validation.get("reasons", {}),
        validation.get("checked", False),
    )


def _describe_client() -> dict[str, Any]:
    """Return what of this machine may show in the figures."""
    import pycurl

    return {
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "processor": _processor(),
        "load": os.getloadavg()[0],
        "system": platform.platform(),
        "python": platform.python_version(),
        "http": pycurl.version,
        "clock": time.get_clock_info("monotonic").implementation,
    }


def _processor() -> str:
    """Return the processor's name; Linux tells it in a file, others with the platform."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _attempt(
    invoke: Callable[[dict[str, Any]], ExecutionResult], payload: dict[str, Any]
) -> ExecutionResult:
    begin, clock = datetime.now(timezone.utc), time.perf_counter()
    try:
        return invoke(payload)
    except InvocationError as error:
        result = ExecutionResult()
        result.times.client_begin = begin
        result.times.client_end = datetime.now(timezone.utc)
        result.times.client = round((time.perf_counter() - clock) * 1e6)
        result.fail(f"{type(error).__name__}: {error}")
        return result
