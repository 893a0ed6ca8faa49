"""The contract, on AWS's control plane (moto) and on a server that executes (ministack)."""

from __future__ import annotations

import pytest
from aws_rig import CONTROL_PLANE, Recorder, aws_rig
from aws_servers import Server

from sebs.sebs_types import Language
from sebs.testing import Capability, SystemContract, SystemRig


class TestAWSControlPlane(SystemContract):
    """moto answers as AWS does, and runs no handler: what needs that is skipped, and counted."""

    @pytest.fixture
    def rig(self, moto: Server, recorder: Recorder) -> SystemRig:
        return aws_rig(moto, recorder, CONTROL_PLANE)


class TestAWSPython(SystemContract):
    """ministack runs functions in Python."""

    language = Language.PYTHON

    @pytest.fixture
    def rig(self, ministack: Server, recorder: Recorder) -> SystemRig:
        return aws_rig(ministack, recorder, CONTROL_PLANE | {Capability.EXECUTES}, self.language)


@pytest.mark.node
class TestAWSNode(TestAWSPython):
    """ministack runs functions in Node.js."""

    language = Language.NODEJS
