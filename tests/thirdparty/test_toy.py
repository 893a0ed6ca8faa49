"""A provider of another distribution is found, loaded and proven through its entry point."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sebs import SeBS
from sebs.faas.registry import list_systems, load_system
from sebs.testing import SystemContract, SystemRig
from sebs.testing.cleanup import CleanupContract
from sebs.testing.deployments import DeploymentContract
from sebs.testing.invocation import ColdStartContract, InvocationContract
from sebs.testing.lifecycle import LifecycleContract
from sebs.testing.naming import NamingContract
from sebs.testing.refusals import RefusalContract
from sebs.testing.secrecy import SecrecyContract


class TestToy(SystemContract):
    """The toy passes the contract."""

    @pytest.fixture
    def rig(self) -> Iterator[SystemRig]:
        from toy_rig import toy_rig

        with toy_rig(load_system("toy")) as rig:
            yield rig


class TestBareToy(
    LifecycleContract,
    DeploymentContract,
    NamingContract,
    InvocationContract,
    ColdStartContract,
    CleanupContract,
    RefusalContract,
    SecrecyContract,
):
    """A platform without storage and without a log passes all of it that needs neither."""

    test_a_new_deployment_is_found_by_its_prefix = None  # by a bucket, of which there is none

    @pytest.fixture
    def rig(self) -> Iterator[SystemRig]:
        from toy_rig import CAPABILITIES, SERVICES, BareToy, toy_rig

        with toy_rig(BareToy, CAPABILITIES - SERVICES) as rig:
            yield rig


def test_the_toy_is_the_installed_one(installed_toy: Path) -> None:
    import sebs_toy

    assert Path(sebs_toy.__file__).is_relative_to(installed_toy)


def test_the_toy_is_listed_with_its_distribution() -> None:
    (info,) = [info for info in list_systems() if info.name == "toy"]
    assert (info.available, info.reason, info.distribution) == (True, "", "sebs-toy")


def test_the_facade_makes_the_toy_from_a_configuration_file(tmp_path: Path) -> None:
    section = {"name": "toy", "toy": {"region": "facade"}}
    with SeBS(tmp_path / "cache", tmp_path / "output") as client:
        system = client.get_deployment(section)
        system.initialize(resource_prefix="mine", quiet=True)
        resources_id = system.config.resources.resources_id
    assert resources_id.startswith("mine-")
    with SeBS(tmp_path / "cache", tmp_path / "output") as client:
        cached = client.cache_client.get_config("toy")
        again = client.get_deployment({"name": "toy"})
        assert again.config.resources.resources_id == resources_id
    assert cached == {
        "region": "facade",
        "resources": {
            "resources_id": resources_id,
            "storage_buckets": {"benchmarks": f"sebs-benchmarks-{resources_id}"},
        },
    }
