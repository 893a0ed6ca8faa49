"""What one invocation measured.

Every duration is an integer number of microseconds, except ``billing.billed_time``, which is in
milliseconds because every provider bills in them. Definitions: the client time runs from the
connection attempt (on a reused connection: from the first request byte) to the last response byte;
the benchmark time from entering the handler to its return, without the imports of its module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from sebs.errors import ResultFormatError

_MICROSECOND = timedelta(microseconds=1)

_BILLING = ("memory", "billed_time", "gb_seconds")

#: Type of the error of a handler that raised; the exception says more than this does.
_RAISED = "HandlerError"


@dataclass(slots=True)
class ExecutionTimes:
    """What the client and the function measured, in microseconds.

    Attributes:
        client: Client time of the whole invocation.
        client_begin: Wall-clock time at which the invocation began.
        client_end: Wall-clock time at which the last byte of the answer was there.
        benchmark: From entering the handler to its return.
        benchmark_including_imports: What SeBS reports as benchmark time: on a cold start the
            imports of the benchmark's module are added.
        initialization: From the start of the environment until it was ready; 0 when warm.
        http_startup: From the start until the request could be sent (DNS, TCP and TLS done).
        http_first_byte_return: From the start until the first byte of the answer.
        fresh_connection: Whether a new connection was opened; ``None`` where nothing is known.
        handler_begin: When the handler was entered, Unix seconds by the function's own clock;
            ``None`` where nothing is known. Runs keep it only where an experiment needs it.
        handler_end: When it had returned, likewise.
    """

    client: int = 0
    client_begin: datetime | None = None
    client_end: datetime | None = None
    benchmark: int = 0
    benchmark_including_imports: int = 0
    initialization: int = 0
    http_startup: int = 0
    http_first_byte_return: int = 0
    fresh_connection: bool | None = None
    handler_begin: float | None = None
    handler_end: float | None = None

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values; the wall-clock times are Unix seconds."""
        return {
            "client": self.client,
            "client_begin": _to_unix(self.client_begin),
            "client_end": _to_unix(self.client_end),
            "benchmark": self.benchmark,
            "benchmark_including_imports": self.benchmark_including_imports,
            "initialization": self.initialization,
            "http_startup": self.http_startup,
            "http_first_byte_return": self.http_first_byte_return,
            "fresh_connection": self.fresh_connection,
            "handler_begin": self.handler_begin,
            "handler_end": self.handler_end,
        }

    @staticmethod
    def deserialize(cached_obj: Mapping[str, Any]) -> ExecutionTimes:
        """Read what :meth:`serialize`, or SeBS, wrote.

        SeBS wrote the two HTTP phases as floating-point seconds: a float there is converted. A wall
        clock time without a zone, as SeBS wrote them, is taken as UTC; 0 is none.
        """
        return ExecutionTimes(
            client=_integer(cached_obj, "client"),
            client_begin=_from_unix(cached_obj.get("client_begin")),
            client_end=_from_unix(cached_obj.get("client_end")),
            benchmark=_integer(cached_obj, "benchmark"),
            benchmark_including_imports=_integer(cached_obj, "benchmark_including_imports")
            or _integer(cached_obj, "benchmark"),
            initialization=_integer(cached_obj, "initialization"),
            http_startup=_phase(cached_obj.get("http_startup")),
            http_first_byte_return=_phase(cached_obj.get("http_first_byte_return")),
            fresh_connection=cached_obj.get("fresh_connection"),
            handler_begin=cached_obj.get("handler_begin"),
            handler_end=cached_obj.get("handler_end"),
        )


@dataclass(slots=True)
class ProviderTimes:
    """What the platform's own log reports, in microseconds; 0 until it was fetched."""

    initialization: int = 0
    execution: int = 0

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"initialization": self.initialization, "execution": self.execution}

    @staticmethod
    def deserialize(cached_obj: Mapping[str, Any]) -> ProviderTimes:
        """Read what :meth:`serialize` wrote."""
        return ProviderTimes(
            initialization=_integer(cached_obj, "initialization"),
            execution=_integer(cached_obj, "execution"),
        )


