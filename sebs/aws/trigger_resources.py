"""What triggers need on AWS, made when one is created and taken away with its function."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from sebs.aws import function_urls, http_apis, notifications
from sebs.aws.config import NAME, AWSConfig
from sebs.aws.faults import explained
from sebs.aws.signing import FUNCTION_URL, HTTP_API
from sebs.aws.triggers import AWSTrigger, HTTPTrigger, LibraryTrigger, StorageTrigger
from sebs.errors import CacheError, UnsupportedTriggerError
from sebs.faas.trigger import Trigger
from sebs.sebs_types import StorageBucketType
from sebs.utils import LoggingBase

if TYPE_CHECKING:
    from sebs.aws.clients import Clients
    from sebs.cache import Cache
    from sebs.faas.function import Function
    from sebs.faas.resources import SystemResources

_TYPES = Trigger.TriggerType


class TriggerResources(LoggingBase):
    """Makes and deletes what the triggers of a deployment's functions need.

    Args:
        clients: The deployment's clients.
        config: The deployment's configuration.
        resources: Its storage.
        cache: The cache, whose locks exclude other processes.
    """

    def __init__(
        self, clients: Clients, config: AWSConfig, resources: SystemResources, cache: Cache
    ) -> None:
        super().__init__()
        self._clients = clients
        self._config = config
        self._resources = resources
        self._cache = cache

    def create(self, function: Function, kind: Trigger.TriggerType) -> AWSTrigger:
        """Return a trigger of that type that works; what it needs is made, or adopted.

        It takes the place of the one that the function has, and the cache is told.

        Raises:
            UnsupportedTriggerError: There is no such type.
            PlatformError: AWS refused.
        """
        makers = {
            _TYPES.LIBRARY: self._library,
            _TYPES.HTTP: self._http,
            _TYPES.STORAGE: self._storage,
        }
        if kind not in makers:
            known = ", ".join(sorted(member.value for member in makers))
            raise UnsupportedTriggerError(
                f"AWS Lambda has no {kind.value} trigger here.", remedy=f"It has: {known}."
            )
        # Two processes that make an HTTP API at once would make two.
        with self._cache.function_lock(NAME, function.name):
            trigger = makers[kind](function)
            trigger.attach(self._clients)
            self._replace(function, trigger)
        return trigger

    def attach(self, function: Function) -> None:
        """Make the triggers of a function that came from the cache work again.

        An HTTP trigger that the configuration no longer wants as it is, such as one that was
        public, is replaced at once; all others cost no call.

        Raises:
            PlatformError: AWS refused.
        """
        for trigger in function.triggers_all():
            if isinstance(trigger, AWSTrigger):
                trigger.attach(self._clients)
            if isinstance(trigger, HTTPTrigger) and not self._fits(trigger):
                self.logging.info("The HTTP trigger of %s is replaced.", function.name)
                self.create(function, _TYPES.HTTP)

    def close(self, name: str) -> None:
        """Take from everybody what a function that is adopted still has open to them.

        The cache that knew of it is lost, and its next trigger may be one that is no URL.

        Args:
            name: Name of the function.

        Raises:
            PlatformError: AWS refused.
        """
        if not self._config.resources.is_public:
            function_urls.close_function_url(self._clients, name)
            http_apis.close_http_api(self._clients, name, self._config.resources.resources_id)

    def delete(self, name: str, triggers: list[dict[str, Any]]) -> None:
        """Delete what the triggers of a function have that does not end with the function.

        Args:
            name: Name of the function.
            triggers: Its triggers, serialized.

        Raises:
            PlatformError: AWS refused.
        """
        for trigger in triggers:
            if trigger.get("service") == FUNCTION_URL:
                function_urls.delete_function_url(self._clients, name)
            elif trigger.get("service") == HTTP_API:
                self._delete_http_apis(name)
            elif bucket := trigger.get("bucket"):
                lock = self._lock(bucket)
                notifications.delete_notification(self._clients, bucket, name, lock)

    def _fits(self, trigger: HTTPTrigger) -> bool:
        return (trigger.service, trigger.public) == (
            self._http_service,
            self._config.resources.is_public,
        )

    @property
    def _http_service(self) -> str:
        return FUNCTION_URL if self._config.resources.use_function_url else HTTP_API

    def _replace(self, function: Function, trigger: AWSTrigger) -> None:
        former = [found.serialize() for found in function.triggers(trigger.trigger_type())]
        if former == [trigger.serialize()]:
            function.set_trigger(trigger)
            return
        # A URL that was made for the same service is the one that was found again.
        other = [found for found in former if found.get("service") != self._http_service]
        self.delete(function.name, other)
        function.set_trigger(trigger)
        try:
            self._cache.update_function(function)
        except CacheError as error:
            # It works all the same, and the next one who asks for it finds it on AWS.
            self.logging.warning("The trigger is not remembered: %s", error)

    def _library(self, function: Function) -> AWSTrigger:
        notifications.run_once(self._clients, function.name)
        return LibraryTrigger(function.name, function.config)

    def _http(self, function: Function) -> AWSTrigger:
        resources, clients, name = self._config.resources, self._clients, function.name
        if resources.is_public:
            self.logging.warning(
                "The HTTP trigger of %s is public: whoever knows its URL can invoke it.", name
            )
        service = self._http_service
        if service == FUNCTION_URL:
            url = function_urls.ensure_function_url(clients, name, resources.is_public)
        else:
            self._warn_of_long_calls(function)
            url = http_apis.ensure_http_api(
                clients, name, self._arn(name), resources.resources_id, resources.is_public
            )
        return HTTPTrigger(
            name, function.config, url=url, service=service, public=resources.is_public
        )

    def _storage(self, function: Function) -> AWSTrigger:
        name = function.name
        bucket = self._resources.get_storage().get_bucket(StorageBucketType.BENCHMARKS)
        notifications.ensure_notification(
            self._clients, bucket, name, self._arn(name), self._lock(bucket)
        )
        return StorageTrigger(name, function.config, bucket=bucket)

    def _delete_http_apis(self, name: str) -> None:
        found = http_apis.http_apis(self._clients, self._config.resources.resources_id)
        for api_id, api_name in found.items():
            if api_name == name:
                http_apis.delete_http_api(self._clients, api_id)

    def _warn_of_long_calls(self, function: Function) -> None:
        if function.config.timeout > http_apis.LONGEST:
            self.logging.warning(
                "%s may run for %d s, and an HTTP API answers 503 after %d s: "
                "use a function URL for longer calls.",
                function.name,
                function.config.timeout,
                http_apis.LONGEST,
            )

    def _arn(self, name: str) -> str:
        with explained(f"Looking at the function {name}"):
            client = self._clients.control("lambda")
            return str(client.get_function_configuration(FunctionName=name)["FunctionArn"])

    def _lock(self, bucket: str) -> AbstractContextManager[None]:
        return self._cache.function_lock(NAME, f"notifications of {bucket}")
