"""Servers on this machine that functions exchange messages with, and what these saw.

Each is a context manager with one thread of its own, and keeps a record of every message::

    with UdpEcho("127.0.0.1") as peer:
        trigger.sync_invoke({**event, **peer.event, "repetitions": 100})
    for arrival in peer.arrivals:
        print(arrival.request_id, arrival.number, arrival.sent - arrival.received)

A message is in the record before it is answered, so whoever has the answer finds it there. Which of
them a benchmark needs is the ``peer`` in its ``config.json``.
"""

from __future__ import annotations

import errno
import secrets
import selectors
import socket
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from struct import calcsize, unpack
from typing import Any, ClassVar

from sebs.errors import UsageError

#: What ends an exchange and is not answered.
STOP = b"stop"

#: Bytes of the longest message.
_LONGEST = 65535

#: Ports below it belong to services, some of which answer whatever is sent to them: two servers
#: that do would never end.
_FIRST_USER_PORT = 1024

#: Seconds that a client may keep everybody else waiting by not reading its answer.
_PATIENCE = 1.0

#: Asks Linux when a datagram came in, in nanoseconds (``socket(7)``; Python has no name for it).
_SO_TIMESTAMPNS = 35
_TIMESPEC = "@ll"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message that a peer got and answered.

    Attributes:
        text: The message; for :class:`TcpReply`, which gets none, the answer.
        source: Address and port of the sender.
        received: When it came in, Unix seconds: where the kernel says so, when it reached this
            machine, however late this process was to look.
        sent: When the answer was handed over, Unix seconds.
        received_ns: As ``received``, on this machine's monotonic clock.
        sent_ns: As ``sent``, on this machine's monotonic clock.
        read_ns: When this process had it, on the same clock. It is never too early, as
            ``received_ns`` is where the wall clock was set while the message waited.
        asker: To :class:`TcpReply`, the request id that the client named after the answer; empty
            where none is known.
    """

    text: str
    source: tuple[str, int]
    received: float
    sent: float
    received_ns: int
    sent_ns: int
    read_ns: int
    asker: str = ""

    @property
    def request_id(self) -> str:
        """The invocation that it came from: all before the first space."""
        return self.text.partition(" ")[0]

    @property
    def number(self) -> int | None:
        """Which of the invocation's messages it is; ``None`` where it does not say."""
        digits = self.text.partition(" ")[2]
        return int(digits) if digits.isdecimal() and digits.isascii() else None


class Peer(ABC):
    """A server on this machine, which listens inside its ``with`` block.

    Args:
        host: Address at which functions reach this machine. The peer listens there and nowhere
            else, unless no interface here has that address: then on all of them.
        port: Where it listens; 0 takes any that is free.

    Attributes:
        began_ns: When it began to listen, on this machine's monotonic clock.
    """

    #: Its name in a benchmark's ``config.json``.
    kind: ClassVar[str]
    #: The names of its address and of its port in an event.
    fields: ClassVar[tuple[str, str]] = ("server-address", "server-port")
    _type: ClassVar[socket.SocketKind]

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self._arrivals: list[Arrival] = []
        self._selector = selectors.DefaultSelector()
        self._thread = threading.Thread(target=self._serve, name=f"sebs-{self.kind}", daemon=True)

    @property
    def event(self) -> dict[str, Any]:
        """What an event must have for the function to find this peer."""
        return dict(zip(self.fields, (self.host, self.port), strict=True))

    @property
    def arrivals(self) -> tuple[Arrival, ...]:
        """Everything so far, in the order in which it came in; also after the end."""
        return tuple(self._arrivals)

    def __enter__(self) -> Peer:
        """Listen.

        Raises:
            UsageError: The host is not known, or the port is taken or not allowed.
        """
        self.began_ns = time.monotonic_ns()
        listener = _listen(self._type, self.host, self.port)
        self.port = listener.getsockname()[1]
        self._waker, woken = socket.socketpair()
        self._watch(listener, self._accept)
        self._watch(woken, self._end)
        self._ended = False
        self._thread.start()
        _running[self.kind, self.port] = self
        return self

    def __exit__(self, *exception: object) -> None:
        del _running[self.kind, self.port]
        self._waker.close()
        self._thread.join()
        self._selector.close()

    @abstractmethod
    def _accept(self, listener: socket.socket) -> None:
        """Serve what is waiting at the socket on which the peer listens."""

    def _serve(self) -> None:
        while not self._ended:
            for key, _ in self._selector.select():
                key.data(key.fileobj)
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)  # nothing else was registered
            self._drop(key.fileobj)

    def _end(self, _: socket.socket) -> None:
        self._ended = True

    def _watch(self, watched: socket.socket, serve: Callable[[socket.socket], None]) -> None:
        self._selector.register(watched, selectors.EVENT_READ, serve)

    def _drop(self, dropped: socket.socket) -> None:
        self._selector.unregister(dropped)
        dropped.close()

    def _record(
        self, text: str, source: tuple[str, int], read_ns: int, waited: float = 0.0
    ) -> None:
        """Keep a message that is about to be answered.

        Args:
            text: The message.
            source: Who sent it.
            read_ns: When it was read, on the monotonic clock.
            waited: Seconds between its arrival and now.
        """
        now, now_ns = time.time(), time.monotonic_ns()
        received_ns = now_ns - round(waited * 1e9)
        self._arrivals.append(
            Arrival(text, source, now - waited, now, received_ns, now_ns, read_ns)
        )


