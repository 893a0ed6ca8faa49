"""How the benchmark is fed and judged; it runs on the client and is in no package."""

from __future__ import annotations

from typing import Any

#: Input sizes; ``test`` takes seconds at most.
size_generators = {"test": 1_000, "small": 100_000, "large": 10_000_000}


def buckets_count() -> tuple[int, int]:
    """Return how many inputs and how many outputs it keeps in storage."""
    return 0, 0


def generate_input(
    data_dir: str,
    size: str,
    benchmarks_bucket: str | None,
    input_paths: list[str],
    output_paths: list[str],
    upload_func: Any,
    nosql_func: Any,
) -> dict[str, Any]:
    """Return the event that the function gets; the same one every time."""
    return {"count": size_generators[size]}


def validate_output(
    data_dir: str | None,
    input_config: dict[str, Any],
    output: Any,
    language: str,
    storage: Any = None,
) -> str | None:
    """Return ``None`` where the output is right, else the reason why it is not."""
    count = input_config["count"]
    right = (count - 1) * count * (2 * count - 1) // 6 % 1_000_003
    found = output.get("result") if isinstance(output, dict) else output
    if not isinstance(found, int) or isinstance(found, bool) or found != right:
        return f"the result should be {right}, and is {found!r}"
    return None
