"""The Python worker: the program that runs inside an execution environment.

The gateway starts it with ``-I -S -B`` in an interpreter of the function's own, so it imports
nothing but the standard library, and of that as little as it can: every import here is part of
every cold start. It speaks the frames of ``sebs/local/gateway/frames.py`` over descriptor 3, which
it connects itself where ``SEBS_CHANNEL`` is the path of the gateway's socket.

The function's package is the only directory beside the standard library on ``sys.path``.
"""

from __future__ import annotations

import json
import os
import sys
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from struct import Struct
from time import monotonic_ns, perf_counter_ns, time

CHANNEL = 3
REQUEST = Struct("<I32s")
ANSWER = Struct("<IB32sQQ")
READY, OK, HANDLER_ERROR, INVALID_RESULT, INVALID_EVENT, TOO_LARGE, INIT_ERROR = range(7)

encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class Closed(Exception):  # noqa: N818 - an event, not an error
    """The gateway has closed the channel."""


def connect(path):
    """Make a connection to the gateway's socket the channel."""
    from _socket import AF_UNIX, socket  # the module around it is slow to import

    connection = socket(AF_UNIX)
    connection.connect(path)
    descriptor = connection.detach()
    if descriptor != CHANNEL:
        os.dup2(descriptor, CHANNEL)
        os.close(descriptor)


# Before anything is opened that would have the channel's number.
if "SEBS_CHANNEL" in os.environ:
    connect(os.environ["SEBS_CHANNEL"])


class Channel:
    """Whole frames over the socket; reading is one thread's business, writing any thread's."""

    def __init__(self):
        self._buffer = b""
        self._lock = None

    def share(self):
        """Let several threads answer."""
        from threading import Lock

        self._lock = Lock()

    def receive(self):
        """Return the next request: its id and the bytes of its event."""
        buffer = self._buffer
        while len(buffer) < REQUEST.size:
            buffer += self._read()
        length, request_id = REQUEST.unpack_from(buffer)
        end = REQUEST.size + length
        if len(buffer) < end:
            parts = [buffer]
            have = len(buffer)
            while have < end:
                parts.append(self._read())
                have += len(parts[-1])
            buffer = b"".join(parts)
        self._buffer = buffer[end:]
        return request_id, buffer[REQUEST.size : end]

    @staticmethod
    def _read():
        data = os.read(CHANNEL, 65536)
        if not data:
            raise Closed
        return data

    def send(self, kind, request_id, microseconds, body):
        """Send one answer."""
        frame = ANSWER.pack(len(body), kind, request_id, microseconds, memory.peak()) + body
        if self._lock is None:
            write(CHANNEL, frame)
        else:
            with self._lock:
                write(CHANNEL, frame)


def write(descriptor, data):
    """Write all of the data."""
    sent = os.write(descriptor, data)
    while sent < len(data):
        data = memoryview(data)[sent:]
        sent = os.write(descriptor, data)


class PeakMemory:
    """The most resident memory this process ever had, in KiB.

    ``ru_maxrss`` will not do: Linux carries it over from the process that called exec. The
    kernel's ``VmHWM`` is right but slow to read; it cannot have grown without a page fault, so
    it is read only after one.
    """

    def __init__(self):
        self._status = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
        self._faults = -1
        self._peak = 0

    def peak(self):
        """Return the peak so far."""
        faults = getrusage(RUSAGE_SELF).ru_minflt
        if faults != self._faults:
            self._faults = faults
            _, _, rest = os.pread(self._status, 4096, 0).partition(b"VmHWM:")
            self._peak = int(rest.split(None, 1)[0])
        return self._peak


memory = PeakMemory()


def cpu_microseconds():
    """Return the processor time of this process and of the children it waited for."""
    own = getrusage(RUSAGE_SELF)
    children = getrusage(RUSAGE_CHILDREN)
    seconds = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    return int(seconds * 1e6)


def flush():
    """Hand what the handler printed to the log; it may have closed or replaced the streams."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            continue


def log_failure(error):
    """Print a failure's trace to the function's log, after what was printed before it."""
    flush()
    try:
        write(2, f"{error['trace'].rstrip()}\n".encode("utf-8", "backslashreplace"))
    except OSError:
        return  # the function has closed its log


def leave(error):
    """End the environment as ``sys.exit`` asked for, as the platforms do."""
    flush()
    code = error.code
    if code is not None and not isinstance(code, int):
        os.write(2, f"{code}\n".encode("utf-8", "replace"))
        code = 1
    os._exit((code or 0) & 0xFF)


def describe(error, kind):
    """Return the error as the answer's ``error`` object."""
    from traceback import format_exception

    try:
        message = str(error)
    except BaseException as second:  # noqa: BLE001 - the handler's class may do anything
        message = f"<its message could not be made: {type(second).__name__}>"
    try:
        trace = "".join(format_exception(type(error), error, error.__traceback__))
    except BaseException as second:  # noqa: BLE001 - likewise
        trace = f"<its trace could not be made: {type(second).__name__}>"
    return {
        "type": kind,
        "exception": type(error).__name__,
        "message": message[:10_000],
        "trace": trace[-50_000:],
    }


