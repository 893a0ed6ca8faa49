"""Which conclusion is drawn from the runs of which experiment."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sebs.analysis.conclusion import Conclusion
    from sebs.analysis.prices import Tariff
    from sebs.results.results import Results

#: Name of an experiment, to the module and the function that conclude from its runs.
CONCLUDING = {
    "perf-cost": ("performance", "conclude_performance"),
    "invocation-overhead": ("invocation_overhead", "conclude_overhead"),
    "network-ping-pong": ("round_trips", "conclude_round_trips"),
    "eviction-model": ("idling", "conclude_eviction"),
    "memory-tuning": ("tuning_told", "conclude_tuning"),
    "scalability": ("scaling_told", "conclude_scaling"),
}


#: Those whose function takes, beside the results, whose prices apply.
_PRICED = frozenset({"perf-cost"})


def conclusion_of(
    results: Results, pricing: Callable[[Results, str | None], Tariff]
) -> Conclusion | None:
    """Return what follows from a run; nothing where its experiment concludes nothing.

    Args:
        results: Of one run.
        pricing: Says whose prices apply to it on an architecture, where it does not matter to what
            was decided.

    Raises:
        AnalysisError: Nothing can be concluded; the message says why.
        ResultFormatError: The results cannot be read.
    """
    experiment = results.manifest.experiment
    if experiment not in CONCLUDING:
        return None
    module, name = CONCLUDING[experiment]
    conclude: Callable[..., Conclusion]
    conclude = getattr(importlib.import_module(f"sebs.analysis.{module}"), name)
    more: dict[str, Any] = {"pricing": pricing} if experiment in _PRICED else {}
    return conclude(results, **more)
