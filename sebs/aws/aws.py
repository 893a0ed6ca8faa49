"""AWS Lambda: the hooks of the platform."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.aws import limits
from sebs.aws.attaching import AttachingAWS
from sebs.aws.clients import Clients
from sebs.aws.code import check_variant, code_of
from sebs.aws.cold_starts import force_all
from sebs.aws.config import NAME, AWSConfig
from sebs.aws.ecr import Repository
from sebs.aws.function import LambdaConfig, LambdaFunction
from sebs.aws.functions import Functions
from sebs.aws.identity import check_place, may_be_kept, remembered_deployment, sign_in
from sebs.aws.log_groups import delete_log_group, ensure_log_group, log_group
from sebs.aws.notifications import run_once
from sebs.aws.package import package, wrappers
from sebs.aws.resources import AWSSystemResources
from sebs.aws.roles import Roles
from sebs.aws.trigger_resources import TriggerResources
from sebs.errors import FunctionGoneError
from sebs.faas.function import Function, Trigger
from sebs.faas.names import NameRules
from sebs.sebs_types import Architecture, Language, SystemVariant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sebs.aws.container import ECRContainer
    from sebs.benchmark import Benchmark
    from sebs.cache import Cache
    from sebs.config import SeBSConfig
    from sebs.faas.config import Resources
    from sebs.faas.result import ExecutionResult


class AWS(AttachingAWS):
    """Deploys functions to AWS Lambda, as packages and as images.

    Args:
        system_config: Global configuration.
        config: Configuration of the platform.
        cache_client: The cache.
        docker_client: Builds images; a client, a factory of one, or ``None``.
        logging_handlers: Kept for scripts written for SeBS.
    """

    #: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    name_rules = NameRules(first="A-Za-z0-9_-", last="A-Za-z0-9_-")

    def __init__(
        self,
        system_config: SeBSConfig,
        config: AWSConfig,
        cache_client: Cache,
        docker_client: Any = None,
        logging_handlers: Any = None,
    ) -> None:
        self._clients = Clients(config.region, config.credentials, config.endpoints)
        self._resources = AWSSystemResources(config, self._clients, cache_client, docker_client)
        super().__init__(system_config, cache_client, docker_client, self._resources)
        self.logging_handlers = logging_handlers
        self._config = config
        self._functions = Functions(self._clients, self._resources)
        self._roles = Roles(self._clients, config)
        self._repository = Repository(self._clients, config.resources)
        self._triggers = TriggerResources(self._clients, config, self._resources, cache_client)

    @staticmethod
    def name() -> str:
        """Return ``aws``."""
        return NAME

    @staticmethod
    def config_type() -> type[AWSConfig]:
        """Return the class of the configuration."""
        return AWSConfig

    @staticmethod
    def function_type() -> type[Function]:
        """Return the class of the functions."""
        return LambdaFunction

    @classmethod
    def supported_languages(cls) -> dict[str, dict[str, list[str]]]:
        """Return Lambda's runtimes; each runs on both architectures."""
        return {
            language: {architecture.value: list(versions) for architecture in Architecture}
            for language, versions in limits.RUNTIMES.items()
        }

    @classmethod
    def wrappers(cls, language: Language) -> Sequence[Path]:
        """Return the directories with a language's entry, and its clients of S3 and DynamoDB."""
        return wrappers(language)

    @property
    def config(self) -> AWSConfig:
        """Configuration of the platform."""
        return self._config

    @cached_property
    def container_client(self) -> ECRContainer:
        """Builder of images, which are pushed to the deployment's repository on ECR."""
        from sebs.aws.container import ECRContainer

        return ECRContainer(self.system_config, self._docker, self._config, self._repository)

    # --- begin and end ---

    def initialize(
        self,
        config: dict[str, str] = {},  # noqa: B006 - the contract's signature; never written to
        resource_prefix: str | None = None,
        quiet: bool = False,
    ) -> None:
        """Sign in, which is checked at once, and settle the resource id.

        Args:
            config: Not used.
            resource_prefix: Which deployment to take up, or how to name a new one.
            quiet: Whether infos and warnings are silenced.

        Raises:
            ConfigurationError: There is no such profile or region, or the cache has another one.
            CredentialsError: There are no credentials, half of them, or AWS does not accept them.
            PlatformUnreachableError: AWS cannot be reached.
        """
        sign_in(self._clients, self._config.credentials)
        remembered = remembered_deployment(self.cache_client)
        self.initialize_resources(resource_prefix, quiet)
        check_place(self._config, remembered)

    def shutdown(self) -> None:
        """Close all connections, and write the configuration to the cache.

        Not where no deployment was settled, or the cache has it in another region.
        """
        try:
            self._clients.close()
        finally:
            if may_be_kept(self._config, self.cache_client):
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
        """Pack a build directory; see :func:`sebs.aws.package.package`.

        Raises:
            PackageTooLargeError: It is over 250 MB, unpacked.
        """
        archive, size = package(Path(directory), language, benchmark)
        return str(archive), size

    def create_function(
        self,
        code_package: Benchmark,
        func_name: str,
        system_variant: SystemVariant,
        container_uri: str | None,
    ) -> LambdaFunction:
        """Create a function with its role and its log, or adopt the one that this deployment has.

        Raises:
            UnsupportedVariantError: Neither a package nor an image is to be deployed.
            InvalidNameError: Lambda does not take the name; nothing was asked of AWS.
            LimitExceededError: Memory or timeout is out of range; likewise.
            FunctionNameTakenError: One of that name belongs to somebody else; it stays as it is.
            PlatformError: AWS refused.
        """
        self.check_limits(code_package, func_name)
        code = code_of(code_package, system_variant, container_uri)
        own = self._config.resources.resources_id
        # First of all, so that nothing is made for a name that is somebody else's.
        found = self._functions.own(func_name, own)
        config = LambdaConfig.from_benchmark(code_package)
        config.package_type = code.package_type
        self._configure(config, code_package)
        ensure_log_group(self._clients, func_name, own)
        counter = self.cold_start_counter
        if found is None:
            found = self._functions.create(func_name, code, config, own, counter)
        else:
            self.logging.info("Function %s exists and is adopted.", func_name)
            self._triggers.close(func_name)
            found = self._functions.replace(found, func_name, code, config, counter)
        run_once(self._clients, func_name)  # also what its first trigger submits
        config.code_sha256 = found.code_sha256
        function = LambdaFunction(
            code_package.benchmark, func_name, code_package.hash, config, found.arn, own
        )
        function.attach(self._clients)
        return function

    def cached_function(self, function: Function) -> None:
        """Attach the triggers, and learn what the function is by now: one request.

        Raises:
            FunctionGoneError: It does not.
            FunctionNameTakenError: One of that name belongs to somebody else.
        """
        found = self._functions.ready(function.name, self._config.resources.resources_id)
        _ours(function).correct(found)
        self._triggers.attach(function)

    def update_function(
        self,
        function: Function,
        code_package: Benchmark,
        system_variant: SystemVariant,
        container_uri: str | None,
    ) -> None:
        """Deploy new code, and wait until it is what is invoked.

        A role that was deleted behind our back is made again: no code runs without it.

        Raises:
            UnsupportedVariantError: Neither a package nor an image is to be deployed.
            PlatformError: AWS refused.
        """
        code = code_of(code_package, system_variant, container_uri)
        self._roles.ensure()
        config = _ours(function).config
        config.code_sha256 = self._functions.update_code(function.name, code, config).code_sha256

    def update_function_configuration(
        self, cached_function: Function, benchmark: Benchmark
    ) -> None:
        """Apply memory, timeout, environment, role and log format; the code stays where it is.

        Raises:
            LimitExceededError: Memory or timeout is out of range; nothing was changed.
            PlatformError: AWS refused.
        """
        wanted = benchmark.benchmark_config
        limits.check_configuration(wanted.memory, wanted.timeout)
        config = _ours(cached_function).config
        self._configure(config, benchmark)
        self._functions.update_configuration(cached_function.name, config, self.cold_start_counter)

    def is_configuration_changed(self, cached_function: Function, benchmark: Benchmark) -> bool:
        """Return whether memory, timeout, language, version, environment, role or log differ."""
        changed = super().is_configuration_changed(cached_function, benchmark)
        function = _ours(cached_function)
        differences = function.config.differences(
            environment=self._resources.function_environment(benchmark),
            log_format=self._config.log_format,
            role=self._roles.expected(function.arn),
        )
        for difference in differences:
            self.logging.info("Configuration of %s: %s.", cached_function.name, difference)
        return changed or bool(differences)

    def can_reuse_cached_function(
        self, cached_function: Function, benchmark: Benchmark
    ) -> str | None:
        """Return why a cached function cannot be reused: it is elsewhere, or of another kind."""
        return _ours(cached_function).obstacle(
            resource_id=self._config.resources.resources_id,
            region=self._config.region,
            account=self._config.credentials.account_id,
            package_type="Image" if benchmark.system_variant.is_container else "Zip",
            architecture=str(benchmark.architecture),
        )

    def check_limits(self, code_package: Benchmark, func_name: str | None = None) -> None:
        """Refuse a name, memory, timeout or variant that cannot be; AWS is asked nothing.

        Raises:
            InvalidNameError: Lambda does not take the name.
            LimitExceededError: Memory or timeout is out of range.
            UnsupportedVariantError: Neither a package nor an image is to be deployed.
        """
        super().check_limits(code_package, func_name)
        wanted = code_package.benchmark_config
        limits.check_configuration(wanted.memory, wanted.timeout)
        check_variant(code_package.system_variant)

    def default_function_name(
        self, code_package: Benchmark, resources: Resources | None = None
    ) -> str:
        """Return the name that the base class makes."""
        return super().default_function_name(code_package, resources)

    def create_trigger(self, function: Function, trigger_type: Trigger.TriggerType) -> Trigger:
        """Create a trigger with everything that it needs, and attach it to the function.

        Raises:
            UnsupportedTriggerError: There is none of that type.
            PlatformError: AWS refused.
        """
        return self._triggers.create(function, trigger_type)

    # --- measuring ---

    def enforce_cold_start(self, functions: list[Function], code_package: Benchmark) -> None:
        """Change a variable of each function, several at once, and wait until all have it.

        Raises:
            ColdStartError: It could not be forced for some; the message names them.
        """
        self.cold_start_counter += 1
        counter = self.cold_start_counter
        force_all(functions, lambda function: self._force_cold_start(function, counter))

    def download_metrics(
        self,
        function_name: str,
        start_time: int,
        end_time: int,
        requests: dict[str, ExecutionResult],
        metrics: dict[str, Any],
    ) -> None:
        """Fill in what CloudWatch Logs has of the invocations; see :mod:`sebs.aws.metrics`.

        Raises:
            PlatformError: The log cannot be read.
        """
        from sebs.aws.metrics import download

        clients, group = self._log_of(function_name)
        download(clients, group, start_time, end_time, requests, metrics)

    # --- taking away ---

    def delete_function(self, func_name: str, function: dict[str, Any]) -> None:
        """Delete one function, with what its triggers need and its log.

        Raises:
            FunctionGoneError: There is none of that name.
            FunctionNameTakenError: It belongs to another deployment than its entry says.
            PlatformError: AWS refused.
        """
        if function.get("attached"):
            self._delete_attached(function["name"])
            return
        self.name_rules.check(func_name)
        triggers = function.get("triggers") or []
        own = function.get("resource_id") or self._config.resources.resources_id
        try:
            self._functions.require(func_name, own)
        except FunctionGoneError:
            # Its triggers' parts may still be there, and nobody else would look for them.
            self._triggers.delete(func_name, triggers)
            raise
        self._triggers.delete(func_name, triggers)
        self._functions.delete(func_name)
        delete_log_group(self._clients, log_group(func_name))

    def cleanup_resources(self, dry_run: bool = False) -> dict[str, list[str]]:
        """Find and delete all that the deployment has; see :mod:`sebs.aws.cleanup`.

        Returns:
            Kind of resource to names.

        Raises:
            CleanupError: Some could not be deleted.
        """
        from sebs.aws.cleanup import Cleanup

        cleanup = Cleanup(
            self._clients,
            self._config,
            self._functions,
            self._roles,
            self._repository,
            self._resources,
            self.cache_client,
        )
        found = cleanup.find()
        if not dry_run:
            cleanup.delete(found)
        return found

    # --- inside ---

    def _configure(self, config: LambdaConfig, benchmark: Benchmark) -> None:
        """Note how the function is configured now."""
        config.role = self._roles.ensure()
        config.environment = self._resources.function_environment(benchmark)
        config.log_format = self._config.log_format
        config.agreed = True


def _ours(function: Function) -> LambdaFunction:
    assert isinstance(function, LambdaFunction), "functions of this platform are made by it"
    return function
