"""One execution environment: its worker's channel, its directory, its end."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from sebs.local.gateway.frames import REQUEST, Answer, AnswerReader, FrameError, Kind
from sebs.local.gateway.functions import Definition
from sebs.local.gateway.invocation import Invocation
from sebs.local.gateway.sandbox import End, Order, Sandbox

_CHUNK = 65536

#: Bytes of an answer beside the handler's result: the rest of its envelope, or an error's trace,
#: all of it escaped.
_ENVELOPE = 1 << 20


#: Seconds that a worker may take to connect: less than what a client waits beyond the timeout.
_START_WITHIN = 10.0


class Verdict(NamedTuple):
    """Why the gateway ended an environment, as its invocations are told."""

    outcome: str
    message: str


class Owner(Protocol):
    """Who is told what happens to an environment."""

    def answered(self, environment: Environment, invocation: Invocation, answer: Answer) -> None:
        """One of its invocations has its answer."""
        ...

    def ended(self, environment: Environment, failed: list[Invocation], verdict: Verdict) -> None:
        """Its worker is gone, and with it the invocations that it worked on."""
        ...


class Environment:
    """One execution environment; its worker is launched when the constructor returns.

    Args:
        owner: Is told of answers and of the end.
        definition: The version of the function that it serves.
        environment_id: Its id, a name of 16 hexadecimal digits.
        home: The local platform's directory.
        package: The directory of the unpacked package.
        log: Descriptor of the function's log.
        services: Variables with which it reaches the platform's data services.
        sandbox: What its worker is launched in.

    Raises:
        OSError: The worker could not be launched.
    """

    def __init__(
        self,
        owner: Owner,
        definition: Definition,
        environment_id: str,
        home: Path,
        package: Path,
        log: int,
        services: Mapping[str, str],
        sandbox: Sandbox,
    ) -> None:
        self.definition = definition
        self.id = environment_id
        self.inflight: dict[bytes, Invocation] = {}
        self.served = 0
        self.retired = False
        #: Nanoseconds of its pool's clock; of meaning while it has no work.
        self.idle_since = 0
        #: Microseconds from its start until it was ready, and when that was; 0 until then.
        self.init_us = 0
        self.ready_ns = 0
        # The most memory that its worker had when it last answered.
        self._known_kib = 0
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._verdict: Verdict | None = None
        self._channel: socket.socket | None = None
        self._connected_ns = 0
        self._unsent = bytearray()
        self._reader = AnswerReader(definition.scaling.max_response + _ENVELOPE)
        self._temporary = home / "tmp" / environment_id
        self._temporary.mkdir(mode=0o700)
        self._started_ns = time.monotonic_ns()
        order = Order(
            environment_id, definition, package, self._temporary, log, services, self._started_ns
        )
        try:
            self._cell = sandbox.launch(self, order)
        except OSError:
            self._remove_temporary()
            raise

    @property
    def pid(self) -> int:
        """Its first process; 0 until there is one."""
        return self._cell.pid

    @property
    def ending(self) -> bool:
        """Whether it has been killed and only its end is awaited."""
        return self._verdict is not None

    def memory_kib(self) -> int:
        """Return the resident memory of its processes now, in KiB."""
        return self._cell.memory_kib()

    def excess(self, invocation: Invocation) -> Verdict | None:
        """Return what an invocation is told if its environment took too much memory for it."""
        limit = self.definition.memory
        if self._cell.maimed():
            invocation.peak_kib = max(invocation.peak_kib, self._cell.peak_kib())
        elif invocation.peak_kib <= limit * 1024:
            return None
        return _out_of_memory(invocation.peak_kib, limit)

    def overdue(self, now_ns: int) -> Verdict | None:
        """Return what its invocations are told if one of them, or its own start, takes too long.

        The time of an invocation begins with its dispatch, but not before its worker is there.
        """
        oldest = min(invocation.dispatched_ns for invocation in self.inflight.values())
        if self._connected_ns == 0:
            if now_ns - oldest <= _START_WITHIN * 1e9:
                return None
            message = f"The environment's worker was not there within {_START_WITHIN:g} s."
            return Verdict("EnvironmentCrashed", message)
        timeout = self.definition.timeout
        if now_ns - max(oldest, self._connected_ns) <= timeout * 1e9:
            return None
        return Verdict("TimeoutError", f"An invocation ran past the timeout of {timeout:g} s.")

    def send(self, invocation: Invocation) -> None:
        """Hand over one invocation."""
        self.served += 1
        request_id, body = invocation.request_id, invocation.body
        self.inflight[request_id] = invocation
        frame = REQUEST.pack(len(body), request_id) + body
        invocation.body = b""
        if self._channel is None or self._unsent:
            self._unsent += frame
            return
        try:
            sent = self._channel.send(frame)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # it has just died: its end is reported in a moment
        if sent < len(frame):
            self._unsent += memoryview(frame)[sent:]
            self._loop.add_writer(self._channel, self._writable)

    def kill(self, verdict: Verdict) -> None:
        """End it with all its processes; the owner hears of it when it is gone."""
        self.retired = True
        if self._verdict is None:
            self._verdict = verdict
            self._cell.kill()

    async def gone(self) -> None:
        """Wait until its worker has ended."""
        await asyncio.shield(self._gone)

    def connected(self, channel: socket.socket) -> None:
        """Talk to the worker over this socket, which does not block, from now on."""
        self._channel = channel
        self._connected_ns = time.monotonic_ns()
        self._loop.add_reader(channel, self._readable)
        if self._unsent:
            self._loop.add_writer(channel, self._writable)

    def ended(self, end: End) -> None:
        """Take note that nothing of it runs any more, and clean up behind it."""
        self.retired = True
        verdict = self._verdict or self._find_cause(end)
        self._verdict = verdict
        self._readable()  # what it answered before it ended counts
        self._hang_up()
        self._remove_temporary()
        failed = list(self.inflight.values())
        self.inflight.clear()
        for invocation in failed:
            known = max(invocation.peak_kib, self._known_kib, end.peak_kib)
            # The bound is all there is if it ended before it was ready and before any look.
            invocation.peak_kib = known or end.bound_kib
        self._owner.ended(self, failed, verdict)
        if not self._gone.done():
            self._gone.set_result(None)

    def _find_cause(self, end: End) -> Verdict:
        """Return why it ended, as nobody here ended it."""
        limit = self.definition.memory
        peak = end.peak_kib
        if self._cell.struck():
            peak = max(peak, self._cell.peak_kib())
            for invocation in self.inflight.values():
                invocation.peak_kib = max(invocation.peak_kib, peak)
        elif peak <= limit * 1024:
            return Verdict("EnvironmentCrashed", end.reason)
        return _out_of_memory(peak, limit)

    def _readable(self) -> None:
        while self._channel is not None:
            try:
                data = self._channel.recv(_CHUNK)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._hang_up()
                # Without its channel it is of no use, whether or not it has ended already.
                self._cell.abandon()
                return
            try:
                for answer in self._reader.feed(data):
                    self._answer(answer)
            except FrameError as error:
                message = f"The environment broke the protocol: {error}."
                self.kill(Verdict("EnvironmentCrashed", message))
                self._hang_up()
                return
            if len(data) < _CHUNK:
                return

    def _answer(self, answer: Answer) -> None:
        self._known_kib = answer[3]
        if answer[0] == Kind.READY:
            self.init_us = answer[2]
            self.ready_ns = self._started_ns + answer[2] * 1000
            return
        invocation = self.inflight.pop(answer[1], None)
        if invocation is not None:
            self._owner.answered(self, invocation, answer)

    def _writable(self) -> None:
        assert self._channel is not None, "a writer is removed with its channel"
        try:
            sent = self._channel.send(self._unsent)
        except BlockingIOError:
            return
        except OSError:
            sent = len(self._unsent)
        del self._unsent[:sent]
        if not self._unsent:
            self._loop.remove_writer(self._channel)

    def _hang_up(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            self._loop.remove_reader(channel)
            self._loop.remove_writer(channel)
            channel.close()

    def _remove_temporary(self) -> None:
        try:
            os.rmdir(self._temporary)
        except OSError:
            # Not empty: whatever size it has, the gateway must not wait for its removal.
            self._loop.run_in_executor(None, _remove_tree, self._temporary)


def _remove_tree(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)


def _out_of_memory(used_kib: int, limit_mib: int) -> Verdict:
    used = used_kib / 1024
    return Verdict("OutOfMemory", f"The environment used {used:.0f} MB of {limit_mib} MB.")
