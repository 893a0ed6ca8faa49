"""Running a benchmark's ``package.sh``: the last word on its dependencies.

SeBS runs it in the container that it installs dependencies in, after they are installed, as
``bash package.sh PACKAGES`` in the code's directory; ``PACKAGES`` is where they are, relative to
it. Its environment says what is built: ``APP``, ``PLATFORM`` (in capitals),
``TARGET_ARCHITECTURE``, and the version, such as ``PYTHON_VERSION``.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from sebs.benchmark.build_container import BuildContainer
from sebs.benchmark.dependencies import PYTHON_PACKAGES, Target, make_reproducible
from sebs.benchmark.layout import PACKAGE_SCRIPT
from sebs.errors import BuildScriptError
from sebs.sebs_types import Language

_PACKAGES = {Language.PYTHON: PYTHON_PACKAGES, Language.NODEJS: Path("node_modules")}
_VERSIONS = {Language.PYTHON: "PYTHON_VERSION", Language.NODEJS: "NODE_VERSION"}


def run_package_script(
    script: Path,
    directory: Path,
    *,
    benchmark: str,
    platform: str,
    target: Target,
    container: BuildContainer,
) -> None:
    """Run a ``package.sh`` over a build directory.

    Args:
        script: The script.
        directory: The build directory, dependencies installed.
        benchmark: Name of the benchmark.
        platform: The platform's key.
        target: What the package must run on.
        container: Where it runs.

    Raises:
        BuildScriptError: It failed; its last lines are in the message.
        DockerUnavailableError: There is no engine.
        ImageUnavailableError: There is no image to run it in.
    """
    packages = _PACKAGES[target.language]
    (directory / packages).mkdir(parents=True, exist_ok=True)
    copy = directory / PACKAGE_SCRIPT
    shutil.copyfile(script, copy)
    try:
        outcome = container.run(
            ["bash", PACKAGE_SCRIPT, str(packages)],
            directory,
            environment={
                "APP": benchmark,
                "PLATFORM": platform.upper(),
                "TARGET_ARCHITECTURE": target.architecture,
                "SCRIPT_FILE": PACKAGE_SCRIPT,
                "PYTHONDONTWRITEBYTECODE": "1",
                _VERSIONS[target.language]: target.version,
            },
            what=f"The {PACKAGE_SCRIPT} of {benchmark} for {target.language}",
        )
    finally:
        copy.unlink(missing_ok=True)
    if outcome.status != 0:
        raise BuildScriptError(
            f"{str(script)!r} exited with {outcome.status}, in a container of "
            f"{container.image}:\n{outcome.reason}\n",
            remedy=f"It is run as: bash {PACKAGE_SCRIPT} {packages}. Where a program is missing, "
            "name an image that has it in experiments.build_image.",
        )
    if target.language is Language.PYTHON:
        make_reproducible(directory / packages)
    _remove_empty(directory, packages)


def _remove_empty(directory: Path, packages: Path) -> None:
    """Remove the directory of dependencies, and those that hold it alone, if it is empty."""
    for below in (packages, *packages.parents):
        place = directory / below
        if place == directory or not place.is_dir() or any(place.iterdir()):
            return
        place.rmdir()
