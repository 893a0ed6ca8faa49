"""Finding benchmarks: the bundled ones, and those of further directories.

A benchmark is a directory ``<number>.<name>`` with a ``config.json``, on its own or in a group:
``<group>/<number>.<name>/``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sebs.benchmark.config import BenchmarkConfig, read_config
from sebs.errors import InvalidBenchmarkError, UnknownBenchmarkError
from sebs.utils import did_you_mean

BUNDLED = Path(__file__).resolve().parent.parent / "suite"

_CONFIG = "config.json"


@dataclass(frozen=True, slots=True)
class BenchmarkSource:
    """A benchmark as it lies on disk.

    Attributes:
        name: Such as ``110.dynamic-html``.
        path: Its directory, absolute.
        config: Its ``config.json``.
    """

    name: str
    path: Path
    config: BenchmarkConfig

    def data_dir(self, root: Path) -> Path:
        """Return the directory below another one that has the benchmark's data.

        It is in the benchmark's group where there is such a directory, as in SeBS's data
        repository, else without a group.
        """
        grouped = root / self.path.parent.name / self.name
        return grouped if grouped.is_dir() else root / self.name


def find_benchmark(name: str, benchmarks_dirs: Iterable[str | Path] = ()) -> BenchmarkSource:
    """Return the benchmark of a name; further directories come before the bundled ones.

    Raises:
        UnknownBenchmarkError: There is none; the message lists those that exist.
        InvalidBenchmarkError: Its ``config.json`` cannot be used.
    """
    known = _directories(benchmarks_dirs)
    if name not in known:
        hint = did_you_mean(name, known)
        raise UnknownBenchmarkError(
            f"There is no benchmark {name!r}.",
            remedy=f"{hint}Known benchmarks: {', '.join(sorted(known)) or 'none'}.",
        )
    return BenchmarkSource(name, known[name], read_config(known[name] / _CONFIG))


def list_benchmarks(benchmarks_dirs: Iterable[str | Path] = ()) -> list[BenchmarkSource]:
    """Return all benchmarks, sorted by name.

    Raises:
        InvalidBenchmarkError: The ``config.json`` of one of them cannot be used.
    """
    found, faults = survey(benchmarks_dirs)
    if faults:
        raise faults[0]
    return found


def survey(
    benchmarks_dirs: Iterable[str | Path] = (),
) -> tuple[list[BenchmarkSource], list[InvalidBenchmarkError]]:
    """Return all benchmarks that can be used, sorted by name, and what is wrong with the others."""
    found, faults = [], []
    for name, path in sorted(_directories(benchmarks_dirs).items()):
        try:
            found.append(BenchmarkSource(name, path, read_config(path / _CONFIG)))
        except InvalidBenchmarkError as error:
            faults.append(error)
    return found, faults


def _directories(benchmarks_dirs: Iterable[str | Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for root in benchmarks_dirs:
        directory = Path(root).absolute()
        if not directory.is_dir():
            raise InvalidBenchmarkError(f"There is no directory of benchmarks at {str(root)!r}.")
        for path in _below(directory):
            found.setdefault(path.name, path)
    for path in _below(BUNDLED) if BUNDLED.is_dir() else ():
        found.setdefault(path.name, path)
    return found


def _below(root: Path) -> Iterator[Path]:
    for child in sorted(root.iterdir()):
        if (child / _CONFIG).is_file():
            yield child
        elif child.is_dir():
            for grandchild in sorted(child.iterdir()):
                if (grandchild / _CONFIG).is_file():
                    yield grandchild
