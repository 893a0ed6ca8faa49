"""Where Lambda enters a function: calls the benchmark, and puts the envelope around its result.

Part of a function's package, at its root, so it needs nothing but the standard library. What the
benchmark's module imports is loaded when this module is, so it is initialization, not the
benchmark's time.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module
from typing import Any

from function import lambda_events

#: Bytes of the largest result: those of the largest answer of a function, less what is left for
#: the envelope (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html; the exact
#: number is in Lambda's own message about an answer that is larger).
_MAX_RESULT = 6_291_556 - 2048

#: As Lambda's own runtime does it (awslambdaric, ``lambda_runtime_marshaller.py``), so that sizes
#: are the same.
_encode = json.JSONEncoder(allow_nan=False, ensure_ascii=sys.version_info < (3, 12)).encode


def _environment_age() -> int:
    """Return the microseconds since this process was started: interpreter, runtime, imports.

    The kernel keeps the moment in ticks, so it may be too long by one of them: 10 ms.
    """
    with open("/proc/self/stat", "rb") as stat:
        # After the program's name, which may have anything in it.
        fields = stat.read().rpartition(b")")[2].split()
    started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return round((time.clock_gettime(time.CLOCK_BOOTTIME) - started) * 1e6)


def _describe(error: BaseException, kind: str) -> dict[str, str]:
    """Return an error as the envelope has it; the function's own class may do anything."""
    from traceback import format_exception

    try:
        message = str(error)
    except BaseException as second:  # noqa: BLE001 - as said
        message = f"<its message could not be made: {type(second).__name__}>"
    try:
        trace = "".join(format_exception(type(error), error, error.__traceback__))
    except BaseException as second:  # noqa: BLE001 - as said
        trace = f"<its trace could not be made: {type(second).__name__}>"
    return {
        "type": kind,
        "exception": type(error).__name__,
        "message": message[:10_000],
        "trace": trace[-50_000:],
    }


class Environment:
    """This execution environment: the benchmark, and what was found out about it on the way."""

    def __init__(self) -> None:
        self.identity = {
            "environment_id": os.urandom(16).hex(),
            "log_stream": os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", ""),
        }
        self.is_cold = True
        self.failure: dict[str, str] | None = None
        began = time.perf_counter_ns()
        try:
            self.benchmark = import_module("function.function").handler
        except SystemExit:
            raise
        except BaseException as error:  # noqa: BLE001 - the function's code may raise anything
            self.failure = self._log(_describe(error, "InitializationError"))
        self.import_us = (time.perf_counter_ns() - began) // 1000
        self.init_us = _environment_age()

    def serve(self, event: Any, request_id: str) -> Any:
        """Run the benchmark on one event, and return what Lambda answers."""
        income = time.time()
        is_cold, self.is_cold = self.is_cold, False
        envelope: dict[str, Any] = {"request_id": request_id, "is_cold": is_cold, **self.identity}
        source = lambda_events.source(event)
        if self.failure is not None:
            return source.answer({**envelope, "error": self.failure})
        try:
            payload = source.payload()
        except lambda_events.InvalidEvent as error:
            return source.answer({**envelope, "error": _describe(error, "InvalidEvent")})
        if isinstance(payload, dict):
            # Benchmarks find these in their event, as SeBS's wrappers have it.
            payload |= {"request-id": request_id, "income-timestamp": income}
        begin, start = time.time(), time.perf_counter_ns()
        try:
            result = self.benchmark(payload)
        except SystemExit:
            raise
        except BaseException as error:  # noqa: BLE001 - the benchmark may raise anything
            failure = self._log(_describe(error, "HandlerError"))
            return source.answer({**envelope, "error": failure})
        spent = (time.perf_counter_ns() - start) // 1000
        envelope |= {"begin": begin, "end": begin + spent / 1e6}
        if is_cold:
            envelope["init_time"] = self.init_us
            spent += self.import_us
        envelope["benchmark_including_imports"] = spent
        return self._answer(source, envelope, result)

    def _answer(self, source: Any, envelope: dict[str, Any], result: Any) -> Any:
        try:
            text = _encode(result)
            size = source.size(text)
        except BaseException as error:  # noqa: BLE001 - the result's own classes may raise anything
            failure = self._log(_describe(error, "InvalidResult"))
            return source.answer({**envelope, "error": failure})
        if size > _MAX_RESULT:
            message = f"The result has {size} bytes, over the limit of {_MAX_RESULT}."
            failure = {"type": "ResponseTooLarge", "message": message, "trace": ""}
            return source.answer({**envelope, "error": failure})
        return source.answer(envelope, result, text)

    @staticmethod
    def _log(failure: dict[str, str]) -> dict[str, str]:
        """Print a failure's trace to the function's log."""
        trace = failure["trace"].encode("utf-8", "backslashreplace").decode()
        print(trace, file=sys.stderr)  # noqa: T201 - that is the log
        return failure


_environment = Environment()


def handler(event: Any, context: Any) -> Any:
    """Serve one invocation; see https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html."""
    return _environment.serve(event, context.aws_request_id)
