"""Small things that every layer uses."""

from __future__ import annotations

import contextlib
import difflib
import logging
import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from sebs.errors import UsageError


class LoggingBase:
    """Gives a class a logger that is named after it.

    The logger's name is ``sebs.<typename>``, so one handler on ``sebs`` receives everything, and
    the redaction of secrets that :mod:`sebs.log` installs there covers every class.
    """

    def __init__(self) -> None:
        self._logger: logging.Logger | None = None

    @classmethod
    def typename(cls) -> str:
        """Return the name that log lines carry."""
        return cls.__name__

    @property
    def logging(self) -> logging.Logger:
        """The logger of this object."""
        logger: logging.Logger | None = self.__dict__.get("_logger")
        if logger is None:
            logger = self._logger = logging.getLogger(f"sebs.{self.typename()}")
        return logger

    @property
    def logging_handlers(self) -> Any:
        """The log handlers given to this object; kept for providers written for SeBS."""
        return self.__dict__.get("_logging_handlers")

    @logging_handlers.setter
    def logging_handlers(self, handlers: Any) -> None:
        self.__dict__["_logging_handlers"] = handlers


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file so that a reader sees the old content or the new, never a part of it.

    The data goes to a temporary name in the same directory, is flushed to the disk and renamed.
    Where anything fails the temporary file is removed.

    Raises:
        OSError: The directory cannot be written, or the disk is full; it names the file.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            flush_to_disk(stream)
        os.replace(temporary, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            # Nobody asked for the temporary name.
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def make_directory(path: Path) -> None:
    """Make a directory that the user named, and those above it; it may be there already.

    Raises:
        UsageError: A file is in its place.
        OSError: It cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UsageError(
            f"Nothing can be kept in {str(path)!r}: it is, or is under, a file.",
            remedy="Name another directory.",
        ) from error


def flush_to_disk(stream: IO[Any]) -> None:
    """Flush a file's buffers and wait until the disk has its content."""
    stream.flush()
    os.fsync(stream.fileno())


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the question whether the nearest known names were meant; empty where none is near."""
    near = difflib.get_close_matches(name, list(known), n=3)
    *others, last = near or [""]
    return f"Did you mean {', '.join(others)}{' or ' if others else ''}{last}? " if near else ""


def is_text(value: str) -> bool:
    """Return whether a text can be written in UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