@dataclass(slots=True)
class ExecutionStats:
    """How the invocation went.

    Attributes:
        memory_used: Peak memory of the environment in MB; ``None`` where the platform gives none.
        cold_start: Whether it was the first invocation of its execution environment.
        failure: Whether the invocation failed.
    """

    memory_used: float | None = None
    cold_start: bool = False
    failure: bool = False

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "memory_used": self.memory_used,
            "cold_start": self.cold_start,
            "failure": self.failure,
        }

    @staticmethod
    def deserialize(cached_obj: Mapping[str, Any]) -> ExecutionStats:
        """Read what :meth:`serialize` wrote."""
        memory = cached_obj.get("memory_used")
        return ExecutionStats(
            memory_used=None if memory is None else float(memory),
            cold_start=bool(cached_obj.get("cold_start", False)),
            failure=bool(cached_obj.get("failure", False)),
        )


@dataclass(slots=True)
class ExecutionBilling:
    """What the platform bills for.

    Attributes:
        memory: Memory that is billed, in MB.
        billed_time: Billed duration in milliseconds.
        gb_seconds: ``memory / 1024 * billed_time / 1000``.
    """

    memory: int | None = None
    billed_time: int | None = None
    gb_seconds: float = 0

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "memory": self.memory,
            "billed_time": self.billed_time,
            "gb_seconds": self.gb_seconds,
        }

    @staticmethod
    def deserialize(cached_obj: Mapping[str, Any]) -> ExecutionBilling:
        """Read what :meth:`serialize`, or SeBS, wrote.

        SeBS's keys have a leading underscore. Most of its versions kept MB · ms as GB-seconds, so
        these are computed anew.
        """
        if not any(f"_{key}" in cached_obj for key in _BILLING):
            return ExecutionBilling(
                memory=cached_obj.get("memory"),
                billed_time=cached_obj.get("billed_time"),
                gb_seconds=cached_obj.get("gb_seconds") or 0,
            )
        memory, billed_time = _integer(cached_obj, "_memory"), _integer(cached_obj, "_billed_time")
        return ExecutionBilling(
            memory=memory or None,
            billed_time=billed_time or None,
            gb_seconds=memory / 1024 * billed_time / 1000,
        )


