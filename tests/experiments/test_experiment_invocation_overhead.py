"""invocation-overhead: known truths recovered, limits named, gone on with after a kill."""

from __future__ import annotations

import json
import sys
import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from cli_line import CommandLine

from sebs.analysis.overhead import fit_overhead
from sebs.analysis.samples import deliveries_of
from sebs.errors import ExperimentError, UsageError
from sebs.experiments.bench import Setting
from sebs.experiments.config import ExperimentConfig
from sebs.experiments.invocation_overhead import InvocationOverhead, InvocationOverheadParameters
from sebs.experiments.padding import write_padded
from sebs.faas.function import Runtime
from sebs.faas.result import ExecutionResult
from sebs.http import json_body
from sebs.results.manifest import Manifest
from sebs.results.run import Run
from sebs.sebs_types import Language

NAME = "invocation-overhead"
SECTION = {"begin": 1_000, "end": 500_000, "points": 3, "repetitions": 3, "N": 5}

SETTING = Setting(128, "x64")


@dataclass
class Clockwork:
    """A function whose times are known: it takes so long to get an event, and as long to answer.

    Attributes:
        ahead: Of its clock, seconds.
        cold_s: What a cold start adds.
        per_byte_s: What every byte of the event adds.
        broken: Whether every invocation fails.
        silent: Whether it does not say when the handler was entered.
    """

    ahead: float = 7.5
    cold_s: float = 0.3
    per_byte_s: float = 2e-8
    broken: bool = False
    silent: bool = False
    way_s: float = 0.004
    now: float = 1.7e9
    is_cold: bool = True
    sent: list[dict[str, Any]] = field(default_factory=list)
    setting = SETTING
    function = SimpleNamespace(name="f")

    def force_cold(self) -> None:
        self.is_cold = True

    def invoke(self, event: dict[str, Any]) -> ExecutionResult:
        self.sent.append(event)
        connecting, cold = (0.02 if len(self.sent) % 3 else 0.0), self.is_cold
        begin, self.is_cold = self.now, False
        arrival = begin + connecting + self.way_s + len(json_body(event)) * self.per_byte_s
        arrival += self.cold_s if cold else 0
        self.now = arrival + 0.05 + self.way_s + 24 * self.per_byte_s
        result = ExecutionResult(environment_id="e")
        result.stats.cold_start = cold
        result.times.client_begin = datetime.fromtimestamp(begin, tz=timezone.utc)
        result.times.client_end = datetime.fromtimestamp(self.now, tz=timezone.utc)
        result.times.client = round((self.now - begin) * 1e6)
        result.times.http_startup = round(connecting * 1e6)
        result.times.fresh_connection = connecting > 0
        if not self.silent:
            result.times.handler_begin = arrival + self.ahead
            result.times.handler_end = arrival + self.ahead + 0.05
        if self.broken:
            result.fail("it is broken")
        return result


def experiment(**changed: Any) -> InvocationOverhead:
    config = ExperimentConfig(Runtime(Language.PYTHON, "3.11"), settings={NAME: SECTION | changed})
    made = InvocationOverhead(config)
    made.packages[SETTING] = None  # type: ignore[assignment]  # nothing is built
    return made


@pytest.fixture
def run(tmp_path):
    manifest = Manifest(
        experiment=NAME,
        deployment="local",
        factors=InvocationOverhead.FACTORS,
        parameters={"type": "payload"},
    )
    with Run.create(tmp_path, manifest) as created:
        yield created


def bench(function: Clockwork) -> Any:
    return SimpleNamespace(events={"none": {"sleep": 0}}, subject=lambda _: function)


@pytest.mark.parametrize("ahead", [7.5, -7.5])
def test_lines_and_offset_are_recovered(run, ahead) -> None:
    made, function = experiment(), Clockwork(ahead)
    assert len(list(made.measure(run, bench(function)))) == 18
    assert set(made.wanted()) <= run.recorded()
    conclusion = made.process(run)
    found = conclusion.document
    for kind, constant in (("cold", 0.304), ("warm", 0.004)):
        # Both ways of a round trip differ by the bytes of an event that is small: 24 of 24.
        assert found[kind]["intercept_s"] == pytest.approx(constant, abs=5e-6)
        assert found[kind]["slope_s_per_mb"] == pytest.approx(0.02, abs=5e-6)
        assert found[kind]["r2"] == pytest.approx(1, abs=1e-4)
        assert found[kind]["n"] == 9
    [clock] = found["clocks"]
    assert clock["offset_s"] == pytest.approx(ahead, abs=5e-6)
    assert clock["error_s"] == pytest.approx(0.004, abs=5e-6)
    assert clock["n"] == 5
    assert f"{'ahead of' if ahead > 0 else 'behind'} the client's" in " ".join(conclusion.words)
    [part] = deliveries_of(run)
    lines = fit_overhead(part.sample)
    assert [found["cold"], found["warm"]] == [line and line.serialize() for line in lines]


