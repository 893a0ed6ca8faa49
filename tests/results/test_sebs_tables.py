"""Tables of SeBS, cell by cell: what is unknown is null, and what cannot be is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from sebs.errors import NoResultsError, ResultFormatError
from sebs.results.reading import read_results

PERFORMANCE = "memory,type,is_cold,exec_time,connection_time,client_time,provider_time,mem_used"
EVICTION = "Memory,FunctionTime,Invocations,DeltaT,WarmContainers"
OVERHEAD = (
    "payload_size,repetition,is_cold,connection_time,start_timestamp,finish_timestamp,request_id"
)


def rows(tmp_path: Path, *lines: str) -> list[dict[str, object]]:
    path = tmp_path / "table.csv"
    path.write_text("".join(f"{line}\n" for line in lines))
    return [{k: v for k, v in row.items() if k != "id"} for row in read_results(path).rows()]


@pytest.mark.parametrize(
    ("cells", "known"),
    [
        ("0,warm,False,,,,,", {"kind": "warm", "start": "warm"}),
        (",warm,0,0,0,0,0,0", {"kind": "warm", "start": "warm"}),
        ("128.0,,1,5000.0,0.02,7000,6000.4,", {
            "memory": 128, "start": "cold", "benchmark_time": 5000, "http_startup": 20_000,
            "client": 7000, "provider": 6000,
        }),
    ],
)  # fmt: skip
def test_zero_and_nothing_are_unknown(cells, known, tmp_path) -> None:
    assert rows(tmp_path, PERFORMANCE, cells) == [known]


@pytest.mark.parametrize(
    ("header", "cells", "named"),
    [
        (PERFORMANCE, "128.7,warm,False,1,1,1,1,1", "memory is 128.7, which is no whole number"),
        (PERFORMANCE, "128,warm,False,1,1,1,1,nan", "mem_used is nan"),
        (PERFORMANCE, "128,warm,False,much,1,1,1,1", "exec_time is 'much', which is no number"),
        (PERFORMANCE, "128,warm,False,1,1,-1,1,1", "client_time is -1, and cannot be negative"),
        (PERFORMANCE, "128,warm,False,1,1,1e300,1,1", "client_time is 1e300"),
        (PERFORMANCE, "128,warm,perhaps,1,1,1,1,1", "is_cold is 'perhaps'"),
        (PERFORMANCE, "128,warm,False,1,1,1", "6 cells under 8 titles"),
        (EVICTION, "128,1,8,60,9", "WarmContainers is 9 of 8 Invocations"),
        (EVICTION, "128,1,0,60,0", "WarmContainers is 0 of 0 Invocations"),
        (EVICTION, "128,1,8,60,7.6", "WarmContainers is 7.6, which is no whole number"),
        (EVICTION, "128,1,8,,7", "DeltaT is '', and there has to be one"),
        (EVICTION, "128,1,8,nan,7", "DeltaT is nan"),
        (OVERHEAD, "10,0,1,0.1,0,1700000000,r", "start_timestamp is '0', and there has to be"),
        (OVERHEAD, "10,0,1,0.1,1700000000,,r", "finish_timestamp is '', and there has to be"),
        (OVERHEAD, "10,0,1,0.1,1e15,1700000000,r", "begin is 10{21}, which no time can be"),
        (f"{OVERHEAD},clock_drift_mean", "10,0,1,0.1,1.7e9,1.7e9,r,inf", "clock_drift_mean is inf"),
    ],
)
def test_what_cannot_be_is_named_with_its_line(header, cells, named, tmp_path) -> None:
    sound = {
        PERFORMANCE: "128,warm,False,1,1,1,1,1",
        EVICTION: "128,1,8,60,8",
        OVERHEAD: "10,0,1,0.1,1700000000,1700000001,r",
    }
    first = sound.get(header, f"{sound[OVERHEAD]},nan")
    with pytest.raises(ResultFormatError, match=rf"Line 3 of .*table\.csv.*{named}"):
        rows(tmp_path, header, first, cells)


@pytest.mark.parametrize(
    ("drift", "known"),
    [
        ("", {}),
        ("nan", {}),
        ("NaN", {}),
        ("-0.25", {"offset": -0.25, "received": 1_700_000_001_000_000}),
    ],
)
def test_an_offset_may_be_unknown(drift, known, tmp_path) -> None:
    header = f"{OVERHEAD},clock_drift_mean"
    [row] = rows(tmp_path, header, f"10.9,0,1,0.1,1700000000,1700000001,r,{drift}")
    assert {key: row[key] for key in ("offset", "received") if key in row} == known
    assert row["payload_bytes"] == 10


def test_provider_times_are_never_scaled_where_they_are_known_to_be_microseconds(tmp_path) -> None:
    # What waits for a second and computes for a millisecond.
    [row] = rows(tmp_path, PERFORMANCE, "128,warm,False,1000000,0.1,1100000,1000,40")
    assert row["provider"] == 1000


def test_a_title_is_there_once(tmp_path) -> None:
    with pytest.raises(ResultFormatError, match="same title: client_time"):
        rows(tmp_path, f"{PERFORMANCE},client_time", "128,warm,False,1,1,1,1,1,2")


def test_a_last_line_without_an_end_may_be_cut_short(tmp_path) -> None:
    path = tmp_path / "table.csv"
    whole = f"{EVICTION}\r\n128,1,16,60,12\r\n"
    for at in range(len(EVICTION) + 3, len(whole) - 1):
        path.write_text(whole[:at], newline="")
        with pytest.raises(ResultFormatError, match=r"table\.csv"):
            read_results(path)
    path.write_text(whole, newline="")
    assert read_results(path).rows()[0]["warm"] == 12


@pytest.mark.parametrize("text", ["hello\n", '"\n', "a,a\n1,2\n", ",\n"])
def test_other_texts_are_no_results(text, tmp_path) -> None:
    (tmp_path / "text").write_text(text)
    with pytest.raises(NoResultsError):
        read_results(tmp_path / "text")
