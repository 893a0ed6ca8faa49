"""Finding benchmarks: the bundled ones, and those of further directories.

A benchmark is a directory ``<number>.<name>`` with a ``config.json``, on its own or in a group:
``<group>/<number>.<name>/``. Of two with one name, the one in the directory that was given first
wins; within one directory there cannot be two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sebs.benchmark.config import BenchmarkConfig, read_config
from sebs.benchmark.sebs_events import PEERS
from sebs.errors import (
    InvalidBenchmarkError,
    InvalidNameError,
    UnknownBenchmarkError,
    UsageError,
)
from sebs.utils import did_you_mean

BUNDLED = Path(__file__).resolve().parent.parent / "suite"

_CONFIG = "config.json"

_USABLE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


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
        UsageError: A further directory does not exist, or is a benchmark itself.
        UnknownBenchmarkError: There is none; the message lists those that exist.
        InvalidNameError: Its directory is called as no benchmark can be.
        InvalidBenchmarkError: Its ``config.json`` cannot be used, or a directory has two of it.
    """
    known = _directories(benchmarks_dirs)
    if name not in known:
        hint = did_you_mean(name, known)
        raise UnknownBenchmarkError(
            f"There is no benchmark {name!r}.",
            remedy=f"{hint}Known benchmarks: {', '.join(sorted(known)) or 'none'}.",
        )
    return _read(known[name])


def list_benchmarks(benchmarks_dirs: Iterable[str | Path] = ()) -> list[BenchmarkSource]:
    """Return all benchmarks, sorted by name.

    Raises:
        UsageError: A further directory does not exist, or is a benchmark itself.
        InvalidNameError: The directory of one is called as no benchmark can be.
        InvalidBenchmarkError: The ``config.json`` of one of them cannot be used, or a directory has
            two of one name.
    """
    found, faults = survey(benchmarks_dirs)
    if faults:
        raise faults[0]
    return found


def survey(
    benchmarks_dirs: Iterable[str | Path] = (),
) -> tuple[list[BenchmarkSource], list[InvalidBenchmarkError | InvalidNameError]]:
    """Return all benchmarks that can be used, sorted by name, and what is wrong with the others.

    Raises:
        UsageError: A further directory does not exist, or is a benchmark itself.
    """
    found: list[BenchmarkSource] = []
    faults: list[InvalidBenchmarkError | InvalidNameError] = []
    for _, places in sorted(_directories(benchmarks_dirs).items()):
        try:
            found.append(_read(places))
        except (InvalidBenchmarkError, InvalidNameError) as error:
            faults.append(error)
    return found, faults


def check_usable_name(path: Path) -> None:
    """Refuse a directory whose name cannot be a benchmark's; what leads to it may be anything.

    Raises:
        InvalidNameError: It has other characters than those that names of resources are made of.
    """
    if not _USABLE_NAME.fullmatch(path.name):
        raise InvalidNameError(
            f"A benchmark cannot be called {path.name!r}: functions, objects and tables are named "
            "after it.",
            remedy=f"Rename {str(path)!r}: to letters of ASCII, digits, dots, hyphens and "
            "underscores, as in 911.my-function.",
        )


def _read(places: list[Path]) -> BenchmarkSource:
    path, *others = places
    if others:
        listed = " and ".join(repr(str(place)) for place in places)
        raise InvalidBenchmarkError(
            f"There are {len(places)} benchmarks {path.name!r}: {listed}.",
            remedy="Rename or remove all but one.",
        )
    check_usable_name(path)
    config = read_config(path / _CONFIG)
    config.peer = config.peer or PEERS.get(path.name)
    return BenchmarkSource(path.name, path, config)


def _directories(benchmarks_dirs: Iterable[str | Path]) -> dict[str, list[Path]]:
    """Return the directories of each name: several where the first that has it has several."""
    found: dict[str, list[Path]] = {}
    roots = [Path(root).absolute() for root in benchmarks_dirs]
    for root in roots:
        if not root.is_dir():
            raise UsageError(
                f"There is no directory of benchmarks at {str(root)!r}.",
                remedy="Name one that holds benchmarks, or groups of them.",
            )
        # By its input.py, for a configuration of sebs is called config.json as well.
        if (root / _CONFIG).is_file() and (root / "input.py").is_file():
            raise UsageError(
                f"{str(root)!r} is a benchmark itself.", remedy=f"Name {str(root.parent)!r}."
            )
    for root in [*roots, *([BUNDLED] if BUNDLED.is_dir() else [])]:
        here: dict[str, list[Path]] = {}
        for path in _below(root):
            here.setdefault(path.name, []).append(path)
        found = {**here, **found}
    return found


def _below(root: Path) -> Iterator[Path]:
    for child in sorted(root.iterdir()):
        if child.name.startswith("."):
            continue
        if (child / _CONFIG).is_file():
            yield child
        elif child.is_dir():
            for grandchild in sorted(child.iterdir()):
                if (grandchild / _CONFIG).is_file():
                    yield grandchild
