"""What is to be known of a run before its figures are believed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sebs.results.processor_use import ProcessorUse

if TYPE_CHECKING:
    from sebs.results.results import Results


def caveats(results: Results) -> Iterator[str]:
    """Say where the client was saturated, and what function and platform say differently.

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
