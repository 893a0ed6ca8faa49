"""Writing the skeleton of a benchmark: small, but it builds, runs and is judged as it is."""

from __future__ import annotations

import glob
import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sebs.benchmark.source import BUNDLED
from sebs.errors import InvalidNameError, UnsupportedLanguageError, UsageError
from sebs.sebs_types import Language

_SKELETON = Path(__file__).with_name("skeleton")
_NAME = re.compile(r"\d{1,4}\.[a-z0-9]+(-[a-z0-9]+)*")

#: Languages that there is a skeleton in.
SKELETON_LANGUAGES = (Language.PYTHON, Language.NODEJS)


def check_name(name: str) -> None:
    """Refuse a name that is no benchmark's.

    Raises:
        InvalidNameError: It is not ``<number>.<name>``.
    """
    if not _NAME.fullmatch(name):
        raise InvalidNameError(
            f"A benchmark cannot be called {name!r}.",
            remedy="Its name is a number of up to four digits, a dot, and words in small letters "
            "with hyphens between them: 911.my-function.",
        )


def is_bundled(name: str) -> bool:
    """Return whether a bundled benchmark has a name."""
    return any(BUNDLED.glob(f"*/{glob.escape(name)}/config.json"))


def write_skeleton(
    directory: Path, name: str, languages: Sequence[Language] = SKELETON_LANGUAGES
) -> Path:
    """Write a new benchmark, whole or not at all.

    Args:
        directory: Where the benchmark's own directory is made.
        name: Such as ``911.my-function``.
        languages: What it is written in; one that is named twice counts once.

    Returns:
        The benchmark's directory.

    Raises:
        InvalidNameError: It cannot be called so.
        UnsupportedLanguageError: There is no skeleton in a language.
        UsageError: There is something of that name already, or no directory can be there.
        OSError: The directory cannot be written.
    """
    check_name(name)
    languages = list(dict.fromkeys(languages))
    for language in languages:
        if language not in SKELETON_LANGUAGES:
            raise UnsupportedLanguageError(
                f"There is no skeleton in {language}.",
                remedy=f"There are skeletons in: {', '.join(SKELETON_LANGUAGES)}.",
            )
    target = directory.absolute() / name
    nearest = next(path for path in target.parents if path.exists())
    if not nearest.is_dir():
        raise UsageError(
            f"A benchmark cannot be made in {str(directory)!r}: {str(nearest)!r} is no directory.",
            remedy="Name a directory, which is made where it does not exist.",
        )
    if target.exists() or target.is_symlink():
        raise UsageError(
            f"There is something at {str(target)!r} already, which stays as it is.",
            remedy="Choose another name or directory.",
        )
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=directory) as temporary:
        draft = Path(temporary, name)
        draft.mkdir()
        shutil.copyfile(_SKELETON / "input.py", draft / "input.py")
        for language in languages:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(_SKELETON / language.value, draft / language.value, ignore=ignored)
        config = {
            "timeout": 30,
            "memory": 128,
            "languages": [language.value for language in languages],
            "modules": [],
        }
        (draft / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        draft.rename(target)
    return target
