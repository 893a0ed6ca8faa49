"""What the validators of the bundled benchmarks have in common."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any


def is_same(found: Any, right: Any) -> bool:
    """Return whether two JSON values are equal; in Python ``False`` equals 0, in JSON it does not.

    Args:
        found: A value, of any depth.
        right: Another one.
    """
    if isinstance(found, list) and isinstance(right, list):
        return len(found) == len(right) and all(map(is_same, found, right))
    if isinstance(found, dict) and isinstance(right, dict):
        return found.keys() == right.keys() and all(
            is_same(found[key], right[key]) for key in right
        )
    return bool(found == right) and isinstance(found, bool) == isinstance(right, bool)


def judge_digest(output: Any, digest: str, what: str) -> str | None:
    """Return why a result is not the one that is known; ``None`` where it is.

    Args:
        output: What the handler returned.
        digest: SHA-256 of the right result as JSON without spaces, in hexadecimal.
        what: What the result is, in words: ``the tree``.
    """
    result = output.get("result") if isinstance(output, dict) else None
    found = sha256(json.dumps(result, separators=(",", ":")).encode()).hexdigest()
    if found != digest:
        return f"{what} should have the digest {digest}, and has {found}"
    return None


def judge_place(output: Any, bucket: Any, what: str) -> str | None:
    """Return why an output does not say where its object is; ``None`` where it does.

    Args:
        output: What the handler returned.
        bucket: The event's ``bucket``: the bucket's own name and the output's prefix.
        what: What the object is, in words: ``the archive``.
    """
    result = output.get("result") if isinstance(output, dict) else None
    if not isinstance(result, dict):
        return f"the result should say where {what} is, and is {result!r}"
    found = result.get("bucket")
    if found != bucket["bucket"]:
        return f"{what} should be in the bucket {bucket['bucket']!r}, not in {found!r}"
    return judge_key(result.get("key"), bucket, what)


def judge_key(key: Any, bucket: Any, what: str) -> str | None:
    """Return why an object cannot be where an output says; ``None`` where it can.

    Args:
        key: The key in the output.
        bucket: The event's ``bucket``, which has the output's prefix.
        what: What the object is, in words.
    """
    if not isinstance(key, str) or not key.startswith(f"{bucket['output']}/"):
        return f"{what} should be below {bucket['output']!r}, not at {key!r}"
    return None


def judge_stored(
    output: dict[str, Any], storage: Any, what: str, judge: Callable[[Path], str | None]
) -> str | None:
    """Read back what a function stored, and return what is wrong with it; ``None`` where nothing.

    Args:
        output: What the handler returned, whose place and measurement are right.
        storage: The platform's object storage; without one nothing is read.
        what: What the object is, in words: ``the archive``.
        judge: Told where a copy of it is, says what is wrong with that.
    """
    if storage is None:
        return None
    with TemporaryDirectory() as directory:
        path = Path(directory, "stored")
        storage.download(output["result"]["bucket"], output["result"]["key"], str(path))
        size, stated = path.stat().st_size, output["measurement"]["upload_size"]
        if size != stated:
            return f"{what} has {size} bytes, not {stated}"
        return judge(path)


def judge_measurement(output: dict[str, Any], names: tuple[str, ...], **exact: int) -> str | None:
    """Return what cannot have been measured; ``None`` where all can.

    Args:
        output: What the handler returned.
        names: What it should have measured.
        exact: Those of them that can have one value only.
    """
    measurement = output.get("measurement")
    if not isinstance(measurement, dict):
        return f"the measurement should be an object, and is {measurement!r}"
    for name in names:
        value = measurement.get(name)
        # bool is an int in Python, but nothing that was measured.
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            return f"{name} should be a number from 0 on, and is {value!r}"
        if not math.isfinite(value) or value < 0:
            return f"{name} should be a number from 0 on, and is {value!r}"
        if value != exact.get(name, value):
            return f"{name} should be {exact[name]}, and is {value}"
    return None


def judge_work(output: dict[str, Any], names: tuple[str, ...], **exact: int) -> str | None:
    """Return what cannot have been measured of work, none of which is done in no time.

    Args:
        output: What the handler returned.
        names: What it should have measured.
        exact: Those of them that can have one value only.
    """
    if (reason := judge_measurement(output, names, **exact)) is not None:
        return reason
    for name in names:
        if not output["measurement"][name]:
            return f"{name} should be more than 0"
    return None


def judge_whole(output: dict[str, Any], whole: str, parts: float) -> str | None:
    """Return whether a time is shorter than what happened in it, one after the other.

    Args:
        output: What the handler returned, whose measurement is judged.
        whole: The time's name in it.
        parts: How long its parts took together.
    """
    found = output["measurement"][whole]
    if found < parts:
        return f"{whole} should be {parts} at least, as long as its parts, and is {found}"
    return None
