"""The two ways to invoke a local function; both send one HTTP request to the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sebs.errors import GatewayError
from sebs.faas.function import ExecutionResult, FunctionConfig
from sebs.faas.trigger import ANSWER_MARGIN, LONGEST_INVOCATION, Trigger, result_of_response
from sebs.local.metrics import REPORT_HEADER, apply_report

if TYPE_CHECKING:
    from sebs.http import Response
    from sebs.local.client import GatewayClient
    from sebs.local.launch import Published


class LocalTrigger(Trigger):
    """What both have in common: a path on the gateway, which is asked for when it is needed.

    Port and token belong to the gateway that runs at the moment, so they are no part of a trigger.

    Args:
        function: Name of the function.
        config: Its configuration, whose timeout decides how long an answer is waited for.
    """

    def __init__(self, function: str, config: FunctionConfig | None = None) -> None:
        super().__init__()
        self._function = function
        self._config = config
        self._client: GatewayClient | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._function!r}>"

    def attach(self, client: GatewayClient) -> None:
        """Invoke through this client from now on."""
        self._client = client

    def serialize(self) -> dict[str, Any]:
        """Return type and function: neither port nor token."""
        return {"type": self.trigger_type().value, "function": self._function}

    @classmethod
    def deserialize(cls, cached_config: dict[str, Any]) -> LocalTrigger:
        """Return the trigger that :meth:`serialize` described; it has to be attached."""
        return cls(cached_config["function"])

    def _destination(self) -> tuple[Published, str, float]:
        """Return the running gateway, the function's URL and the seconds to wait."""
        if self._client is None:
            raise GatewayError(
                f"The trigger of {self._function} is not attached to a gateway.",
                remedy="Get the function from get_function(), or call cached_function() on it.",
            )
        gateway = self._client.ensure()
        known = self._config
        timeout = LONGEST_INVOCATION if known is None else known.timeout + ANSWER_MARGIN
        return gateway, gateway.url(f"/functions/{self._function}"), timeout


class HTTPTrigger(LocalTrigger):
    """The function's endpoint."""

    @staticmethod
    def trigger_type() -> Trigger.TriggerType:
        """Return the type."""
        return Trigger.TriggerType.HTTP

    def sync_invoke(self, payload: dict[str, Any]) -> ExecutionResult:
        """Send one request, and return what it measured.

        Raises:
            InvocationError: No answer arrived that could be understood.
            GatewayError: The gateway cannot be started.
        """
        gateway, url, timeout = self._destination()
        return self._http_invoke(payload, url, headers=gateway.headers, timeout=timeout)


class LibraryTrigger(LocalTrigger):
    """The same endpoint, and what the platform reports of the invocation with its answer."""

    @staticmethod
    def trigger_type() -> Trigger.TriggerType:
        """Return the type."""
        return Trigger.TriggerType.LIBRARY

    def sync_invoke(self, payload: dict[str, Any]) -> ExecutionResult:
        """Send one request, and return what it measured and what the platform reports.

        Raises:
            InvocationError: No answer arrived that could be understood.
            GatewayError: The gateway cannot be started.
        """
        gateway, url, timeout = self._destination()
        response = self._post(payload, url, headers=gateway.headers, timeout=timeout)
        result = result_of_response(response)
        self._add_report(result, response)
        return result

    def _add_report(self, result: ExecutionResult, response: Response) -> None:
        report = response.headers.get(REPORT_HEADER)
        if report is not None and self._config is not None:
            apply_report(result, report, self._config.memory)