def test_bodies_have_the_sizes_that_were_asked_for_and_are_the_same_again(run) -> None:
    function, again = Clockwork(), Clockwork()
    list(experiment().measure(run, bench(function)))
    sizes = {row["payload_bytes"] for row in run.rows() if "payload_bytes" in row}
    assert sizes == {1_000, 250_500, 500_000}
    assert sizes == {len(json_body(event)) for event in function.sent if "payload" in event}
    with Run.create(run.directory.parent, run.manifest) as other:
        list(experiment().measure(other, bench(again)))
    assert again.sent == function.sent
    with Run.create(run.directory.parent, run.manifest) as other:
        list(experiment(seed=1).measure(other, bench(again := Clockwork())))
    payloads = [{event.get("payload") for event in each.sent} for each in (function, again)]
    assert set.intersection(*payloads) == {None}
    assert all(len(each) == 4 for each in payloads)


def test_sizes_take_turns() -> None:
    sizes = [int(each.split("-")[2]) for each in experiment().wanted()]
    turns = [sizes[at : at + 6] for at in (0, 6, 12)]
    assert all(Counter(turn) == Counter(turns[0]) for turn in turns)
    assert len({tuple(turn) for turn in turns}) > 1


def test_a_resumed_run_tells_the_offset_anew(run) -> None:
    first, second = Clockwork(ahead=1.0), Clockwork(ahead=2.0)
    going = experiment().measure(run, bench(first))
    for _ in range(7):
        next(going)
    going.close()
    list(experiment().measure(run, bench(second)))
    assert set(experiment().wanted()) <= run.recorded()
    conclusion = experiment().process(run)
    assert [each["offset_s"] for each in conclusion.document["clocks"]] == pytest.approx(
        [1.0, 2.0], abs=5e-6
    )
    assert conclusion.document["warm"]["intercept_s"] == pytest.approx(0.004, abs=5e-6)
    assert list(experiment().measure(run, bench(Clockwork(broken=True)))) == []


def test_what_cannot_succeed_ends(run) -> None:
    with pytest.raises(ExperimentError, match="it is broken"):
        list(experiment().measure(run, bench(function := Clockwork(broken=True))))
    assert len(function.sent) == 5
    with pytest.raises(ExperimentError, match="when its handler was entered"):
        list(experiment().measure(run, bench(Clockwork(silent=True))))


def test_a_request_smaller_than_its_event_is_refused_before_the_first_one(run) -> None:
    function = Clockwork()
    with pytest.raises(UsageError, match="without payload it has 24"):
        list(experiment(begin=23).measure(run, bench(function)))
    assert function.sent == []
    list(experiment(begin=24).measure(run, bench(function)))


def test_packages_are_padded_with_what_cannot_be_compressed_and_the_same_again(tmp_path) -> None:
    source = tmp_path / "902.slow-start"
    (source / "python" / "__pycache__").mkdir(parents=True)
    (source / "python" / "function.py").write_text("")
    made = []
    for name, seed in (("one", 0), ("again", 0), ("other", 1)):
        write_padded(source, "python", [0, 100_000, 100_001], seed, tmp_path / name)
        directories = sorted((tmp_path / name).iterdir())
        assert [each.name.rpartition("-")[2] for each in directories] == ["0", "100000", "100001"]
        made.append([(each / "python" / "padding.bin").read_bytes() for each in directories])
        assert not any((each / "python" / "__pycache__").exists() for each in directories)
    assert [len(each) for each in made[0]] == [0, 100_000, 100_001]
    assert len(zlib.compress(made[0][1])) > 100_000
    assert made[0] == made[1]
    assert made[0][1:] != made[2][1:]
    assert made[0][2][:1_000] != made[0][1][:1_000]


@pytest.mark.parametrize(
    ("spacing", "sizes"),
    [
        ("even", [10, 2508, 5005, 7502, 10_000]),
        ("geometric", [10, 56, 316, 1778, 10_000]),
    ],
)
def test_sizes(spacing, sizes) -> None:
    section = {"begin": 10, "end": 10_000, "points": 5, "spacing": spacing}
    assert InvocationOverheadParameters(**section).bytes_asked() == sizes


# --- on the local platform ---


