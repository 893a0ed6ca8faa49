"""Frozen files of every version of SeBS: what is read of them, in which units, by every command."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from sebs.cli.main import run as sebs
from sebs.results.reading import import_results, read_results
from sebs.results.results import Results

DATA = Path(__file__).parent / "data" / "sebs"
NAMES = sorted(path.name for path in DATA.iterdir() if path.suffix in (".csv", ".json"))

OVERHEAD = [name for name in NAMES if "payload" in name]
EVICTION = [name for name in NAMES if "eviction" in name]
#: Those with warm invocations whose memory size and provider time are known.
PRICED = [
    "2020-05-aws-cold_results_256.json",
    "2020-11-aws-warm_results_128-processed.json",
    "2020-11-gcp-result.csv",
    "2024-aws-eviction-results_4_2_1.json",
    "2024-aws-result.csv",
    "2025-aws-warm_results_512-processed.json",
    "2026-cloudflare-experiments.json",
]
#: Those with so many client times of a kind that two files of them can be compared.
COMPARED = [
    "2020-11-aws-warm_results_128-processed.json",
    "2020-11-azure-result.csv",
    "2020-11-gcp-cold_results_128-processed.json",
    "2020-11-gcp-result.csv",
    "2024-aws-cold_results_256.json",
    "2024-aws-result.csv",
    "2025-aws-warm_results_512-processed.json",
    "2026-cloudflare-experiments.json",
]


def read(name: str) -> Results:
    return read_results(DATA / name)


def rows(name: str, **having: Any) -> list[dict[str, Any]]:
    found = read(name).rows()
    return [dict(row) for row in found if having.items() <= row.items()]


def test_the_first_version_had_the_providers_times_among_the_clients() -> None:
    results = read("2020-05-aws-cold_results_256.json")
    assert (results.manifest.deployment, results.manifest.region) == ("aws", "us-east-1")
    assert results.manifest.begun == 1588999998.125
    first = rows("2020-05-aws-cold_results_256.json", start="cold")[0]
    assert (first["provider"], first["provider_initialization"]) == (
        first["benchmark_time"] + 2_140,
        151_220,
    )
    assert (first["client"] - first["benchmark_time"], first["memory"]) == (180_000, 256)
    assert "begin" not in first
    assert not results.manifest.remarks


@pytest.mark.parametrize(
    ("name", "zone", "first"),
    [
        ("2020-11-aws-warm_results_128-processed.json", "UTC+01:00", (2020, 11, 10, 22, 58, 57)),
        ("2020-11-gcp-cold_results_128-processed.json", "UTC+01:00", (2020, 11, 11, 2, 20, 11)),
        ("2021-azure-experiments.json", "UTC+02:00", (2021, 7, 1, 10, 0, 1)),
        ("2024-aws-cold_results_256.json", "UTC-05:00", (2024, 1, 15, 17, 30, 40)),
        ("2025-aws-warm_results_512-processed.json", "UTC", (2025, 12, 1, 9, 0, 12)),
        ("2026-cloudflare-experiments.json", "UTC+01:00", (2026, 3, 2, 8, 15, 6)),
        ("2024-aws-eviction-results_4_2_1.json", "UTC+01:00", (2024, 2, 1, 7, 0, 0)),
    ],
)
def test_local_times_get_the_zone_that_the_file_tells_and_it_says_so(name, zone, first) -> None:
    results = read(name)
    begin = results.frame().collect()["begin"].min()
    assert begin.replace(microsecond=0) == datetime(*first, tzinfo=timezone.utc)
    assert results.manifest.details["client_zone"] == zone
    [told] = [each for each in results.manifest.remarks if "zone" in each]
    assert f"taken as {zone}, which the functions' clocks tell" in told
    for row in results.rows():
        if "end" in row:
            assert row["end"] - row["begin"] == row["client"]


@pytest.mark.parametrize(
    ("name", "gb_seconds"),
    [
        ("2020-05-aws-cold_results_256.json", lambda row: row["billed_time"] / 4000),
        ("2020-11-aws-warm_results_128-processed.json", lambda row: row["billed_time"] / 8000),
        ("2024-aws-cold_results_256.json", lambda row: row["billed_time"] / 4000),
        ("2025-aws-warm_results_512-processed.json", lambda row: row["billed_time"] / 2000),
    ],
)
def test_gb_seconds_are_those_of_memory_and_billed_time(name, gb_seconds) -> None:
    known = rows(name, failure=False)
    assert known
    for row in known:
        assert row["gb_seconds"] == pytest.approx(gb_seconds(row))
        assert 0 <= row["billed_time"] * 1000 - row["provider"] < 101_000


def test_the_billed_time_of_cloudflare_is_microseconds() -> None:
    for row in rows("2026-cloudflare-experiments.json"):
        # Of a function that mostly waits, and is billed for what it computes.
        assert row["billed_time"] == 2
        assert 1_100 <= row["provider"] < 1_900 < 1_000_000 < row["benchmark_time"]
        assert row["gb_seconds"] == pytest.approx(0.125 * 0.002)


@pytest.mark.parametrize(
    "name", ["2020-11-gcp-cold_results_128-processed.json", "2020-11-gcp-result.csv"]
)
def test_the_first_provider_times_of_google_cloud_were_milliseconds(name) -> None:
    for row in rows(name):
        assert 0 < row["provider"] - row["benchmark_time"] < 10_000
    assert sum("milliseconds" in each for each in read(name).manifest.remarks) == 1
    assert not any("memory_used" in row for row in rows(name))


def test_what_azure_does_not_tell_is_null_and_not_zero() -> None:
    found = rows("2020-11-azure-result.csv")
    assert len(found) == 28
    assert not any({"memory", "memory_used"} & row.keys() for row in found)
    assert sum("provider" in row for row in found) == 18
    assert {row["kind"] for row in found} == {"burst", "sequential"}


def test_units_of_the_table_of_perf_cost() -> None:
    first = rows("2024-aws-result.csv")[0]
    assert first == {
        "id": "1", "memory": 128, "kind": "cold", "start": "cold", "benchmark_time": 28_022,
        "http_startup": 354_888, "client": 735_928, "provider": 29_830, "memory_used": 73.0,
    }  # fmt: skip


def test_failures_of_which_little_was_kept_are_failures() -> None:
    results = read("2021-azure-experiments.json")
    summary = results.summary()
    assert (summary.total, summary.failed) == (10, 2)
    assert [row["client"] for row in rows("2021-azure-experiments.json", failure=True)] == [
        30_000_000
    ] * 2
    assert {row["environment_id"] for row in results.rows() if not row["failure"]} == {"d451429b"}


def test_what_the_statistics_have_is_not_dropped() -> None:
    results = read("2024-aws-cold_results_256.json")
    assert results.manifest.experiment == "perf-cost"
    summary = results.summary()
    assert (summary.total, summary.failed, summary.unwanted) == (15, 1, 2)
    assert "Internal Server Error" in next(iter(summary.reasons))
    assert [row["start"] for row in results.rows() if row.get("wanted") is False] == ["warm"] * 2
    assert {row["memory"] for row in results.rows()} == {256}


def test_payloads_have_no_parts_of_bytes() -> None:
    sizes = {row["payload_bytes"] for row in rows("2020-08-aws-payload-result.csv")}
    assert sizes == {1024, 329_970, 658_916, 987_862, 1_316_808}
    later = {row["payload_bytes"] for row in rows("2024-aws-payload-result.csv")}
    assert later == sizes


def test_an_offset_of_which_the_datagrams_were_lost_is_unknown() -> None:
    name = "2024-aws-payload-result-processed.csv"
    lost = [row for row in rows(name) if "offset" not in row]
    assert len(lost) == 2
    assert not any("received" in row for row in lost)
    assert read(name).manifest.remarks[0].startswith("2 invocations are in no model")
    assert {round(row["offset"], 2) for row in rows(name) if "offset" in row} == {0.25}
    first = rows(name)[1]
    assert (first["begin"], first["http_startup"]) == (1_705_000_023_000_000, 361_303)


def test_trials_have_as_many_environments_as_they_say() -> None:
    found = rows("2020-aws-eviction-results_128_1.csv")
    assert len(found) == 66
    assert found[4] == {
        "id": "5", "memory": 128, "function_time": 1.0, "started": 2, "delta_t": 60.0, "warm": 1,
    }  # fmt: skip


def test_the_eviction_experiments_own_file_has_each_invocation() -> None:
    name = "2024-aws-eviction-results_4_2_1.json"
    assert len(rows(name, kind="fill", start="cold")) == 24
    probes = rows(name, kind="probe", environments=4)
    warm = {(row["delta_t"], row["repetition"]) for row in probes if row["start"] == "cold"}
    assert len(probes) == 24
    assert warm == {(600.0, 1), (600.0, 2)}
    assert not any("delta_t" in row for row in rows(name, kind="fill"))


def done(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> str:
    code = sebs(arguments)
    printed = capfd.readouterr()
    assert code == 0, printed.err
    return printed.out


@pytest.mark.parametrize("name", NAMES)
def test_every_file_is_shown_imported_exported_and_reported(name, tmp_path, capfd) -> None:
    path = str(DATA / name)
    shown = json.loads(done(["results", "show", path, "--json"], capfd))
    before = read(name)
    assert len(shown["invocations"]) == len(before.rows())
    assert done(["results", "show", path], capfd)
    told = done(["results", "import", path, "--output-dir", str(tmp_path)], capfd)
    assert all(sentence in told for sentence in before.manifest.remarks)
    [made] = tmp_path.iterdir()
    frame = before.frame().collect()
    for kind in ("json", "csv", "parquet"):
        done(["results", "export", str(made), "--format", kind, "-o", f"{tmp_path}/e"], capfd)
        again = read_results(tmp_path / "e").frame().collect()
        # A row that is no invocation began in no way until it is one.
        assert again.drop("start", "failure").equals(frame.drop("start", "failure"))
        (tmp_path / "e").unlink()
    assert done(["report", str(made)], capfd)


@pytest.mark.parametrize("name", NAMES)
def test_no_credentials_are_kept(name, tmp_path) -> None:
    run = import_results(read(name), tmp_path)
    kept = (run.directory / "manifest.json").read_text()
    assert "not-a-real-secret" not in kept
    assert "AKIAEXAMPLE" not in kept


@pytest.mark.parametrize("name", PRICED)
def test_what_was_warm_is_priced(name, capfd) -> None:
    place = ["--provider", "aws", "--region", "us-east-1", "--architecture", "x64"]
    found = json.loads(done(["analyze", "cost", str(DATA / name), *place, "--json"], capfd))
    assert all(size["cost_per_million"] > 0 for size in found["by_memory"])
    assert all(0.001 < size["median_provider_s"] < 2 for size in found["by_memory"])


@pytest.mark.parametrize("name", OVERHEAD)
def test_the_overhead_is_recovered(name, capfd) -> None:
    found = json.loads(done(["analyze", "overhead", str(DATA / name), "--json"], capfd))
    # What nobody compared clocks for has the offset of the clocks in it.
    ahead = {"2020-08-aws-payload-result.csv": -0.0031, "2024-aws-payload-result.csv": 0.25}
    for start, seconds in (("cold", 0.5), ("warm", 0.12)):
        if (line := found[start]) is not None:
            assert line["intercept_s"] == pytest.approx(seconds + ahead.get(name, 0), abs=0.005)
            assert line["slope_s_per_mb"] == pytest.approx(0.9, abs=0.002)
            assert line["n"] == (20 if name in ahead else 19)


@pytest.mark.parametrize("name", EVICTION)
def test_the_eviction_is_recovered(name, capfd) -> None:
    found = json.loads(done(["analyze", "eviction", str(DATA / name), "--json"], capfd))
    assert found["period_low_s"] < 380 < found["period_high_s"]
    assert found["n"] == (66 if name.endswith("csv") else 6)


@pytest.mark.parametrize("name", COMPARED)
def test_a_file_does_not_differ_from_itself(name, capfd) -> None:
    path = str(DATA / name)
    assert "no difference shown" in done(["compare", path, path], capfd)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_file_is_not_of_is_refused_in_words(name, capfd) -> None:
    for command, fitting in (("overhead", OVERHEAD), ("eviction", EVICTION)):
        if name not in fitting:
            assert sebs(["analyze", command, str(DATA / name)]) == 2
            assert "no results of an" in capfd.readouterr().err
