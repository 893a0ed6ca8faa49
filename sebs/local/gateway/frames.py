"""The frames between the gateway and a language worker.

A worker is joined to the gateway by one socket. A request is a length, an id and the event; an
answer is a length, a kind, the request's id, two measurements and the body. The bodies are JSON
that the gateway passes on without looking into it. The workers cannot import this module (they
run in the function's own interpreter), so each has these few lines again; a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from struct import Struct

#: Body length, request id (32 hexadecimal digits).
REQUEST = Struct("<I32s")

#: Body length, kind, request id, microseconds (processor time of the invocation; of READY the
#: initialization), peak resident memory of the worker in KiB.
ANSWER = Struct("<IB32sQQ")


class Kind(IntEnum):
    """What an answer is about."""

    READY = 0
    OK = 1
    HANDLER_ERROR = 2
    INVALID_RESULT = 3
    INVALID_EVENT = 4
    TOO_LARGE = 5
    INIT_ERROR = 6


#: Kind, request id, microseconds, peak KiB, body.
Answer = tuple[int, bytes, int, int, bytes]


class FrameError(ValueError):
    """The worker sent what is no frame; nothing after it can be understood."""


class AnswerReader:
    """Cuts a worker's stream into answers.

    Args:
        limit: Bytes that a body may have; a longer one is a fault of the worker, which checks
            the function's response limit itself.
    """

    __slots__ = ("_buffer", "_limit", "_wanted")

    def __init__(self, limit: int) -> None:
        self._buffer = bytearray()
        self._wanted = ANSWER.size
        self._limit = limit

    def feed(self, data: bytes) -> Iterator[Answer]:
        """Yield the answers that these bytes complete.

        Raises:
            FrameError: The stream is no stream of answers.
        """
        buffer = self._buffer
        buffer += data
        while len(buffer) >= self._wanted:
            length, kind, request_id, microseconds, peak = ANSWER.unpack_from(buffer)
            if length > self._limit or kind > Kind.INIT_ERROR:
                raise FrameError(f"a frame of kind {kind} with {length} bytes")
            end = ANSWER.size + length
            if len(buffer) < end:
                self._wanted = end
                return
            body = bytes(memoryview(buffer)[ANSWER.size : end])
            del buffer[:end]
            self._wanted = ANSWER.size
            yield kind, request_id, microseconds, peak, body