@pytest.fixture
def sebs(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def command(sebs: CommandLine, *further: object, platform: Any = None, **changed: Any) -> list[Any]:
    config = {
        "deployment": {"name": "local", "local": platform or {}},
        "experiments": {NAME: SECTION | changed},
    }
    path = sebs.root / "config.json"
    path.write_text(json.dumps(config))
    place = ("--config", path, "--output-dir", sebs.results)
    if sebs.benchmarks.exists():
        place += ("--benchmarks-dir", sebs.benchmarks)
    return ["experiment", "invoke", NAME, *place, *further]


def rows(run: Path) -> list[dict[str, Any]]:
    lines = map(json.loads, (run / "journal.jsonl").read_text().splitlines())
    return [line for line in lines if "id" in line]


def check(run: Path, wanted: set[str]) -> None:
    ids = Counter(row["id"] for row in rows(run))
    assert set(ids.values()) == {1}
    assert {row["id"] for row in rows(run) if row.get("wanted") is not False} == wanted


def test_a_killed_run_goes_on_and_what_a_cold_start_takes_is_in_it(sebs) -> None:
    inputs = "def generate_input(*_):\n    return {}\nsize_generators = {'none': 0}\n"
    handler = "import time\ntime.sleep(0.2)\ndef handler(event):\n    return {}\n"
    sebs.write_benchmark("902.slow-start", handler, inputs)
    asked = {"benchmark": "902.slow-start"}
    for lines in (3, 12):
        resume = ("--resume", sebs.only_run()) if sebs.results.exists() else ()
        sebs.kill_at(command(sebs, *resume, **asked), lines)
    done = sebs(*command(sebs, "--resume", sebs.only_run(), "--json", **asked))
    assert done.code == 0, done.err
    sizes = (1_000, 250_500, 500_000)
    kinds = ("cold", "warm")
    check(
        sebs.only_run(),
        {f"128-x64-{size}-{kind}-{n}" for size in sizes for kind in kinds for n in range(1, 4)},
    )
    found = done.document["conclusion"]
    assert len(found["clocks"]) >= 2
    # Function and client have one clock.
    assert all(abs(each["offset_s"]) <= each["error_s"] for each in found["clocks"])
    fitted = sebs("analyze", "overhead", sebs.only_run(), "--json").document
    assert {kind: found[kind] for kind in kinds} == fitted
    worst = max(each["error_s"] for each in found["clocks"])
    [part] = deliveries_of(Run.load(sebs.only_run()))
    assert all(each.latency > 0.2 - 2 * worst for each in part.sample if each.is_cold)
    assert all(each.latency > -2 * worst for each in part.sample)


def test_packages_of_all_sizes_are_deployed_and_gone_on_with(sebs) -> None:
    asked = {"type": "code", "begin": 0, "end": 1_000_000, "repetitions": 2, "points": 3}
    sebs.kill_at(command(sebs, **asked), 8)
    done = sebs(*command(sebs, "--resume", sebs.only_run(), "--json", **asked))
    assert done.code == 0, done.err
    run = sebs.only_run()
    check(run, {f"128-x64-{s}-cold-{n}" for s in (0, 500_000, 1_000_000) for n in (1, 2)})
    wanted = [row for row in rows(run) if row.get("wanted") is not False]
    more = [row["code_bytes"] - row["padding_bytes"] for row in wanted]
    assert min(more) > 0
    assert max(more) - min(more) < 1_000
    assert len({row["function"] for row in wanted}) == 3
    assert {row["start"] for row in wanted} == {"cold"}
    assert done.document["conclusion"]["warm"] is None
    assert list((sebs.root / "cache" / "staging").iterdir()) == []


def test_what_the_platform_does_not_take_is_said_before_anything_is_deployed(sebs) -> None:
    done = sebs(*command(sebs, platform={"max_request": 400_000}))
    assert done.code == 2
    assert "500,000" in done.err
    assert "400,000" in done.err
    assert list(sebs.results.iterdir()) == []


@pytest.mark.parametrize(
    ("wrong", "changed"),
    [
        ("end", {"begin": 500_000}),
        ("end", {"begin": 500_001, "end": 500_000}),
        ("begin", {"begin": 0, "spacing": "geometric"}),
        ("begin", {"begin": -1}),
        ("points", {"points": 1}),
        ("repetitions", {"repetitions": 0}),
        ("N", {"N": 0}),
        ("type", {"type": "both"}),
        ("size", {"size": 1}),
    ],
)
def test_wrong_parameters_are_named(sebs, wrong, changed) -> None:
    done = sebs(*command(sebs, **changed))
    assert done.code == 2
    assert f"experiments.{NAME}.{wrong}" in done.err
