"""Deploy functions to FaaS platforms, measure them, and say what they cost.

The public names are loaded on first use, so that ``import sebs`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark as Benchmark
    from sebs.cache import Cache as Cache
    from sebs.config import SeBSConfig as SeBSConfig
    from sebs.errors import SebsError as SebsError
    from sebs.faas.function import ExecutionResult as ExecutionResult
    from sebs.faas.function import Function as Function
    from sebs.faas.function import Trigger as Trigger
    from sebs.faas.system import System as System
    from sebs.local import Local as Local
    from sebs.sebs import SeBS as SeBS
    from sebs.sebs_types import Architecture as Architecture
    from sebs.sebs_types import Language as Language
    from sebs.sebs_types import SystemVariant as SystemVariant

__version__ = "0.1.0"

_HOMES = {
    "Architecture": "sebs.sebs_types",
    "Benchmark": "sebs.benchmark",
    "Cache": "sebs.cache",
    "ExecutionResult": "sebs.faas.function",
    "Function": "sebs.faas.function",
    "Language": "sebs.sebs_types",
    "Local": "sebs.local",
    "SeBS": "sebs.sebs",
    "SeBSConfig": "sebs.config",
    "SebsError": "sebs.errors",
    "System": "sebs.faas.system",
    "SystemVariant": "sebs.sebs_types",
    "Trigger": "sebs.faas.function",
}

__all__ = [
    "Architecture",
    "Benchmark",
    "Cache",
    "ExecutionResult",
    "Function",
    "Language",
    "Local",
    "SeBS",
    "SeBSConfig",
    "SebsError",
    "System",
    "SystemVariant",
    "Trigger",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
