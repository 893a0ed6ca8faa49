"""One execution environment: a worker process, its channel, its directory, its end."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from sebs.local.gateway import processes
from sebs.local.gateway.fence import Enclosure
from sebs.local.gateway.frames import REQUEST, Answer, AnswerReader, FrameError, Kind
from sebs.local.gateway.functions import Definition
from sebs.local.gateway.invocation import Invocation
from sebs.local.gateway.spawn import spawn, worker_command, worker_variables

_CHUNK = 65536

#: Bytes of an answer beside the handler's result: the rest of its envelope, or an error's trace,
#: all of it escaped.
_ENVELOPE = 1 << 20


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
        """Its process is gone, and with it the invocations that it worked on."""
        ...


class Environment:
    """One execution environment; its process runs when the constructor returns.

    Args:
        owner: Is told of answers and of the end.
        definition: The version of the function that it serves.
        environment_id: Its id, a name of 16 hexadecimal digits.
        home: The local platform's directory.
        package: The directory of the unpacked package.
        log: Descriptor of the function's log.
        services: Variables with which it reaches the platform's data services.
        enclosure: What its processes are started in; the caller's to release.

    Raises:
        OSError: The process could not be started.
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
        enclosure: Enclosure,
    ) -> None:
        self.definition = definition
        self.id = environment_id
        self.enclosure = enclosure
        self.inflight: dict[bytes, Invocation] = {}
        self.served = 0
        self.retired = False
        self.idle_since = 0.0
        #: Microseconds from its start until it was ready, and when that was; 0 until then.
        self.init_us = 0
        self.ready_ns = 0
        # The most memory that its worker had when it last answered.
        self._known_kib = 0
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._verdict: Verdict | None = None
        self._unsent = bytearray()
        self._reader = AnswerReader(definition.scaling.max_response + _ENVELOPE)
        self._temporary = home / "tmp" / environment_id
        self._record = home / "environments" / f"{environment_id}.json"
        self._temporary.mkdir(mode=0o700)
        try:
            self._started_ns = time.monotonic_ns()
            variables = worker_variables(
                definition, services, environment_id, package, self._temporary, self._started_ns
            )
            self.pid, self._channel = spawn(
                worker_command(definition), variables, log, enclosure.start
            )
        except OSError:
            self._temporary.rmdir()
            raise
        identity = {"pid": self.pid, "start_time": processes.start_time(self.pid)}
        try:
            self._record.write_text(json.dumps(identity))
        except OSError:
            # Unrecorded it could outlive a killed gateway.
            processes.kill_group(self.pid)
            self._channel.close()
            self._remove_temporary()
            raise
        self._loop.add_reader(self._channel, self._readable)

    @property
    def ending(self) -> bool:
        """Whether it has been killed and only its end is awaited."""
        return self._verdict is not None

    def memory_mb(self) -> float:
        """Return the resident memory of its processes now, in MB."""
        return round(processes.tree_memory(self.pid) / 1024, 1)

    def excess(self, invocation: Invocation) -> Verdict | None:
        """Return what an invocation is told if its environment took too much memory for it."""
        limit = self.definition.memory
        if self.enclosure.maimed():
            invocation.peak_kib = max(invocation.peak_kib, self.enclosure.peak_kib())
        elif invocation.peak_kib <= limit * 1024:
            return None
        return _out_of_memory(invocation.peak_kib, limit)

    def send(self, invocation: Invocation) -> None:
        """Hand over one invocation."""
        self.served += 1
        request_id, body = invocation.request_id, invocation.body
        self.inflight[request_id] = invocation
        frame = REQUEST.pack(len(body), request_id) + body
        invocation.body = b""
        if self._unsent:
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
            processes.kill_group(self.pid)

    async def gone(self) -> None:
        """Wait until its process has ended."""
        await asyncio.shield(self._gone)

    def exited(self, status: int, maxrss: int) -> None:
        """Take note that its process has ended, and clean up behind it.

        Args:
            status: As ``wait4`` gave it.
            maxrss: The same; in KiB, and no more than an upper bound of what it used.
        """
        self.retired = True
        peak = processes.peak_at_end(maxrss)
        verdict = self._verdict or self._find_cause(status, peak)
        self._verdict = verdict
        self._readable()  # what it answered before it ended counts
        processes.kill_group(self.pid)
        self._hang_up()
        self._record.unlink(missing_ok=True)
        self._remove_temporary()
        failed = list(self.inflight.values())
        self.inflight.clear()
        for invocation in failed:
            # The bound is all there is if it ended before it was ready and before any look.
            invocation.peak_kib = max(invocation.peak_kib, self._known_kib, peak) or maxrss
        self._owner.ended(self, failed, verdict)
        if not self._gone.done():
            self._gone.set_result(None)

    def _find_cause(self, status: int, peak: int) -> Verdict:
        """Return why it ended, as nobody here ended it."""
        limit = self.definition.memory
        if self.enclosure.struck():
            peak = max(peak, self.enclosure.peak_kib())
            for invocation in self.inflight.values():
                invocation.peak_kib = max(invocation.peak_kib, peak)
        elif peak <= limit * 1024:
            return Verdict("EnvironmentCrashed", _describe(status))
        return _out_of_memory(peak, limit)

    def _readable(self) -> None:
        while self._channel.fileno() >= 0:
            try:
                data = self._channel.recv(_CHUNK)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._hang_up()
                # Without its channel it is of no use, whether or not it has ended already.
                processes.kill_group(self.pid)
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
        if self._channel.fileno() >= 0:
            self._loop.remove_reader(self._channel)
            self._loop.remove_writer(self._channel)
            self._channel.close()

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


def _describe(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"The environment ended with exit code {code}."
    return f"The environment was ended by signal {-code}."


def sweep(home: Path) -> int:
    """Remove what a killed predecessor left: its environments and their directories.

    A recorded process is killed only if it started when the record says, for pids come again.

    Returns:
        How many environments it had.
    """
    left = list((home / "environments").glob("*.json"))
    for record in left:
        with suppress(OSError, ValueError, KeyError):
            identity = json.loads(record.read_bytes())
            if processes.start_time(identity["pid"]) == identity["start_time"]:
                processes.kill_group(identity["pid"])
    if left:
        for pid in processes.members({record.stem for record in left}):
            processes.kill(pid)
    for record in left:
        record.unlink(missing_ok=True)
    for directory in (home / "tmp").iterdir():
        _remove_tree(directory)
    return len(left)
