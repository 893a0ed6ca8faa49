"""The experiment ``eviction-model``: on a virtual clock, on the real one, and interrupted."""

from __future__ import annotations

import json
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from cli_line import CommandLine

from sebs.analysis.idling import conclude_eviction
from sebs.analysis.report.idling import eviction
from sebs.analysis.samples import idlings_of
from sebs.errors import InvalidSampleError
from sebs.experiments.trials import FACTORS
from sebs.results.manifest import Manifest
from sebs.results.results import Results
from sebs.results.run import Run

VIRTUAL = {"clock": "virtual", "keep_alive_policy": "half-life", "keep_alive": 380}
#: On both sides of the first and of the third step of a period of 380 s, and a day.
A_DAY = [0, 360, 390, 1130, 1150, 86_400]
SECTION = {"sleep": 0.2, "delta-t": [60, 400, 1600], "invocations": [2], "repetitions": 1}


@pytest.fixture
def sebs(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def command(
    sebs: CommandLine, local: dict[str, object], *further: object, **changed: object
) -> list[object]:
    section = SECTION | {key.replace("_", "-"): value for key, value in changed.items()}
    config = {
        "deployment": {"name": "local", "local": local},
        "experiments": {"eviction-model": section},
    }
    path = sebs.root / "config.json"
    path.write_text(json.dumps(config))
    place = ("--config", path, "--output-dir", sebs.results)
    return ["experiment", "invoke", "eviction-model", *place, *further]


def wanted(run: Path) -> list[dict[str, Any]]:
    return [row for row in Run.load(run).rows() if row.get("wanted") is not False]


def check_whole(run: Path, trials: int, environments: int) -> None:
    """Of each trial one whole try is wanted: environments of their own, started and looked for."""
    of_trials: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in wanted(run):
        trial, _, rest = row["id"].partition("-try-")
        of_trials.setdefault((trial, rest.split("-")[0]), []).append(row)
    assert len({trial for trial, _ in of_trials}) == len(of_trials) == trials
    for rows in of_trials.values():
        kinds = Counter(row["kind"] for row in rows)
        assert kinds == {"fill": environments, "probe": environments}
        for kind in kinds:
            own = [row["environment_id"] for row in rows if row["kind"] == kind]
            assert len(set(own)) == environments
        started = {row["environment_id"] for row in rows if row["kind"] == "fill"}
        for row in rows:
            if row["kind"] == "fill":
                assert row["start"] == "cold"
                assert "delta_t" not in row
            else:
                assert row["kept"] == (row["environment_id"] in started)
                assert row["kept"] == (row["start"] == "warm")


def test_a_day_of_a_virtual_clock_gives_the_half_life_by_which_it_evicts(sebs) -> None:
    asked = {"delta_t": A_DAY, "invocations": [8], "memory_sizes": [128, 192]}
    done = sebs(*command(sebs, VIRTUAL, "--json", **asked))
    assert done.code == 0, done.err
    run = sebs.only_run()
    models = done.document["conclusion"]["models"]
    assert [model["memory"] for model in models] == [128, 192]
    for model in models:
        assert model["period_low_s"] < 380 <= model["period_high_s"]
        assert model["period_high_s"] - model["period_low_s"] < 15
        assert model["n"] == len(A_DAY)
        assert model["r2"] > 0.99
        assert model["all_warm_until_s"] == 360
    assert done.document["conclusion"]["disagreeing"] == 0
    one = sebs("analyze", "eviction", run, "--memory", "192", "--json")
    names = ("period_s", "period_low_s", "period_high_s", "r2", "n", "refuted")
    assert one.document == {name: models[1][name] for name in names}
    [part] = idlings_of(Run.load(run), {"memory": "128"})
    observed = {each.seconds: each.warm for each in part.sample}
    assert observed == {0: 8, 360: 8, 390: 4, 1130: 2, 1150: 1, 86_400: 0}
    check_whole(run, 2 * len(A_DAY), 8)


def test_what_is_evicted_after_a_fixed_time_is_no_half_life(sebs) -> None:
    fixed = VIRTUAL | {"keep_alive_policy": "fixed", "keep_alive": 500}
    times = [100, 300, 499, 501, 700, 900, 1100]
    done = sebs(*command(sebs, fixed, delta_t=times))
    assert done.code == 0, done.err
    assert "all were warm after up to 499 s, and none from 501 s on" in done.out
    assert "Half of the idle environments" not in done.out


def test_on_the_real_clock_trials_wait_at_the_same_time(sebs) -> None:
    half_life = {"keep_alive_policy": "half-life", "keep_alive": 4}
    asked = {"delta_t": [6], "repetitions": 2, "functions": 3}
    done = sebs(*command(sebs, half_life, "--json", **asked))
    assert done.code == 0, done.err
    lasting = "To be made: 8 invocations of 2 functions, which takes at least 6.4 s.\n"
    assert lasting in done.err
    rows = wanted(sebs.only_run())
    check_whole(sebs.only_run(), 2, 2)
    spans = {}
    for function in {row["function"] for row in rows}:
        own = [row for row in rows if row["function"] == function]
        assert len({row["repetition"] for row in own}) == 1
        filled = max(row["end"] for row in own if row["kind"] == "fill")
        probed = min(row["begin"] for row in own if row["kind"] == "probe")
        assert probed - filled >= 6_000_000
        spans[function] = (filled, probed)
    (one_filled, one_probed), (other_filled, other_probed) = spans.values()
    assert max(one_filled, other_filled) < min(one_probed, other_probed)
    [model] = done.document["conclusion"]["models"]
    assert model["period_low_s"] < 4 <= model["period_high_s"]


def test_a_trial_that_is_killed_is_made_again_as_a_whole(sebs) -> None:
    before: dict[str, Any] = {}
    # A trial has two lines to fill, two to probe, and four that accept it.
    for lines in (1, 4, 10, 15, 22):
        resume = ("--resume", sebs.only_run()) if sebs.results.exists() else ()
        process = sebs.started(command(sebs, VIRTUAL, *resume, repetitions=2), lines)
        process.send_signal(signal.SIGKILL)
        process.wait()
        after = {row["id"]: row.get("request_id") for row in Run.load(sebs.only_run()).rows()}
        assert before.items() <= after.items()
        before = after
    done = sebs(*command(sebs, VIRTUAL, "--resume", sebs.only_run(), repetitions=2))
    assert done.code == 0, done.err
    check_whole(sebs.only_run(), 6, 2)
    # Nothing lacks any longer, on however many functions.
    made = len(Run.load(sebs.only_run()).rows())
    resumed = ("--resume", sebs.only_run())
    assert sebs(*command(sebs, VIRTUAL, *resumed, repetitions=2, functions=2)).code == 0
    assert len(Run.load(sebs.only_run()).rows()) == made


def test_an_interrupt_does_not_wait_until_the_environments_idled(sebs) -> None:
    process = sebs.started(command(sebs, {}, delta_t=[3600]), 2)
    process.send_signal(signal.SIGINT)
    try:
        assert process.wait(timeout=60) == 130
    finally:
        process.kill()
    rows = Run.load(sebs.only_run()).rows()
    assert [row["kind"] for row in rows] == ["fill", "fill"]
    assert wanted(sebs.only_run()) == []


def test_environments_that_cannot_be_had_end_it_with_the_reason(sebs) -> None:
    done = sebs(*command(sebs, VIRTUAL | {"max_environments": 1}))
    assert done.code == 1
    assert "5 tries in a row" in done.err
    assert "had 2 invocations at once share environments: 1" in done.err
    rows = Run.load(sebs.only_run()).rows()
    assert len(rows) == 10
    assert wanted(sebs.only_run()) == []
    told = sebs("experiment", "process", sebs.only_run(), "--offline")
    assert "Not a single trial came to its end." in told.out


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"delta_t": []}, "delta-t"),
        ({"delta_t": [-1]}, "delta-t"),
        ({"invocations": [0]}, "invocations"),
        ({"sleep": 0}, "sleep"),
        ({"sleep": 120}, "sleep"),
        ({"functions": 0}, "functions"),
        ({"idle": 1}, "idle"),
    ],
)
def test_wrong_parameters_are_named(sebs, changed, place) -> None:
    done = sebs(*command(sebs, VIRTUAL, **changed))
    assert done.code == 2
    assert f"experiments.eviction-model.{place}" in done.err
    assert list(sebs.root.glob("results/*")) == []


