"""network-ping-pong: every message counted, environments told apart, gone on with after a kill."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from cli_line import CommandLine

from sebs.analysis.report.round_trips import round_trips
from sebs.analysis.round_trips import conclude_round_trips
from sebs.errors import ExperimentError, InvalidSampleError, ResultFormatError
from sebs.experiments.bench import Setting
from sebs.experiments.config import ExperimentConfig
from sebs.experiments.network_ping_pong import NetworkPingPong
from sebs.faas.function import Runtime
from sebs.faas.result import ExecutionResult
from sebs.results.manifest import Manifest
from sebs.results.results import Results
from sebs.results.run import Run
from sebs.sebs_types import Language

NAME = "network-ping-pong"
SECTION = {"invocations": 6, "repetitions": 50, "threads": 2}
MANIFEST = Manifest(
    experiment=NAME,
    deployment="local",
    factors=NetworkPingPong.FACTORS,
    parameters={"protocol": "udp"},
)


def row(number: int, environment: str, times: list[float], lost: int = 0) -> dict[str, Any]:
    measurement = {"round_trip_time": 1, "lost": lost, "round_trip_times": times}
    return {
        "id": str(number),
        "start": "warm",
        "environment_id": environment,
        "output": json.dumps({"result": "key", "measurement": measurement}),
    }


def drawn(generator: random.Random, least: float, n: int = 400) -> list[float]:
    """Return times of which the least possible one and the median are known."""
    return [least + generator.expovariate(1 / 100) for _ in range(n)]


def test_quantiles_and_losses_are_recovered() -> None:
    generator = random.Random(3)
    rows = [row(n, f"e{n % 2}", drawn(generator, 1_000), lost=n) for n in range(4)]
    conclusion = conclude_round_trips(Results(MANIFEST, rows))
    found = conclusion.document["pooled"]
    assert (found["n"], found["lost"], found["invocations"]) == (1_600, 6, 4)
    assert found["lost_share"] == 6 / 1_606
    # An exponential distribution's median is ln 2 of its mean.
    assert found["median_low_s"] <= 1.0693e-3 <= found["median_high_s"]
    assert found["p99_low_s"] <= 1.4605e-3 <= found["p99_high_s"]
    assert 1e-3 <= found["least_s"] < 1.001e-3
    apart = conclusion.document["by_environment"]
    assert [(each["environment"], each["n"], each["lost"]) for each in apart] == [
        ("e0", 800, 2),
        ("e1", 800, 4),
    ]
    assert conclusion.document["environments_differ"] is False
    assert "6 of 1,606 messages were lost" in " ".join(conclusion.words)
    times = ("least", "median", "95 % interval", "p95", "p99")
    assert conclusion.columns == ["environment", "n", "lost", *(f"{time} [ms]" for time in times)]


def test_environments_that_differ_are_a_warning() -> None:
    generator = random.Random(4)
    rows = [row(n, f"e{n}", drawn(generator, 1_000 + 50 * (n == 2))) for n in range(3)]
    conclusion = conclude_round_trips(Results(MANIFEST, rows))
    assert conclusion.document["environments_differ"] is True
    assert "Warning: the 3 environments differ" in " ".join(conclusion.words)


def test_the_figure_has_a_curve_an_environment() -> None:
    generator = random.Random(5)
    rows = [row(n, f"e{n}", drawn(generator, 1_000), lost=1) for n in range(3)]
    figure = round_trips(Results(MANIFEST, rows))
    assert figure is not None
    assert {each["of"] for each in figure.draw(700)["data"]["values"]} == {
        "all together",
        *("e0", "e1", "e2"),
    }
    assert len(figure.table.rows) == 4
    assert "3 of 1,203 were lost" in figure.words
    one = round_trips(Results(MANIFEST, rows[:1]))
    assert one is not None
    assert {each["of"] for each in one.draw(700)["data"]["values"]} == {"all together"}
    assert round_trips(Results(Manifest(experiment="perf-cost", deployment="local"), rows)) is None


def test_no_difference_is_looked_for_where_there_can_be_none() -> None:
    for rows in ([row(1, "e", [5.0, 6.0])], [row(n, f"e{n}", [5.0, 5.0]) for n in range(2)]):
        document = conclude_round_trips(Results(MANIFEST, rows)).document
        assert document["environments_differ"] is None
        assert document["pooled"]["median_low_s"] is None


def test_what_says_nothing_is_refused() -> None:
    failed = {**row(1, "e", [1.0]), "failure": True}
    for rows in ([], [failed], [row(1, "e", [], lost=3)]):
        with pytest.raises(InvalidSampleError, match="not a single round trip"):
            conclude_round_trips(Results(MANIFEST, rows))
    with pytest.raises(ResultFormatError, match="no times of round trips"):
        conclude_round_trips(Results(MANIFEST, [{**row(1, "e", []), "output": '{"result": 1}'}]))


def test_what_never_answers_ends_with_the_reason(tmp_path) -> None:
    config = ExperimentConfig(Runtime(Language.PYTHON, "3.11"), settings={NAME: SECTION})
    experiment, setting, sent = NetworkPingPong(config), Setting(128, "x64"), []

    def fail(event: dict[str, Any]) -> ExecutionResult:
        sent.append(event)
        result = ExecutionResult()
        result.fail("10.0.0.1 did not answer 7 times in a row")
        return result

    subject = SimpleNamespace(
        invoke=fail, force_cold=lambda: pytest.fail("forced"), function=SimpleNamespace(name="f")
    )
    experiment.packages[setting] = None  # type: ignore[assignment]  # nothing is built
    bench: Any = SimpleNamespace(events={"test": {}}, subject=lambda _: subject)
    with (
        Run.create(tmp_path, MANIFEST) as run,
        pytest.raises(ExperimentError, match="7 times in a row"),
    ):
        list(experiment.measure(run, bench))
    assert len(sent) == 5 * 2


# --- on the local platform ---


@pytest.fixture
def sebs(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def command(sebs: CommandLine, *further: object, platform: Any = None, **changed: Any) -> list[Any]:
    config = {
        "deployment": {"name": "local", **(platform or {})},
        "experiments": {NAME: SECTION | changed},
    }
    path = sebs.root / "config.json"
    path.write_text(json.dumps(config))
    place = ("--config", path, "--output-dir", sebs.results)
    return ["experiment", "invoke", NAME, *place, *further]


def rows(run: Path) -> list[dict[str, Any]]:
    lines = map(json.loads, (run / "journal.jsonl").read_text().splitlines())
    return [line for line in lines if "id" in line]


def test_a_killed_run_goes_on_and_every_message_is_counted(sebs) -> None:
    sebs.kill_at(command(sebs), 2)
    done = sebs(*command(sebs, "--resume", sebs.only_run(), "--json"))
    assert done.code == 0, done.err
    made = rows(sebs.only_run())
    assert Counter(each["id"] for each in made) == {
        f"128-x64-udp-parallel-{n}": 1 for n in range(1, 7)
    }
    found = done.document["conclusion"]["pooled"]
    assert found["n"] + found["lost"] == 6 * 50
    assert found["least_s"] > 0
    # Those of before, too, whose peer is gone.
    assert {each.valid for each in Run.load(sebs.only_run()).invocations()} == {True}


def test_tcp(sebs) -> None:
    done = sebs(*command(sebs, "--json", protocol="tcp", invocations=2, threads=1))
    assert done.code == 0, done.err
    found = done.document["conclusion"]["pooled"]
    assert (found["n"], found["lost"]) == (100, 0)
    assert {each["protocol"] for each in rows(sebs.only_run())} == {"tcp"}
    assert {each.valid for each in Run.load(sebs.only_run()).invocations()} == {True}


@pytest.mark.parametrize(
    "platform", [{"name": "aws", "aws": {"region": "us-east-1"}}, {"local": {"sandbox": "docker"}}]
)
def test_without_a_way_to_this_machine_nothing_is_begun(sebs, platform) -> None:
    done = sebs(*command(sebs, platform=platform))
    assert done.code == 2, done.err
    assert "needs a way from the function to this machine" in done.err
    assert "--peer-address" in done.err or "deployment.local.network" in done.err
    assert list(sebs.results.iterdir()) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"invocations": 0},
        {"repetitions": 0},
        {"threads": 0},
        {"protocol": "sctp"},
        {"benchmark": "010.sleep"},
        {"pings": 1},
    ],
)
def test_wrong_parameters_are_named(sebs, changed) -> None:
    done = sebs(*command(sebs, **changed))
    assert done.code == 2
    assert f"experiments.{NAME}.{next(iter(changed))}" in done.err
