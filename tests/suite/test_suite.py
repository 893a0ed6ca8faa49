"""The bundled benchmarks together: complete, described, packaged with the distribution."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sebs.benchmark.source import BUNDLED, list_benchmarks
from sebs.errors import UnknownInputSizeError
from sebs.sebs_types import Language

ROOT = Path(__file__).parents[2]
BENCHMARKS = {source.name: source for source in list_benchmarks()}


def test_the_bundled_ones_are_there() -> None:
    assert list(BENCHMARKS) == [
        "010.sleep",
        "020.network-benchmark",
        "030.clock-synchronization",
        "040.server-reply",
        "110.dynamic-html",
        "120.uploader",
        "130.crud-api",
        "210.thumbnailer",
        "220.video-processing",
        "311.compression",
        "411.image-recognition",
        "501.graph-pagerank",
        "502.graph-mst",
        "503.graph-bfs",
        "504.dna-visualisation",
        "601.cpu",
        "602.memory-bandwidth",
        "603.disk",
        "604.chain",
    ]
    # The languages that SeBS has them in, but for Java and C++.
    in_both = {name for name, source in BENCHMARKS.items() if len(source.config.languages) == 2}
    assert {name[:3] for name in in_both} == {"010", "110", "120", "130", "210", "311"}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_each_is_complete(name: str) -> None:
    source = BENCHMARKS[name]
    assert (source.path / "input.py").is_file()
    for language in source.config.languages:
        suffix = {Language.PYTHON: "py", Language.NODEJS: "js"}[language]
        assert (source.path / language.value / f"function.{suffix}").is_file()


@pytest.mark.parametrize("name", BENCHMARKS)
def test_each_says_which_sizes_it_has(name: str, fed: Any) -> None:
    with pytest.raises(UnknownInputSizeError, match=r"large,( none,)? small, test"):
        fed(name).event("huge")


@pytest.mark.parametrize("name", BENCHMARKS)
def test_each_is_described(name: str) -> None:
    config = BENCHMARKS[name].config
    rows = (BUNDLED / "README.md").read_text().splitlines()
    facts = f"| {config.memory} MB | {config.timeout} s |"
    assert [row for row in rows if row.startswith(f"| `{name}` |") and facts in row]


def test_the_wheel_has_every_file(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("sebs/suite/")}
    assert packed == {
        path.relative_to(ROOT).as_posix()
        for path in BUNDLED.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
