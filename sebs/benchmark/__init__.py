"""Benchmarks: where they are, what is in them, how they are built, fed and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sebs.benchmark.benchmark import Benchmark as Benchmark

__all__ = ["Benchmark"]


def __getattr__(name: str) -> Any:
    # Whoever only packs or unpacks need not load what a build takes.
    if name == "Benchmark":
        from sebs.benchmark.benchmark import Benchmark

        return Benchmark
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
