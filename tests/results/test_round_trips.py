"""What is exported comes back as it was, from every format and whatever it holds."""

from __future__ import annotations

import json
import string
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sebs.errors import ResultFormatError
from sebs.faas.result import ExecutionResult
from sebs.results.export import exported
from sebs.results.manifest import Manifest
from sebs.results.reading import import_results, read_results
from sebs.results.results import Results
from sebs.results.run import Run
from sebs.results.schema import ASKED, Column

FORMATS = ["json", "csv", "parquet"]
EPOCH = datetime(2020, 1, 1, tzinfo=timezone.utc)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(max_size=8) | st.sampled_from(["1", "1.5", "true", "", '"', "a,b\n"]),
    "integer": st.integers(-(10**17), 10**17),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "time": st.integers(0, 2 * 10**15),
}

names = st.text(string.ascii_lowercase + "_,: ", min_size=1, max_size=6).map("own ".__add__)
factors = st.lists(
    st.builds(Column, names, st.sampled_from([*KINDS]), st.just("s"), st.text(max_size=5)),
    max_size=3,
    unique_by=lambda column: column.name,
)
texts = st.text(max_size=10)
durations = st.integers(0, 10**10)
moments = st.none() | st.integers(0, 10**15).map(lambda n: EPOCH + timedelta(microseconds=n))


@st.composite
def results(draw: st.DrawFn) -> ExecutionResult:
    made = ExecutionResult(request_id=draw(texts), environment_id=draw(texts))
    made.output = draw(st.dictionaries(texts, texts | st.integers() | st.none(), max_size=2))
    times = made.times
    times.client_begin, times.client_end = draw(moments), draw(moments)
    times.client, times.benchmark = draw(durations), draw(durations)
    times.benchmark_including_imports, times.initialization = draw(durations), draw(durations)
    times.http_startup, times.http_first_byte_return = draw(durations), draw(durations)
    times.fresh_connection = draw(st.none() | st.booleans())
    made.provider_times.initialization = draw(durations)
    made.provider_times.execution = draw(durations)
    made.stats.cold_start = draw(st.booleans())
    made.stats.memory_used = draw(st.none() | st.floats(0, 10**6))
    made.billing.billed_time = draw(st.none() | durations)
    made.billing.memory = draw(st.none() | st.integers(1, 10**5))
    made.billing.gb_seconds = draw(st.just(0) | st.floats(0.001, 10**6))
    if draw(st.booleans()):
        made.fail(draw(texts))
    return made


def points(own: list[Column]) -> st.SearchStrategy[dict[str, Any]]:
    kept = [column for column in ASKED if column.name != "id"]
    values = {column.name: st.none() | KINDS[column.type] for column in [*kept, *own]}
    return st.fixed_dictionaries({}, optional=values)


@st.composite
def runs(draw: st.DrawFn) -> tuple[Manifest, list[Any]]:
    own = draw(factors)
    manifest = Manifest(
        experiment=draw(st.sampled_from(["perf-cost", "invoke"])),
        deployment="aws",
        benchmark=draw(texts),
        size=draw(texts),
        planned=draw(st.none() | st.integers(0, 9)),
        constants=draw(st.fixed_dictionaries({}, optional={"memory": st.integers(1, 9999)})),
        factors=tuple(own),
        parameters=draw(st.dictionaries(texts, st.integers(), max_size=2)),
        details={"function": {"name": "f", "memory": 1}, "seed": 3, "trigger": "http"},
    )
    judged = st.none() | st.just("") | st.text("ab ", min_size=1)
    return manifest, draw(st.lists(st.tuples(points(own), results(), judged), max_size=4))


def recorded(directory: Path, manifest: Manifest, invocations: list[Any]) -> Run:
    run = Run.create(directory, manifest)
    for number, (point, result, judgement) in enumerate(invocations):
        run.record({**point, "id": f"{number}"}, result)
        if judgement is not None:
            run.judge(f"{number}", judgement or None)
    run.findings = {"requested": len(invocations), "missing": []}
    run.remarks = ["short"]
    return run


def plain(results: Results) -> list[dict[str, Any]]:
    """Return rows; that nothing was wrong with an output is said by no reason, or an empty one."""
    return [{k: v for k, v in row.items() if (k, v) != ("rejection", "")} for row in results.rows()]


def again(directory: Path, results: Results, kind: str) -> tuple[Results, Run]:
    path = directory / "exported"
    path.write_bytes(exported(results, kind))
    read = read_results(path)
    return read, import_results(read, directory / "imported")


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(made=runs())
def test_the_table_comes_back(tmp_path_factory, kind, made) -> None:
    directory = tmp_path_factory.mktemp("round")
    run = recorded(directory, *made)
    run.finish()
    before = run.frame().collect()
    for results in again(directory, run, kind):
        after = results.frame().collect()
        assert after.schema == before.schema
        assert after.equals(before)
    for results in again(directory, run, "json"):
        assert plain(results) == plain(run)


