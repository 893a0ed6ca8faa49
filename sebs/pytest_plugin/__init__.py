"""The pytest plugin: projects assert the latency and the cold starts of their own functions.

pytest imports this module in every run, whether a test uses it or not: what it needs is imported
where it is used.

Fixtures:
    sebs_function: Deploys a function; what it returns is invoked, warm or cold.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from sebs.pytest_plugin.platform import Platform

#: Setting to what it means; each is an option of the command line, and a line of pytest's own file.
_SETTINGS = {
    "deployment": "Platform of sebs_function; see `sebs systems`.  [default: local]",
    "config": "Configuration of sebs, JSON or TOML, for sebs_function.",
    "output_dir": "Where the runs of sebs_function are kept.  [default: pytest's own directory]",
    "cache_dir": "Cache of sebs_function, in which what is built and deployed stays for the next "
    "session.  [default: a temporary one, and everything is deleted at the end]",
}
_PATHS = {"config", "output_dir", "cache_dir"}

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}

_measured = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the settings, each as an option and as a line of pytest's own file."""
    group = parser.getgroup("sebs", "latency and cold starts of functions")
    for name, meaning in _SETTINGS.items():
        metavar = "PATH" if name in _PATHS else "NAME"
        option = f"--sebs-{name.replace('_', '-')}"
        group.addoption(option, dest=f"sebs_{name}", metavar=metavar, help=meaning)
        kind: Literal["paths", "string"] = "paths" if name in _PATHS else "string"
        parser.addini(f"sebs_{name}", meaning, kind)


@pytest.fixture(scope="session")
def sebs_function(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """Deploys functions: ``sebs_function("path/to/function", memory=256)``.

    What it returns is invoked with ``warm(n)`` and ``cold(n)``. The platform is started with the
    first function, and put away with the session.
    """
    from sebs.pytest_plugin.platform import Platform, Settings

    config = request.config
    base = tmp_path_factory.getbasetemp()
    settings = Settings(
        deployment=_setting(config, "deployment"),
        config_file=_setting(config, "config"),
        output_dir=_setting(config, "output_dir") or base / "sebs-results",
        cache_dir=_setting(config, "cache_dir"),
        root=config.rootpath,
        # The directory of one process of pytest-xdist is inside of the one that all share.
        lock=(base.parent if hasattr(config, "workerinput") else base) / "sebs.lock",
    )
    lines = config.stash.setdefault(_measured, [])
    with Platform(settings, lines.append) as platform:
        yield platform


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Explain a comparison of a figure with a limit."""
    module = sys.modules.get("sebs.pytest_plugin.figures")
    if module is None:
        return None
    if op in _MIRRORED and isinstance(right, module.Figure):
        left, right, op = right, left, _MIRRORED[op]
    if op not in _MIRRORED or not isinstance(left, module.Figure):
        return None
    explained: list[str] = left.explain(op, right)
    return explained


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Hand on what was measured with the test's report, which comes from other processes, too."""
    lines = item.config.stash.get(_measured, [])
    item.user_properties += [("sebs", line) for line in lines]
    lines.clear()
    return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what was measured, also where every test passed."""
    measured = {
        report.nodeid: lines
        for reports in terminalreporter.stats.values()
        for report in reports
        # The last of a test's reports has what all of its phases measured.
        if getattr(report, "when", None) == "teardown"
        and (lines := [value for name, value in report.user_properties if name == "sebs"])
    }
    if measured:
        terminalreporter.section("measured by sebs")
    for test, lines in measured.items():
        terminalreporter.write_line(test)
        for line in lines:
            terminalreporter.write_line(f"  {line}")


def _setting(config: pytest.Config, name: str) -> Any:
    """Return a setting; a path of the file is relative to the file, one of an option to here."""
    if (given := config.getoption(f"sebs_{name}")) is not None:
        return config.invocation_params.dir / given if name in _PATHS else given
    found = config.getini(f"sebs_{name}")
    if name in _PATHS:
        return found[0] if found else None
    return found or None
