"""Which experiments there are: those of this distribution, and those that others announce.

Others announce theirs under the entry-point group ``sebs.experiments``.
"""

from __future__ import annotations

import importlib
from typing import Any

from sebs.errors import UnknownExperimentError
from sebs.utils import did_you_mean

ENTRY_POINT_GROUP = "sebs.experiments"

#: Name to what it measures, its module and its class.
BUILT_IN = {
    "perf-cost": (
        "Cold, warm, burst and sequential invocations, by memory size",
        "sebs.experiments.perf_cost",
        "PerfCost",
    ),
    "invocation-overhead": (
        "How long a request takes to its function, by the size of its payload or of the package",
        "sebs.experiments.invocation_overhead",
        "InvocationOverhead",
    ),
    "network-ping-pong": (
        "Round trips of messages between functions and this machine, by UDP or TCP",
        "sebs.experiments.network_ping_pong",
        "NetworkPingPong",
    ),
    "eviction-model": (
        "How many of the environments that idle for a time are still warm, and the half-life",
        "sebs.experiments.eviction_model",
        "Eviction",
    ),
    "memory-tuning": (
        "Which memory size to take: time against cost, and what is shown of each",
        "sebs.experiments.memory_tuning",
        "MemoryTuning",
    ),
    "scalability": (
        "How fast environments come to serve bursts, and what bursts wait for it",
        "sebs.experiments.scalability",
        "Scalability",
    ),
}


def known() -> dict[str, str]:
    """Return every experiment that there is, and what it measures or where it comes from."""
    own = {name: summary for name, (summary, _, _) in BUILT_IN.items()}
    return {**{name: entry.value for name, entry in _announced().items()}, **own}


def load(name: str) -> Any:
    """Return an experiment's class.

    Raises:
        UnknownExperimentError: No such experiment; the message lists those that exist.
    """
    if name in BUILT_IN:
        _, module, attribute = BUILT_IN[name]
        return getattr(importlib.import_module(module), attribute)
    announced = _announced()
    if name not in announced:
        names = sorted(known())
        raise UnknownExperimentError(
            f"There is no experiment {name!r}.",
            remedy=f"{did_you_mean(name, names)}Known experiments: {', '.join(names)}.",
        )
    return announced[name].load()


def _announced() -> dict[str, Any]:
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=ENTRY_POINT_GROUP)}
