"""The Python and Node.js interpreters of this machine, by version.

Version managers put programs on ``PATH`` that only say that they are not configured, so every
candidate is run once, all of them at the same time, before it counts.
"""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sebs.utils import write_atomically

_MEMO = "interpreters.json"
_TIMEOUT = 10.0
_AT_ONCE = 8

_PYTHON_NAME = re.compile(r"python3\.\d+$")
_PYTHON_PROBE = "import sys; print('%d.%d' % sys.version_info[:2])"
_OLDEST_PYTHON = (3, 8)

_found: dict[str, dict[str, Path]] = {}
_lock = threading.Lock()


def python_interpreters(cache_dir: Path | None = None) -> dict[str, Path]:
    """Return the Python interpreters that run, newest version first.

    The one that runs this program comes before others of its version. Looked for once a process.

    Args:
        cache_dir: Where to remember what was found out, so that the next process only looks at the
            files again.

    Returns:
        Version, such as ``3.11``, to the absolute path of the interpreter.
    """
    with _lock:
        if "python" not in _found:
            command = ["-I", "-S", "-c", _PYTHON_PROBE]
            versions = _versions(_python_candidates(), command, cache_dir)
            usable = {v: path for v, path in versions.items() if _numbers(v) >= _OLDEST_PYTHON}
            _found["python"] = _newest_first(usable)
        return dict(_found["python"])


def node_interpreters(cache_dir: Path | None = None) -> dict[str, Path]:
    """Return the Node.js interpreters that run, newest version first.

    Args:
        cache_dir: As for :func:`python_interpreters`.

    Returns:
        Major version, such as ``20``, to the absolute path of the interpreter.
    """
    with _lock:
        if "node" not in _found:
            versions = _versions(_node_candidates(), ["--version"], cache_dir)
            majors: dict[str, Path] = {}
            for version, path in versions.items():
                majors.setdefault(version.removeprefix("v").partition(".")[0], path)
            _found["node"] = _newest_first(majors)
        return dict(_found["node"])


def forget() -> None:
    """Look again when next asked."""
    with _lock:
        _found.clear()


def _python_candidates() -> list[Path]:
    """Return what may be an interpreter, best first."""
    own = [Path(getattr(sys, "_base_executable", "") or sys.executable)]
    on_path = [
        Path(directory, name)
        for directory in _path_directories()
        for name in _names_in(directory)
        if _PYTHON_NAME.fullmatch(name)
    ]
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    managed = _glob(
        os.path.join(os.environ.get("PYENV_ROOT") or "~/.pyenv", "versions/3.*/bin/python"),
        "/usr/bin/python3.*",
        "/usr/local/bin/python3.*",
        os.path.join(
            os.environ.get("UV_PYTHON_INSTALL_DIR") or f"{data}/uv/python",
            "cpython-3.*/bin/python3",
        ),
    )
    named = [path for path in managed if not path.name.startswith("python3.")]
    versioned = [path for path in managed if _PYTHON_NAME.fullmatch(path.name)]
    return [*own, *on_path, *versioned, *named]


def _node_candidates() -> list[Path]:
    """Return what may be Node.js, best first."""
    on_path = [Path(directory, "node") for directory in _path_directories()]
    managed = _glob(
        os.path.join(os.environ.get("NVM_DIR") or "~/.nvm", "versions/node/*/bin/node"),
        "/usr/bin/node",
        "/usr/local/bin/node",
    )
    return [*on_path, *managed]


def _path_directories() -> list[str]:
    directories = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return [directory for directory in directories if os.path.isabs(directory)]


def _names_in(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except OSError:
        # Directories on PATH often do not exist.
        return []


def _glob(*patterns: str) -> list[Path]:
    return [
        Path(path)
        for pattern in patterns
        for path in sorted(glob.glob(os.path.expanduser(pattern)))
    ]


def _versions(
    candidates: Iterable[Path], arguments: list[str], cache_dir: Path | None
) -> dict[str, Path]:
    """Run the candidates and return the first of each version that they print."""
    marks = {path: mark for path in candidates if (mark := _mark(path)) is not None}
    known = _read_memo(cache_dir)
    unknown = [path for path, mark in marks.items() if known.get(str(path), {}).get("mark") != mark]
    if unknown:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            answers = list(pool.map(lambda path: _ask(path, arguments), unknown))
        for path, version in zip(unknown, answers, strict=True):
            known[str(path)] = {"mark": marks[path], "version": version}
        _write_memo(cache_dir, known)
    versions: dict[str, Path] = {}
    for path in marks:
        answer = known[str(path)].get("version")
        if isinstance(answer, str):
            versions.setdefault(answer, path)
    return versions


def _mark(path: Path) -> list[object] | None:
    """Return what changes when another program takes the place of this one."""
    if shutil.which(path) is None:
        return None
    real = path.resolve()
    status = real.stat()
    return [str(real), status.st_size, status.st_mtime_ns]


def _ask(path: Path, arguments: list[str]) -> str | None:
    """Return the first word that a program prints, or ``None`` where it fails."""
    try:
        answer = subprocess.run(
            [path, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    words = answer.stdout.split()
    return words[0] if words else None


def _read_memo(cache_dir: Path | None) -> dict[str, dict[str, object]]:
    if cache_dir is None:
        return {}
    try:
        memo = json.loads((cache_dir / _MEMO).read_bytes())
        return {str(path): dict(entry) for path, entry in memo.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        # Nothing remembered, or nothing that can be understood: look again.
        return {}


def _write_memo(cache_dir: Path | None, memo: Mapping[str, object]) -> None:
    if cache_dir is None:
        return
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        write_atomically(cache_dir / _MEMO, json.dumps(memo).encode())
    except OSError:
        # A directory that cannot be written only makes the next process look again.
        return


def _newest_first(versions: Mapping[str, Path]) -> dict[str, Path]:
    return {v: versions[v] for v in sorted(versions, key=_numbers, reverse=True)}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
