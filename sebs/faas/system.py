"""The abstract class that every FaaS platform is a subclass of."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sebs.errors import UnsupportedOperationError
from sebs.faas import deploy, deployments
from sebs.faas.attached import Attaching
from sebs.faas.behaviour import Behaviour

if TYPE_CHECKING:
    from pathlib import Path

    from sebs.benchmark import Benchmark
    from sebs.faas.config import Config, Resources
    from sebs.faas.container import DockerContainer
    from sebs.faas.function import ExecutionResult, Function, Trigger
    from sebs.faas.plan import Plan
    from sebs.sebs_types import Language, SystemVariant

#: ``(directory, language, language_version, architecture, benchmark, is_cached) -> (path, size)``
PackageStep = Callable[[str, "Language", str, str, str, bool], "tuple[str, int]"]


class System(Behaviour, Attaching):
    """A FaaS platform: packages code, deploys, invokes, forces cold starts, fetches metrics.

    A subclass implements the abstract hooks; :meth:`get_function` calls them in the right order and
    is the only one that writes functions to the cache. Hooks for different functions may be called
    from several threads at once, hooks for one function never are. The system owns what it makes
    (clients, processes) until :meth:`shutdown`; the four collaborators belong to the caller.
    """

    @classmethod
    def wrappers(cls, language: Language) -> Sequence[Path]:
        """Return the directories whose files join a benchmark's code.

        They adapt the platform's events and storage to what benchmarks expect; they are part of
        the code package and of its hash. A file of a later one replaces that of an earlier one.
        """
        return ()

    @property
    @abstractmethod
    def config(self) -> Config:
        """Configuration of the platform."""

    @property
    def container_client(self) -> DockerContainer | None:
        """Builder of images; ``None`` where the platform deploys none."""
        return None

    @staticmethod
    @abstractmethod
    def function_type() -> type[Function]:
        """Return the subclass of ``Function`` that cache entries are decoded with."""

    def initialize(
        self,
        config: dict[str, str] = {},  # noqa: B006 - the contract's signature; never written to
        resource_prefix: str | None = None,
        quiet: bool = False,
    ) -> None:
        """Connect to the platform and make it ready; does nothing by default.

        Args:
            config: Settings of the platform's own.
            resource_prefix: Which deployment to take up, or how to name a new one.
            quiet: Whether infos and warnings are silenced.

        Raises:
            PlatformError: The platform cannot be reached.
        """

    def initialize_resources(self, select_prefix: str | None, quiet: bool = False) -> None:
        """Settle the deployment's resource id.

        It is the configured one; else that of the first existing deployment that contains the
        prefix; else a new one, which allocates the benchmarks bucket.

        Args:
            select_prefix: Part of the id of an existing deployment, and prefix of a new one.
            quiet: Whether infos and warnings are silenced.
        """
        deployments.settle_resources_id(self, select_prefix, quiet)

    def find_deployments(self) -> list[str]:
        """Return the resource ids that exist on the platform; by default, asks the storage."""
        return self.system_resources.get_storage().find_deployments()

    @abstractmethod
    def package_code(
        self,
        directory: str,
        language: Language,
        language_version: str,
        architecture: str,
        benchmark: str,
        is_cached: bool,
    ) -> tuple[str, int]:
        """Turn a built code directory into what the platform deploys.

        Args:
            directory: Benchmark sources, wrappers and dependencies.
            language: Language of the benchmark.
            language_version: Its version.
            architecture: ``x64`` or ``arm64``.
            benchmark: Name of the benchmark.
            is_cached: Whether the cache has an older package.

        Returns:
            Path of the package and its size in bytes.

        Raises:
            PackageTooLargeError: It is over the platform's limit.
        """

    def finalize_container_build(self) -> PackageStep | None:
        """Return a ``package_code`` for platforms that deploy an image and a code package."""
        return None

    @abstractmethod
    def create_function(
        self,
        code_package: Benchmark,
        func_name: str,
        system_variant: SystemVariant,
        container_uri: str | None,
    ) -> Function:
        """Create a function, with every resource that it needs.

        A function of that name that carries this deployment's resource id is adopted and updated.

        Args:
            code_package: The benchmark, built.
            func_name: Name of the function.
            system_variant: What is deployed.
            container_uri: The image, where one is deployed.

        Raises:
            FunctionNameTakenError: One of that name belongs to somebody else.
            UnsupportedVariantError: The platform does not deploy that variant.
            PlatformError: The platform refused.
        """

    @abstractmethod
    def cached_function(self, function: Function) -> None:
        """Prepare a function that came from the cache: attach clients, check that it exists.

        Raises:
            FunctionGoneError: The platform no longer has it.
        """

    @abstractmethod
    def update_function(
        self,
        function: Function,
        code_package: Benchmark,
        system_variant: SystemVariant,
        container_uri: str | None,
    ) -> None:
        """Deploy new code to an existing function.

        Raises:
            UnsupportedVariantError: The platform does not deploy that variant.
            PlatformError: The platform refused.
        """

    @abstractmethod
    def update_function_configuration(
        self, cached_function: Function, benchmark: Benchmark
    ) -> None:
        """Apply new memory, timeout or environment; never uploads code.

        Raises:
            LimitExceededError: A value is out of range; nothing was changed.
            PlatformError: The platform refused.
        """

    def is_configuration_changed(self, cached_function: Function, benchmark: Benchmark) -> bool:
        """Return whether timeout, memory, language or version differ from what is wanted.

        Each difference is logged with both values; nothing is changed.
        """
        changes = deploy.differences(cached_function, benchmark)
        for change in changes:
            self.logging.info("Configuration of %s: %s.", cached_function.name, change)
        return bool(changes)

    def can_reuse_cached_function(
        self, cached_function: Function, benchmark: Benchmark
    ) -> str | None:
        """Return why a cached function cannot be reused, or ``None``."""
        return None

    @abstractmethod
    def default_function_name(
        self, code_package: Benchmark, resources: Resources | None = None
    ) -> str:
        """Return the name of a benchmark's function.

        The base body makes one within :attr:`name_rules` that is unique for resource id,
        benchmark, language, version, architecture and variants.

        Args:
            code_package: The benchmark.
            resources: The deployment; by default, the configured one.
        """
        settled = resources if resources is not None else self.config.resources
        variant = code_package.system_variant
        parts = [
            "sebs",
            settled.resources_id,
            str(code_package.benchmark),
            str(code_package.language_name),
            str(code_package.language_version),
            str(code_package.architecture),
            self.system_variant_suffix(variant) or variant.value,
            str(code_package.language_variant),
        ]
        return self.name_rules.make(parts)

    @abstractmethod
    def enforce_cold_start(self, functions: list[Function], code_package: Benchmark) -> None:
        """Make sure that the next invocation of each function starts a new environment.

        Raises:
            ColdStartError: It could not be forced for some; the message names them.
        """

    @abstractmethod
    def download_metrics(
        self,
        function_name: str,
        start_time: int,
        end_time: int,
        requests: dict[str, ExecutionResult],
        metrics: dict[str, Any],
    ) -> None:
        """Fill results with what the platform's own log says of them.

        Args:
            function_name: The function.
            start_time: Begin of the time span, Unix seconds.
            end_time: End of the time span, Unix seconds.
            requests: Request id to result; provider times, billing and memory are filled in.
            metrics: Filled with what else the platform reports.

        Raises:
            PlatformError: The log cannot be read.
        """

    @abstractmethod
    def create_trigger(self, function: Function, trigger_type: Trigger.TriggerType) -> Trigger:
        """Create a trigger and attach it to the function.

        Raises:
            UnsupportedTriggerError: The platform has none of that type.
        """

    def build_function(self, code_package: Benchmark, func_name: str | None = None) -> None:
        """Build a function's package or image and log where it is; deploys nothing.

        Raises:
            UnsupportedLanguageError: The platform does not run it; nothing was built.
            BenchmarkError: It could not be built.
        """
        deploy.check_language(self, code_package)
        name = func_name or self.default_function_name(code_package)
        built = deploy.build(self, code_package)
        if built.location is not None:
            self.logging.info("Code package of %s: %s", name, built.location)
        if built.container_uri is not None:
            self.logging.info("Container image of %s: %s", name, built.container_uri)

    def get_function(self, code_package: Benchmark, func_name: str | None = None) -> Function:
        """Return a function that runs a benchmark: reused, updated or created.

        Args:
            code_package: The benchmark.
            func_name: Name of the function; by default :meth:`default_function_name`.

        Raises:
            UnsupportedLanguageError: The platform does not run it; nothing was built or called.
            BenchmarkError: It could not be built.
            PlatformError: The platform refused a step; the cache tells what is there.
        """
        return deploy.deploy_function(self, code_package, func_name)

    def get_functions(
        self,
        code_packages: Iterable[Benchmark | tuple[Benchmark, str | None]],
        max_workers: int = deploy.DEFAULT_CONCURRENCY,
    ) -> deploy.DeploymentReport:
        """Bring many functions up to date at once; one that fails does not stop the others.

        Args:
            code_packages: Benchmarks, or pairs of a benchmark and a function name.
            max_workers: How many are deployed at once.

        Returns:
            Every success and every failure.
        """
        return deploy.deploy_functions(self, code_packages, max_workers)

    def plan_function(self, code_package: Benchmark, func_name: str | None = None) -> Plan:
        """Return what :meth:`get_function` would do, and why; builds, but changes nothing else.

        Raises:
            UnsupportedLanguageError: The platform does not run it.
            BenchmarkError: It could not be built.
        """
        return deploy.plan_function(self, code_package, func_name)

    def system_variant_suffix(self, system_variant: SystemVariant) -> str | None:
        """Return the provider's own suffix for a variant in cache keys and names, or ``None``."""
        return None

    def delete_function(self, func_name: str, function: dict[str, Any]) -> None:
        """Delete one function.

        Args:
            func_name: Its name.
            function: Its cache entry.

        Raises:
            FunctionGoneError: The platform has none of that name.
            UnsupportedOperationError: The platform does not do that; also a NotImplementedError.
        """
        raise UnsupportedOperationError(f"{self.name()} cannot delete functions.")

    def cleanup_functions(self, dry_run: bool) -> list[str]:
        """Delete all functions that the cache knows, then forget them.

        Args:
            dry_run: Whether nothing is deleted, only listed.

        Returns:
            The names of the functions.

        Raises:
            CleanupError: Some could not be deleted; they stay in the cache.
        """
        return deployments.delete_cached_functions(self, dry_run)

    def cleanup_resources(self, dry_run: bool = False) -> dict[str, list[str]]:
        """Find and delete everything that this deployment allocated.

        Args:
            dry_run: Whether nothing is deleted, only listed.

        Returns:
            Kind of resource to identifiers.

        Raises:
            CleanupError: Some could not be deleted.
            UnsupportedOperationError: The platform does not do that; also a NotImplementedError.
        """
        raise UnsupportedOperationError(f"{self.name()} cannot clean up resources.")

    def disable_rich_output(self) -> None:
        """Show no progress bars from now on."""
        self.shows_progress = False
        if self.container_client is not None:
            self.container_client.show_progress = False

    @abstractmethod
    def shutdown(self) -> None:
        """Release what the platform holds; safe to call twice.

        The base body writes the final configuration to the cache, under its lock.
        """
        self._docker.close()
        self.cache_client.lock()
        try:
            self.config.update_cache(self.cache_client)
        finally:
            self.cache_client.unlock()