class UdpEcho(Peer):
    """Sends every datagram back to where it came from; ``stop`` is not answered."""

    kind = "udp-echo"
    _type = socket.SOCK_DGRAM

    def _accept(self, listener: socket.socket) -> None:
        data, notes, _, source = listener.recvmsg(_LONGEST, socket.CMSG_SPACE(calcsize(_TIMESPEC)))
        read_ns = time.monotonic_ns()
        if data == STOP or source[1] < _FIRST_USER_PORT:
            return
        self._record(data.decode(errors="replace"), source[:2], read_ns, _waited(notes))
        try:
            listener.sendto(data, source)
        except OSError:
            return  # it cannot be reached: for the sender, the answer was lost


class TcpEcho(Peer):
    """Sends every line back on the connection that it came on."""

    kind = "tcp-echo"
    _type = socket.SOCK_STREAM

    def _accept(self, listener: socket.socket) -> None:
        connection, source = listener.accept()
        connection.settimeout(_PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._watch(connection, _Lines(self._answer, self._drop, source[:2]).read)

    def _answer(self, connection: socket.socket, line: bytes, source: tuple[str, int]) -> None:
        self._record(line.decode(errors="replace"), source, time.monotonic_ns())
        connection.sendall(line + b"\n")


class _Lines:
    """Takes what comes on one connection apart into lines."""

    def __init__(
        self,
        answer: Callable[[socket.socket, bytes, tuple[str, int]], None],
        drop: Callable[[socket.socket], None],
        source: tuple[str, int],
    ) -> None:
        self._answer, self._drop, self._source = answer, drop, source
        self._rest = b""

    def read(self, connection: socket.socket) -> None:
        """Answer what is there; a client that is gone, or writes no lines, is dropped."""
        try:
            data = connection.recv(_LONGEST)
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                self._answer(connection, line, self._source)
        except OSError:
            data = b""
        if not data or len(self._rest) > _LONGEST:
            self._drop(connection)


class TcpReply(Peer):
    """Sends whoever connects a line that nobody else gets, and hangs up.

    A client may name the invocation that it belongs to, in a line of its own, when it has the
    answer; SeBS's functions say nothing.
    """

    kind = "tcp-reply"
    fields = ("ip-address", "port")
    _type = socket.SOCK_STREAM

    def _accept(self, listener: socket.socket) -> None:
        connection, source = listener.accept()
        connection.settimeout(_PATIENCE)
        reply = secrets.token_hex(16)
        self._record(reply, source[:2], time.monotonic_ns())
        name = partial(self._name, len(self._arrivals) - 1)
        self._watch(connection, _Lines(name, self._drop, source[:2]).read)
        try:
            connection.sendall(reply.encode())
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(connection)  # it did not wait for the reply

    def _name(
        self, at: int, _connection: socket.socket, line: bytes, _source: tuple[str, int]
    ) -> None:
        self._arrivals[at] = replace(self._arrivals[at], asker=line.decode(errors="replace"))


#: The peers by their names.
KINDS: dict[str, type[Peer]] = {peer.kind: peer for peer in (UdpEcho, TcpEcho, TcpReply)}

_running: dict[tuple[str, int], Peer] = {}


def running(kind: str, port: int) -> Peer | None:
    """Return the peer that listens at a port, for a validator; ``None`` where there is none."""
    return _running.get((kind, port))


def parse_place(text: str) -> tuple[str, int]:
    """Return host and port from ``HOST`` or ``HOST:PORT``, ``[HOST]:PORT`` for IPv6.

    Without a port, it is 0.

    Raises:
        UsageError: It is neither.
    """
    host, colon, port = text.rpartition(":")
    bare = text.count(":") != 1 and not text.startswith("[")
    if bare or text.endswith("]"):
        host, colon, port = text, "", "0"
    host = host.removeprefix("[").removesuffix("]")
    known = port.isdecimal() and port.isascii() and 0 <= int(port) <= 0xFFFF
    if not host or not known or (colon and int(port) == 0):
        raise UsageError(
            f"{text!r} is no address of this machine.", remedy="It is HOST or HOST:PORT."
        )
    return host, int(port)


def _listen(kind: socket.SocketKind, host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address, or on all interfaces if none here has it."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=kind)[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"The host {host!r} is not known: {error}.") from error
    listener = socket.socket(family, kind)
    try:
        try:
            listener.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:
                raise
            # The outside of a router or of a cloud's machine, which passes on what it gets.
            listener.bind(("", port))
        if kind is socket.SOCK_STREAM:
            listener.listen()
        elif sys.platform == "linux":
            listener.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"No peer of functions can listen at {host}, port {port}: {error.strerror}.",
            remedy="Name another port, or none: then any that is free is taken.",
        ) from error
    return listener


def _waited(notes: list[tuple[int, int, bytes]]) -> float:
    """Return the seconds since a datagram came in, from what the kernel noted of it."""
    for level, kind, data in notes:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = unpack(_TIMESPEC, data[: calcsize(_TIMESPEC)])
            since: float = time.time() - (seconds + nanoseconds / 1e9)
            return max(0.0, since)
    return 0.0
