"""The execution environments of one function: when they start, serve, wait and end."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Protocol

from sebs.local.gateway.clock import Clock, RealClock, Timer, VirtualClock
from sebs.local.gateway.environment import Environment, Owner, Verdict
from sebs.local.gateway.frames import Answer, Kind
from sebs.local.gateway.functions import VIRTUAL, Definition
from sebs.local.gateway.invocation import FAILURES, OUTCOMES, Invocation
from sebs.local.gateway.keepalive import policy_of
from sebs.local.gateway.logs import FunctionLog
from sebs.local.gateway.metrics import MetricsLog

RECYCLED = Verdict("EnvironmentCrashed", "The environment was retired.")
EXPIRED = Verdict("EnvironmentCrashed", "The environment was idle for too long.")
DELETED = Verdict("FunctionNotFound", "The function was deleted.")


class Host(Protocol):
    """What a pool needs of the gateway."""

    def start_environment(self, owner: Owner, definition: Definition, log: int) -> Environment:
        """Start one environment; an ``OSError`` says why it could not be."""
        ...

    def environment_ended(self, environment: Environment) -> None:
        """Forget an environment."""
        ...

    def watch(self) -> None:
        """See to it that working environments are watched."""
        ...


class Pool:
    """Scales one function as a platform does it.

    A request goes to the warm environment that worked most recently, else to a new one, else it
    waits in arrival order, else it is throttled.

    Args:
        host: The gateway.
        definition: The present version of the function.
        metrics: The function's metrics log.
        log: The function's output.
    """

    def __init__(
        self, host: Host, definition: Definition, metrics: MetricsLog, log: FunctionLog
    ) -> None:
        self.definition = definition
        self.metrics = metrics
        self.log = log
        #: Environments of the present version, and those that only finish what they have.
        self.serving: set[Environment] = set()
        self.ending: set[Environment] = set()
        #: Those of ``serving`` with room for another request, the most recently used one last.
        self._available: list[Environment] = []
        self._queue: deque[Invocation] = deque()
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._policy = policy_of(definition.scaling)
        self._clock = _clock_of(definition)
        # Present wherever an environment is idle, so that none is forgotten.
        self._review: Timer | None = None

    @property
    def queued(self) -> int:
        """How many requests wait."""
        return len(self._queue)

    def submit(self, invocation: Invocation) -> None:
        """Serve a request, now or when an environment is free; it is answered in any case."""
        if self._available:
            self._dispatch(self._available[-1], invocation)
        elif len(self.serving) < self.definition.scaling.max_environments:
            self._start(invocation)
        elif len(self._queue) < self.definition.scaling.queue:
            self._queue.append(invocation)
        else:
            message = (
                f"All {len(self.serving)} environments are busy and {len(self._queue)} requests "
                f"wait; max_environments and queue allow no more."
            )
            self._fail(invocation, Verdict("Throttled", message))

    def redefine(self, definition: Definition) -> list[Environment]:
        """Serve another version from now on; return the idle environments that end for it."""
        self.definition = definition
        self._policy = policy_of(definition.scaling)
        self._clock = _clock_of(definition)
        self._cancel_review()
        return self.recycle()

    def advance(self, nanoseconds: int) -> list[Environment] | None:
        """Let time pass on a virtual clock.

        Returns:
            The idle environments that end for it, which serve no more; ``None`` where the clock is
            the real one, and nothing was done.
        """
        if not isinstance(self._clock, VirtualClock):
            return None
        self._clock.advance(nanoseconds)
        self._cancel_review()
        return self._end_idle()

    def recycle(self) -> list[Environment]:
        """Let no present environment serve again: idle ones end now, busy ones when done.

        Returns:
            All that were retired.
        """
        retired = list(self.serving)
        for environment in retired:
            self._retire(environment, RECYCLED)
        self._serve_queue()
        return retired

    def close(self, verdict: Verdict) -> list[Environment]:
        """End all environments, whatever they do, and fail what waits; return them."""
        waiting, self._queue = self._queue, deque()
        for invocation in waiting:
            self._fail(invocation, verdict)
        for environment in list(self.serving):
            self._retire(environment, verdict)
        for environment in self.ending:
            environment.kill(verdict)
        return list(self.ending)

    def answered(self, environment: Environment, invocation: Invocation, answer: Answer) -> None:
        """Record and deliver an answer; the environment takes the next request first."""
        kind, _, cpu_us, peak_kib, body = answer
        now_ns = time.monotonic_ns()
        status, outcome = OUTCOMES[kind]
        invocation.peak_kib = max(invocation.peak_kib, peak_kib)
        invocation.ready_ns = environment.ready_ns
        if invocation.cold:
            invocation.init_us = environment.init_us
        verdict = environment.excess(invocation)
        if verdict is not None:
            status, outcome = FAILURES[verdict.outcome], verdict.outcome
            body = invocation.failed(*verdict)
        if verdict is not None or kind == Kind.INIT_ERROR:
            self._remove(environment)
            environment.kill(verdict or RECYCLED)
        elif environment.retired:
            if not environment.inflight:
                environment.kill(RECYCLED)
        else:
            self._next(environment)
        self._settle(invocation, status, outcome, cpu_us, now_ns, body)

    def ended(self, environment: Environment, failed: list[Invocation], verdict: Verdict) -> None:
        """Fail what a dead environment worked on, and serve those that wait with others."""
        self._remove(environment)
        self.ending.discard(environment)
        self._host.environment_ended(environment)
        for invocation in failed:
            invocation.ready_ns = environment.ready_ns
            if invocation.cold:
                invocation.init_us = environment.init_us
            self._fail(invocation, verdict)
        self._serve_queue()

    def _start(self, invocation: Invocation) -> None:
        try:
            environment = self._host.start_environment(self, self.definition, self.log.descriptor)
        except OSError as error:
            message = f"The environment could not be started: {error}."
            self._fail(invocation, Verdict("EnvironmentCrashed", message))
            return
        self.serving.add(environment)
        self._available.append(environment)
        self._dispatch(environment, invocation)

    def _dispatch(self, environment: Environment, invocation: Invocation) -> None:
        """Hand a request to the last of the available environments."""
        definition = environment.definition
        invocation.dispatched_ns = time.monotonic_ns()
        invocation.environment_id = environment.id
        invocation.cold = environment.served == 0
        invocation.memory_limit = definition.memory
        invocation.version = definition.version
        environment.send(invocation)
        if len(environment.inflight) >= definition.scaling.concurrency:
            self._available.pop()
        self._host.watch()

    def _next(self, environment: Environment) -> None:
        """Let an environment with room for one more take what waits, or wait itself."""
        if len(environment.inflight) == environment.definition.scaling.concurrency - 1:
            self._available.append(environment)
        if self._queue:
            self._dispatch(self._available[-1], self._queue.popleft())
        elif not environment.inflight:
            environment.idle_since = self._policy.begin(self._clock.now())
            if self._review is None:
                self._review = self._loop.call_soon(self._end_idle)

    def _end_idle(self) -> list[Environment]:
        """End those that were idle for long enough, and return them."""
        self._review = None
        idle = [each for each in self._available if not each.inflight]
        if not idle:
            return []
        # Stable: of those that became idle together, the most recently used one remains last.
        idle.sort(key=lambda each: each.idle_since)
        since = [each.idle_since for each in idle]
        ended, wait = self._policy.review(since, self._clock.now())
        expired = [idle[position] for position in ended]
        for environment in expired:
            self._retire(environment, EXPIRED)
        if len(expired) < len(idle):
            self._review = self._clock.call_later(wait, self._end_idle)
        return expired

    def _cancel_review(self) -> None:
        if self._review is not None:
            self._review.cancel()
            self._review = None

    def _retire(self, environment: Environment, verdict: Verdict) -> None:
        self._remove(environment)
        environment.retired = True
        if not environment.inflight:
            environment.kill(verdict)

    def _remove(self, environment: Environment) -> None:
        """Take an environment out of service."""
        if environment in self.serving:
            self.serving.remove(environment)
            self.ending.add(environment)
        if environment in self._available:
            self._available.remove(environment)

    def _serve_queue(self) -> None:
        room = self.definition.scaling.max_environments
        while self._queue and (self._available or len(self.serving) < room):
            self.submit(self._queue.popleft())

    def _fail(self, invocation: Invocation, verdict: Verdict) -> None:
        body = invocation.failed(*verdict)
        status = FAILURES[verdict.outcome]
        self._settle(invocation, status, verdict.outcome, 0, time.monotonic_ns(), body)

    def _settle(
        self, invocation: Invocation, status: int, outcome: str, cpu: int, now_ns: int, body: bytes
    ) -> None:
        line, headers = invocation.settle(status, outcome, cpu, now_ns)
        self.metrics.append(line)
        invocation.responder.reply(status, headers, body)


def _clock_of(definition: Definition) -> Clock:
    return VirtualClock() if definition.scaling.clock == VIRTUAL else RealClock()
