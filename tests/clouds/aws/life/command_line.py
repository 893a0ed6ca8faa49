"""``sebs`` against AWS's stand-in, as a user calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from aws_rig import VERSIONS, section
from aws_servers import Server

from sebs.sebs_types import Language

PROGRAM = """
from sebs.aws import metrics
metrics.PATIENCE = {patience}
from sebs.cli.main import entry
entry()
"""


class CommandLine:
    """Runs ``sebs`` in a directory of its own."""

    #: Seconds that reports are waited for; less where it is certain that they never come.
    patience = 60.0

    def __init__(self, root: Path, server: Server) -> None:
        self.root = root
        self.server = server
        self.configure()
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("SEBS_", "AWS_"))},
            "SEBS_CACHE_DIR": str(root / "cache"),
            "HOME": str(root),
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def configure(self, **more: Any) -> None:
        """Write the configuration; what is ``None`` is left out of the platform's section."""
        runtime = {"language": "python", "version": VERSIONS[Language.PYTHON]}
        own = section(self.server, **more)
        document = {
            "experiments": {"runtime": runtime, "repetitions": 3},
            "deployment": {"name": "aws", "aws": {k: v for k, v in own.items() if v is not None}},
        }
        (self.root / "sebs.json").write_text(json.dumps(document))

    def __call__(self, *arguments: str, code: int = 0, **environment: str) -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(patience=self.patience), *arguments],
            cwd=self.root,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done.stdout, done.stderr
