"""The ways to invoke a function on Lambda; each sends one request, and never a second."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

from sebs.aws.faults import explained
from sebs.aws.http_answers import read_response
from sebs.aws.invocation import (
    LARGEST_ASYNCHRONOUS_EVENT,
    LARGEST_EVENT,
    Stopwatch,
    encode_event,
    named,
    read_answer,
    send,
    take_over,
)
from sebs.aws.notifications import ANSWERS, EVENTS
from sebs.aws.signing import destination, signature
from sebs.errors import (
    InvocationTimeoutError,
    MalformedResponseError,
    PlatformError,
    UsageError,
)
from sebs.faas.function import ExecutionResult, FunctionConfig
from sebs.faas.trigger import ANSWER_MARGIN, LONGEST_INVOCATION, Trigger
from sebs.http import json_body

if TYPE_CHECKING:
    from sebs.aws.clients import Clients

#: Seconds within which an asynchronous invocation is accepted.
_ACCEPTED_WITHIN = 30.0

#: Seconds between two looks for an answer in a bucket, at first and at most; the client time of
#: such an invocation is no finer.
_FIRST_LOOK, _LAST_LOOK = 0.02, 0.5


class AWSTrigger(Trigger):
    """What all have in common: a function's name, and the clients that it is invoked through.

    Args:
        function: Name or ARN of the function.
        config: Its configuration, whose timeout decides how long an answer is waited for.
    """

    def __init__(self, function: str, config: FunctionConfig | None = None) -> None:
        super().__init__()
        self._function = function
        self._config = config
        self._clients: Clients | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._function!r}>"

    def attach(self, clients: Clients) -> None:
        """Invoke through these clients from now on."""
        self._clients = clients

    def configure(self, config: FunctionConfig) -> None:
        """Wait for answers as long as this configuration lets the function run."""
        self._config = config

    @property
    def clients(self) -> Clients:
        """The clients.

        Raises:
            UsageError: It is not attached.
        """
        if self._clients is None:
            raise UsageError(
                f"The trigger of {self._function} is not attached to an account.",
                remedy="Get the function from get_function(), or call cached_function() on it.",
            )
        return self._clients

    @property
    def patience(self) -> float:
        """Seconds until an answer is given up; the platform has ended the function before."""
        known = self._config
        return LONGEST_INVOCATION if known is None else known.timeout + ANSWER_MARGIN

    def serialize(self) -> dict[str, Any]:
        """Return type and function, and nothing secret."""
        return {"type": self.trigger_type().value, "function": self._function}

    @classmethod
    def deserialize(cls, cached_config: dict[str, Any]) -> AWSTrigger:
        """Return the trigger that :meth:`serialize` described; it has to be attached."""
        return cls(cached_config["function"])


class LibraryTrigger(AWSTrigger):
    """Lambda's own API, through the SDK; the platform's report comes with the answer."""

    @staticmethod
    def trigger_type() -> Trigger.TriggerType:
        """Return the type."""
        return Trigger.TriggerType.LIBRARY

    def sync_invoke(self, payload: dict[str, Any]) -> ExecutionResult:
        """Invoke once, and return what client, function and platform measured.

        Raises:
            InvocationError: No answer arrived that could be understood.
            LimitExceededError: The event is larger than 6 MB; nothing was sent.
            PlatformError: The credentials, or the function, are not what they were.
        """
        body = encode_event(payload, LARGEST_EVENT)
        client = self.clients.invocation(self.patience)
        return read_answer(*send(client, self._function, body, LogType="Tail"))

    def submit(self, payload: dict[str, Any]) -> ExecutionResult:
        """Put one event into Lambda's queue, and return when it was accepted.

        The result has the request's id, and as client time how long the acceptance took; what
        became of it is told by ``download_metrics``. Lambda runs an event whose function failed
        twice more, but where that is turned off, as it is for the functions that we deploy.

        Raises:
            InvocationError: It was not accepted, as far as is known.
            LimitExceededError: The event is larger than 1 MB; nothing was sent.
            PlatformError: The credentials, or the function, are not what they were.
        """
        body = encode_event(payload, LARGEST_ASYNCHRONOUS_EVENT)
        client = self.clients.invocation(_ACCEPTED_WITHIN)
        watch, answer, _ = send(client, self._function, body, InvocationType="Event")
        result = watch.result()
        result.request_id = answer["ResponseMetadata"].get("RequestId", "")
        return result


class HTTPTrigger(AWSTrigger):
    """A function URL or an HTTP API, by our own HTTP client.

    Args:
        function: Name of the function.
        config: Its configuration.
        url: Its URL.
        service: ``lambda`` for a function URL, ``execute-api`` for an HTTP API.
        public: Whether it takes requests that nobody signed.
    """

    def __init__(
        self,
        function: str,
        config: FunctionConfig | None = None,
        *,
        url: str,
        service: str,
        public: bool = False,
    ) -> None:
        super().__init__(function, config)
        self.url = url
        self.service = service
        self.public = public

    @staticmethod
    def trigger_type() -> Trigger.TriggerType:
        """Return the type."""
        return Trigger.TriggerType.HTTP

    def sync_invoke(self, payload: dict[str, Any]) -> ExecutionResult:
        """Sign the request, send it once, and return what it measured.

        Raises:
            InvocationError: No answer arrived that could be understood.
            LimitExceededError: The event is larger than 6 MB; nothing was sent.
            CredentialsExpiredError: They were valid and are no longer.
            AccessDeniedError: They do not permit it.
        """
        body = encode_event(payload, LARGEST_EVENT)
        address, headers = destination(self.clients, self.service, self.url)
        if not self.public:
            headers |= signature(self.clients, self.service, self.url, body)
        response = self._send(body, address, headers=headers, timeout=self.patience)
        return read_response(response, self._function, self.service, self.url)

    def serialize(self) -> dict[str, Any]:
        """Return what identifies it; requests are signed anew each time, so nothing is secret."""
        return {
            **super().serialize(),
            "url": self.url,
            "service": self.service,
            "public": self.public,
        }

    @classmethod
    def deserialize(cls, cached_config: dict[str, Any]) -> HTTPTrigger:
        """Return the trigger that :meth:`serialize` described; it has to be attached."""
        return cls(
            cached_config["function"],
            url=cached_config["url"],
            service=cached_config["service"],
            public=cached_config["public"],
        )


class StorageTrigger(AWSTrigger):
    """An object in the deployment's bucket, of which S3 notifies the function.

    Args:
        function: Name of the function.
        config: Its configuration.
        bucket: The bucket.
    """

    def __init__(self, function: str, config: FunctionConfig | None = None, *, bucket: str) -> None:
        super().__init__(function, config)
        self.bucket = bucket

    @staticmethod
    def trigger_type() -> Trigger.TriggerType:
        """Return the type."""
        return Trigger.TriggerType.STORAGE

    def sync_invoke(self, payload: dict[str, Any]) -> ExecutionResult:
        """Upload the event as an object, and wait for the object with the answer.

        The client time runs from the beginning of the upload until the answer was seen. So the
        notification's delivery is in it, and up to 20 ms and a twentieth of it are our waiting
        between two looks. A function that ended without an answer is a timeout.

        Raises:
            InvocationError: The event was not uploaded, or no answer came.
            PlatformError: The credentials are not what they were.
        """
        body = json_body(payload)
        name = f"{self._function}/{uuid.uuid4().hex}.json"
        # Two uploads would be two invocations.
        once = self.clients.invocation(self.patience, "s3")
        watch = Stopwatch(time.time())
        try:
            with named(self._function):
                started = time.perf_counter()
                once.put_object(Bucket=self.bucket, Key=EVENTS + name, Body=body)
                answer = self._wait(ANSWERS + name, started + self.patience)
                watch.elapsed = time.perf_counter() - started
        finally:
            self._remove(once, EVENTS + name, ANSWERS + name)
        return self._result(watch, answer)

    def serialize(self) -> dict[str, Any]:
        """Return what identifies it."""
        return {**super().serialize(), "bucket": self.bucket}

    @classmethod
    def deserialize(cls, cached_config: dict[str, Any]) -> StorageTrigger:
        """Return the trigger that :meth:`serialize` described; it has to be attached."""
        return cls(cached_config["function"], bucket=cached_config["bucket"])

    def _wait(self, key: str, deadline: float) -> bytes:
        client = self.clients.control("s3")
        pause = _FIRST_LOOK
        while time.perf_counter() < deadline:
            try:
                return bytes(client.get_object(Bucket=self.bucket, Key=key)["Body"].read())
            except client.exceptions.NoSuchKey:
                time.sleep(pause)
                # By a twentieth: the pause stays in proportion to what was waited already.
                pause = min(pause * 1.05, _LAST_LOOK)
        raise InvocationTimeoutError(
            f"Invoking the function {self._function} by the bucket {self.bucket}: "
            f"no answer within {self.patience:g} s.",
            remedy="It may have failed, or not been invoked: its log tells. It was not sent again.",
        )

    def _remove(self, client: Any, *keys: str) -> None:
        """Delete the objects; what was measured is not lost where that fails."""
        objects = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
        try:
            with explained(f"Deleting {', '.join(keys)} from the bucket {self.bucket}"):
                client.delete_objects(Bucket=self.bucket, Delete=objects)
        except PlatformError as error:
            self.logging.warning("%s", error)

    def _result(self, watch: Stopwatch, answer: bytes) -> ExecutionResult:
        result = watch.result()
        try:
            take_over(result, json.loads(answer))
        except ValueError as error:
            raise MalformedResponseError(f"The function's answer is no JSON: {error}.") from None
        return result


_KINDS: dict[str, type[AWSTrigger]] = {
    kind.trigger_type().value: kind for kind in (LibraryTrigger, HTTPTrigger, StorageTrigger)
}


def deserialize_trigger(cached: dict[str, Any], config: FunctionConfig) -> AWSTrigger:
    """Return the trigger that ``serialize`` described; it has to be attached.

    Args:
        cached: What was serialized.
        config: The configuration of its function.

    Raises:
        KeyError: It lacks something, or is of a type that does not exist here.
    """
    trigger = _KINDS[cached["type"]].deserialize(cached)
    trigger.configure(config)
    return trigger
