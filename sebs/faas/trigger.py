"""Triggers: the ways in which a function is invoked."""

from __future__ import annotations

import concurrent.futures
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime, timezone
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from sebs.errors import InvocationStatusError, MalformedResponseError, UnsupportedTriggerError
from sebs.faas.result import ExecutionResult
from sebs.utils import LoggingBase

if TYPE_CHECKING:
    from sebs.http import HTTPClient, Response

#: Seconds that a client waits beyond the function's own timeout, so that the platform's answer
#: to a function that ran too long still arrives.
ANSWER_MARGIN = 15.0

#: Seconds that an invocation may take where nothing is known of the function's timeout; the
#: longest that a large platform allows a synchronous call (AWS Lambda: 900 s), and the margin.
LONGEST_INVOCATION = 900.0 + ANSWER_MARGIN

#: Answer header in which a platform may name the invocation when the body cannot.
REQUEST_ID_HEADER = "x-sebs-request-id"


class Trigger(ABC, LoggingBase):
    """One way to invoke a function.

    A trigger is data plus a client handle: it can be serialized, and it never owns the platform.
    Both ways of invoking send exactly one request and never retry. They may be called from many
    threads at once.
    """

    class TriggerType(Enum):
        """What kind of event invokes the function; the value is its key in files."""

        HTTP = "http"
        LIBRARY = "library"
        STORAGE = "storage"
        QUEUE = "queue"
        TIMER = "timer"

        @staticmethod
        def get(name: str) -> Trigger.TriggerType:
            """Return the type of that key, in any case.

            Raises:
                UnsupportedTriggerError: No such type; the message lists those that exist.
            """
            for member in Trigger.TriggerType:
                if member.value == name.lower():
                    return member
            known = ", ".join(member.value for member in Trigger.TriggerType)
            raise UnsupportedTriggerError(
                f"Unknown trigger type {name!r}.", remedy=f"Known types: {known}."
            )

    @staticmethod
    @abstractmethod
    def trigger_type() -> TriggerType:
        """Return the kind of event that this trigger stands for."""

    @abstractmethod
    def sync_invoke(self, payload: dict[str, Any]) -> ExecutionResult:
        """Invoke the function and wait for its answer.

        A function that failed is a result whose ``stats.failure`` is true and whose ``error`` says
        why; it is not raised.

        Raises:
            InvocationError: No answer arrived that could be understood.
        """

    def async_invoke(self, payload: dict[str, Any]) -> concurrent.futures.Future[ExecutionResult]:
        """Invoke the function in the background; the default runs :meth:`sync_invoke` in a thread.

        The future raises what :meth:`sync_invoke` raises.
        """
        return _executor().submit(self.sync_invoke, payload)

    @abstractmethod
    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values, without anything secret; ``type`` names the kind."""

    @classmethod
    @abstractmethod
    def deserialize(cls, cached_config: dict[str, Any]) -> Trigger:
        """Return the trigger that :meth:`serialize` described."""

    def _http_invoke(
        self,
        payload: dict[str, Any],
        url: str,
        verify_ssl: bool = True,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = LONGEST_INVOCATION,
    ) -> ExecutionResult:
        """POST the payload as JSON to a URL, and measure.

        Args:
            payload: The event.
            url: Where the function listens; never holds a secret.
            verify_ssl: Whether the server's certificate is verified.
            headers: Further headers, such as the platform's authentication.
            timeout: Seconds after which the client gives up.

        Raises:
            InvocationError: No answer arrived that could be understood.
        """
        return result_of_response(
            self._post(payload, url, verify_ssl, headers=headers, timeout=timeout)
        )

    def _post(
        self,
        payload: dict[str, Any],
        url: str,
        verify_ssl: bool = True,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = LONGEST_INVOCATION,
    ) -> Response:
        """Do what :meth:`_http_invoke` does, and return the answer as it came.

        Raises:
            InvocationError: No answer arrived that could be understood.
        """
        from sebs.http import json_body

        return self._send(json_body(payload), url, verify_ssl, headers=headers, timeout=timeout)

    def _send(
        self,
        body: bytes,
        url: str,
        verify_ssl: bool = True,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = LONGEST_INVOCATION,
    ) -> Response:
        """Do what :meth:`_post` does with JSON that is bytes already, as a signature needs it.

        Raises:
            InvocationError: No answer arrived that could be understood.
        """
        try:
            return _http_client(verify_ssl).request(
                "POST",
                url,
                body=body,
                headers={"Content-Type": "application/json", **(headers or {})},
                timeout=timeout,
                raise_for_status=False,
            )
        except MalformedResponseError:
            self.logging.exception("Invocation of %s gave no usable answer.", url.split("?")[0])
            raise


def result_of_response(response: Response) -> ExecutionResult:
    """Turn a wrapper's HTTP answer into a result.

    Raises:
        MalformedResponseError: The status is a success but the body is no JSON object.
    """
    result = times_of_response(response)
    result.request_id = response.headers.get(REQUEST_ID_HEADER, "")
    succeeded = 200 <= response.status < 300
    try:
        answer = response.json()
    except MalformedResponseError:
        if succeeded:
            raise
        answer = None
    if isinstance(answer, dict):
        result.parse_benchmark_output(answer)
    elif succeeded:
        raise MalformedResponseError(
            f"The function answered with {type(answer).__name__}, not with a JSON object."
        )
    if not succeeded and not result.stats.failure:
        result.fail(str(InvocationStatusError(f"HTTP {response.status}.", status=response.status)))
    return result


def times_of_response(response: Response) -> ExecutionResult:
    """Return a result that has the client's times of an HTTP request, and nothing else."""
    result = ExecutionResult()
    result.times.client = response.client_time
    result.times.client_begin = datetime.fromtimestamp(response.begin, tz=timezone.utc)
    result.times.client_end = datetime.fromtimestamp(response.end, tz=timezone.utc)
    result.times.http_startup = response.phases.pretransfer
    result.times.http_first_byte_return = response.phases.first_byte
    result.times.fresh_connection = response.fresh_connection
    return result


class _Shared:
    """Clients and threads that all triggers of a process share, made on first use."""

    lock: ClassVar[threading.Lock] = threading.Lock()
    clients: ClassVar[dict[bool, HTTPClient]] = {}
    executor: ClassVar[concurrent.futures.ThreadPoolExecutor | None] = None


def _http_client(verify_tls: bool) -> HTTPClient:
    with _Shared.lock:
        client = _Shared.clients.get(verify_tls)
        if client is None:
            from sebs.http import HTTPClient

            client = _Shared.clients[verify_tls] = HTTPClient(verify_tls=verify_tls)
        return client


def _executor() -> concurrent.futures.ThreadPoolExecutor:
    with _Shared.lock:
        if _Shared.executor is None:
            _Shared.executor = concurrent.futures.ThreadPoolExecutor(
                max_workers=64, thread_name_prefix="sebs-invoke"
            )
        return _Shared.executor
