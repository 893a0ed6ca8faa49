"""Assembling a build directory: sources, build scripts, wrappers, dependencies.

The result is what a platform's ``package_code`` gets: the code at the root, and below it what it
imports. It is the same whoever builds it, wherever.
"""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from sebs.benchmark import commands
from sebs.benchmark.dependencies import Target, install
from sebs.benchmark.layout import BUILD_SCRIPTS, INIT_SCRIPT, PATCH, VARIANT, Part
from sebs.benchmark.patching import apply_patch
from sebs.benchmark.tree import link_target, walk
from sebs.errors import BuildScriptError


def assemble(
    directory: Path,
    *,
    benchmark: Path,
    parts: Iterable[Part],
    target: Target,
) -> None:
    """Fill a build directory.

    Args:
        directory: An empty directory.
        benchmark: The benchmark's directory.
        parts: What is copied, in order; a later file replaces an earlier one. A variant that is
            a patch is applied to what is there.
        target: What the package must run on.

    Raises:
        InvalidBenchmarkError: A link leaves its directory, something is no file, or a patch does
            not fit.
        BuildScriptError: An ``init.sh`` failed.
        DependencyError: The dependencies could not be installed.
    """
    lay_out(directory, parts)
    for owner in (benchmark, benchmark / target.language.value):
        _run_init(owner / INIT_SCRIPT, directory, target.architecture)
    install(directory, target)


def lay_out(directory: Path, parts: Iterable[Part]) -> None:
    """Copy sources into a build directory, as they are before anything is made of them.

    Args:
        directory: An empty directory.
        parts: What is copied, in order, as :func:`assemble` has it.

    Raises:
        InvalidBenchmarkError: A link leaves its directory, something is no file, or a patch does
            not fit.
    """
    for part in parts:
        patch = part.root / PATCH
        if part.label == VARIANT and patch.is_file():
            apply_patch(patch, directory)
        else:
            _copy(part, directory)


def _copy(part: Part, directory: Path) -> None:
    for node in walk(part.root, part.ignore):
        if node.name in BUILD_SCRIPTS:
            continue
        place = directory / node.name
        if node.kind == stat.S_IFDIR:
            place.mkdir(parents=True, exist_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        if node.kind == stat.S_IFLNK:
            place.symlink_to(link_target(part.root, node))
        else:
            shutil.copyfile(node.path, place)
            # Writable, whatever the source is: build scripts and platforms may change it.
            place.chmod(0o755 if node.executable else 0o644)


def _run_init(script: Path, directory: Path, architecture: str) -> None:
    if not script.is_file():
        return
    outcome = commands.run(
        ["bash", script, directory, "false", architecture], directory=script.parent
    )
    if outcome.status != 0:
        raise BuildScriptError(
            f"{str(script)!r} exited with {outcome.status}:\n{outcome.reason}\n",
            remedy="It is run as: bash init.sh OUTPUT_DIR VERBOSE ARCHITECTURE.",
        )
