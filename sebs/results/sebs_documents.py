"""JSON that SeBS wrote, and runs that the first version of this format left.

SeBS's experiments write one document: ``config``, ``begin_time``, ``end_time`` and
``_invocations``, which has the results of each function by request id. A single result is read as
well.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sebs.errors import NoResultsError, ResultFormatError
from sebs.faas.result import ExecutionResult
from sebs.results.journal import read_journal
from sebs.results.manifest import FINISHED, INVOKE, RUNNING, Manifest, require_readable
from sebs.results.results import Results
from sebs.results.rows import Row, check_row, measured

#: What JSON calls what Python has read; an object is not among them.
_JSON = {list: "array", str: "string", int: "number", float: "number", bool: "truth value"}

_JOURNAL, _RESULT = "journal.jsonl", "result.json"


def read_document(document: Any, name: str) -> Results:
    """Return the results of a document, whatever wrote it.

    Args:
        document: What the file has.
        name: The file, for errors.

    Raises:
        NoResultsError: It is no document of results.
        ResultFormatError: A value in it cannot be.
    """
    if not isinstance(document, Mapping):
        raise NoResultsError(f"{name!r} holds no results, but a JSON {_JSON[type(document)]}.")
    if isinstance(document.get("_invocations"), Mapping):
        return _of_sebs(document, name)
    if "times" in document:
        return Results(Manifest(experiment="", deployment=""), _rows([({}, document)], name))
    if "version" in document and "invocations" in document:
        return _of_first_version(document, document["invocations"], name)
    keys = ", ".join(sorted(map(str, document))[:8]) or "nothing"
    raise NoResultsError(
        f"{name!r} is JSON, but no result that is known; it has {keys}.",
        remedy="Known are _invocations (SeBS), times (a single result), and runs of sebs.",
    )


def read_first_version(directory: Path, manifest: Mapping[str, Any]) -> Results:
    """Return a run that the first version of the format left, finished or not.

    Raises:
        ResultFormatError: It is broken.
    """
    result, journal = directory / _RESULT, directory / _JOURNAL
    if result.exists():
        try:
            document = json.loads(result.read_bytes())
        except ValueError as error:
            raise ResultFormatError(f"{str(result)!r} is no JSON: {error}.") from error
        return read_document(document, str(result))
    records = list(read_journal(journal)) if journal.exists() else []
    return _of_first_version(manifest, records, str(journal))


def _of_sebs(document: Mapping[str, Any], name: str) -> Results:
    config = _object(document, "config")
    experiments, deployment = _object(config, "experiments"), _object(config, "deployment")
    runtime = _object(experiments, "runtime")
    manifest = Manifest(
        experiment="",
        deployment=str(deployment.get("name") or ""),
        region=str(deployment.get("region") or ""),
        constants={
            "language": runtime.get("language"),
            "language_version": runtime.get("version"),
            "architecture": experiments.get("architecture"),
        },
        begun=document.get("begin_time") or 0,
        ended=document.get("end_time"),
        state=FINISHED,
    )
    found = (
        ({"benchmark": function}, invocation)
        for function, invocations in document["_invocations"].items()
        for invocation in invocations.values()
    )
    return Results(manifest, _rows(found, name))


def _of_first_version(stored: Mapping[str, Any], invocations: Any, name: str) -> Results:
    require_readable(stored, name)
    function = _object(stored, "function")
    runtime = _object(function, "runtime")
    own = ("function", "system_variant", "language_variant", "forced_cold", "attached")
    manifest = Manifest(
        experiment=INVOKE,
        deployment=str(stored.get("deployment", "")),
        region=str(stored.get("region", "")),
        resources_id=str(stored.get("resources_id", "")),
        benchmark=str(stored.get("benchmark", "")),
        benchmark_hash=stored.get("benchmark_hash"),
        size=str(stored.get("size", "")),
        planned=stored.get("repetitions"),
        constants={
            "language": runtime.get("language"),
            "language_version": runtime.get("version"),
            "architecture": function.get("architecture"),
            "variant": stored.get("system_variant"),
            "memory": function.get("memory"),
            "trigger": stored.get("trigger"),
        },
        details={key: stored[key] for key in own if key in stored},
        sebs_version=str(stored.get("sebs_version", "")),
        machine=_object(stored, "client"),
        begun=stored.get("started") or 0,
        findings=_object(stored, "metrics"),
        state=FINISHED if "invocations" in stored else RUNNING,
    )
    rows = _rows((({}, each) for each in invocations), name)
    validation = _object(stored, "validation")
    reasons = _object(validation, "reasons")
    for row in rows if validation.get("checked") else ():
        if not row["failure"]:
            reason = reasons.get(row.get("request_id") or row["id"])
            row["valid"] = reason is None
            row |= {} if reason is None else {"rejection": reason}
    return Results(manifest, rows)


def _rows(found: Iterable[tuple[Row, Any]], name: str) -> list[Row]:
    return list(_convert(found, name))


def _convert(found: Iterable[tuple[Row, Any]], name: str) -> Iterator[Row]:
    columns = Manifest(experiment="", deployment="").columns
    for number, (point, stored) in enumerate(found, start=1):
        place = f"Invocation {number} of {name}"
        try:
            result = ExecutionResult.deserialize(stored)
        except (ResultFormatError, AttributeError) as error:
            raise ResultFormatError(f"{place}: {error}") from error
        if container := result.output.get("container_id"):
            result.environment_id = result.environment_id or str(container)
        row = {"id": str(number), **point, **measured(result)}
        if row["start"] == "unknown" and "cold_start" in (stored.get("stats") or {}):
            # Functions of SeBS always tell; that of a failure is what was there before.
            row["start"] = "warm"
        if "billed_memory" in row:
            row.setdefault("memory", row["billed_memory"])
        check_row(row, columns, place)
        yield row


def _object(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key)
    return value if isinstance(value, Mapping) else {}