class Environment:
    """This execution environment: the handler, and what was found out about it on the way."""

    def __init__(self):
        settings = os.environ
        self.environment_id = settings["SEBS_ENVIRONMENT_ID"]
        self.limit = int(settings["SEBS_MAX_RESPONSE"])
        self.concurrency = int(settings["SEBS_CONCURRENCY"])
        self.started_ns = int(settings["SEBS_STARTED_NS"])
        self.handler = None
        self.takes_request_id = False
        self.failure = None
        self.import_us = 0
        self.init_us = 0

    def initialize(self):
        """Import the handler's module; an error there is the answer to the first request."""
        began = perf_counter_ns()
        try:
            package = os.environ["SEBS_PACKAGE"]
            os.chdir(package)
            sys.path[0:0] = [package]
            module_name, _, attribute = os.environ["SEBS_HANDLER"].rpartition(".")
            module = __import__(module_name, fromlist=[attribute])
            self.handler = getattr(module, attribute)
            # Said by an adapter, which calls a handler that was written for another platform.
            self.takes_request_id = getattr(self.handler, "takes_request_id", False) is True
        except SystemExit as error:
            leave(error)
        except BaseException as error:  # noqa: BLE001 - the function's code may raise anything
            self.failure = describe(error, "InitializationError")
            log_failure(self.failure)
        now = perf_counter_ns()
        self.import_us = (now - began) // 1000
        self.init_us = (monotonic_ns() - self.started_ns) // 1000

    def invoke(self, channel, request_id, event, cold):
        """Run the handler on one event and send its answer."""
        cpu = cpu_microseconds()
        kind, body = self._run(request_id.decode("ascii"), event, cold)
        flush()
        # A child that the handler forked returns here too, and has used less than its parent.
        channel.send(kind, request_id, max(0, cpu_microseconds() - cpu), body)

    def _run(self, request_id, event, cold):
        income = time()
        if self.failure is not None:
            return INIT_ERROR, self._failed(request_id, cold, self.failure)
        try:
            event = json.loads(event) if event else {}
        except (ValueError, RecursionError) as error:
            return INVALID_EVENT, self._failed(request_id, cold, describe(error, "InvalidEvent"))
        if self.takes_request_id:
            arguments = (event, request_id)
        else:
            if isinstance(event, dict):
                # Benchmarks find these in their event, as SeBS's wrappers have it.
                event["request-id"] = request_id
                event["income-timestamp"] = income
            arguments = (event,)
        began = time()
        start = perf_counter_ns()
        try:
            result = self.handler(*arguments)
        except SystemExit as error:
            leave(error)
        except BaseException as error:  # noqa: BLE001 - the handler may raise anything
            return HANDLER_ERROR, self._thrown(request_id, cold, error, "HandlerError")
        spent = (perf_counter_ns() - start) // 1000
        ended = time()
        try:
            result = encode(result)
        except BaseException as error:  # noqa: BLE001 - the result's own classes may raise anything
            return INVALID_RESULT, self._thrown(request_id, cold, error, "InvalidResult")
        if len(result) > self.limit:
            message = f"The result has {len(result)} bytes, over the limit of {self.limit}."
            error = {"type": "ResponseTooLarge", "message": message, "trace": ""}
            return TOO_LARGE, self._failed(request_id, cold, error)
        if cold:
            start = f'true,"init_time":{self.init_us}'
            spent += self.import_us
        else:
            start = "false"
        return OK, (
            f'{{"request_id":"{request_id}","begin":{began!r},"end":{ended!r},"is_cold":{start},'
            f'"environment_id":"{self.environment_id}",'
            f'"benchmark_including_imports":{spent},"result":{result}}}'
        ).encode("ascii")

    def _thrown(self, request_id, cold, error, kind):
        error = describe(error, kind)
        log_failure(error)
        return self._failed(request_id, cold, error)

    def _failed(self, request_id, cold, error):
        envelope = {
            "request_id": request_id,
            "is_cold": cold,
            "environment_id": self.environment_id,
            "error": error,
        }
        return encode(envelope).encode("ascii")


def serve(environment, channel):
    """Answer one request after the other until the gateway closes the channel."""
    cold = True
    while True:
        request_id, event = channel.receive()
        environment.invoke(channel, request_id, event, cold)
        cold = False


def serve_concurrently(environment, channel):
    """Answer up to ``concurrency`` requests at once, each in a thread of its own."""
    from queue import SimpleQueue
    from threading import Thread

    requests = SimpleQueue()

    def work():
        while True:
            environment.invoke(channel, *requests.get())

    channel.share()
    for _ in range(environment.concurrency):
        Thread(target=work, daemon=True).start()
    cold = True
    while True:
        requests.put((*channel.receive(), cold))
        cold = False


def main():
    """Initialize, say so, and serve."""
    os.set_inheritable(CHANNEL, False)
    # The log is no terminal, so whole blocks would come after what standard error says meanwhile.
    sys.stdout.reconfigure(line_buffering=True)
    # A child that the handler forks must not answer in this environment's name.
    os.register_at_fork(after_in_child=lambda: os.close(CHANNEL))
    environment = Environment()
    environment.initialize()
    flush()
    channel = Channel()
    try:
        channel.send(READY, b"", environment.init_us, b"")
        if environment.concurrency > 1:
            serve_concurrently(environment, channel)
        else:
            serve(environment, channel)
    except (Closed, OSError):
        # The gateway is gone, or this is a forked child that returned from the handler.
        os._exit(0)


main()
