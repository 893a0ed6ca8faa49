"""What the cache holds, and the rules that every write obeys.

Each method is one transaction. Values are JSON without secrets; a package is on disk before a row
tells of it, and removed only when no row does.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sebs.cache.database import Database
from sebs.cache.documents import decode, encode, merge
from sebs.cache.packages import PackageStore
from sebs.cache.staging import Staging
from sebs.cache.tables import (
    CONFIGURATIONS,
    CONTAINERS,
    FUNCTIONS,
    PACKAGES,
    RESOURCES,
    TREES,
    Row,
    Rows,
    Table,
)
from sebs.errors import CacheError


@dataclass(frozen=True, slots=True)
class CodeKey:
    """What tells one code package, or container image, from another."""

    deployment: str
    benchmark: str
    language: str
    language_version: str
    architecture: str
    system_variant: str = "package"


class Store:
    """The content of one cache directory.

    Args:
        directory: The cache directory; made on the first write.
    """

    def __init__(self, directory: Path) -> None:
        self.staging = Staging(directory / "staging")
        self.packages = PackageStore(directory / "packages", self.staging)
        self.database = Database(directory / "sebs.sqlite", self.staging)

    def put_function(
        self, deployment: str, benchmark: str, language: str, name: str, entry: Any
    ) -> None:
        """Insert or replace a function."""
        text = encode(entry, f"functions.{name}")
        with self.database.writing() as rows:
            rows.put(
                FUNCTIONS,
                deployment=deployment,
                name=name,
                benchmark=benchmark,
                language=language,
                entry=text,
            )

    def update_function(
        self, deployment: str | None, benchmark: str, name: str, entry: Any
    ) -> None:
        """Replace the entry of a function that is there; on the only platform that has it."""
        text = encode(entry, f"functions.{name}")
        where = {} if deployment is None else {"deployment": deployment}
        with self.database.writing() as rows:
            found = rows.find(FUNCTIONS, name=name, benchmark=benchmark, **where)
            if not found:
                raise CacheError(
                    f"The cache has no function {name!r} of {benchmark}.",
                    remedy="Add it with add_function first.",
                )
            if len(found) > 1:
                platforms = ", ".join(row["deployment"] for row in found)
                raise CacheError(
                    f"The function {name!r} is cached for several platforms: {platforms}.",
                    remedy="Update it under function_lock(platform, name), or set its "
                    "deployment_name.",
                )
            found[0].pop("modified")
            rows.put(FUNCTIONS, **{**found[0], "entry": text})

    def put_package(self, key: CodeKey, code_hash: str, size: int, source: Path) -> Path:
        """Copy a package into the store and tell of it; return where it is."""
        with self.packages.stage(source) as staged:
            with self.database.writing() as rows:
                path = self.packages.place(staged)
                replaced = rows.get(PACKAGES, **asdict(key))
                rows.put(PACKAGES, **asdict(key), hash=code_hash, size=size, file=staged.name)
            if replaced is not None and replaced["file"] != staged.name:
                self.drop_unreferenced_packages([replaced["file"]])
        return path

    def get_package(self, key: CodeKey) -> Row | None:
        """Return a package's row with its ``path``; ``None`` where the package is not on disk."""
        with self.database.reading() as rows:
            row = rows.get(PACKAGES, **asdict(key))
        if row is None:
            return None
        path = self.packages.path(row["file"])
        return {**row, "path": path} if path.exists() else None

    def put_container(
        self, key: CodeKey, code_hash: str, uri: str | None, image_id: str | None
    ) -> None:
        """Insert or replace a container image."""
        encode({"uri": uri}, f"containers.{key.benchmark}")
        with self.database.writing() as rows:
            rows.put(CONTAINERS, **asdict(key), hash=code_hash, uri=uri, image_id=image_id)

    def update_containers(self, uri: str | None, **where: Any) -> int:
        """Give the container images with these values another URI; return how many there are."""
        with self.database.writing() as rows:
            found = rows.find(CONTAINERS, **where)
            for row in found:
                row.pop("modified")
                rows.put(CONTAINERS, **{**row, "uri": uri})
        return len(found)

    def put_resource(self, deployment: str, benchmark: str, kind: str, config: Any) -> None:
        """Insert or replace the storage or NoSQL mapping of a benchmark."""
        text = encode(config, f"{kind}.{benchmark}")
        with self.database.writing() as rows:
            rows.put(RESOURCES, deployment=deployment, benchmark=benchmark, kind=kind, config=text)

    def get_resource(self, deployment: str, benchmark: str, kind: str) -> dict[str, Any] | None:
        """Return the storage or NoSQL mapping of a benchmark."""
        with self.database.reading() as rows:
            row = rows.get(RESOURCES, deployment=deployment, benchmark=benchmark, kind=kind)
        return None if row is None else decode(row["config"], f"{kind}.{benchmark}")

    def merge_configuration(self, deployment: str, config: Any) -> None:
        """Merge values into the configuration of a platform."""
        if not isinstance(config, Mapping):
            raise CacheError(f"The configuration of {deployment} must be an object.")
        with self.database.reading() as rows:
            if _merged(rows, deployment, config) is None:
                return
        with self.database.writing() as rows:
            text = _merged(rows, deployment, config)
            if text is not None:
                rows.put(CONFIGURATIONS, deployment=deployment, config=text)

    def remove_configuration_key(self, deployment: str, keys: list[str]) -> None:
        """Remove one value, at a path, from the configuration of a platform, if it is there."""
        with self.database.writing() as rows:
            config = _configuration(rows, deployment)
            parent: Any = config
            for key in keys[:-1]:
                parent = parent.get(key) if isinstance(parent, dict) else None
            if config is not None and isinstance(parent, dict) and keys[-1] in parent:
                del parent[keys[-1]]
                text = encode(config, deployment)
                rows.put(CONFIGURATIONS, deployment=deployment, config=text)

    def get_configuration(self, deployment: str) -> dict[str, Any] | None:
        """Return the configuration of a platform."""
        with self.database.reading() as rows:
            return _configuration(rows, deployment)

    def put_tree(self, root: str | os.PathLike[str], data: bytes) -> None:
        """Insert or replace the index of a directory tree."""
        with self.database.writing() as rows:
            rows.put(TREES, root=_tree_key(root), data=data)

    def get_tree(self, root: str | os.PathLike[str]) -> bytes | None:
        """Return the index of a directory tree."""
        with self.database.reading() as rows:
            row = rows.get(TREES, root=_tree_key(root))
        return None if row is None else bytes(row["data"])

    def delete(self, table: Table, **where: Any) -> None:
        """Delete the rows with these values."""
        with self.database.writing() as rows:
            rows.delete(table, **where)

    def drop_unreferenced_packages(self, files: Iterable[str]) -> None:
        """Remove those of these packages that no row refers to."""
        with self.database.writing() as rows:
            for file in files:
                if not rows.count(PACKAGES, file=file):
                    self.packages.remove(file)


def _tree_key(root: str | os.PathLike[str]) -> bytes:
    return os.fsencode(os.path.abspath(root))


def _configuration(rows: Rows, deployment: str) -> dict[str, Any] | None:
    row = rows.get(CONFIGURATIONS, deployment=deployment)
    return None if row is None else decode(row["config"], f"configuration of {deployment}")


def _merged(rows: Rows, deployment: str, config: Mapping[str, Any]) -> str | None:
    """Return the merged configuration as JSON text; ``None`` where nothing would change."""
    before = _configuration(rows, deployment)
    text = encode(merge(before or {}, config), deployment)
    return text if before is None or text != encode(before, deployment) else None
