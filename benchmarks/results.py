"""Writing, reading and summing up results.

The 10,000 results are like those of an HTTP function on AWS Lambda, with metrics. The reference of
writing is what SeBS does: one JSON document of all objects, written at the end by ``json.dump``,
so that whatever ends the run earlier loses it. Reading is measured in processes of their own,
whose imports are done before the clock is started and whose memory counts above that of a Python
that does nothing. The 10,000,000 invocations are a Parquet file of a run with its usual columns:
each of the median, the 95th and the 99th percentile of the client time with its exact 95 %
interval, cold and warm apart, beside all plain order statistics of ``sebs results show``.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import sysconfig
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from statistics import median

import polars as pl
from _table import Row, median_time, milliseconds, print_table

from sebs.faas.result import ExecutionResult
from sebs.results.manifest import Manifest
from sebs.results.run import Run
from sebs.results.schema import COLUMNS, dtypes

RESULTS, MANY = 10_000, 10_000_000
REPETITIONS = 5
BEGIN = datetime(2026, 1, 2, tzinfo=timezone.utc)
MANIFEST = Manifest(
    experiment="perf-cost",
    deployment="aws",
    region="us-east-1",
    benchmark="110.dynamic-html",
    constants={"memory": 256, "trigger": "http"},
)

#: Runs in a process of its own; prints seconds and the most megabytes that it ever had. What
#: getrusage tells is no less than what the parent had, so the kernel is asked.
READER = """
import re, sys, time
from pathlib import Path
{imports}
begin = time.perf_counter()
{action}
spent = time.perf_counter() - begin
status = Path("/proc/self/status").read_text()
print(spent, int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) / 1024)
"""

SUMMARY = (
    "import polars, sebs.results.table_summary\nfrom sebs.results.reading import read_results",
    "read_results(Path(sys.argv[1])).summary()",
)

INTERVALS = (
    f"{SUMMARY[0]}\nimport scipy.special\nfrom sebs.analysis.quantiles import quantiles\n"
    "from sebs.analysis.samples import times_of",
    f"{SUMMARY[1]}\n"
    "times = times_of(read_results(Path(sys.argv[1])), 'client').groups\n"
    "[quantiles(each, [0.5, 0.95, 0.99]) for each in times.values()]",
)

ROWS = (
    "from sebs.results.reading import read_results; from sebs.results.summary import summarize",
    "results = read_results(Path(sys.argv[1])); summarize(results.rows(), results.manifest)",
)

COLUMN = (
    "import polars, numpy",
    "table = polars.scan_parquet(Path(sys.argv[1]) / 'invocations.parquet')\n"
    "numpy.sort(table.select('client').collect()['client'].to_numpy())",
)

OBJECTS = ("import json", "json.loads(Path(sys.argv[1]).read_bytes())")


def some_results() -> list[ExecutionResult]:
    chance = random.Random(1)
    return [one_result(number, chance) for number in range(RESULTS)]


def one_result(number: int, chance: random.Random) -> ExecutionResult:
    begin = BEGIN + timedelta(milliseconds=40 * number)
    spent = round(chance.lognormvariate(10, 0.3))
    made = ExecutionResult.from_times(begin, begin + timedelta(microseconds=spent))
    made.request_id = f"{chance.getrandbits(128):032x}"
    made.environment_id = f"{number % 50:016x}"
    made.output = {"result": {"size": number}, "measurement": {"compute_time": spent // 2}}
    made.stats.cold_start = number % 50 == 0
    made.stats.memory_used = 61.5
    made.times.benchmark = made.times.benchmark_including_imports = spent * 3 // 4
    made.times.http_startup, made.times.http_first_byte_return = 80, spent - 90
    made.provider_times.execution = spent * 4 // 5
    made.billing.memory, made.billing.billed_time = 256, spent // 1000 + 1
    made.billing.gb_seconds = 0.25 * made.billing.billed_time / 1000
    return made


def record(directory: Path, results: list[ExecutionResult]) -> Path:
    run = Run.create(directory, MANIFEST)
    for number, result in enumerate(results):
        run.record({"id": str(number), "repetition": number}, result)
    run.finish()
    return run.directory


def dump(path: Path, results: list[ExecutionResult]) -> None:
    invocations = {result.request_id: result.serialize() for result in results}
    with path.open("w") as stream:
        json.dump({"_invocations": {"110.dynamic-html": invocations}}, stream, indent=2)


def write_many(directory: Path) -> Path:
    """Write a run whose table has ten million invocations, without its journal."""
    run = Run.create(directory, MANIFEST)
    number = pl.int_range(pl.len(), dtype=pl.Int64)
    noise = (number.hash(1) % 1_000_003).cast(pl.Int64)
    client = 20_000 + noise % 40_009
    values = {
        "id": number.cast(pl.String),
        "start": pl.when(number % 50 == 0).then(pl.lit("cold")).otherwise(pl.lit("warm")),
        "failure": number % 1000 == 7,
        "environment_id": (number % 2000).cast(pl.String),
        "begin": number * 40,
        "end": number * 40 + client,
        "client": client,
        "benchmark_time": client - 5_000,
        "provider": client - 4_000,
        "memory_used": pl.lit(61.5),
        **{name: pl.lit(value) for name, value in run.manifest.fixed.items()},
    }
    types = dtypes(COLUMNS)
    given = [values.get(name, pl.lit(None)).cast(kind).alias(name) for name, kind in types.items()]
    times = [pl.col(name).cast(pl.Datetime("us", "UTC")) for name in ("begin", "end")]
    rows = pl.LazyFrame({"row": pl.int_range(MANY, eager=True)})
    target = run.directory / "invocations.parquet"
    rows.select(given).with_columns(times).sink_parquet(target, compression_level=1)
    run.manifest.finished({}, (), tabled=0).write(run.directory)
    return run.directory


def reading(script: tuple[str, str], source: Path) -> str:
    """Return how long it takes, and how many megabytes over a Python that does nothing."""
    runs = [in_process(script, source) for _ in range(REPETITIONS)]
    _, nothing = in_process(("", ""), source)
    seconds, megabytes = (median(each) for each in zip(*runs, strict=True))
    return f"{milliseconds(seconds)}, {megabytes - nothing:,.0f} MB"


def in_process(script: tuple[str, str], source: Path) -> tuple[float, float]:
    code = READER.format(imports=script[0], action=script[1])
    done = subprocess.run(
        [sys.executable, "-c", code, str(source)], check=True, capture_output=True, text=True
    )
    seconds, megabytes = done.stdout.split()
    return float(seconds), float(megabytes)


def command(*arguments: object) -> str:
    sebs = str(Path(sysconfig.get_path("scripts")) / "sebs")
    line = [sebs, *map(str, arguments)]

    def run() -> None:
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL)

    return milliseconds(median_time(run, REPETITIONS))


def ten_thousand(directory: Path) -> list[Row]:
    results = some_results()
    document = directory / "experiments.json"
    kept, dumped = [], []
    for _ in range(REPETITIONS):
        kept.append(median_time(lambda: record(directory, results), 1))
        dumped.append(median_time(lambda: dump(document, results), 1))
    run = record(directory, results)
    size, whole = (run / "journal.jsonl").stat().st_size, document.stat().st_size
    table_size = (run / "invocations.parquet").stat().st_size
    json_dump = f"{milliseconds(median(dumped))}, {whole / 1e6:.1f} MB (json.dump at the end)"
    return [
        Row(
            "10,000 results written, each at once, and their table",
            "≤ 150 ms",
            f"{milliseconds(median(kept))}, {size / 1e6:.1f} MB and {table_size / 1e6:.1f} MB",
            json_dump,
        ),
        Row(
            "read and summed up, after imports",
            "≤ 300 ms, ≤ 150 MB",
            reading(SUMMARY, run),
            f"{reading(OBJECTS, document)} (json.loads alone)",
        ),
        Row(
            "the same without polars",
            "",
            reading(ROWS, run),
            "",
        ),
        Row("`sebs results show`", "≤ 1 s", command("results", "show", run), bare()),
        Row("`sebs results show --json`", "", command("results", "show", run, "--json"), bare()),
    ]


def bare() -> str:
    python = [sys.executable, "-c", "pass"]
    spent = median_time(lambda: subprocess.run(python, check=True), REPETITIONS)
    return f"{milliseconds(spent)} (python -c pass)"


def ten_million(directory: Path) -> list[Row]:
    run = write_many(directory)
    return [
        Row(
            "10,000,000 invocations summed up",
            "≤ 20 s, ≤ 2 GB",
            reading(SUMMARY, run),
            f"{reading(COLUMN, run)} (one column read, sorted by numpy)",
        ),
        Row("and intervals of three quantiles", "", reading(INTERVALS, run), ""),
    ]


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as directory:
        return [*ten_thousand(Path(directory)), *ten_million(Path(directory))]


def main() -> int:
    print_table(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
