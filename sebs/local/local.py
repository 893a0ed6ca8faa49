"""The local platform: functions as processes of this machine, behind a gateway."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.config import SeBSConfig
from sebs.errors import ColdStartError, UnsupportedTriggerError
from sebs.faas.function import Function, Runtime, Trigger
from sebs.local import languages
from sebs.local.client import GatewayClient
from sebs.local.config import NAME, LocalConfig
from sebs.local.containers import Containers
from sebs.local.function import LocalFunction, LocalFunctionConfig
from sebs.local.functions import Functions
from sebs.local.limits import check_configuration, check_variant
from sebs.local.passing import PassingLocal
from sebs.local.resources import LocalResources
from sebs.s3 import wrappers
from sebs.sebs_types import Language, SystemVariant

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark
    from sebs.cache import Cache
    from sebs.faas.config import Resources
    from sebs.faas.result import ExecutionResult

_WRAPPERS = Path(__file__).parent / "wrappers"


class Local(PassingLocal):
    """Runs functions on this machine, with no account and no root; in containers if so configured.

    Args:
        system_config: Global configuration; it is told which interpreters this machine has.
        config: Configuration of the platform.
        cache_client: The cache.
        docker_client: Of use where functions run in containers.
        logging_handlers: Kept for scripts written for SeBS.
    """

    def __init__(
        self,
        system_config: SeBSConfig,
        config: LocalConfig,
        cache_client: Cache,
        docker_client: Any = None,
        logging_handlers: Any = None,
    ) -> None:
        self._resources = LocalResources(config, cache_client, docker_client)
        super().__init__(system_config, cache_client, docker_client, self._resources)
        self.logging_handlers = logging_handlers
        self._config = config
        self._client = GatewayClient(config.home)
        self._functions = Functions(self._client)
        self._attached = set()
        self._containers = Containers(config.containers, self.require_docker)
        if isinstance(system_config, SeBSConfig):
            # Here the cache is known, in which the interpreters that work are remembered.
            directory = Path(cache_client.cache_dir)
            system_config.register(NAME, lambda: self._containers.languages(directory))

    @staticmethod
    def name() -> str:
        """Return ``local``."""
        return NAME

    @staticmethod
    def config_type() -> type[LocalConfig]:
        """Return the class of the configuration."""
        return LocalConfig

    @staticmethod
    def function_type() -> type[Function]:
        """Return the class of the functions."""
        return LocalFunction

    @classmethod
    def supported_languages(cls) -> dict[str, dict[str, list[str]]]:
        """Return the interpreters found on this machine, for its own architecture."""
        return languages.supported_languages()

    @classmethod
    def wrappers(cls, language: Language) -> list[Path]:
        """Return the directories with a language's clients of storage and tables."""
        return wrappers(language, _WRAPPERS)

    @property
    def config(self) -> LocalConfig:
        """Configuration of the platform."""
        return self._config

    # --- begin and end ---

    def initialize(
        self,
        config: dict[str, str] = {},  # noqa: B006 - the contract's signature; never written to
        resource_prefix: str | None = None,
        quiet: bool = False,
    ) -> None:
        """Start the gateway, unless it runs, and settle the resource id.

        Args:
            config: Not used.
            resource_prefix: Which deployment to take up, or how to name a new one.
            quiet: Whether infos and warnings are silenced.

        Raises:
            DockerUnavailableError: Functions are to run in containers, and there is no engine.
            GatewayError: The gateway cannot be started.
            StorageError: The object storage cannot be used.
        """
        self._containers.check()
        self._client.open()
        self.initialize_resources(resource_prefix, quiet)
        self._share_credentials()

    def shutdown(self) -> None:
        """Give the gateway back, which ends unless others use it, and write the configuration.

        Where no deployment was settled there is nothing that a later run could take up.
        """
        try:
            self._client.close()
        finally:
            if self._config.resources.has_resources_id:
                super().shutdown()

    # --- deployment ---

    def package_code(
        self,
        directory: str,
        language: Language,
        language_version: str,
        architecture: str,
        benchmark: str,
        is_cached: bool,
    ) -> tuple[str, int]:
        """Pack a build directory; see :func:`sebs.local.package.package`.

        Raises:
            PackageTooLargeError: It is over the limit, unpacked.
        """
        from sebs.local.package import package

        archive, size = package(Path(directory), language, benchmark)
        return str(archive), size

    def create_function(
        self,
        code_package: Benchmark,
        func_name: str,
        system_variant: SystemVariant,
        container_uri: str | None,
    ) -> LocalFunction:
        """Create a function, or adopt and update the one that this deployment has.

        Raises:
            UnsupportedVariantError: Something else than a code package is to be deployed.
            InvalidNameError: The name is none; nothing was asked of the gateway.
            LimitExceededError: Memory or timeout is out of range; likewise.
            FunctionNameTakenError: One of that name belongs to another deployment.
            GatewayError: The gateway refused.
        """
        check_variant(system_variant)
        self.name_rules.check(func_name)
        config = LocalFunctionConfig.from_benchmark(code_package)
        self._configure(config)
        function = LocalFunction(
            code_package.benchmark,
            func_name,
            code_package.hash,
            config,
            self._config.resources.resources_id,
        )
        definition = self._definition(function, code_package)
        if self._functions.exists(func_name, function.resource_id):
            self.logging.info("Function %s exists and is adopted.", func_name)
        self._put(function, code_package, definition)
        function.attach(self._client)
        return function

    def cached_function(self, function: Function) -> None:
        """Attach the triggers, and make sure that the function exists.

        Raises:
            FunctionGoneError: It does not.
            FunctionNameTakenError: One of that name belongs to another deployment.
        """
        self._share_credentials()
        self._functions.get(function.name, self._config.resources.resources_id)
        _ours(function).attach(self._client)

    def update_function(
        self,
        function: Function,
        code_package: Benchmark,
        system_variant: SystemVariant,
        container_uri: str | None,
    ) -> None:
        """Deploy new code; environments with the old one serve no more.

        Raises:
            UnsupportedVariantError: Something else than a code package is to be deployed.
            LimitExceededError: Memory or timeout is out of range.
            GatewayError: The gateway refused.
        """
        check_variant(system_variant)
        local = _ours(function)
        self._put(local, code_package, self._definition(local, code_package))

    def update_function_configuration(
        self, cached_function: Function, benchmark: Benchmark
    ) -> None:
        """Apply memory, timeout, environment and scaling; the code stays where it is.

        Another language version takes effect with the code, which is built anew for it.

        Raises:
            LimitExceededError: Memory or timeout is out of range; nothing was changed.
            GatewayError: The gateway refused.
        """
        function, wanted = _ours(cached_function), benchmark.benchmark_config
        check_configuration(wanted.memory, wanted.timeout)
        patch = {
            "memory": wanted.memory,
            "timeout": wanted.timeout,
            "environment": self._resources.function_environment(benchmark),
            "config": asdict(self._config.scaling),
        }
        self._functions.patch(function.name, patch)
        self._configure(function.config)

    def is_configuration_changed(self, cached_function: Function, benchmark: Benchmark) -> bool:
        """Return whether memory, timeout, language, version, scaling or storage are to change."""
        changed = super().is_configuration_changed(cached_function, benchmark)
        wanted = {**asdict(self._config.scaling), **self._resources.get_storage().envs()}
        differences = _ours(cached_function).config.differences(wanted)
        for difference in differences:
            self.logging.info("Configuration of %s: %s.", cached_function.name, difference)
        return changed or bool(differences)

    def can_reuse_cached_function(
        self, cached_function: Function, benchmark: Benchmark
    ) -> str | None:
        """Return why a cached function cannot be reused: another owner, or another sandbox."""
        function, own = _ours(cached_function), self._config.resources.resources_id
        if function.resource_id != own:
            return f"it belongs to the deployment {function.resource_id}, this is {own}"
        runtime = Runtime(benchmark.language, benchmark.language_version)
        return self._containers.difference(function.config.container, runtime)

    def check_limits(self, code_package: Benchmark, func_name: str | None = None) -> None:
        """Refuse a name, memory, timeout or variant that cannot be; the gateway is asked nothing.

        Raises:
            InvalidNameError: The name is none.
            LimitExceededError: Memory or timeout is out of range.
            UnsupportedVariantError: Something else than a code package is to be deployed.
        """
        super().check_limits(code_package, func_name)
        wanted = code_package.benchmark_config
        check_configuration(wanted.memory, wanted.timeout)
        check_variant(code_package.system_variant)

    def default_function_name(
        self, code_package: Benchmark, resources: Resources | None = None
    ) -> str:
        """Return the name that the base class makes."""
        return super().default_function_name(code_package, resources)

    def create_trigger(self, function: Function, trigger_type: Trigger.TriggerType) -> Trigger:
        """Return the function's trigger of that type; it has one of each that there is.

        Raises:
            UnsupportedTriggerError: There is none of that type.
        """
        local = _ours(function)
        for trigger in local.triggers(trigger_type):
            local.attach(self._client)
            return trigger
        raise UnsupportedTriggerError(
            f"The local platform has no {trigger_type.value} trigger.",
            remedy="It has: http, library.",
        )

    # --- measuring ---

    def enforce_cold_start(self, functions: list[Function], code_package: Benchmark) -> None:
        """Retire every environment of the functions; those that are idle are gone on return.

        Raises:
            ColdStartError: Some could not be retired; the message names them.
        """
        self.cold_start_counter += 1
        self._share_credentials()
        failures = self._functions.recycle(function.name for function in functions)
        if failures:
            reasons = "; ".join(f"{name}: {error}" for name, error in failures.items())
            raise ColdStartError(f"No cold start could be forced: {reasons}")

    def download_metrics(
        self,
        function_name: str,
        start_time: int,
        end_time: int,
        requests: dict[str, ExecutionResult],
        metrics: dict[str, Any],
    ) -> None:
        """Fill in what the metrics log says; the gateway need not run.

        The times are whole seconds, so one more is looked at on either side. For the keys of
        ``metrics`` see :func:`sebs.local.metrics.merge_metrics`.

        Raises:
            PlatformError: The log cannot be read.
        """
        from sebs.local.metrics import merge_metrics

        self.name_rules.check(function_name)
        span = (start_time - 1, end_time + 1)
        merge_metrics(self._config.home, function_name, *span, requests, metrics)

    # --- taking away ---

    def delete_function(self, func_name: str, function: dict[str, Any]) -> None:
        """Delete one function; its logs and metrics stay.

        Raises:
            FunctionGoneError: There is none of that name.
            FunctionNameTakenError: It belongs to another deployment than its entry says.
            GatewayError: The gateway refused.
        """
        self.name_rules.check(func_name)
        owner = function.get("resource_id") or self._config.resources.resources_id
        self._functions.get(func_name, owner)
        self._functions.delete(func_name)

    def cleanup_resources(self, dry_run: bool = False) -> dict[str, list[str]]:
        """Find and delete functions, their logs and metrics, buckets and tables.

        Returns:
            Kind of resource to names.

        Raises:
            CleanupError: Some could not be deleted.
        """
        from sebs.local.cleanup import Cleanup

        cleanup = Cleanup(
            self._client, self._config.resources.resources_id, self._resources, self.cache_client
        )
        found = cleanup.find()
        if not dry_run:
            cleanup.delete(found)
        return found

    # --- inside ---

    def _share_credentials(self) -> None:
        """Tell the gateway, in whose memory they stay, how functions enter the object storage.

        Those that expire are renewed here, so this is done again now and then.
        """
        variables = self._resources.get_storage().credentials()
        if variables:
            owner = self._config.resources.resources_id
            self._client.tell("/-/services", {"resource_id": owner, "variables": variables})

    def _configure(self, config: LocalFunctionConfig) -> None:
        """Note how the function is configured now."""
        config.scaling = asdict(self._config.scaling)
        config.storage = self._resources.get_storage().envs()
        config.container = self._containers.wanted(config.runtime)

    def _definition(self, function: LocalFunction, code_package: Benchmark) -> dict[str, Any]:
        """Return what the gateway must know, but for the code; asks the gateway nothing."""
        environment = self._resources.function_environment(code_package)
        return function.definition(environment, Path(self.cache_client.cache_dir))

    def _put(
        self, function: LocalFunction, code_package: Benchmark, definition: dict[str, Any]
    ) -> None:
        location = code_package.code_location
        assert location is not None, "a package that was built has a location"
        self._containers.provide(function.config.container)
        self._functions.put(function.name, location, definition)


def _ours(function: Function) -> LocalFunction:
    assert isinstance(function, LocalFunction), f"{function!r} is of another platform"
    return function
