"""A small benchmark, and a platform's package step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sebs.benchmark import Benchmark
from sebs.benchmark.package import write_zip

Make = Callable[..., Benchmark]

NAME = "910.echo"
INPUT = """
size_generators = {"test": 1, "small": 100}

def generate_input(data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func):
    return {"n": size_generators[size]}
"""


def write_tree(root: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


class PackageStep:
    """A platform's ``package_code`` that zips, and remembers what it was given."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.directories: list[Path] = []
        self.files: list[str] = []

    def __call__(self, *arguments: Any) -> tuple[str, int]:
        self.calls.append(arguments[1:])
        directory = Path(arguments[0])
        self.directories.append(directory)
        self.files = sorted(
            str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()
        )
        archive = directory.parent / "package.zip"
        return str(archive), write_zip(directory, archive)
