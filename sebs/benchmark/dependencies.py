"""Installing what a benchmark's code imports: ``uv`` for Python, ``npm`` for Node.js.

What is installed fits the target, not this machine: its language version and its architecture.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sebs.benchmark import commands
from sebs.errors import DependencyError
from sebs.sebs_types import Language

PYTHON_PACKAGES = Path(".python_packages", "lib", "site-packages")

_MACHINES = {"x64": ("x86_64", "amd64"), "arm64": ("aarch64", "arm64")}

#: The oldest Linux that packages must run on, by the first Python that is on no older one: PEP 600
#: and PEP 599. AWS Lambda has Amazon Linux 2, with glibc 2.26, up to Python 3.11, and Amazon Linux
#: 2023, with glibc 2.34, from 3.12 on:
#: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
_OLDEST_LINUX = {(3, 12): "manylinux_2_28", (0,): "manylinux2014"}

#: Base name of the file that lists a language's dependencies.
_LISTS = {Language.PYTHON: "requirements.txt", Language.NODEJS: "package.json"}

#: What may follow the base name, as :func:`select_list` has it.
_TARGETS = re.compile(r"(\.arm)?(\.\d+)*")


@dataclass(frozen=True, slots=True)
class Target:
    """What a package must run on.

    Attributes:
        language: Its language.
        version: Version of the language.
        architecture: ``x64`` or ``arm64``.
    """

    language: Language
    version: str
    architecture: str


def select_list(directory: Path, target: Target) -> Path | None:
    """Return the file that lists the dependencies for a target, or ``None``.

    The most specific wins: ``NAME.arm.VERSION``, ``NAME.arm`` (both on arm64 only),
    ``NAME.VERSION``, ``NAME``; ``NAME`` is ``requirements.txt`` or ``package.json``.
    """
    name = _LISTS.get(target.language)
    if name is None:
        return None
    suffixes = [f".{target.version}", ""]
    if target.architecture == "arm64":
        suffixes = [f".arm.{target.version}", ".arm", *suffixes]
    candidates = (directory / f"{name}{suffix}" for suffix in suffixes)
    return next((path for path in candidates if path.is_file()), None)


def all_lists(directory: Path, language: Language) -> list[Path]:
    """Return the files that list a language's dependencies, whichever target each is for."""
    name = _LISTS.get(language)
    if name is None:
        return []
    found = sorted(path for path in directory.glob(f"{name}*") if path.is_file())
    return [path for path in found if _TARGETS.fullmatch(path.name.removeprefix(name))]


def check_list(listed: Path, language: Language) -> None:
    """Refuse a list of dependencies that the installer does not understand; none is looked for.

    Args:
        listed: The file.
        language: Whose dependencies it lists.

    Raises:
        DependencyError: The reason is in the message.
    """
    if language is Language.NODEJS:
        _wanted(listed)
    elif language is Language.PYTHON:
        _parse_requirements(listed)


def settle_list(directory: Path, target: Target) -> None:
    """Give the selected list its base name, and remove the ones for other targets."""
    name = _LISTS.get(target.language)
    if name is None:
        return
    selected = select_list(directory, target)
    plain = directory / name
    if selected is not None and selected != plain:
        selected.replace(plain)
    for other in directory.glob(f"{name}.*"):
        other.unlink()


def install(directory: Path, target: Target) -> None:
    """Install the dependencies of the code in a build directory, if it lists any.

    Args:
        directory: The build directory. Python's go to ``.python_packages/lib/site-packages``,
            those of Node.js to ``node_modules``.
        target: What the package must run on.

    Raises:
        DependencyError: The installer failed, whose reason is in the message, or there is none.
    """
    listed = select_list(directory, target)
    if listed is not None and target.language is Language.PYTHON:
        # Before the lists are settled: the one that counts may name another with ``-r``.
        _install_python(directory, listed, target)
    settle_list(directory, target)
    if listed is not None and target.language is Language.NODEJS:
        _install_nodejs(directory, directory / _LISTS[Language.NODEJS], target)


def install_here(requirements: Path, directory: Path) -> None:
    """Install Python packages for this machine, as a validator may need to read what was made.

    Args:
        requirements: The file that lists them.
        directory: Where they go.

    Raises:
        DependencyError: The installer failed, whose reason is in the message.
    """
    import uv

    from sebs.benchmark.pip_settings import uv_environment

    command: list[str | Path] = [
        uv.find_uv_bin(), "pip", "install", "--quiet", "--no-progress",
        "--python", sys.executable,
        "--target", directory,
        "--requirements", requirements,
    ]  # fmt: skip
    outcome = commands.run(command, directory=directory, environment=uv_environment())
    if outcome.status != 0:
        raise DependencyError(
            f"{str(requirements)!r} cannot be installed on this machine:\n{outcome.reason}\n",
            remedy="Correct the package index that uv or pip is told to use.",
        )


