"""The whole contract, as one class to inherit."""

from __future__ import annotations

from sebs.testing.cleanup import CleanupContract
from sebs.testing.deployments import DeploymentContract
from sebs.testing.invocation import ColdStartContract, InvocationContract
from sebs.testing.lifecycle import LifecycleContract
from sebs.testing.metrics import MetricsContract
from sebs.testing.naming import NamingContract
from sebs.testing.refusals import RefusalContract
from sebs.testing.secrecy import SecrecyContract


class SystemContract(
    LifecycleContract,
    DeploymentContract,
    NamingContract,
    InvocationContract,
    ColdStartContract,
    MetricsContract,
    CleanupContract,
    RefusalContract,
    SecrecyContract,
):
    """What every provider must pass: inherit it and override the fixture ``rig``.

    ::

        class TestToy(SystemContract):
            @pytest.fixture
            def rig(self) -> SystemRig:
                return SystemRig(make_system=system_factory(Toy, {}), ...)
    """
