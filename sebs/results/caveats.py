"""What is to be known of a run before its figures are believed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sebs.results.processor_use import ProcessorUse

if TYPE_CHECKING:
    from sebs.results.manifest import Manifest
    from sebs.results.results import Results


def caveats(results: Results) -> Iterator[str]:
    """Say where the client was saturated, what is contradictory, and what figures do not tell.

    Args:
        results: Of one run.
    """
    manifest = results.manifest
    findings = getattr(results, "findings", manifest.findings)
    yield from ProcessorUse.deserialize(manifest.processors).told()
    if contradicted := findings.get("cold_start_disagreements"):
        are = "invocation was" if len(contradicted) == 1 else "invocations were"
        yield (
            f"Function and platform disagree on whether {len(contradicted)} {are} cold: shown is "
            "what the function says."
        )
    if missing := findings.get("missing"):
        yield f"The platform's log has nothing of {len(missing)} invocations."
    if any(factor.name == "intended" for factor in manifest.factors):
        yield (
            "Client times run from the actual sending here; an open loop's latencies run from the "
            "intended one: `sebs experiment process` has those, and what was sent too late."
        )
    if memory_is_idle(manifest) and len(manifest.parameters.get("memory-sizes") or ()) > 1:
        yield (
            "On this platform's process sandbox the memory size does not change how fast a "
            "function is: what differs between sizes has other reasons."
        )


def memory_is_idle(manifest: Manifest) -> bool:
    """Whether it is known that a run's functions were as fast with any memory size."""
    return manifest.details.get("memory_sets_speed") is False
