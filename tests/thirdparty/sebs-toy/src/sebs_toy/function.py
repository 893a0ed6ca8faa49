"""What the toy deploys: functions, and the two ways to invoke them."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Any

from sebs.faas.function import ExecutionResult, Function, FunctionConfig, Trigger
from sebs.faas.trigger import ANSWER_MARGIN
from sebs_toy.cloud import Cloud


class ToyTrigger(Trigger):
    """Data that is cached, and a handle of the platform that is attached and never cached."""

    def __init__(self, function_name: str) -> None:
        super().__init__()
        self.function_name = function_name
        self.cloud: Cloud | None = None
        self.timeout = 0

    def attach(self, cloud: Cloud, timeout: int) -> None:
        self.cloud, self.timeout = cloud, timeout

    def serialize(self) -> dict[str, Any]:
        return {"type": self.trigger_type().value, "function_name": self.function_name}

    @classmethod
    def deserialize(cls, cached_config: dict[str, Any]) -> ToyTrigger:
        return cls(cached_config["function_name"])


class LibraryTrigger(ToyTrigger):
    """Invokes through the platform's own interface."""

    @staticmethod
    def trigger_type() -> Trigger.TriggerType:
        return Trigger.TriggerType.LIBRARY

    def sync_invoke(self, payload: dict[str, Any]) -> ExecutionResult:
        assert self.cloud is not None
        begin, clock = datetime.now(timezone.utc), time.perf_counter()
        answer = self.cloud.invoke(self.function_name, payload, self.cloud.key)
        result = ExecutionResult.from_times(begin, datetime.now(timezone.utc))
        result.times.client = round((time.perf_counter() - clock) * 1e6)
        result.parse_benchmark_output(answer)
        return result


class HTTPTrigger(ToyTrigger):
    """Invokes through the platform's endpoint; the key is a header, never part of the URL."""

    @staticmethod
    def trigger_type() -> Trigger.TriggerType:
        return Trigger.TriggerType.HTTP

    def sync_invoke(self, payload: dict[str, Any]) -> ExecutionResult:
        assert self.cloud is not None
        return self._http_invoke(
            payload,
            f"{self.cloud.url}/{self.function_name}",
            headers={"Authorization": f"Bearer {self.cloud.key}"},
            timeout=self.timeout + ANSWER_MARGIN,
        )


TRIGGERS: dict[str, type[ToyTrigger]] = {
    trigger.trigger_type().value: trigger for trigger in (LibraryTrigger, HTTPTrigger)
}


class ToyFunction(Function):
    """A function of the toy needs nothing beyond the plain one."""

    @staticmethod
    def deserialize(cached_config: dict[str, Any]) -> ToyFunction:
        function = ToyFunction(
            cached_config["benchmark"],
            cached_config["name"],
            cached_config["hash"],
            FunctionConfig.deserialize(cached_config["config"]),
        )
        for trigger in cached_config["triggers"]:
            function.add_trigger(TRIGGERS[trigger["type"]].deserialize(trigger))
        return function
