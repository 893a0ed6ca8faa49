"""JSON that SeBS wrote, and runs that the first version of this format left.

SeBS's experiments write one document: ``config``, ``begin_time``, ``end_time`` and
``_invocations``, which has the results of each function by request id; perf-cost adds
``statistics``, with what it left out of these. A single result is read as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sebs.errors import NoResultsError, ResultFormatError
from sebs.results.decoding import decoded
from sebs.results.journal import read_journal
from sebs.results.manifest import (
    FINISHED,
    INVOKE,
    RUNNING,
    Manifest,
    is_time,
    require_readable,
    require_sound,
)
from sebs.results.results import Results
from sebs.results.rows import Row
from sebs.results.sebs_evictions import is_eviction, read_eviction
from sebs.results.sebs_invocations import results_of, rows_of

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
        kind = _JSON.get(type(document), "null")
        raise NoResultsError(f"{name!r} holds no results, but a JSON {kind}.")
    if isinstance(document.get("_invocations"), Mapping):
        return _of_sebs(document, name)
    if "times" in document:
        return results_of(Manifest(experiment="", deployment=""), [({}, document)], name)
    if "version" in document and "invocations" in document:
        return _of_first_version(document, document["invocations"], name)
    if is_eviction(document):
        return read_eviction(document, name)
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
        return read_document(decoded(result.read_bytes(), str(result)), str(result))
    records = list(read_journal(journal)) if journal.exists() else []
    return _of_first_version(manifest, records, str(journal))


def _of_sebs(document: Mapping[str, Any], name: str) -> Results:
    config, statistics = _object(document, "config"), _object(document, "statistics")
    experiments, deployment = _object(config, "experiments"), _object(config, "deployment")
    runtime, resources = _object(experiments, "runtime"), _object(deployment, "resources")
    manifest = Manifest(
        experiment="perf-cost" if statistics else "",
        deployment=str(deployment.get("name") or ""),
        region=str(deployment.get("region") or resources.get("region") or ""),
        constants={
            "language": runtime.get("language"),
            "language_version": runtime.get("version"),
            "architecture": experiments.get("architecture"),
        },
        begun=_time(document, "begin_time", name) or 0,
        ended=_time(document, "end_time", name),
        state=FINISHED,
    )
    require_sound(manifest, name)
    found = list(_invocations(document["_invocations"], name))
    functions = list(document["_invocations"])
    left_out = {"benchmark": functions[0]} if len(functions) == 1 else {}
    for key in _UNWANTED:
        unwanted = _list(statistics, key, name)
        # Some versions kept only what they are called.
        found += [({**left_out, "wanted": False}, each) for each in unwanted if _is_object(each)]
    for reason in _list(statistics, "failures", name):
        found.append((left_out, {"stats": {"failure": True}, "error": str(reason)}))
    return results_of(manifest, found, name)


#: Keys of ``statistics`` with invocations that began otherwise than they were asked for.
_UNWANTED = ("incorrect", "unexpected_warms")


def _invocations(functions: Mapping[str, Any], name: str) -> Iterator[tuple[Row, Any]]:
    for function, invocations in functions.items():
        if not _is_object(invocations):
            raise ResultFormatError(f"{name!r} has invocations of {function!r} that are no object.")
        for invocation in invocations.values():
            yield {"benchmark": function}, invocation


def _list(stored: Mapping[str, Any], key: str, name: str) -> list[Any]:
    value = stored.get(key) or []
    if not isinstance(value, list):
        raise ResultFormatError(f"{name!r}: {key} is {value!r}, which is no list.")
    return value


def _time(document: Mapping[str, Any], key: str, name: str) -> float | None:
    value: float | None = document.get(key)
    if value is not None and not is_time(value):
        raise ResultFormatError(f"{name!r}: {key} is {value!r}, which is no Unix time.")
    return value


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping)


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
    require_sound(manifest, name)
    if not isinstance(invocations, list):
        raise ResultFormatError(f"{name!r} has invocations that are no list.")
    rows = rows_of([({}, each) for each in invocations], name, manifest.columns)
    validation = _object(stored, "validation")
    reasons = _object(validation, "reasons")
    for row in rows if validation.get("checked") else ():
        if not row["failure"]:
            reason = reasons.get(row.get("request_id") or row["id"])
            row["valid"] = reason is None
            row |= {} if reason is None else {"rejection": reason}
    return Results(manifest, rows)


def _object(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key)
    return value if isinstance(value, Mapping) else {}
