"""The conformance kit: a provider inherits :class:`SystemContract` and overrides one fixture.

It needs pytest and Hypothesis, which nothing else in sebs imports.
"""

from __future__ import annotations

import pytest

# Before they are imported, so that their assertions explain themselves.
pytest.register_assert_rewrite(
    *(
        f"{__name__}.{module}"
        for module in (
            "cleanup",
            "deployments",
            "invocation",
            "lifecycle",
            "metrics",
            "naming",
            "probe",
            "refusals",
            "secrecy",
            "workbench",
        )
    )
)

from sebs.testing.contract import SystemContract  # noqa: E402 - the registration comes first
from sebs.testing.rig import Capability, SystemRig, system_factory  # noqa: E402 - as above

__all__ = ["Capability", "SystemContract", "SystemRig", "system_factory"]