@pytest.mark.parametrize("kind", ["json", "parquet"])
@pytest.mark.parametrize("ended", [True, False])
def test_the_manifest_comes_back(tmp_path, kind, ended) -> None:
    factor = Column("delta_t", "number", "s", "how long", measured=True)
    manifest = Manifest(
        experiment="eviction-model",
        deployment="aws",
        region="eu-west-1",
        benchmark="010.sleep",
        benchmark_hash="h",
        planned=3,
        seed=7,
        constants={"memory": 256},
        factors=(factor,),
        parameters={"points": [1, 2]},
        details={"function": {"name": "f", "memory": 128}, "trigger": "http", "state": "odd"},
    )
    run = recorded(tmp_path, manifest, [({"delta_t": 1.5}, ExecutionResult(), "wrong")])
    if ended:
        run.finish()
    for results in again(tmp_path, run, kind):
        same = {"tabled": None, "table_crc32": None, "findings": {}, "remarks": ()}
        assert replace(results.manifest, **same) == replace(run.manifest, **same)
        if ended:
            assert results.manifest.findings == run.findings
            assert list(results.manifest.remarks) == run.remarks == ["short"]
        assert results.summary() == run.summary()


def table_of(tmp_path: Path) -> Run:
    made = [({"memory": 128 * n}, ExecutionResult(request_id=f"{n}"), None) for n in (1, 2)]
    for _, result, _ in made:
        result.times.client = 5
    return recorded(tmp_path, Manifest(experiment="invoke", deployment="aws"), made)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"client": -1}, "Row 2.*client is -1"),
        ({"id": "0"}, "id of its own: '0'"),
        ({"memory_used": float("nan")}, "memory_used is nan"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_no_run_has_is_refused_with_its_row(tmp_path, kind, changed, named) -> None:
    frame = table_of(tmp_path).frame().collect()
    [[name, value]] = changed.items()
    second = pl.int_range(pl.len()) == 1
    frame = frame.with_columns(pl.when(second).then(pl.lit(value)).otherwise(name).alias(name))
    path = tmp_path / "changed"
    if kind == "csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)
    with pytest.raises(ResultFormatError, match=named):
        read_results(path)


def test_what_another_program_made_of_a_table_is_read(tmp_path) -> None:
    before = table_of(tmp_path).frame().collect()
    path = tmp_path / "by hand.csv"
    # As pandas writes it: integers with nulls as numbers, True, times with a space.
    path.write_text(
        "id,start,failure,memory,begin,client,own\n"
        "0,warm,False,128.0,2026-01-02 03:04:05.5+00:00,5.0,a\n1,cold,True,,,,b\n"
    )
    found = read_results(path)
    row = found.frame().collect().row(0, named=True)
    assert (row["memory"], row["client"], row["failure"], row["own"]) == (128, 5, False, "a")
    assert row["begin"] == datetime(2026, 1, 2, 3, 4, 5, 500_000, timezone.utc)
    assert [factor.name for factor in found.manifest.factors] == ["own"]
    before.select("id", "start", "failure", "client").write_parquet(tmp_path / "few")
    assert read_results(tmp_path / "few").frame().collect()["client"].to_list() == [5, 5]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("id,start,failure,memory\n1,warm,false,much\n", "Row 1.*memory is 'much'"),
        ("id,start,failure,memory\n1,warm,false\n2,w,false,1,2\n", "Line 2.*3 cells under 4"),
        ("id,start,failure,begin\n1,warm,false,soon\n", "begin is 'soon'"),
    ],
)
def test_a_broken_table_is_named(tmp_path, text, named) -> None:
    path = tmp_path / "broken.csv"
    path.write_text(text)
    with pytest.raises(ResultFormatError, match=named) as caught:
        read_results(path)
    assert "broken.csv" in str(caught.value)


def test_a_table_that_was_cut_short_is_refused(tmp_path) -> None:
    path = tmp_path / "cut.csv"
    whole = exported(table_of(tmp_path), "csv")
    last = whole[:-1].rindex(b"\n") + 1
    for at in range(last + 1, len(whole)):
        path.write_bytes(whole[:at])
        with pytest.raises(ResultFormatError, match=r"cut\.csv"):
            read_results(path)
    path.write_bytes(whole + b"x\n")
    with pytest.raises(ResultFormatError, match=r"Line 4.*1 cells under"):
        read_results(path)


@pytest.mark.parametrize("title", ["client", "own:text", "client:integer"])
def test_columns_of_the_same_name_are_refused(tmp_path, title) -> None:
    path = tmp_path / "twice.csv"
    path.write_text(f"id,start,failure,client,own,{title}\n1,warm,false,5,a,6\n")
    with pytest.raises(ResultFormatError, match=f"same title: {title.partition(':')[0]}"):
        read_results(path)


def test_other_parquet_is_no_result(tmp_path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "other")
    with pytest.raises(ResultFormatError, match="lacks failure, id, start"):
        read_results(tmp_path / "other")


@pytest.mark.parametrize("key", ["id", "times", "client"])
def test_a_broken_document_is_named(tmp_path, key) -> None:
    document = json.loads(exported(table_of(tmp_path), "json"))
    document["invocations"][1][key] = 7
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(document))
    if key == "client":  # it is no key of an invocation, and says nothing
        assert len(read_results(path).rows()) == 2
        return
    with pytest.raises(ResultFormatError, match="Invocation 2"):
        read_results(path)
