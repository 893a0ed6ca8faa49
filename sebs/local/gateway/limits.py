"""The watch over working environments: their memory, their deadlines, their output.

Memory is what the resident sizes of an environment's process tree add up to: sampled here, and the
worker's own exact peak with each answer. Where a fence is permitted, the kernel enforces the limit
between two looks as well; the figures are the same.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sebs.local.gateway.environment import Environment

if TYPE_CHECKING:
    from sebs.local.gateway.logs import FunctionLog

#: Seconds between two looks; also the precision of a timeout.
INTERVAL = 0.02

#: The least pause after a look, as a multiple of what the look took: however many environments
#: work, watching them takes no more than a tenth of the gateway's time.
_PAUSE = 9


class Watch:
    """Looks at the working environments at a fixed interval, and not at all when none works.

    Args:
        environments: Returns those that live, each with its function's log.
    """

    def __init__(
        self, environments: Callable[[], Iterable[tuple[Environment, FunctionLog]]]
    ) -> None:
        self._environments = environments
        self._loop = asyncio.get_running_loop()
        self._armed = False
        self._pause = INTERVAL

    def arm(self) -> None:
        """See to it that somebody looks; called with each dispatch, so it costs next to nothing."""
        if not self._armed:
            self._armed = True
            self._loop.call_later(self._pause, self._look)

    def _look(self) -> None:
        self._armed = False
        working = False
        now_ns = time.monotonic_ns()
        for environment, log in self._environments():
            if environment.inflight:
                working = True
                log.bound()
                if not environment.ending:
                    self._judge(environment, now_ns)
        took = (time.monotonic_ns() - now_ns) / 1e9
        self._pause = max(INTERVAL, took * _PAUSE)
        if working:
            self.arm()

    def _judge(self, environment: Environment, now_ns: int) -> None:
        used = environment.memory_kib()
        for invocation in environment.inflight.values():
            invocation.peak_kib = max(invocation.peak_kib, used)
            if (excess := environment.excess(invocation)) is not None:
                environment.kill(excess)
                return
        if (overdue := environment.overdue(now_ns)) is not None:
            environment.kill(overdue)
