"""The pin: the wish, kept in the home, that its gateway stays until it is stopped.

It outlives a gateway that was killed, or that ended with the machine: the next one is pinned again.
"""

from __future__ import annotations

from pathlib import Path


def is_pinned(home: Path) -> bool:
    """Return whether the gateway of a directory stays without users, be it running or not."""
    return _path(home).exists()


def pin(home: Path, pinned: bool) -> None:
    """Keep the wish, or forget it.

    Raises:
        OSError: The directory cannot be written.
    """
    if pinned:
        _path(home).touch(mode=0o600)
    else:
        _path(home).unlink(missing_ok=True)


def _path(home: Path) -> Path:
    return home / "pinned"
