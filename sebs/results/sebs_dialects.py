"""How a version of SeBS, on a platform, stored invocations, and what that is in ours.

By its sources: `utils.py` writes every object as its attributes, and datetimes as text of the
client's local time that names no zone. `aws/aws.py` keeps MB · ms as GB-seconds, and GB-seconds
since 2025. `gcp/gcp.py` kept the provider time in milliseconds at first. `cloudflare.py` keeps the
billed time in microseconds. The first version of `faas/function.py` had the provider's times among
the client's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, TypeGuard

from sebs.results.sebs_units import IN_MILLISECONDS, are_milliseconds

#: Zones differ from UTC by a multiple of this, and by no more than that.
_STEP_S, _MOST_S = 15 * 60, 14 * 3600

_SECTIONS = ("times", "billing", "stats", "provider_times")

_CLIENT_TIMES = ("client_begin", "client_end")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is the same for all invocations of a file.

    Attributes:
        platform: Where they were made; empty where nobody says.
        zone: Of the client's clock times; ``None`` where they tell it themselves.
        told_by: What the zone was told from.
        in_milliseconds: Whether provider times are milliseconds.
    """

    platform: str = ""
    zone: timezone | None = None
    told_by: str = ""
    in_milliseconds: bool = False

    def remarks(self) -> Iterator[str]:
        """Say what was taken for what."""
        if self.zone is not None:
            yield (
                "The client's clock times in this file name no zone: they are taken as "
                f"{self.zone}, {self.told_by}."
            )
        if self.in_milliseconds:
            yield IN_MILLISECONDS

    def translated(self, stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a stored invocation as :class:`sebs.faas.result.ExecutionResult` is stored."""
        if not all(isinstance(stored.get(key) or {}, Mapping) for key in _SECTIONS):
            # Whoever reads it on says what is wrong with it.
            return stored
        times, billing, stats, provider = (_object(stored, key) for key in _SECTIONS)
        first = {
            "execution": times.get("provider"),
            "initialization": stats.get("init_time_reported"),
        }
        return {
            **stored,
            "times": {**times, **self._clock_times(times)},
            "provider_times": self._provider_times({**first, **provider}),
            "billing": self._billing(billing),
        }

    def _clock_times(self, times: Mapping[str, Any]) -> dict[str, Any]:
        told = {key: _naive(times.get(key)) for key in _CLIENT_TIMES}
        return {
            key: moment.replace(tzinfo=self.zone).isoformat()
            for key, moment in told.items()
            if moment is not None
        }

    def _provider_times(self, provider: Mapping[str, Any]) -> Mapping[str, Any]:
        execution = provider.get("execution")
        if self.in_milliseconds and _is_number(execution):
            return {**provider, "execution": execution * 1000}
        return provider

    def _billing(self, billing: Mapping[str, Any]) -> Mapping[str, Any]:
        billed = billing.get("_billed_time")
        if self.platform == "cloudflare" and _is_number(billed) and math.isfinite(billed):
            # Microseconds, which are billed in whole milliseconds.
            return {**billing, "_billed_time": math.ceil(billed / 1000)}
        return billing


def dialect_of(
    invocations: Sequence[Mapping[str, Any]], platform: str = "", begun: float = 0
) -> Dialect:
    """Return how invocations of one file were stored.

    Args:
        invocations: As they were stored.
        platform: Where they were made.
        begun: Unix time at which that began; 0 where nobody says.
    """
    times = [_object(each, "times") for each in invocations]
    naive = [_naive(each.get("client_begin")) for each in times]
    zone, told_by = _zone(invocations, naive, begun)
    spent = [
        (_object(stored, "provider_times").get("execution"), each.get("benchmark"))
        for stored, each in zip(invocations, times, strict=True)
    ]
    known = [pair for pair in spent if all(map(_is_number, pair))]
    in_milliseconds = platform == "gcp" and are_milliseconds(known)
    return Dialect(platform, zone, told_by, in_milliseconds)


def _zone(
    invocations: Sequence[Mapping[str, Any]], naive: Sequence[datetime | None], begun: float
) -> tuple[timezone | None, str]:
    """Return the zone of the client's clock, and what tells it.

    Functions are entered after the client began, by clocks that are seconds apart at most, and
    the client began after the run did, by the same clock.
    """
    clocks = [_seconds(each) for each in naive if each is not None]
    if not clocks:
        return None, ""
    entered = [_number(_object(each, "output").get("begin")) for each in invocations]
    ahead = [
        _seconds(clock) - at
        for clock, at in zip(naive, entered, strict=True)
        if clock is not None and at
    ]
    if ahead and (zone := _nearest(round(max(ahead) / _STEP_S))):
        return zone, "which the functions' clocks tell"
    if begun and (zone := _nearest(math.floor((min(clocks) - begun) / _STEP_S))):
        return zone, "which the time tells at which the run began"
    return timezone.utc, "for nothing tells which it is"


def _nearest(steps: int) -> timezone | None:
    if abs(steps * _STEP_S) > _MOST_S:
        return None
    return timezone(timedelta(seconds=steps * _STEP_S))


def _naive(value: object) -> datetime | None:
    """Return a clock time without a zone; ``None`` where it has one, or is none."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if moment.tzinfo else moment


def _seconds(clock: datetime) -> float:
    return clock.replace(tzinfo=timezone.utc).timestamp()


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _object(stored: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = stored.get(key) if isinstance(stored, Mapping) else None
    return value if isinstance(value, Mapping) else {}
