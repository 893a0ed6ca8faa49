"""Applying a unified diff to a directory, strictly: nothing is guessed, nothing leaves it.

The format is that of ``diff -u`` and of git, as the manual of GNU diffutils describes it
(*Detailed Description of Unified Format*). A hunk must fit where it says, or at exactly one other
place; lines around it are never ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from sebs.errors import InvalidBenchmarkError

_NOTHING = "/dev/null"
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_NO_NEWLINE = "\\"


@dataclass(slots=True)
class _Hunk:
    start: int
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Change:
    """What happens to one file; ``None`` as a name where there is none before, or after."""

    before: str | None
    after: str | None
    hunks: list[_Hunk] = field(default_factory=list)


def apply_patch(patch: Path, directory: Path) -> None:
    """Apply a unified diff, whose names have one leading component: ``a/function.py``.

    Args:
        patch: The file with the diff.
        directory: What it is applied to.

    Raises:
        InvalidBenchmarkError: It is no unified diff, does not fit, or names what is outside.
    """
    try:
        changes = list(_changes(_lines(patch.read_bytes().decode())))
        if not changes:
            raise ValueError("it changes no file")
        for change in changes:
            _apply(change, directory)
    except (ValueError, OSError) as error:
        raise InvalidBenchmarkError(
            f"{str(patch)!r} cannot be applied: {error}.",
            remedy="Make it anew with `diff -u` or `git diff`, against the plain code.",
        ) from error


def _lines(text: str) -> list[str]:
    """Split at line feeds alone: a carriage return belongs to the line."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _changes(lines: list[str]) -> Iterator[_Change]:
    number, change = 0, None
    while number < len(lines):
        line = lines[number]
        if line.startswith("--- ") and "".join(lines[number + 1 : number + 2]).startswith("+++ "):
            if change is not None:
                yield change
            change = _Change(_name(line), _name(lines[number + 1]))
            number += 2
        elif change is not None and (header := _HUNK.match(line)):
            hunk, number = _hunk(header, lines, number + 1)
            change.hunks.append(hunk)
        else:
            number += 1  # what stands around the changes, such as git's own headers
    if change is not None:
        yield change


def _name(line: str) -> str | None:
    name = line[4:].rstrip("\r\n").split("\t")[0]
    if name == _NOTHING:
        return None
    parts = PurePosixPath(name).parts[1:]
    if not parts or ".." in parts or name.startswith("/"):
        raise ValueError(f"it names {name!r}, which is no file of the benchmark's")
    return "/".join(parts)


def _hunk(header: re.Match[str], lines: list[str], number: int) -> tuple[_Hunk, int]:
    """Read a hunk; return it, and the number of the line after it."""
    hunk = _Hunk(int(header[1]))
    old, new = (1 if count is None else int(count) for count in header.group(2, 3))
    last: list[list[str]] = []
    while len(hunk.old) < old or len(hunk.new) < new:
        if number == len(lines):
            raise ValueError(f"the hunk {header[0]!r} is cut off")
        line = lines[number]
        number += 1
        last = _add(hunk, line, last, header[0])
    if number < len(lines) and lines[number].startswith(_NO_NEWLINE):
        _add(hunk, lines[number], last, header[0])
        number += 1
    if (len(hunk.old), len(hunk.new)) != (old, new):
        raise ValueError(f"the hunk {header[0]!r} has other lines than it says")
    return hunk, number


def _add(hunk: _Hunk, line: str, last: list[list[str]], header: str) -> list[list[str]]:
    """Add a line to what a hunk takes away and to what it puts there; return where it went."""
    if line.startswith(_NO_NEWLINE):
        for side in last:
            side[-1] = side[-1].removesuffix("\n")
        return []
    sides = {
        " ": [hunk.old, hunk.new],
        "-": [hunk.old],
        "+": [hunk.new],
        "\n": [hunk.old, hunk.new],
    }
    if line[0] not in sides:
        raise ValueError(f"the hunk {header!r} has the line {line.rstrip()!r}")
    # Editors strip the blank that a line of context consists of.
    for side in sides[line[0]]:
        side.append(line if line == "\n" else line[1:])
    return sides[line[0]]


def _apply(change: _Change, directory: Path) -> None:
    lines: list[str] = []
    if change.before is not None:
        lines = _lines((directory / change.before).read_bytes().decode())
    elif change.after is not None and (directory / change.after).exists():
        raise ValueError(f"{change.after!r} should be new, and is there")
    shift = 0
    for hunk in change.hunks:
        place = _place(hunk, lines, shift, str(change.before or change.after))
        lines[place : place + len(hunk.old)] = hunk.new
        shift = place - _wanted(hunk) + len(hunk.new) - len(hunk.old)
    if change.after is not None:
        target = directory / change.after
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes("".join(lines).encode())
    if change.before is not None and change.before != change.after:
        (directory / change.before).unlink()


def _wanted(hunk: _Hunk) -> int:
    """Return where a hunk says that it belongs: a hunk without old lines comes after its line."""
    return hunk.start - 1 if hunk.old else hunk.start


def _place(hunk: _Hunk, lines: list[str], shift: int, name: str) -> int:
    wanted = _wanted(hunk) + shift
    if lines[wanted : wanted + len(hunk.old)] == hunk.old and 0 <= wanted <= len(lines):
        return wanted
    last = len(lines) - len(hunk.old) + 1
    fitting = [at for at in range(last) if hunk.old and lines[at : at + len(hunk.old)] == hunk.old]
    if len(fitting) != 1:
        raise ValueError(f"the hunk at line {hunk.start} of {name!r} does not fit")
    return fitting[0]
