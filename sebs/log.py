"""Setting up logs, and keeping secrets out of them.

Logs go to standard error, or to a file, never to standard output: that belongs to results. A secret
that sebs learns is registered with :func:`hide`; from then on no log line contains it, whoever
wrote the line.
"""

from __future__ import annotations

import logging
import re
import threading
from pathlib import Path

MASK = "********"

#: Shorter values are not hidden: they would mask ordinary words all over.
_SHORTEST_SECRET = 6

_AUTHORIZATION = re.compile(
    r"(?i)(authorization['\"]?\s*[:=]\s*['\"]?(?:bearer|basic)?\s*)[^\s'\",]+"
)
_NAMES = (
    "password|passwd|pwd|passphrase|secret|token|api[-_ ]?key|access[-_ ]?key|account[-_ ]?key"
    "|private[-_ ]?key|client[-_ ]?secret|session[-_ ]?token|shared[-_ ]?access[-_ ]?signature"
)
#: What is a secret by its looks; the group before it, and the one after it, are kept.
_BY_LOOKS = (
    # name: value, name=value, "name": "value"; the name may end in one of these
    re.compile(rf"(?i)((?:{_NAMES})['\"]?\s*[:=]\s*['\"]?)[^\s'\",;&}})]+()"),
    # user:password@host
    re.compile(r"(://[^/?#\s@:]*:)[^/?#\s@]+(@)"),
    # what Azure, AWS and Google put into the query of a URL
    re.compile(r"(?i)([?&](?:code|sig|signature|x-amz-signature|x-goog-signature)=)[^&#\s'\"]+()"),
    re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END|\Z)", re.DOTALL),
)
_secrets: set[str] = set()
_lock = threading.Lock()


def hide(secret: str) -> None:
    """Never show this value in a log line again; values of fewer than six characters are shown."""
    if len(secret) >= _SHORTEST_SECRET:
        with _lock:
            _secrets.add(secret)


def redact(text: str) -> str:
    """Return the text with everything masked that is hidden, or a secret by its looks."""
    text = redact_hidden(text)
    for pattern in _BY_LOOKS:
        text = pattern.sub(rf"\1{MASK}\2", text)
    return text


def redact_hidden(text: str) -> str:
    """Return the text with every hidden value, and every authorization header, masked."""
    with _lock:
        hidden = sorted(_secrets, key=len, reverse=True)
    for secret in hidden:
        text = text.replace(secret, MASK)
    return _AUTHORIZATION.sub(rf"\1{MASK}", text)


class RedactingFormatter(logging.Formatter):
    """Formats a record, traceback included, and masks what is secret in the result."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, redacted."""
        return redact(super().format(record))


def set_up(verbose: bool = False, filename: str | Path | None = None) -> logging.Handler:
    """Send the logs of sebs to standard error, or to a file.

    Called again, it replaces what the last call set up.

    Args:
        verbose: Whether infos and debug lines are shown; else warnings and errors only.
        filename: A file that is appended to; it gets every line, however terse the terminal.

    Raises:
        OSError: The file cannot be written.
    """
    logger = logging.getLogger("sebs")
    for handler in [old for old in logger.handlers if getattr(old, "made_by_sebs", False)]:
        logger.removeHandler(handler)
        handler.close()
    terminal = logging.StreamHandler()
    terminal.setFormatter(RedactingFormatter("%(levelname)s %(name)s: %(message)s"))
    terminal.setLevel(logging.DEBUG if verbose else logging.WARNING)
    handlers: list[logging.Handler] = [terminal]
    if filename is not None:
        Path(filename).touch(mode=0o600)
        to_file = logging.FileHandler(filename, encoding="utf-8")
        to_file.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        handlers.append(to_file)
    for handler in handlers:
        handler.made_by_sebs = True  # type: ignore[attr-defined]
        logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if verbose or filename else logging.WARNING)
    logger.propagate = False
    return terminal
