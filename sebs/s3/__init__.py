"""Buckets on a server that speaks S3: what the platforms with such servers share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sebs.sebs_types import Language

_WRAPPERS = Path(__file__).parent / "wrappers"


def wrappers(language: Language, own: Path) -> list[Path]:
    """Return the directories whose files join the packages of a platform that has S3.

    Args:
        language: Language of the code.
        own: What the platform adds to the client of S3: one directory a language.
    """
    directories = [root / language.value for root in (_WRAPPERS, own)]
    return [directory for directory in directories if directory.is_dir()]
