"""The function: what is measured."""

from __future__ import annotations

import time
from typing import Any


def handler(event: dict[str, Any]) -> dict[str, Any]:
    """Add the squares of the first numbers, and say how long it took."""
    begin = time.perf_counter_ns()
    total = 0
    for number in range(event["count"]):
        total = (total + number * number) % 1_000_003
    took = (time.perf_counter_ns() - begin) // 1000
    return {"result": total, "measurement": {"compute_time": took}}
