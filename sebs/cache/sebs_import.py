"""Reads a JSON cache directory that SeBS wrote.

Its layout, of which older versions had no architecture and no containers
(https://github.com/spcl/serverless-benchmarks, ``sebs/cache.py``)::

    <cache>/<cloud>.json                    configuration of a platform
    <cache>/<benchmark>/config.json
        {deployment: {language: {"code_package": {"3.8-x64": {hash, size, location, …}},
                                 "containers":   {"3.8-x64": {hash, image-uri, image-id, …}},
                                 "functions":    {name: entry}},
                      "storage": {…}, "nosql": {…}}}

A ``location`` is relative to the cache directory.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sebs.cache.importing import (
    Importer,
    ImportReport,
    as_object,
    optional_text,
    read_json_object,
    size_in_bytes,
    text,
)
from sebs.cache.store import CodeKey, Store
from sebs.errors import CacheError
from sebs.sebs_types import Architecture

_RESOURCES = ("storage", "nosql")
_ARCHITECTURES = tuple(member.value for member in Architecture)


def import_sebs_cache(store: Store, directory: Path) -> ImportReport:
    """Add what a JSON cache directory has.

    Raises:
        CacheError: There is no such directory.
    """
    if not directory.is_dir():
        raise CacheError(f"There is no directory {directory}.")
    reader = _Reader(Importer(store), directory)
    for path in sorted(directory.glob("*.json")):
        reader.configuration(path)
    for path in sorted(directory.glob("*/config.json")):
        reader.benchmark(path)
    return reader.importer.report()


class _Reader:
    """Walks one cache directory; a path of a problem is the file's name and the keys in it."""

    def __init__(self, importer: Importer, directory: Path) -> None:
        self.importer = importer
        self._store = importer.store
        self._directory = directory

    def configuration(self, path: Path) -> None:
        with self.importer.attempt(path.name, "configurations"):
            config = self.importer.cleared(path.name, read_json_object(path))
            self._store.merge_configuration(path.stem, config)

    def benchmark(self, path: Path) -> None:
        name = path.parent.name
        file = f"{name}/{path.name}"
        with self.importer.attempt(file):
            for deployment, config in read_json_object(path).items():
                with self.importer.attempt(f"{file}: {deployment}"):
                    self._deployment(f"{file}: {deployment}", deployment, name, as_object(config))

    def _deployment(
        self, where: str, deployment: str, benchmark: str, config: dict[str, Any]
    ) -> None:
        for key, value in config.items():
            path = f"{where}.{key}"
            if key in _RESOURCES:
                with self.importer.attempt(path, "resources"):
                    resource = self.importer.cleared(path, as_object(value))
                    self._store.put_resource(deployment, benchmark, key, resource)
            else:
                with self.importer.attempt(path):
                    self._language(path, deployment, benchmark, key, as_object(value))

    def _language(
        self, where: str, deployment: str, benchmark: str, language: str, config: dict[str, Any]
    ) -> None:
        for section, add in (("code_package", self._package), ("containers", self._container)):
            for key, value in self._section(where, config, section):
                path = f"{where}.{section}.{key}"
                kind = "packages" if section == "code_package" else section
                with self.importer.attempt(path, kind):
                    version, architecture = _version_and_architecture(key)
                    variant = "package" if section == "code_package" else "container"
                    code = CodeKey(deployment, benchmark, language, version, architecture, variant)
                    add(code, as_object(value))
        for name, entry in self._section(where, config, "functions"):
            path = f"{where}.functions.{name}"
            with self.importer.attempt(path, "functions"):
                entry = self.importer.cleared(path, as_object(entry))
                self._store.put_function(deployment, benchmark, language, name, entry)

    def _section(self, where: str, config: dict[str, Any], name: str) -> list[tuple[str, Any]]:
        with self.importer.attempt(f"{where}.{name}"):
            return list(as_object(config.get(name) or {}).items())
        return []

    def _package(self, key: CodeKey, record: dict[str, Any]) -> None:
        location = (self._directory / text(record, "location")).resolve()
        if not location.is_relative_to(self._directory.resolve()):
            raise ValueError(f"location {record['location']!r} is outside the cache directory")
        self._store.put_package(key, text(record, "hash"), size_in_bytes(record), location)

    def _container(self, key: CodeKey, record: dict[str, Any]) -> None:
        uri, image_id = optional_text(record, "image-uri"), optional_text(record, "image-id")
        self._store.put_container(key, text(record, "hash"), uri, image_id)


def _version_and_architecture(key: str) -> tuple[str, str]:
    version, _, architecture = key.rpartition("-")
    return (version, architecture) if architecture in _ARCHITECTURES else (key, "x64")
