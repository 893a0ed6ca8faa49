"""Every test of the contract finds the faults that it is there for, and no others."""

from __future__ import annotations

import pytest

from sebs.testing import SystemContract

pytest_plugins = ["pytester"]

INNER = """
import pytest
from faults import broken
from sebs_toy import Toy
from toy_rig import toy_rig

from sebs.testing import SystemContract


class TestBroken(SystemContract):
    @pytest.fixture
    def rig(self, monkeypatch):
        with toy_rig(Toy) as rig:
            yield broken({names!r}, rig, monkeypatch)
"""


#: How many groups of faults are made.
GROUPS = 5


@pytest.mark.parametrize("number", range(GROUPS))
def test_exactly_the_tests_that_should_find_a_fault_fail(
    number: int, pytester: pytest.Pytester
) -> None:
    from faults import found_by, groups

    names = groups(GROUPS)[number]
    module = pytester.makepyfile(test_broken=INNER.format(names=names))
    run = pytester.inline_run(str(module), "-q", "-p", "no:cacheprovider")
    reports = run.getreports("pytest_runtest_logreport")
    failed = {each.nodeid.split("::")[-1].split("[")[0] for each in reports if each.failed}
    assert failed == found_by(names)


def test_there_is_a_fault_for_every_test_of_the_contract() -> None:
    from faults import FAULTS, found_by

    assert found_by(list(FAULTS)) == {name for name in dir(SystemContract) if name[:5] == "test_"}
