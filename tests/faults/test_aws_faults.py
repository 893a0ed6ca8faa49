"""Functions on AWS, while requests and answers are lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import aws_faults

RUNS = 20


def test_what_is_lost_on_the_way_is_a_named_error_and_is_repaired(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    outcomes = list(aws_faults.try_seeds(tmp_path, range(RUNS)))
    lives = ", ".join(f"{each.seed}: {len(each.errors)} errors" for each in outcomes)
    record_property("seeds", f"lived with seed {lives}")
    assert len(outcomes) == RUNS
    assert [outcome.wrong for outcome in outcomes if outcome.wrong] == []