# --- what follows, of rows whose truth is known ---


def results_of(rows: list[dict[str, Any]]) -> Results:
    manifest = Manifest(experiment="eviction-model", deployment="local", factors=FACTORS)
    return Results(manifest, [{"id": str(number), **row} for number, row in enumerate(rows)])


def trial(seconds: float, started: int, warm: int, **more: Any) -> list[dict[str, Any]]:
    shared = {"memory": 128, "repetition": 1, "environments": started, **more}
    fill = [{**shared, "kind": "fill", "start": "cold"}] * started
    kept = [number < warm for number in range(started)]
    probe = [
        {
            **shared,
            "kind": "probe",
            "start": "warm" if each else "cold",
            "kept": each,
            "delta_t": float(seconds),
        }
        for each in kept
    ]
    return [*fill, *probe]


def test_the_period_is_recovered_by_memory_size() -> None:
    rows: list[dict[str, Any]] = []
    for memory, period in ((128, 380), (512, 100)):
        for seconds in range(10, 5 * period, 10):
            rows += trial(seconds, 16, 16 >> (seconds // period), memory=memory)
    document = conclude_eviction(results_of(rows)).document
    for model, period in zip(document["models"], (380, 100), strict=True):
        assert model["period_low_s"] < period <= model["period_high_s"]
        assert abs(model["period_s"] - period) <= 5
        assert model["r2"] == pytest.approx(1)
        assert model["n"] == len(range(10, 5 * period, 10))


def test_numbers_of_environments_are_trials_of_their_own() -> None:
    rows = [*trial(60, 2, 1), *trial(60, 8, 4), *trial(60, 8, 2, repetition=2)]
    [part] = idlings_of(results_of(rows))
    found = sorted((each.started, each.warm) for each in part.sample)
    assert found == [(2, 1), (8, 2), (8, 4)]


@pytest.mark.parametrize(
    ("warm", "said"), [(4, "Nothing was evicted"), (0, "Nothing was ever warm")]
)
def test_all_and_nothing_are_said(warm: int, said: str) -> None:
    results = results_of([*trial(60, 4, warm), *trial(600, 4, warm)])
    [sentence] = conclude_eviction(results).words
    assert said in sentence
    figure = eviction(results)
    assert figure is not None
    assert said in figure.words
    assert {row[-1] for row in figure.table.rows} == {"100%" if warm else "0%"}
    assert figure.draw(600)["layer"]


def test_where_start_and_environment_contradict_the_environment_counts() -> None:
    rows = trial(60, 4, 2)
    assert rows[-1]["start"] == "cold"
    rows[-1]["start"] = "warm"
    conclusion = conclude_eviction(results_of(rows))
    assert conclusion.document["disagreeing"] == 1
    assert conclusion.words[-1].startswith("1 invocations began otherwise")
    [part] = idlings_of(results_of(rows))
    assert [each.warm for each in part.sample] == [2]


def test_what_only_fills_is_no_trial() -> None:
    with pytest.raises(InvalidSampleError, match="Not a single trial"):
        conclude_eviction(results_of(trial(60, 4, 2)[:4]))