@dataclass(slots=True)
class ExecutionResult:
    """One invocation: its output and everything that was measured.

    Attributes:
        output: What the handler returned.
        request_id: The platform's identifier of the invocation; its log is joined by it.
        times: Measured by client and function.
        provider_times: Reported by the platform.
        stats: Memory, cold start, failure.
        billing: Billed memory and time.
        environment_id: The execution environment that served it; empty where nothing is known.
        error: Why the invocation failed; ``None`` when it did not.
    """

    output: dict[str, Any] = field(default_factory=dict)
    request_id: str = ""
    times: ExecutionTimes = field(default_factory=ExecutionTimes)
    provider_times: ProviderTimes = field(default_factory=ProviderTimes)
    stats: ExecutionStats = field(default_factory=ExecutionStats)
    billing: ExecutionBilling = field(default_factory=ExecutionBilling)
    environment_id: str = ""
    error: str | None = None

    @staticmethod
    def from_times(client_time_begin: datetime, client_time_end: datetime) -> ExecutionResult:
        """Start a result from the two wall-clock times that the client took.

        Use a monotonic clock and set ``times.client`` where one is at hand.
        """
        result = ExecutionResult()
        result.times.client_begin = client_time_begin
        result.times.client_end = client_time_end
        result.times.client = int((client_time_end - client_time_begin) / _MICROSECOND)
        return result

    def fail(self, reason: str) -> None:
        """Mark the invocation as failed, and say why."""
        self.stats.failure = True
        self.error = reason

    def parse_benchmark_output(self, output: Mapping[str, Any]) -> None:
        """Take over the answer that a platform's wrapper gave around the handler's output.

        The answer holds ``begin`` and ``end`` (Unix seconds, numbers or text), ``is_cold``,
        ``request_id`` and ``result``, what the handler returned; or ``error`` instead of it: a
        text, or an object with ``type``, ``message`` and perhaps the name of the ``exception``.

        Raises:
            ResultFormatError: A time in it is no number.
        """
        self.request_id = str(output.get("request_id") or self.request_id)
        self.environment_id = str(
            output.get("environment_id") or output.get("container_id") or self.environment_id
        )
        self.stats.cold_start = bool(output.get("is_cold", False))
        if error := output.get("error"):
            self.fail(_describe(error))
        if "result" in output:
            returned = output["result"]
            self.output = returned if isinstance(returned, dict) else {"result": returned}
        if "begin" in output and "end" in output:
            begin, end = _number(output, "begin"), _number(output, "end")
            self.times.benchmark = round((end - begin) * 1e6)
            self.times.handler_begin, self.times.handler_end = begin, end
        self.times.initialization = int(output.get("init_time") or 0)
        self.times.benchmark_including_imports = int(
            output.get("benchmark_including_imports") or self.times.benchmark
        )

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "request_id": self.request_id,
            "output": self.output,
            "times": self.times.serialize(),
            "provider_times": self.provider_times.serialize(),
            "stats": self.stats.serialize(),
            "billing": self.billing.serialize(),
            "environment_id": self.environment_id,
            "error": self.error,
        }

    @staticmethod
    def deserialize(cached_config: Mapping[str, Any]) -> ExecutionResult:
        """Read what :meth:`serialize`, or SeBS, wrote.

        Raises:
            ResultFormatError: It is no result of an invocation.
        """
        try:
            return ExecutionResult(
                output=_object(cached_config, "output"),
                request_id=cached_config.get("request_id") or "",
                times=ExecutionTimes.deserialize(_object(cached_config, "times")),
                provider_times=ProviderTimes.deserialize(_object(cached_config, "provider_times")),
                stats=ExecutionStats.deserialize(_object(cached_config, "stats")),
                billing=ExecutionBilling.deserialize(_object(cached_config, "billing")),
                environment_id=cached_config.get("environment_id") or "",
                error=cached_config.get("error"),
            )
        except (AttributeError, TypeError, ValueError, OverflowError) as error:
            raise ResultFormatError(f"This is no result of an invocation: {error}.") from error


def _describe(error: Any) -> str:
    if not isinstance(error, Mapping):
        return str(error)
    parts = [error.get("type", "Error"), error.get("exception"), error.get("message")]
    if parts[:1] == [_RAISED] and parts[1]:
        del parts[0]
    return ": ".join(str(part) for part in parts if part)


def _number(output: Mapping[str, Any], key: str) -> float:
    try:
        return float(output[key])
    except (TypeError, ValueError) as error:
        raise ResultFormatError(f"The answer's {key!r} is no time: {output[key]!r}.") from error


def _object(stored: Mapping[str, Any], key: str) -> Any:
    value = stored.get(key) or {}
    if not isinstance(value, Mapping):
        raise TypeError(f"{key} is {value!r}, which is no object")
    return value


def _integer(stored: Mapping[str, Any], key: str) -> int:
    value = stored.get(key) or 0
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{key} is {value!r}, which is no number") from error


def _phase(value: float | None) -> int:
    if isinstance(value, float):
        return round(value * 1e6)
    return int(value or 0)


def _to_unix(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _from_unix(value: float | str | None) -> datetime | None:
    if value in (None, "", 0):
        return None
    try:
        seconds = float(value)
    except ValueError:
        told = datetime.fromisoformat(str(value))
        return told if told.tzinfo else told.replace(tzinfo=timezone.utc)
    try:
        return datetime.fromtimestamp(seconds, tz=timezone.utc)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"{value!r} is no time") from error
