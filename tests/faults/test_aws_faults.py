"""Functions on AWS, while requests and answers are lost, or there are too many of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import aws_faults
from aws_proxy import Fault

RUNS, FUNCTIONS = 20, 50


def test_what_is_lost_on_the_way_is_a_named_error_and_is_repaired(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    outcomes = list(aws_faults.try_seeds(tmp_path, range(RUNS)))
    lives = ", ".join(f"{each.seed}: {len(each.errors)} errors" for each in outcomes)
    record_property("seeds", f"lived with seed {lives}")
    assert len(outcomes) == RUNS
    assert [outcome.wrong for outcome in outcomes if outcome.wrong] == []


def test_many_functions_are_deployed_although_every_fifth_request_is_one_too_many(
    tmp_path: Path,
) -> None:
    with (
        aws_faults.platform(tmp_path, attempts=10) as (server, proxy),
        aws_faults.Life(tmp_path, proxy.url) as life,
    ):
        life.settle()
        proxy.play(lambda number: Fault.THROTTLE if number % 5 == 0 else None)
        names = [f"many-{index}" for index in range(FUNCTIONS)]
        failures, deployed = life.deploy_many(names)
        refused = len(proxy.broken)
        proxy.play(None)
        assert failures == ()
        assert [function.name for function in deployed] == names
        assert {f"function {name}" for name in names} <= aws_faults.everything(server)
        assert refused >= FUNCTIONS
        life.clean()
