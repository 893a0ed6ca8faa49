"""``kill -9`` in the middle of every experiment."""

from __future__ import annotations

import kill_experiments
import pytest

from sebs.experiments import registry

MOMENTS = 5


def test_every_experiment_is_killed() -> None:
    assert set(kill_experiments.EXPERIMENTS) == set(registry.BUILT_IN)


@pytest.mark.parametrize("name", kill_experiments.EXPERIMENTS)
def test_a_killed_experiment_goes_on_where_it_was(name, tmp_path, record_property) -> None:
    outcomes = list(kill_experiments.try_moments(name, tmp_path, range(MOMENTS)))
    moments = ", ".join(f"{seed}: {moment * 1000:.0f} ms" for seed, moment, _ in outcomes)
    record_property("seeds", f"killed at seed {moments}")
    assert len(outcomes) == MOMENTS
    assert [outcome for outcome in outcomes if outcome[2]] == []
