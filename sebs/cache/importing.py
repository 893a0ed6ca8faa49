"""Reads caches that were written as JSON: what both importers share, and the one of exports."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sebs.cache.failures import explained
from sebs.cache.guard import without_secrets
from sebs.cache.inventory import DOCUMENT_FORMAT, DOCUMENT_VERSION, DOCUMENTED
from sebs.cache.store import CodeKey, Store
from sebs.cache.tables import CONTAINERS, FUNCTIONS, PACKAGES, RESOURCES
from sebs.errors import CacheError, CacheFormatError, CacheUnavailableError, Problem

#: The database's integers have 64 bits.
_SIZE_LIMIT = 1 << 63


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import added, and what it could not.

    Attributes:
        imported: How many of each kind were added: ``functions``, ``packages``, ….
        problems: What was left out: where it stood, and why.
    """

    imported: dict[str, int]
    problems: tuple[Problem, ...]


@dataclass
class Importer:
    """Counts what is added, and notes what cannot be."""

    store: Store
    imported: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def report(self) -> ImportReport:
        """Return what was done so far."""
        return ImportReport(dict(self.imported), tuple(self.problems))

    @contextmanager
    def attempt(self, path: str, kind: str | None = None) -> Iterator[None]:
        """Run a block that adds a thing of a kind; where it is malformed, note it and go on.

        A cache that cannot be written ends the import: nothing after it could be added either.
        """
        try:
            yield
        except CacheUnavailableError:
            raise
        except (CacheError, ValueError, RecursionError) as error:
            self.problems.append(Problem(path, str(error)))
        else:
            if kind is not None:
                self.imported[kind] += 1

    def cleared(self, path: str, value: Any) -> Any:
        """Return a JSON value without its secrets, which are noted."""
        cleared, left_out = without_secrets(value)
        for secret in left_out:
            self.problems.append(
                Problem(f"{path}.{secret}", "left out, because it looks like a secret")
            )
        return cleared


def as_object(value: Any) -> dict[str, Any]:
    """Return a JSON object, or raise ``ValueError``."""
    if not isinstance(value, dict):
        raise ValueError(f"must be an object, not {type(value).__name__}")
    return value


def text(record: dict[str, Any], key: str) -> str:
    """Return a text of a JSON object, or raise ``ValueError``."""
    value = record.get(key)
    if not isinstance(value, str):
        raise ValueError(f"{key} must be a text, not {type(value).__name__}")
    return value


def optional_text(record: dict[str, Any], key: str) -> str | None:
    """Return a text of a JSON object, ``None`` where it has none, or raise ``ValueError``."""
    return None if record.get(key) is None else text(record, key)


def size_in_bytes(record: dict[str, Any]) -> int:
    """Return the size of a package, or raise ``ValueError``."""
    value = record.get("size")
    if type(value) is not int or not 0 <= value < _SIZE_LIMIT:
        raise ValueError("size must be a number of bytes")
    return value


def read_json_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file.

    Raises:
        CacheFormatError: It holds something else.
        CacheUnavailableError: It cannot be read.
    """
    with explained(path):
        data = path.read_bytes()
    try:
        return as_object(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise CacheFormatError(f"{path} holds no JSON object: {error}.") from error


def import_document(store: Store, path: Path) -> ImportReport:
    """Add what an export has; :mod:`sebs.cache.inventory` describes its form."""
    document = read_json_object(path)
    if document.get("format") != DOCUMENT_FORMAT:
        raise CacheFormatError(f"{path} is no exported cache.")
    if document.get("version") != DOCUMENT_VERSION:
        raise CacheFormatError(
            f"{path} has version {document.get('version')}; this version of sebs reads "
            f"{DOCUMENT_VERSION}.",
            remedy="Upgrade sebs.",
        )
    importer = Importer(store)
    for table in DOCUMENTED:
        with importer.attempt(table.name):
            records = document.get(table.name, [])
            if not isinstance(records, list):
                raise ValueError("must be a list")
            for index, record in enumerate(records):
                where = f"{table.name}.{index}"
                with importer.attempt(where, table.name):
                    _add(importer, table.name, where, as_object(record))
    return importer.report()


def _add(importer: Importer, table: str, where: str, record: dict[str, Any]) -> None:
    """Add one record of an export."""
    store, deployment = importer.store, text(record, "deployment")
    if table == FUNCTIONS.name:
        store.put_function(
            deployment,
            text(record, "benchmark"),
            text(record, "language"),
            text(record, "name"),
            importer.cleared(f"{where}.entry", as_object(record.get("entry"))),
        )
    elif table == PACKAGES.name:
        location = Path(text(record, "location"))
        store.put_package(_code_key(record), text(record, "hash"), size_in_bytes(record), location)
    elif table == CONTAINERS.name:
        uri, image_id = optional_text(record, "uri"), optional_text(record, "image_id")
        store.put_container(_code_key(record), text(record, "hash"), uri, image_id)
    else:
        config = importer.cleared(f"{where}.config", as_object(record.get("config")))
        if table == RESOURCES.name:
            kind, benchmark = text(record, "kind"), text(record, "benchmark")
            store.put_resource(deployment, benchmark, kind, config)
        else:
            store.merge_configuration(deployment, config)


def _code_key(record: dict[str, Any]) -> CodeKey:
    return CodeKey(
        text(record, "deployment"),
        text(record, "benchmark"),
        text(record, "language"),
        text(record, "language_version"),
        text(record, "architecture"),
        text(record, "system_variant"),
    )
