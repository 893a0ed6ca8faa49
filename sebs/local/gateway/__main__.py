"""``python -m sebs.local.gateway --home DIR``: the gateway process."""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from sebs.local.gateway.fence import NoFence, raise_fence
from sebs.local.gateway.gateway import Gateway, prepare_home, report
from sebs.local.gateway.lifetime import AlreadyRunning, lock_home

_ALREADY_RUNNING = 3


def main() -> int:
    """Run the gateway; 0 when it was stopped, 3 when another one serves the directory."""
    parser = argparse.ArgumentParser(prog="python -m sebs.local.gateway", description=__doc__)
    parser.add_argument("--home", required=True, type=Path, help="the local platform's directory")
    parser.add_argument(
        "--memory-limit",
        choices=["auto", "watch"],
        default="auto",
        help="auto: by control groups where permitted; watch: by resident sizes alone",
    )
    arguments = parser.parse_args()
    home: Path = arguments.home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    try:
        lock_home(home)
    except AlreadyRunning as error:
        report(str(error))
        return _ALREADY_RUNNING
    prepare_home(home)
    # A crashing environment leaves no core file: its working directory is the package.
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))
    _runner()(_serve(home, arguments.memory_limit == "auto"))
    return 0


async def _serve(home: Path, groups: bool) -> None:
    fence, refused = raise_fence(home) if groups else (NoFence(), [])
    for reason in refused:
        report(reason)
    gateway = Gateway(home, fence)
    # What exists now lives as long as the process: the collector need not look at it again.
    gc.freeze()
    await gateway.run()


def _runner() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Return uvloop's runner where it is installed; the standard loop does the same, slower."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    run: Callable[[Coroutine[Any, Any, None]], None] = uvloop.run
    return run


if __name__ == "__main__":
    sys.exit(main())
