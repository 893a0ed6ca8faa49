"""``sebs analyze`` and ``sebs compare``: known truths recovered, bad input refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sebs.analysis.invocation_overhead import conclude_overhead
from sebs.cli.main import run
from sebs.results.reading import read_results

PERFORMANCE = [
    *("memory", "type", "is_cold", "exec_time", "connection_time"),
    *("client_time", "provider_time", "mem_used"),
]
EVICTION = ["Memory", "FunctionTime", "Invocations", "DeltaT", "WarmContainers"]
OVERHEAD = [
    *("payload_size", "repetition", "is_cold", "connection_time"),
    *("start_timestamp", "finish_timestamp", "request_id"),
]

#: Environments that can be halved twenty times.
MANY = 1 << 20


def write(path: Path, header: list[str], rows: Iterable[Iterable[Any]]) -> Path:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def performance(path: Path, times: dict[int, list[int]], cold: list[int] | None = None) -> Path:
    """Write provider times, µs, by memory size; client times are 50 ms longer."""
    rows = [
        (memory, "warm", False, time, 0.03, time + 50_000, time, 70)
        for memory, measured in times.items()
        for time in measured
    ]
    rows += [
        (memory, "cold", True, time, 0.03, time + 50_000, time, 70)
        for memory in times
        for time in cold or []
    ]
    return write(path, PERFORMANCE, rows)


def asked(capfd: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, Any]:
    code = run([*map(str, arguments), "--json"])
    return code, json.loads(capfd.readouterr().out)


def refused(capfd: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    code = run(list(map(str, arguments)))
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    assert "bug" not in captured.err
    return code, captured.err


# What it costs


def test_a_known_price_is_charged_for_warm_medians(tmp_path, capfd) -> None:
    file = performance(
        tmp_path / "result.csv", {1024: [99_001, 99_500, 100_400], 128: [800_000] * 7}, [5_000_000]
    )
    code, document = asked(
        capfd, "analyze", "cost", file, "--price-per-gb-second", 1e-5,
        "--price-per-request", 2e-7, "--rounding-ms", 100, "--vm-hourly", 0.36,
    )  # fmt: skip
    assert code == 0
    small, large = document["by_memory"]
    assert (small["memory"], small["n"], large["memory"], large["n"]) == (128, 7, 1024, 3)
    assert small["median_provider_s"] == pytest.approx(0.8)
    assert small["gb_seconds"] == pytest.approx(0.1)
    assert small["cost_per_million"] == pytest.approx(1.0 + 0.2)
    assert small["break_even_per_hour"] == pytest.approx(0.36 / 1.2e-6)
    assert (large["median_provider_s"], large["billed_ms"]) == (pytest.approx(0.0995), 100)
    assert large["cost_per_million"] == pytest.approx(1.0 + 0.2)
    assert document["left_out"]["cold"] == 2
    # Seven observations have an interval of the median, three have none.
    assert small["median_provider_low_s"] == pytest.approx(0.8)
    assert large["median_provider_low_s"] is None


def test_the_price_book_says_what_it_took_and_from_where(tmp_path, capfd) -> None:
    file = performance(tmp_path / "result.csv", {512: [1_000_000]})
    place = ("--provider", "aws", "--region", "us-east-1")
    code, document = asked(capfd, "analyze", "cost", file, *place)
    [only] = document["by_memory"]
    assert code == 0
    assert only["cost_per_million"] == pytest.approx(0.5 * 16.6667 + 0.2)
    assert only["break_even_per_hour"] is None
    assert document["prices"]["date"] == "2026-09-19"
    _, cheaper = asked(capfd, "analyze", "cost", file, *place, "--architecture", "arm64")
    assert cheaper["by_memory"][0]["cost_per_million"] == pytest.approx(0.5 * 13.3334 + 0.2)
    assert run(["analyze", "cost", str(file), *place]) == 0
    assert "without free tiers: https://" in capfd.readouterr().out


def test_used_memory_is_billed_where_a_plan_does_so(tmp_path, capfd) -> None:
    file = performance(tmp_path / "result.csv", {512: [1_000_000]})
    place = ("--provider", "azure", "--region", "eastus")
    _, document = asked(capfd, "analyze", "cost", file, *place, "--plan", "consumption")
    [only] = document["by_memory"]
    assert (only["memory"], only["billed_memory"]) == (512, 128)
    assert only["cost_per_million"] == pytest.approx(0.125 * 16 + 0.2)


def test_a_size_that_is_not_sold_stands_beside_those_that_are(tmp_path, capfd) -> None:
    file = performance(tmp_path / "result.csv", {128: [5000] * 3, 512: [5000]})
    place = ("--provider", "azure", "--region", "eastus")
    code, document = asked(capfd, "analyze", "cost", file, *place)
    assert code == 0
    assert [each["memory"] for each in document["by_memory"]] == [512]
    [unsold] = document["not_priced"]
    assert (unsold["memory"], unsold["n"], unsold["plans"]) == (128, 3, ["consumption"])
    assert "128 MB are not sold, only 512, 2048, 4096 MB." in unsold["reason"]
    assert run(["analyze", "cost", str(file), *place]) == 0
    assert "n = 3: 128 MB are not sold" in capfd.readouterr().out
    _, document = asked(capfd, "analyze", "cost", file, *place, "--plan", "consumption")
    assert [each["memory"] for each in document["by_memory"]] == [128, 512]
    assert document["not_priced"] == []


def test_a_size_that_no_plan_of_the_region_has_names_where_there_is_one(tmp_path, capfd) -> None:
    file = performance(tmp_path / "result.csv", {128: [5000]})
    place = ("--provider", "azure", "--region", "westeurope")
    code, message = refused(capfd, "analyze", "cost", file, *place)
    assert code == 2
    assert "No plan of azure in westeurope has a price of it" in message
    assert "--region eastus --plan consumption has." in message


def test_used_memory_that_nobody_measured_has_no_price(tmp_path, capfd) -> None:
    rows = [(512, "warm", False, 1, 0.03, 9, 1_000_000, used) for used in (0, 0, 0)]
    file = write(tmp_path / "result.csv", PERFORMANCE, rows)
    place = ("--provider", "azure", "--region", "eastus", "--plan", "consumption")
    code, message = refused(capfd, "analyze", "cost", file, *place)
    assert code == 1
    assert "nobody measured it" in message


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ([], 2, ["provider", "region", "--price-per-gb-second"]),
        (["--provider", "aws"], 2, ["region", "--region", "us-east-1", "do not say where"]),
        (["--provider", "aws", "--region", "atlantis-1"], 2, ["atlantis-1", "us-east-1"]),
        (["--provider", "aws", "--region", "us-esat-1"], 2, ["mean", "us-east-1", "?"]),
        (["--provider", "ibm", "--region", "x"], 2, ["ibm", "aws, azure, gcp"]),
        (["--provider", "ibm"], 2, ["ibm", "aws, azure, gcp"]),
        (["--provider", "aws", "--region", "us-east-1", "--plan", "x"], 2, ["'x'", "lambda"]),
        (["--provider", "azure", "--region", "eastus", "--architecture", "arm64"], 2, ["x64"]),
        (
            ["--provider", "azure", "--region", "eastus"],
            2,
            ["768", "512, 2048, 4096", "consumption"],
        ),
        (["--price-per-request", "1e-7"], 2, ["--price-per-gb-second"]),
        (["--price-per-gb-second", "-1"], 2, ["negative"]),
        (["--price-per-gb-second", "nan"], 2, ["negative"]),
        (["--price-per-gb-second", "1e-5", "--rounding-ms", "0"], 2, ["billing step"]),
        (["--price-per-gb-second", "1e-5", "--vm-hourly", "0"], 2, ["machine"]),
        (["--price-per-gb-second", "1e-5", "--region", "us-east-1"], 2, ["not both"]),
    ],
)
def test_prices_that_are_missing_or_make_no_sense(options, code, words, tmp_path, capfd) -> None:
    file = performance(tmp_path / "result.csv", {768: [1_000_000]})
    got, message = refused(capfd, "analyze", "cost", file, *options)
    assert got == code
    for word in words:
        assert word in message


def test_only_cold_invocations_have_no_price(tmp_path, capfd) -> None:
    file = performance(tmp_path / "result.csv", {512: []}, [1_000_000])
    code, message = refused(capfd, "analyze", "cost", file, "--price-per-gb-second", "1e-5")
    assert code == 1
    assert "not a single warm invocation" in message
    assert "left out: 1 cold. A price is that of warm invocations" in message


# When environments are evicted


@pytest.mark.parametrize("period", [97.0, 380.0, 611.5])
def test_a_known_eviction_period_is_in_its_interval(period, tmp_path, capfd) -> None:
    idle = [*range(30, 1900, 45)]
    rows = [(128, 1, MANY, t, round(MANY * 2.0 ** -(t // period))) for t in idle]
    file = write(tmp_path / "eviction.csv", EVICTION, rows)
    code, model = asked(capfd, "analyze", "eviction", file)
    assert code == 0
    assert model["period_low_s"] < period <= model["period_high_s"]
    assert model["period_s"] == pytest.approx(period, rel=0.05)
    assert model["r2"] > 0.99
    assert model["n"] == len(idle)
    assert run(["analyze", "eviction", str(file)]) == 0
    assert "fits equally well" in capfd.readouterr().out


def test_an_eviction_period_is_recovered_out_of_noise(tmp_path, capfd) -> None:
    generator = np.random.default_rng(11)
    rows = [
        (128, 1, 20, t, generator.binomial(20, 2.0 ** -(t // 380)))
        for t in range(30, 1800, 30)
        for _ in range(5)
    ]
    _, model = asked(capfd, "analyze", "eviction", write(tmp_path / "e.csv", EVICTION, rows))
    assert model["period_s"] == pytest.approx(380, abs=15)
    assert 0.9 < model["r2"] < 1


def test_memory_sizes_may_be_looked_at_apart(tmp_path, capfd) -> None:
    rows = [
        (memory, 1, MANY, t, round(MANY * 2.0 ** -(t // period)))
        for memory, period in ((128, 200), (1024, 500))
        for t in range(50, 1500, 50)
    ]
    file = write(tmp_path / "eviction.csv", EVICTION, rows)
    _, small = asked(capfd, "analyze", "eviction", file, "--memory", 128)
    _, large = asked(capfd, "analyze", "eviction", file, "--memory", 1024)
    assert small["period_low_s"] < 200 <= small["period_high_s"]
    assert large["period_low_s"] < 500 <= large["period_high_s"]
    code, both = asked(capfd, "analyze", "eviction", file)
    assert code == 0
    assert both["models"] == [{"memory": 128, **small}, {"memory": 1024, **large}]
    assert (both["period_s"], both["r2"], both["n"]) == (None, None, None)
    assert "differ in memory" in both["reason"]
    assert run(["analyze", "eviction", str(file)]) == 0
    assert "No one period fits all of them" in capfd.readouterr().out


def test_memory_sizes_that_agree_have_a_common_period_too(tmp_path, capfd) -> None:
    rows = [
        (memory, 1, MANY, t, round(MANY * 2.0 ** -(t // 380)))
        for memory, step in ((128, 50), (1024, 70))
        for t in range(step, 1500, step)
    ]
    _, found = asked(capfd, "analyze", "eviction", write(tmp_path / "e.csv", EVICTION, rows))
    low, high = (
        pick(model[end] for model in found["models"])
        for pick, end in ((max, "period_low_s"), (min, "period_high_s"))
    )
    assert (found["period_low_s"], found["period_high_s"]) == (low, high)
    assert low < 380 <= high
    assert found["n"] == sum(model["n"] for model in found["models"]) == len(rows)
    assert found["refuted"] is False
    assert "reason" not in found


def test_half_lives_that_are_refuted_are_told_as_such(tmp_path, capfd) -> None:
    rows = [
        (memory, 1, 8, t, 8 if t < 300 else 0) for memory in (128, 256) for t in range(20, 620, 20)
    ]
    file = write(tmp_path / "e.csv", EVICTION, rows)
    _, found = asked(capfd, "analyze", "eviction", file)
    assert [each["refuted"] for each in found["models"]] == [True, True]
    assert (found["refuted"], found["period_s"]) == (True, None)
    assert found["reason"] == (
        "Trials differ in memory, and a half-life does not describe all of them: see models."
    )
    _, one = asked(capfd, "analyze", "eviction", file, "--memory", 128)
    assert one["refuted"] is True
    assert run(["analyze", "eviction", str(file)]) == 0
    told = capfd.readouterr().out
    assert told.count("No half-life describes the eviction (the best one has R² = 0.") == 2
    assert "Half of the idle" not in told
    assert "No one period" not in told


def test_times_that_functions_run_are_fitted_apart(tmp_path, capfd) -> None:
    truth = {(128, 1): 380, (128, 10): 200, (1024, 1): 300}
    rows = [
        (*level, MANY, t, round(MANY * 2.0 ** -(t // period)))
        for level, period in truth.items()
        for t in range(20, 1500, 20)
    ]
    file = write(tmp_path / "eviction.csv", EVICTION, rows)
    code, found = asked(capfd, "analyze", "eviction", file)
    assert code == 0
    assert [(each["memory"], each["function_time"]) for each in found["models"]] == list(truth)
    for model, period in zip(found["models"], truth.values(), strict=True):
        assert model["period_low_s"] < period <= model["period_high_s"]
        assert (model["r2"], model["n"]) == (pytest.approx(1), 74)
    assert {found[name] for name in ("period_s", "period_low_s", "period_high_s", "r2", "n")} == {
        None
    }
    assert "differ in memory and function time" in found["reason"]
    _, one = asked(
        capfd, "analyze", "eviction", file, "--memory", 128, "--where", "function_time=10"
    )
    assert one.items() < found["models"][1].items()
    assert set(one) == {"period_s", "period_low_s", "period_high_s", "r2", "n", "refuted"}
    assert run(["analyze", "eviction", str(file)]) == 0
    assert "\n128 MB, function time 10 s\n" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--memory", "64"], ["No invocation has the memory '64'", "Known: 128."]),
        (["--where", "function_time=2"], ["No invocation has the function_time", "Known: 1.0."]),
        (["--where", "warm=8"], ["No column 'warm'", "function_time"]),
    ],
)
def test_trials_that_are_not_there(options, words, tmp_path, capfd) -> None:
    file = write(tmp_path / "e.csv", EVICTION, [(128, 1, 8, t, 8) for t in (10, 100)])
    code, message = refused(capfd, "analyze", "eviction", file, *options)
    assert code == 2
    for word in words:
        assert word in message


@pytest.mark.parametrize(("started", "high"), [(1, 60), (2, 30), (7, 20), (8, 15)])
def test_where_nothing_was_warm_the_end_is_what_would_have_left_one(
    started, high, tmp_path, capfd
) -> None:
    rows = [(128, 1, started, t, 0) for t in (60, 600)]
    _, model = asked(capfd, "analyze", "eviction", write(tmp_path / "e.csv", EVICTION, rows))
    assert (model["period_low_s"], model["period_high_s"]) == (0, high)
    # Of one more second some trial would have had an environment left, of that end none.
    assert all(int(started * 2.0 ** -(t // high)) == 0 for t in (60, 600))
    assert any(int(started * 2.0 ** -(t // (high + 1))) > 0 for t in (60, 600))


@pytest.mark.parametrize(
    ("warm", "word"), [(8, "Nothing was evicted"), (0, "Nothing was ever warm")]
)
def test_no_end_of_an_interval_is_made_up(warm, word, tmp_path, capfd) -> None:
    file = write(tmp_path / "e.csv", EVICTION, [(128, 1, 8, t, warm) for t in (10, 100)])
    _, model = asked(capfd, "analyze", "eviction", file)
    assert model["period_s"] is None
    assert run(["analyze", "eviction", str(file)]) == 0
    assert word in capfd.readouterr().out


@pytest.mark.parametrize("repetitions", [1, 5])
def test_one_trial_or_always_the_same_says_what_little_it_can(repetitions, tmp_path, capfd) -> None:
    file = write(tmp_path / "e.csv", EVICTION, [(128, 1, 8, 100, 4)] * repetitions)
    code, model = asked(capfd, "analyze", "eviction", file)
    assert code == 0
    # Half of them are gone after 100 s: the period is more than 50 s, and at most 100 s.
    assert (model["period_low_s"], model["period_high_s"]) == (50, 100)
    assert (model["r2"], model["n"]) == (None, repetitions)


@pytest.mark.parametrize("warm", [9, 10_000])
def test_more_warm_environments_than_there_were(warm, tmp_path, capfd) -> None:
    file = write(tmp_path / "e.csv", EVICTION, [(128, 1, 8, 10, warm)])
    code, message = refused(capfd, "analyze", "eviction", file)
    assert code == 1
    assert str(warm) in message


# What a payload costs


def test_a_known_overhead_is_recovered_in_spite_of_the_clocks(tmp_path, capfd) -> None:
    theta, begin = 12.25, 1_700_000_000.0
    rows = [
        (size, i, cold, 0.03, begin, f"{begin + theta + 0.03 + a + b * size / 1e6:.6f}", "r")
        for cold, a, b in ((1, 0.4, 0.05), (0, 0.02, 0.01))
        for size in (1_000, 500_000, 5_900_000)
        for i in range(3)
    ]
    file = write(tmp_path / "overhead.csv", OVERHEAD, rows)
    code, lines = asked(capfd, "analyze", "overhead", file, "--offset", theta)
    assert code == 0
    for kind, a, b in (("cold", 0.4, 0.05), ("warm", 0.02, 0.01)):
        assert lines[kind]["intercept_s"] == pytest.approx(a, abs=2e-6)
        assert lines[kind]["slope_s_per_mb"] == pytest.approx(b, abs=1e-6)
        assert lines[kind]["r2"] == pytest.approx(1, abs=1e-6)
        assert lines[kind]["n"] == 9


def test_memory_sizes_have_lines_of_their_own(tmp_path, capfd) -> None:
    # The larger one had the larger payloads: pooled, a payload would seem to cost nothing.
    truth = {
        128: (0.6, 0.05, (1_000, 500_000, 1_000_000)),
        1024: (0.1, 0.1, (4_000_000, 5_000_000, 5_900_000)),
    }
    rows = [
        (size, i, cold, 0.0, 10.0, f"{10 + cold + a + b * size / 1e6:.6f}", "r", memory)
        for memory, (a, b, sizes) in truth.items()
        for cold in (0, 1)
        for size in sizes
        for i in range(3)
    ]
    file = write(tmp_path / "overhead.csv", [*OVERHEAD, "memory"], rows)
    code, found = asked(capfd, "analyze", "overhead", file)
    assert code == 0
    assert (found["cold"], found["warm"]) == (None, None)
    assert "differ in memory have no common line" in found["reason"]
    assert [each["memory"] for each in found["models"]] == list(truth)
    for each, (a, b, _) in zip(found["models"], truth.values(), strict=True):
        for kind, more in (("cold", 1), ("warm", 0)):
            assert each[kind]["intercept_s"] == pytest.approx(a + more, abs=5e-6)
            assert each[kind]["slope_s_per_mb"] == pytest.approx(b, abs=5e-6)
            assert each[kind]["n"] == 9
    _, one = asked(capfd, "analyze", "overhead", file, "--where", "memory=1024")
    assert one == {kind: found["models"][1][kind] for kind in ("cold", "warm")}
    assert run(["analyze", "overhead", str(file)]) == 0
    assert "\n1024 MB\n" in capfd.readouterr().out


def test_the_offset_that_a_file_has_is_subtracted(tmp_path, capfd) -> None:
    rows = [(1_000, i, False, 0.0, 10.0, 10.5, "r", 0.3) for i in range(3)]
    file = write(tmp_path / "processed.csv", [*OVERHEAD, "clock_drift_mean"], rows)
    _, lines = asked(capfd, "analyze", "overhead", file)
    assert lines["warm"]["intercept_s"] == pytest.approx(0.2)
    _, lines = asked(capfd, "analyze", "overhead", file, "--offset", 0.1)
    assert lines["warm"]["intercept_s"] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("offsets", "told"),
    [
        ([0.25], "The function's clock was 250 ms ahead of the client's"),
        ([-0.25, 0.5, 0.3], "The function's clock was 250 ms behind the client's to 500 ms ahead"),
        ([0.0], "Nothing tells how far the clocks of function and client are apart."),
    ],
)
def test_what_is_subtracted_of_a_file_is_told(offsets, told, tmp_path) -> None:
    rows = [(1_000, i, False, 0.0, 10.0, 10.5, "r", offset) for i, offset in enumerate(offsets)]
    file = write(tmp_path / "processed.csv", [*OVERHEAD, "clock_drift_mean"], rows)
    words = conclude_overhead(read_results(file)).words[-1]
    assert words.startswith(told)
    assert ("that is subtracted" in words) is any(offsets)


@pytest.mark.parametrize("offset", ["nan", "inf", "-inf"])
def test_an_offset_that_is_no_number_is_a_usage_error(offset, tmp_path, capfd) -> None:
    file = write(tmp_path / "o.csv", OVERHEAD, [(1_000, 0, False, 0.0, 10.0, 10.5, "r")])
    code, message = refused(capfd, "analyze", "overhead", file, "--offset", offset)
    assert code == 2
    assert "--offset" in message
    assert "finite" in message


def test_one_payload_has_no_slope_and_one_kind_no_other(tmp_path, capfd) -> None:
    rows = [(1_000, i, False, 0.0, 10.0, 10.5, "r") for i in range(3)]
    _, lines = asked(capfd, "analyze", "overhead", write(tmp_path / "o.csv", OVERHEAD, rows))
    assert lines["cold"] is None
    warm = lines["warm"]
    assert (warm["intercept_s"], warm["n"]) == (pytest.approx(0.5), 3)
    assert (warm["slope_s_per_mb"], warm["r2"]) == (None, None)


# What is no result


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty", "interrupted?"]),
        (",".join(PERFORMANCE) + "\n", ["header of perf-cost, and nothing"]),
        (",".join(PERFORMANCE) + "\n128,warm,False,1,0.1\n", ["line 2", "take it out"]),
        (",".join(PERFORMANCE) + "\n128,warm,False,1,0.1,9,nan,5\n", ["line 2", "nan"]),
        (",".join(PERFORMANCE) + "\n128,warm,False,1,0.1,9,9,5\n\n128,warm,maybe,1,0.1,9,9,5\n",
         ["line 4", "maybe"]),
        (",".join(PERFORMANCE) + "\n128,warm,False,1,0.1,-9,9,5\n", ["line 2", "-9"]),
        (",".join(PERFORMANCE) + "\n" + ",".join(PERFORMANCE) + "\n", ["line 2"]),
        (",".join(PERFORMANCE) + "\n128,1,8,10,8\n", ["line 2"]),
    ],
    ids=["empty", "headless", "truncated", "nan", "words", "negative", "twice", "mixed"],
)  # fmt: skip
@pytest.mark.parametrize("command", ["cost", "eviction", "overhead"])
def test_files_that_are_no_results(command, text, words, tmp_path, capfd) -> None:
    file = tmp_path / "broken.csv"
    file.write_text(text)
    code, message = refused(capfd, "analyze", command, file)
    assert code == 1
    assert "broken.csv" in message
    for word in words:
        assert word in message.lower()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", ["a,b", "perf-cost, eviction-model, invocation-overhead"]),
        (",".join(PERFORMANCE[:-2]) + "\n", ["perf-cost would have provider_time as well"]),
    ],
)
def test_a_table_of_something_else_is_named_wrongly(text, words, tmp_path, capfd) -> None:
    file = tmp_path / "strange.csv"
    file.write_text(text)
    code, message = refused(capfd, "analyze", "cost", file)
    assert code == 2
    for word in ("strange.csv", *words):
        assert word in message


@pytest.mark.parametrize("name", ["nowhere.csv", "."])
def test_what_is_not_there_or_no_run(name, tmp_path, capfd) -> None:
    code, message = refused(capfd, "analyze", "cost", tmp_path / name)
    assert code == 2
    assert str(tmp_path) in message
    assert "sebs results list" in message


def test_an_experiment_is_not_taken_for_another(tmp_path, capfd) -> None:
    file = performance(tmp_path / "result.csv", {512: [1]})
    for command in ("eviction", "overhead"):
        code, message = refused(capfd, "analyze", command, file)
        assert code == 2
        assert f"no results of an {command} experiment" in message


# Comparing


@pytest.mark.parametrize(
    ("header", "row"),
    [(OVERHEAD, (1_000, 0, False, 0.0, 10.0, 10.5, "r")), (EVICTION, (128, 1, 8, 60, 4))],
)
def test_where_no_time_is_known_measuring_more_is_no_remedy(header, row, tmp_path, capfd) -> None:
    file = write(tmp_path / "file.csv", header, [row] * 40)
    assert run(["compare", str(file), str(file)]) == 2
    told = capfd.readouterr().out
    assert "Neither run has an invocation that succeeded and whose client time is known" in told
    assert "measure more" not in told
    assert "memory" not in told


def normal(seed: int, mean: float, n: int = 60) -> list[int]:
    return [round(value) for value in np.random.default_rng(seed).normal(mean, mean / 50, n)]


def two(tmp_path: Path, head: dict[int, list[int]], **kinds: Any) -> tuple[Path, Path]:
    base = performance(tmp_path / "base.csv", {512: normal(1, 1e6)}, normal(2, 3e6, 20))
    return base, performance(tmp_path / "head.csv", head, kinds.get("cold", normal(4, 3e6, 20)))


def test_a_slower_head_fails_and_says_by_how_much(tmp_path, capfd) -> None:
    base, head = two(tmp_path, {512: normal(3, 1.1e6)})
    code, document = asked(capfd, "compare", base, head, "--metric", "provider")
    assert (code, document["verdict"]) == (1, "slower")
    by_start = {group["start"]: group for group in document["groups"]}
    assert by_start["warm"]["verdict"] == "slower"
    assert by_start["warm"]["ratio_low"] < 1.1 < by_start["warm"]["ratio_high"]
    assert by_start["cold"]["verdict"] == "no difference shown"
    assert run(["compare", str(base), str(head), "--metric", "provider"]) == 1
    assert "Provider time of the head: slower" in capfd.readouterr().out


@pytest.mark.parametrize(("limit", "code"), [("slower=5%", 1), ("slower=30%", 0)])
def test_what_is_tolerated_does_not_fail(limit, code, tmp_path, capfd) -> None:
    base, head = two(tmp_path, {512: normal(3, 1.1e6)})
    got, document = asked(capfd, "compare", base, head, "--fail-if", limit)
    assert got == code
    assert document["verdict"] == ("slower" if code else "slower, within what is tolerated")
    assert {each["start"]: each["verdict"] for each in document["groups"]}["warm"] == "slower"
    assert run(["compare", str(base), str(head), "--fail-if", limit]) == code
    assert f"(up to {limit[7:-1]} % slower is tolerated)" in capfd.readouterr().out


@pytest.mark.parametrize(("mean", "verdict"), [(0.9e6, "faster"), (1e6, "no difference shown")])
def test_what_is_not_slower_passes(mean, verdict, tmp_path, capfd) -> None:
    base, head = two(tmp_path, {512: normal(1 if mean == 1e6 else 3, mean)})
    code, document = asked(capfd, "compare", base, head)
    assert (code, document["verdict"]) == (0, verdict)


def test_groups_share_the_chance_of_a_false_alarm(tmp_path, capfd) -> None:
    base, head = two(tmp_path, {512: normal(3, 1e6)})
    _, document = asked(capfd, "compare", base, head)
    assert [group["confidence"] for group in document["groups"]] == [0.975, 0.975]
    base, head = two(tmp_path, {512: normal(3, 1e6)}, cold=[])
    _, document = asked(capfd, "compare", base, head)
    found = {group["start"]: group.get("confidence") for group in document["groups"]}
    assert found == {"cold": None, "warm": 0.95}


def test_identical_samples_show_no_difference(tmp_path, capfd) -> None:
    same = performance(tmp_path / "same.csv", {512: [1000] * 9}, [2000] * 9)
    code, document = asked(capfd, "compare", same, same)
    assert (code, document["verdict"]) == (0, "no difference shown")


@pytest.mark.parametrize("head", [[1000], [1000] * 5])
def test_too_little_data_is_neither_passed_nor_slower(head, tmp_path, capfd) -> None:
    base = performance(tmp_path / "base.csv", {512: [1000] * 9})
    code, document = asked(capfd, "compare", base, performance(tmp_path / "head.csv", {512: head}))
    assert (code, document["verdict"]) == (2, "too little data")
    assert run(["compare", str(base), str(tmp_path / "head.csv")]) == 2
    told = capfd.readouterr().out
    assert "Fewer than 6 invocations on either side say nothing: measure more." in told
    assert "hold together" not in told


def test_a_group_with_too_little_data_beside_others_is_told(tmp_path, capfd) -> None:
    base = performance(tmp_path / "base.csv", {128: normal(1, 1e6), 512: normal(2, 1e6)})
    head = performance(tmp_path / "head.csv", {128: normal(3, 1e6), 512: normal(4, 1e6, 6)})
    code, document = asked(capfd, "compare", base, head)
    assert (code, document["verdict"]) == (0, "no difference shown")
    verdicts = [group["verdict"] for group in document["groups"]]
    assert verdicts == ["no difference shown", "too little data"]
    assert run(["compare", str(base), str(head)]) == 0
    told = capfd.readouterr().out
    # One of two groups needs more than one that stands alone.
    assert "Fewer than 7 invocations on either side say nothing: measure more." in told
    assert "hold together" in told


def test_a_head_that_lacks_a_kind_is_not_said_to_be_no_slower(tmp_path, capfd) -> None:
    base, head = two(tmp_path, {512: normal(1, 1e6)}, cold=[])
    code, document = asked(capfd, "compare", base, head)
    assert (code, document["verdict"]) == (2, "too little data")
    assert {
        group["start"]: (group["verdict"], group["only_in"]) for group in document["groups"]
    } == {
        "cold": ("too little data", "base"),
        "warm": ("no difference shown", None),
    }
    assert run(["compare", str(base), str(head)]) == 2
    told = capfd.readouterr().out
    assert "in base only" in told
    assert "Cold, 512 MB, kind cold: the head has none" in told
    assert "measure more" not in told


def test_a_kind_that_only_the_head_has_is_shown_and_not_judged(tmp_path, capfd) -> None:
    base, head = two(tmp_path, {512: normal(1, 1e6)}, cold=[])
    code, document = asked(capfd, "compare", head, base)
    assert (code, document["verdict"]) == (0, "no difference shown")
    assert run(["compare", str(head), str(base)]) == 0
    assert "in head only" in capfd.readouterr().out


def test_a_head_that_lacks_a_kind_and_is_slower_fails(tmp_path, capfd) -> None:
    base, head = two(tmp_path, {512: normal(3, 1.1e6)}, cold=[])
    code, document = asked(capfd, "compare", base, head, "--metric", "provider")
    assert (code, document["verdict"]) == (1, "slower")


def test_runs_of_other_memory_are_refused_unless_forced(tmp_path, capfd) -> None:
    base, head = two(tmp_path, {1024: normal(3, 0.5e6)})
    code, message = refused(capfd, "compare", base, head)
    assert code == 2
    assert "memory: 512 and 1024" in message
    assert "--force" in message
    code, document = asked(capfd, "compare", base, head, "--force")
    assert (code, document["verdict"]) == (0, "faster")
    assert document["differences"] == [{"what": "memory", "base": [512], "head": [1024]}]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--metric", "happiness"], "happiness"),
        (["--fail-if", "faster=5%"], "faster=5%"),
        (["--fail-if", "slower=-5%"], "slower=5%"),
        (["--fail-if", "slower"], "slower=5%"),
    ],
)
def test_wrong_options_of_a_comparison(options, word, tmp_path, capfd) -> None:
    base, head = two(tmp_path, {512: [1]})
    code, message = refused(capfd, "compare", base, head, *options)
    assert code == 2
    assert word in message


def test_a_run_that_cannot_be_read_is_no_slower_run(tmp_path, capfd) -> None:
    base, _ = two(tmp_path, {512: [1]})
    code, message = refused(capfd, "compare", base, tmp_path / "nowhere")
    assert code == 2
    assert "nowhere" in message
