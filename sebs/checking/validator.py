"""Whether a benchmark's validator judges: it is shown outputs that no function means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sebs.benchmark.inputs import InputModule, described
from sebs.checking.finding import Finding, of_error
from sebs.errors import DependencyError, PlatformError

#: No function means one of these, whatever its result.
_CORRUPTED: tuple[Any, ...] = (
    None, {}, [], "", {"result": None}, {"result": {}}, {"result": "\0corrupted"}, {"result": -1.5},
)  # fmt: skip

#: Nobody raises these because of an output.
_MISTAKES = (NameError, ImportError, SyntaxError)


def check_validator(
    module: InputModule, data_dir: Path, event: dict[str, Any] | None
) -> Iterator[Finding]:
    """Yield what a validator accepts, and what keeps it from judging.

    An exception rejects an output, unless it cannot be about that: whatever output is shown, it is
    the same.

    Args:
        module: The benchmark's ``input.py``.
        data_dir: Its directory for data.
        event: What the function would have been sent; ``None`` only where nothing is judged.
    """
    if not module.judges:
        yield Finding(
            "input.py", "it has no validate_output: a regression cannot judge what it answers",
            "Write one, which returns the reason why an output is wrong.", problem=False,
        )  # fmt: skip
        return
    known = {"data_dir": str(data_dir), "language": "python", "architecture": "x64"}
    raised: list[BaseException] = []
    for output in _CORRUPTED:
        try:
            verdict = module.judge(
                {**known, "input_config": dict(event or {}), "output": output, "storage": None}
            )
        except (DependencyError, PlatformError) as error:
            yield of_error("input.py", error)
            return
        except (Exception, SystemExit) as error:  # noqa: BLE001 - what foreign code raises is looked at
            raised.append(error)
            continue
        if verdict is None:
            yield Finding(
                "input.py", f"validate_output accepts the output {output!r}",
                "Compare with what is right, not only with what is wrong.",
            )  # fmt: skip
    mistakes = {described(error) for error in raised if isinstance(error, _MISTAKES)}
    reasons = {described(error) for error in raised}
    if len(raised) == len(_CORRUPTED) and len(reasons) == 1:
        mistakes |= reasons
    for mistake in sorted(mistakes):
        yield Finding(
            "input.py", f"validate_output does not judge, but raises {mistake}",
            "Correct it, or take the parameters (data_dir, input_config, output, language, "
            "storage=None).",
        )  # fmt: skip
