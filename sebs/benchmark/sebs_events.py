"""What SeBS's experiments put into the events of three of its benchmarks, beside their input.

The directories of these do not say that they need it, for in SeBS nothing but an experiment runs
them. Here every benchmark runs by itself, so what is missing is added: by their names, and only
where neither ``config.json`` nor ``input.py`` says anything.
"""

from __future__ import annotations

from typing import Any

#: What each exchanges messages with.
PEERS = {
    "020.network-benchmark": "udp-echo",
    "030.clock-synchronization": "udp-echo",
    "040.server-reply": "tcp-reply",
}

#: How often, by input size; SeBS's have none, so any other is taken for ``test``.
_REPETITIONS = {
    "020.network-benchmark": {"test": 100, "small": 1000, "large": 10_000},
    "030.clock-synchronization": {"test": 20, "small": 50, "large": 100},
}


def completed(benchmark: str, size: str, event: dict[str, Any]) -> dict[str, Any]:
    """Return an event with what one of SeBS's benchmarks needs and its input does not have.

    Args:
        benchmark: The benchmark's name.
        size: The input size.
        event: What ``generate_input`` returned.
    """
    if "repetitions" in event or benchmark not in _REPETITIONS:
        return event
    repetitions = _REPETITIONS[benchmark]
    return {**event, "repetitions": repetitions.get(size, repetitions["test"])}
