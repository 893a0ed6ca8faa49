"""Whatever is wrong with a file of results, it is read or refused: nothing else comes of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import mutated

from sebs.cli.main import run as sebs
from sebs.errors import SebsError
from sebs.faas.result import ExecutionResult
from sebs.results.document import Overview
from sebs.results.export import exported
from sebs.results.manifest import Manifest
from sebs.results.reading import import_results, read_results
from sebs.results.run import Run
from sebs.results.schema import Column

DATA = Path(__file__).parent / "data"
FOREIGN = sorted(path.name for path in (DATA / "sebs").glob("*.[cj]s*"))
OWN = ("exported.json", "exported.csv", "exported.parquet")
OF_A_RUN = ("manifest.json", "journal.jsonl", "invocations.parquet")
OLD = (
    "version_1/manifest.json", "version_1/journal.jsonl", "version_1/result.json",
    "version_2/manifest.json", "version_2/journal.jsonl", "version_2/invocations.parquet",
)  # fmt: skip

#: Parquet without a checksum of ours: a flipped byte may make polars end the process.
UNCHECKED = ("exported.parquet", "version_2/invocations.parquet")

bounded = settings(
    max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    """Return a run with everything that a manifest and a row may have."""
    made = Run.create(
        tmp_path_factory.mktemp("whole"),
        Manifest(
            experiment="perf-cost",
            deployment="aws",
            region="us-east-1",
            benchmark="110.dynamic-html",
            planned=6,
            seed=3,
            constants={"architecture": "x64", "memory": 256},
            factors=(Column("delta_t", "number", "s", "how long", measured=True),),
            details={"function": {"name": "f"}, "forced_cold": True},
            sessions=[{"begun": 1.5e9, "ended": 1.6e9}],
            processors={"seconds": 9.5, "process_s": 3.0, "processors": 2},
        ),
    )
    for number in range(6):
        result = ExecutionResult(request_id=f"r{number}", output={"result": number})
        result.times.client = result.times.benchmark = 1000 + number
        result.stats.cold_start, result.stats.memory_used = number == 0, 40.5
        made.record({"id": f"{number}", "delta_t": number / 2}, result)
    made.judge("1", "too small")
    made.findings = {"missing": ["r5"], "cold_start_disagreements": ["r1"]}
    made.remarks = ["It ended early."]
    made.finish()
    for name in OWN:
        (made.directory.parent / name).write_bytes(exported(made, name.rpartition(".")[2]))
    return made


def use(path: Path, runs: Path) -> None:
    """Do with results all that can be done without asking what they are of."""
    results = read_results(path)
    results.invocations()
    results.frame().collect()
    assert results.summary().total >= 0
    Overview(results).serialize()
    for kind in ("json", "csv", "parquet"):
        exported(results, kind)
    made = import_results(results, runs)
    assert len(made.rows()) == len(results.rows())


def use_or_refuse(path: Path, runs: Path) -> None:
    try:
        use(path, runs)
    except SebsError:
        # A part of what was to be imported would pass for the whole.
        assert not list(runs.glob("*"))


@pytest.mark.parametrize("name", [*FOREIGN, *OWN])
@bounded
@given(data=st.data())
def test_a_broken_file_is_read_or_refused(name, data, run, tmp_path_factory) -> None:
    whole = DATA / "sebs" / name if name in FOREIGN else run.directory.parent / name
    directory = tmp_path_factory.mktemp("broken")
    broken = data.draw(mutated(whole.read_bytes(), flipped=name not in UNCHECKED))
    (directory / name).write_bytes(broken)
    use_or_refuse(directory / name, directory / "runs")


@pytest.mark.parametrize("name", [*OF_A_RUN, *OLD])
@bounded
@given(data=st.data())
def test_a_run_with_a_broken_file_is_read_or_refused(name, data, run, tmp_path_factory) -> None:
    whole = DATA / name if name in OLD else run.directory / name
    directory = tmp_path_factory.mktemp("broken") / "run"
    shutil.copytree(whole.parent, directory)
    broken = data.draw(mutated(whole.read_bytes(), flipped=name not in UNCHECKED))
    (directory / whole.name).write_bytes(broken)
    use_or_refuse(directory, directory.parent / "runs")


COMMANDS = (
    ["results", "show"],
    ["report"],
    ["analyze", "eviction"],
    ["analyze", "overhead"],
    ["analyze", "cost", "--provider", "aws", "--region", "us-east-1", "--architecture", "x64"],
)


@pytest.mark.parametrize("name", FOREIGN)
@bounded
@given(data=st.data())
def test_no_command_fails_on_a_broken_file(name, data, tmp_path_factory, capfd) -> None:
    path = tmp_path_factory.mktemp("broken") / name
    path.write_bytes(data.draw(mutated((DATA / "sebs" / name).read_bytes())))
    code = sebs([*data.draw(st.sampled_from(COMMANDS)), str(path)])
    assert code in (0, 1, 2)
    assert "bug in sebs" not in capfd.readouterr().err
