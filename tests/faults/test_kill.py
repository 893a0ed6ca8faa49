"""``kill -9`` in the middle of deploying and of measuring."""

from __future__ import annotations

import kill_points
import pytest

MOMENTS = 20


@pytest.mark.parametrize("kind", sorted(kill_points.CHECKS))
def test_nothing_is_lost_or_claimed_that_is_not_there(kind, tmp_path, record_property) -> None:
    outcomes = list(kill_points.try_moments(kind, tmp_path, range(MOMENTS)))
    moments = ", ".join(f"{seed}: {moment * 1000:.0f} ms" for seed, moment, _ in outcomes)
    record_property("seeds", f"killed at seed {moments}")
    assert len(outcomes) == MOMENTS
    assert [outcome for outcome in outcomes if outcome[2]] == []
