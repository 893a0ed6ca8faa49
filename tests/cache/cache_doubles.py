"""Stand-ins for what the cache is given: a benchmark, a function."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sebs.cache import Cache


@dataclass
class BenchmarkDouble:
    benchmark: str = "010.sleep"
    language_name: str = "python"
    language_version: str = "3.11"
    architecture: str = "x64"
    system_variant: str = "package"
    hash: str = "hash-1"
    code_location: str | None = None
    code_size: int = 0
    container_uri: str | None = None


@dataclass
class FunctionDouble:
    name: str = "sleep"
    entry: Any = field(default_factory=lambda: {"hash": "hash-1", "config": {"memory": 128}})
    benchmark: str = "010.sleep"

    def serialize(self) -> Any:
        return self.entry


def add_function(
    cache: Cache, name: str, entry: Any = None, deployment: str = "local", **benchmark: Any
) -> None:
    code_package = BenchmarkDouble(**benchmark)
    function = FunctionDouble(name, {"name": name} if entry is None else entry)
    cache.add_function(
        deployment_name=deployment,
        language_name=code_package.language_name,
        code_package=code_package,
        function=function,
    )


def built(path: Path, content: bytes = b"code", **members: Any) -> BenchmarkDouble:
    """Return a benchmark whose package is a file of that content."""
    path.write_bytes(content)
    return BenchmarkDouble(code_location=str(path), code_size=len(content), **members)


def package_of(cache: Cache, deployment: str = "local", benchmark: str = "010.sleep") -> Any:
    return cache.get_code_package(deployment, benchmark, "python", "3.11", "x64")
