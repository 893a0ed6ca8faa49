"""``sebs doctor``: what works on this machine, and how to get the rest.

Nothing is believed that can be tried: a gateway is started and stopped, the cache is opened, the
Docker engine is asked. A platform with an account is signed in to where it is named, since that
asks others.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import click

from sebs.cli import options
from sebs.errors import SebsError

#: Columns of the text where there is no terminal, and at most.
_COLUMNS, _MOST_COLUMNS = 80, 100

#: Module to the distribution that has it, of the extra ``analysis``.
_ANALYSIS = {
    "numpy": "numpy",
    "polars": "polars",
    "scipy": "scipy",
    "vl_convert": "vl-convert-python",
}

_FENCE = (
    "With control groups of version 2 and glibc 2.39, in a group of your own, for example: "
    "systemd-run --user --scope sebs local start"
)


@dataclass(frozen=True, slots=True)
class Check:
    """What was found out about one thing.

    Attributes:
        what: The thing.
        works: Whether it can be used.
        needed: Whether what was asked for does not work without it: the local platform, and the
            one that is named.
        detail: What was found, or what was wrong.
        remedy: How to get it, where it does not work.
    """

    what: str
    works: bool
    needed: bool
    detail: str
    remedy: str = ""


@click.command("doctor")
@options.config_file
@options.cache_dir
@click.option("--deployment", metavar="NAME", help="Platform to sign in to as well.")
@options.as_json
def command(
    config_file: Path | None, cache_dir: Path | None, deployment: str | None, as_json: bool
) -> int:
    """Say what works on this machine, and how to get the rest.

    Exits with 1 where something is missing that the local platform needs, or where the platform
    that is named cannot be signed in to. Nothing is allocated on it.
    """
    from sebs.cli import output
    from sebs.sebs import default_cache_dir

    checks = list(_checks(cache_dir or default_cache_dir()))
    if deployment is not None:
        checks.append(_signing_in(deployment, config_file, cache_dir))
    if as_json:
        output.print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            _show(check)
        click.echo(_verdict(checks))
    return 1 if _broken(checks) else 0


def _show(check: Check) -> None:
    """Print what was found, and under it how to get what is missing."""
    columns = min(shutil.get_terminal_size((_COLUMNS, 0)).columns, _MOST_COLUMNS)
    wrapped = textwrap.TextWrapper(
        columns, subsequent_indent=" " * 9, break_long_words=False, break_on_hyphens=False
    )
    # Padded before it is coloured: codes have no width.
    state = click.style(
        f"{'ok' if check.works else 'missing':9}", "green" if check.works else "red"
    )
    click.echo(state + wrapped.fill(f"{'':9}{check.what}: {check.detail}")[9:])
    if not check.works and check.remedy:
        click.echo(wrapped.fill(f"{'':9}{check.remedy}"))


def _checks(cache_dir: Path) -> Iterator[Check]:
    yield _cache(cache_dir)
    yield from _gateway()
    yield from _interpreters(cache_dir)
    yield _uv()
    yield _npm()
    yield _docker()
    yield _analysis()
    yield from _platforms()


def _broken(checks: list[Check]) -> list[Check]:
    return [check for check in checks if check.needed and not check.works]


def _verdict(checks: list[Check]) -> str:
    if broken := _broken(checks):
        return f"This does not work: {', '.join(check.what for check in broken)}."
    return "The local platform works: sebs benchmark invoke 110.dynamic-html test"


def _cache(cache_dir: Path) -> Check:
    from sebs.cache import Cache

    what = "cache"
    try:
        with Cache(cache_dir) as cache, cache.locked():
            cache.entries()
    except (SebsError, OSError) as error:
        remedy = "Choose a directory of your own with --cache or SEBS_CACHE_DIR."
        return Check(what, False, True, str(error), remedy)
    return Check(what, True, True, str(cache_dir))


def _gateway() -> Iterator[Check]:
    from sebs.local import service

    what = "local platform"
    with tempfile.TemporaryDirectory(prefix="sebs-doctor-") as home:
        try:
            status = service.start(Path(home))
            service.stop(Path(home))
        except (SebsError, OSError) as error:
            yield Check(what, False, True, str(error), "It needs Linux and a loopback interface.")
            return
    yield Check(what, True, True, f"a gateway answered on 127.0.0.1:{status.port}")
    if status.memory_limit == "watch":
        found = "a watch over resident sizes, every 20 ms"
        yield Check("memory limit by the kernel", False, False, found, _FENCE)
    else:
        yield Check("memory limit by the kernel", True, False, f"{status.memory_limit}")


def _interpreters(cache_dir: Path) -> Iterator[Check]:
    from sebs import runtimes

    memo = cache_dir if os.access(cache_dir, os.W_OK) else None
    python = runtimes.python_interpreters(memo)
    yield Check(
        "Python functions",
        bool(python),
        True,
        ", ".join(python) or "no Python 3.8 or newer",
        "" if python else "Install Python, for example: uv python install 3.12",
    )
    node = runtimes.node_interpreters(memo)
    yield Check(
        "Node.js functions",
        bool(node),
        False,
        ", ".join(node) or "no node on PATH",
        "" if node else "Install Node.js 18 or newer, on Debian: apt-get install nodejs npm",
    )


def _uv() -> Check:
    what = "dependencies of Python functions"
    try:
        import uv

        return Check(what, True, True, uv.find_uv_bin())
    except (ImportError, FileNotFoundError) as error:
        return Check(what, False, True, str(error), "Run: pip install uv")


def _npm() -> Check:
    what = "dependencies of Node.js functions"
    if npm := shutil.which("npm"):
        return Check(what, True, False, npm)
    return Check(what, False, False, "no npm on PATH", "On Debian: apt-get install npm")


def _docker() -> Check:
    from sebs.faas.container import docker_from_environment

    what = "container images"
    try:
        version = docker_from_environment().version()["Version"]
    except SebsError as error:
        return Check(what, False, False, error.message, error.remedy or "")
    return Check(what, True, False, f"Docker {version}")


def _analysis() -> Check:
    what = "reports and statistics"
    if missing := [name for module, name in _ANALYSIS.items() if find_spec(module) is None]:
        remedy = "Run: pip install 'sebs-faas[analysis]'"
        return Check(what, False, False, f"there is no {', no '.join(missing)}", remedy)
    found = (f"{name} {version(name)}" for name in _ANALYSIS.values())
    return Check(what, True, False, ", ".join(found))


def _signing_in(name: str, config_file: Path | None, cache_dir: Path | None) -> Check:
    """Sign in as a command would, with the same configuration."""
    from sebs.cli.session import open_session

    what = f"signing in to {name}"
    try:
        with (
            open_session(deployment=name, config_file=config_file, cache_dir=cache_dir) as session,
            session.apart(),
        ):
            region = session.system.config.region
    except SebsError as error:
        remedy = error.remedy or ""
        return Check(what, False, True, str(error).removesuffix(remedy).strip(), remedy)
    return Check(what, True, True, f"it answered, in {region}" if region else "it answered")


def _platforms() -> Iterator[Check]:
    """Check what a user could get working: built-in platforms that are still to come are not."""
    from sebs.faas.registry import BUILT_IN, list_systems

    for info in list_systems():
        built_in = BUILT_IN.get(info.name)
        if info.name == "local" or (built_in is not None and built_in.target is None):
            continue
        found, remedy = info.reason or info.sdk or "ready", "" if info.available else info.remedy
        yield Check(f"platform {info.name}", info.available, False, found, remedy)
        if info.credentials is not None:
            what, found = f"credentials for {info.name}", info.credentials or "none found"
            yield Check(what, bool(info.credentials), False, found, info.remedy)
