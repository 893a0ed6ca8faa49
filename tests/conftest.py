"""What holds for every test: what it asks of the machine, and when a skip is a failure.

A test says with a marker what it needs beyond Python. Where that is missing it is skipped, with the
reason. ``SEBS_REQUIRE=node,registry`` says what must be there: then a skip is a failure, unless the
test also asks for something that is not in the list.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
import warnings
from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sebs.testing.workbench import LEFT_OUT

# How long an example takes says something of the machine, not of the code: times are measured in
# benchmarks/, and a run beside others must not fail for them.
settings.register_profile(
    "sebs", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("sebs")

REQUIRED = frozenset(filter(None, os.environ.get("SEBS_REQUIRE", "").split(",")))


def _docker() -> str | None:
    from sebs.errors import DockerUnavailableError
    from sebs.faas.container import docker_from_environment

    with warnings.catch_warnings():
        # Docker's SDK leaves the socket open that it could not connect: nobody's test is to blame.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            docker_from_environment().close()
        except DockerUnavailableError as error:
            return error.message
        finally:
            gc.collect()
    return None


def _programs(*names: str) -> str | None:
    absent = [name for name in names if shutil.which(name) is None]
    return f"{' and '.join(absent)} not found on PATH" if absent else None


def _browser() -> str | None:
    return _programs("chromium")


def _node() -> str | None:
    return _programs("node", "npm")


def _tools() -> str | None:
    return _programs("openssl", "unzip")


def _mounts() -> str | None:
    """Ask for a file system in a mount namespace of one's own."""
    import subprocess

    if absent := _programs("unshare", "mount"):
        return absent
    command = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return None if done.returncode == 0 else done.stderr.strip()


def _registry() -> str | None:
    """Ask the package index that uv is set up for; no package is downloaded."""
    import subprocess
    import sys

    import uv

    command = [uv.find_uv_bin(), "pip", "compile", "-", "--no-cache", "--quiet", "--no-deps"]
    command += ["--python", sys.executable]
    done = subprocess.run(
        command, input="iniconfig", capture_output=True, text=True, timeout=60, check=False
    )
    return None if done.returncode == 0 else f"no package index answers: {done.stderr.strip()}"


def _cgroups() -> str | None:
    import tempfile

    from sebs.local.gateway.fence import NoFence, raise_fence

    with tempfile.TemporaryDirectory() as home:
        fence, refused = raise_fence(Path(home))
        fence.close()
    return "; ".join(["none is permitted", *refused]) if isinstance(fence, NoFence) else None


#: Marker to why the machine does not have it; ``None`` where it does.
CAPABILITIES = {
    "browser": _browser,
    "cgroups": _cgroups,
    "docker": _docker,
    "mounts": _mounts,
    "node": _node,
    "registry": _registry,
    "tools": _tools,
}


@lru_cache
def missing(capability: str) -> str | None:
    return CAPABILITIES[capability]()


def _asks_for(item: pytest.Item) -> set[str]:
    return {name for name in CAPABILITIES if item.get_closest_marker(name) is not None}


@pytest.fixture(autouse=True)
def _unconfigured_logging() -> None:
    """Logging as a program finds it: what a command of an earlier test set up is undone."""
    logger = logging.getLogger("sebs")
    for handler in [old for old in logger.handlers if getattr(old, "made_by_sebs", False)]:
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(logging.NOTSET)
    logger.propagate = True


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """With ``-n auto`` twice as many as processors: tests wait for servers and for programs."""
    return 2 * (os.cpu_count() or 1)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for capability in sorted(_asks_for(item)):
        if reason := missing(capability):
            pytest.skip(f"{capability}: {reason}")


def _left_out(report: pytest.TestReport) -> bool:
    """Whether a test of the contract was skipped for what a platform is declared not to do."""
    return any(name == LEFT_OUT for name, _ in report.user_properties)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    report = yield
    if (
        REQUIRED
        and report.skipped
        and _asks_for(item) <= REQUIRED
        and not hasattr(report, "wasxfail")
        and not _left_out(report)
    ):
        _, _, reason = report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason}, although SEBS_REQUIRE={','.join(sorted(REQUIRED))}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count what a platform is declared not to do, and print the seeds that tests report."""
    skipped = terminalreporter.stats.get("skipped", [])
    left_out = Counter(
        value
        for report in skipped
        for name, value in getattr(report, "user_properties", ())
        if name == LEFT_OUT
    )
    for reason, count in left_out.items():
        terminalreporter.write_line(f"{count} tests of the contract left out: {reason}")
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, value in getattr(report, "user_properties", ()):
                if name == "seeds":
                    terminalreporter.write_line(f"{report.nodeid}: {value}")