def _install_python(directory: Path, requirements: Path, target: Target) -> None:
    if not _lists_anything(requirements):
        return
    import uv

    from sebs.benchmark.pip_settings import uv_environment

    packages = directory / PYTHON_PACKAGES
    base: list[str | Path] = [
        uv.find_uv_bin(), "pip", "install", "--quiet", "--no-progress",
        "--python", sys.executable,
        "--target", packages,
        "--python-version", target.version,
        "--link-mode", "copy",
        "--requirements", requirements,
    ]  # fmt: skip
    wheels = [*base, "--python-platform", _uv_platform(target)]
    wheels += ["--only-binary", ":all:"]
    environment = uv_environment()
    outcome = commands.run(wheels, directory=directory, environment=environment)
    if outcome.status != 0 and platform.machine().lower() in _MACHINES[target.architecture]:
        # Packages that come as source only can be built where this machine is like the target.
        shutil.rmtree(packages, ignore_errors=True)
        outcome = commands.run(base, directory=directory, environment=environment)
    if outcome.status != 0:
        raise DependencyError(
            f"{requirements.name} cannot be installed for Python {target.version} on "
            f"{target.architecture}:\n{outcome.reason}\n",
            remedy="Correct the requirements, or the package index that uv or pip is told to use.",
        )
    make_reproducible(packages)


def _uv_platform(target: Target) -> str:
    """Return what uv calls the oldest Linux that a target's packages must run on."""
    version = tuple(map(int, target.version.split(".")))
    linux = next(linux for first, linux in _OLDEST_LINUX.items() if version >= first)
    return f"{_MACHINES[target.architecture][0]}-{linux}"


def _parse_requirements(requirements: Path) -> None:
    """Let uv read requirements: to remove them from nowhere takes no more than that."""
    import uv

    from sebs.benchmark.pip_settings import uv_environment

    with tempfile.TemporaryDirectory(prefix="sebs-nothing-") as nowhere:
        command: list[str | Path] = [
            uv.find_uv_bin(), "pip", "uninstall", "--quiet",
            "--python", sys.executable,
            "--target", nowhere,
            "--requirements", requirements,
        ]  # fmt: skip
        outcome = commands.run(command, directory=requirements.parent, environment=uv_environment())
    if outcome.status != 0:
        raise DependencyError(
            f"{requirements.name} cannot be read: {outcome.reason}",
            remedy="Write what pip reads: https://pip.pypa.io/en/stable/reference/"
            "requirements-file-format/.",
        )


def _lists_anything(requirements: Path) -> bool:
    lines = (line.strip() for line in requirements.read_text(encoding="utf-8").splitlines())
    return any(line and not line.startswith("#") for line in lines)


def make_reproducible(packages: Path) -> None:
    """Remove what depends on this machine or on the time, and what no function imports."""
    # Scripts name this machine's interpreter.
    shutil.rmtree(packages / "bin", ignore_errors=True)
    (packages / ".lock").unlink(missing_ok=True)
    for cached in list(packages.rglob("__pycache__")):
        shutil.rmtree(cached)
    for installed in packages.glob("*.dist-info"):
        # Where it came from, which may be a directory or an index of this machine.
        for name in ("direct_url.json", "uv_cache.json", "uv_build.json", "REQUESTED"):
            (installed / name).unlink(missing_ok=True)
        _prune_record(packages, installed / "RECORD")


def _prune_record(packages: Path, record: Path) -> None:
    """Remove from a list of installed files those that have been removed."""
    if not record.is_file():
        return
    lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
    names = (line.rsplit(",", 2)[0].strip('"') for line in lines)
    kept = [
        line
        for line, name in zip(lines, names, strict=True)
        if os.path.normpath(name) == name and (packages / name).exists()
    ]
    record.write_text("".join(kept), encoding="utf-8")


def _wanted(package: Path) -> dict[str, Any]:
    """Return what a description of a package says that it needs, name to version."""
    try:
        described = json.loads(package.read_bytes())
        return {**described.get("dependencies", {}), **described.get("optionalDependencies", {})}
    except (ValueError, AttributeError, TypeError) as error:
        raise DependencyError(
            f"{package.name} is no description of a package: {error}.",
            remedy="Correct it: https://docs.npmjs.com/cli/configuring-npm/package-json.",
        ) from error


def _install_nodejs(directory: Path, package: Path, target: Target) -> None:
    if not _wanted(package):
        return
    npm = shutil.which("npm")
    if npm is None:
        raise DependencyError(
            f"npm is needed for the dependencies in {package.name}, and not installed.",
            remedy="Install Node.js and npm, from https://nodejs.org or the system's packages.",
        )
    # With a lock the exact versions in it; without one none is written, it would name the index.
    locked = (directory / "package-lock.json").is_file()
    verb = ["ci"] if locked else ["install", "--no-package-lock"]
    arguments = [
        "--omit=dev", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error",
        "--os=linux", f"--cpu={target.architecture}", "--libc=glibc",
    ]  # fmt: skip
    outcome = commands.run([npm, *verb, *arguments], directory=directory)
    if outcome.status != 0:
        raise DependencyError(
            f"{package.name} cannot be installed for Node.js {target.version} on "
            f"{target.architecture}:\n{outcome.reason}\n",
            remedy="Correct the dependencies, or the registry that npm is told to use.",
        )
    # npm's own note of what it installed, and from where.
    (directory / "node_modules" / ".package-lock.json").unlink(missing_ok=True)
