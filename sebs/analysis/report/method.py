"""How a run was measured: when, where, with what, and what of it was planned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from sebs.analysis.report.figure import Table
from sebs.analysis.sessions import duration, interruptions
from sebs.results.manifest import FINISHED
from sebs.results.processor_use import ProcessorUse
from sebs.results.table import counted_rows, wanted_rows
from sebs.results.table_summary import failures_in
from sebs.results.trials import are_trials

if TYPE_CHECKING:
    from sebs.results.manifest import Manifest
    from sebs.results.results import Results

#: Columns of the table whose values are named, and what they are called.
_NAMED = {
    "size": "input size",
    "language": "language",
    "language_version": "version of the language",
    "memory": "memory [MB]",
    "architecture": "architecture",
    "variant": "deployed as",
    "trigger": "trigger",
}

#: So many values of a column, or of a parameter, are told.
_TOLD = 12

#: Digits of a hash that tell two packages apart.
_HASH = 12


def method(results: Results) -> Table:
    """Return when, where and with what a run was measured, as far as it is known.

    Raises:
        ResultFormatError: The results cannot be read.
    """
    manifest = results.manifest
    found = [
        *_when(manifest, results),
        *_where(manifest),
        *_client(manifest),
        *_function(manifest, results),
        *_asked(manifest),
        *_counts(manifest, results),
    ]
    return Table(("what", "value"), [[what, value] for what, value in found if value])


def virtually_idle(manifest: Manifest) -> list[str]:
    """Say that time did not pass by itself where environments idled; nothing of another run."""
    if _scaling(manifest).get("clock") != "virtual":
        return []
    return [
        "Environments idled on a virtual clock: the platform's time was set forward, and nobody "
        "waited. That shows how the platform decides, and not what a machine does in such a time."
    ]


def _when(manifest: Manifest, results: Results) -> Iterator[tuple[str, str]]:
    if manifest.begun:
        yield "begun", _moment(manifest.begun)
    if manifest.ended:
        yield "ended", _moment(manifest.ended)
    elif manifest.state != FINISHED:
        yield "ended", "not finished"
    if found := interruptions(results):
        apart = ", ".join(duration(each) for each in found[:_TOLD])
        yield "sessions", f"{len(found) + 1}, with {apart} between them"


def _where(manifest: Manifest) -> Iterator[tuple[str, str]]:
    yield "platform", manifest.deployment
    yield "region", manifest.region
    scaling = _scaling(manifest)
    if clock := scaling.get("clock"):
        yield "clock", f"{clock}" + (": idling is not waited for" if clock == "virtual" else "")
    if policy := scaling.get("keep_alive_policy"):
        yield "idle environments are kept", f"{scaling.get('keep_alive'):g} s ({policy})"
    if most := scaling.get("max_environments"):
        yield "environments at most", f"{most}"
    function = manifest.details.get("function")
    if isinstance(function, Mapping) and "container" in function:
        yield "sandbox", "docker" if function["container"] else "process"


def _client(manifest: Manifest) -> Iterator[tuple[str, str]]:
    machine = manifest.machine
    if processors := machine.get("processors"):
        of = f" of {machine['processor']}" if machine.get("processor") else ""
        memory = machine.get("memory_mb")
        with_ = f", {memory / 1024:.0f} GB of memory" if memory else ""
        yield "client's machine", f"{processors} processors{of}{with_}"
    yield "its system", str(machine.get("system") or "")
    if machine.get("load") is not None:
        yield "its load at the beginning", f"{machine['load']:.2f}"
    use = ProcessorUse.deserialize(manifest.processors)
    if use.seconds:
        process, whole = (full / use.seconds for full in (use.process_full_s, use.machine_full_s))
        yield (
            "client saturated",
            f"its process {process:.0%}, its machine {whole:.0%} of {use.seconds:.3g} s",
        )
    yield "sebs", manifest.sebs_version
    yield "Python of the client", manifest.python
    yield "HTTP client", str(manifest.details.get("http") or "")


def _function(manifest: Manifest, results: Results) -> Iterator[tuple[str, str]]:
    hashed = f" (package {manifest.benchmark_hash[:_HASH]})" if manifest.benchmark_hash else ""
    if manifest.benchmark:
        yield "benchmark", f"{manifest.benchmark}{hashed}"
    for column, values in _values(results).items():
        told = ", ".join(map(str, values[:_TOLD]))
        more = f" and {len(values) - _TOLD} more" if len(values) > _TOLD else ""
        yield _NAMED[column], f"{told}{more}"


def _values(results: Results) -> dict[str, list[Any]]:
    """Return the values that named columns have, each once, ascending."""
    import polars as pl

    every = [pl.col(name).drop_nulls().unique().sort().implode() for name in _NAMED]
    row = results.wanted().select(every).collect().row(0, named=True)
    return {name: list(row[name]) for name in _NAMED if row[name]}


def _asked(manifest: Manifest) -> Iterator[tuple[str, str]]:
    if manifest.experiment:
        yield "experiment", manifest.experiment
    if manifest.seed is not None:
        yield "seed", f"{manifest.seed}"
    # What has a row of its own is not told twice.
    apart = {"benchmark", "input-size", "memory-sizes", "architectures", "seed"}
    for name, value in manifest.parameters.items():
        if name not in apart and value not in (None, [], {}, ""):
            yield f"parameter {name}", _shown(value)


def _shown(value: Any) -> str:
    """Return a parameter as it is read: a list with commas, a table with its names."""
    if isinstance(value, Mapping):
        known = {name: each for name, each in value.items() if each is not None}
        return ", ".join(f"{name} {_shown(each)}" for name, each in known.items())
    if isinstance(value, list | tuple):
        more = f" and {len(value) - _TOLD} more" if len(value) > _TOLD else ""
        return ", ".join(_shown(each) for each in value[:_TOLD]) + more
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _counts(manifest: Manifest, results: Results) -> Iterator[tuple[str, str]]:
    counted, table = counted_rows(), results.frame()
    counts = table.select(
        counted.sum().alias("made"),
        (counted & ~wanted_rows()).sum().alias("retried"),
        (~counted).sum().alias("more"),
    )
    made, retried, more = counts.collect().row(0)
    reasons = failures_in(table)
    planned = "" if manifest.planned is None else f"{manifest.planned:,} planned, "
    told = f"{planned}{made or 0:,} made, {sum(reasons.values()):,} of them failed"
    told += f" ({retried:,} were made again, or given up)" if retried else ""
    what = "trials" if are_trials(manifest) else "invocations"
    yield what, told + (f"; {more:,} more that no figure has" if more else "")
    each = [f"{number:,}: {reason}" for reason, number in reasons.items()]
    more_reasons = [f"{len(each) - _TOLD:,} other reasons"] if len(each) > _TOLD else []
    yield "reasons for failures", "; ".join([*each[:_TOLD], *more_reasons])


def _scaling(manifest: Manifest) -> Mapping[str, Any]:
    """Return what the local platform says of how a function's environments come and go."""
    function = manifest.details.get("function")
    found = function.get("scaling") if isinstance(function, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%d %B %Y, %H:%M:%S} UTC"
