"""What a command works with: the configuration, the facade, a platform, a benchmark."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.errors import UsageError
from sebs.faas.config import Resources, new_resources_id
from sebs.faas.deployments import existing_deployment

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark
    from sebs.cache import Cache
    from sebs.config import Configuration
    from sebs.experiments.config import ExperimentConfig
    from sebs.faas.system import System
    from sebs.sebs import SeBS

#: Option of the command line to the dotted path that it overrides.
_OVERRIDES = {
    "deployment": "deployment.name",
    "resource_prefix": "deployment.resource_prefix",
    "architecture": "experiments.architecture",
    "memory": "experiments.memory",
    "timeout": "experiments.timeout",
    "system_variant": "experiments.system_variant",
    "language_variant": "experiments.language_variant",
    "update_code": "experiments.update_code",
    "update_storage": "experiments.update_storage",
    "repetitions": "experiments.repetitions",
    "trigger": "experiments.trigger",
    "peer_address": "experiments.peer_address",
}


@dataclass(frozen=True, slots=True)
class Session:
    """Everything a command needs, made from its options.

    Attributes:
        configuration: The effective configuration.
        client: The facade.
        system: The platform; not initialized yet.
        experiment: What is run.
    """

    configuration: Configuration
    client: SeBS
    system: System
    experiment: ExperimentConfig

    def initialize(self) -> None:
        """Connect to the platform.

        Raises:
            PlatformError: It cannot be reached.
        """
        prefix = self.configuration.deployment.get("resource_prefix")
        self.system.initialize(resource_prefix=prefix)

    @contextmanager
    def looking(self) -> Iterator[bool]:
        """Connect to the deployment that exists; where there is none, none is allocated.

        Within the block the platform has a resource id in any case: one that would be new is
        forgotten at its end, and the cache goes on remembering what it did.

        Yields:
            Whether the deployment exists.

        Raises:
            UsageError: Several exist, and nothing says which one is meant.
        """
        prefix = self.configuration.deployment.get("resource_prefix")
        found = existing_deployment(self.system, prefix) or self._only_one(prefix)
        with self.visiting(found or new_resources_id(prefix)):
            yield found is not None

    @contextmanager
    def visiting(self, resources_id: str) -> Iterator[None]:
        """Connect to one deployment; which one the cache remembers does not change by it."""
        resources = self.system.config.resources
        kept = resources.serialize()
        if kept.get("resources_id") != resources_id:
            resources.resources_id = None  # its buckets are another deployment's
            resources.resources_id = resources_id
        try:
            self.system.initialize(quiet=True)
            yield
        finally:
            resources.resources_id = None
            Resources.initialize(resources, kept)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Connect to the platform alone: no deployment is looked for, made or remembered."""
        resources = self.system.config.resources
        known = resources.resources_id if resources.has_resources_id else new_resources_id()
        with self.visiting(known):
            yield

    def _only_one(self, prefix: str | None) -> str | None:
        """Return the platform's only deployment that fits the prefix, which the cache forgot."""
        fitting = [name for name in self.system.find_deployments() if (prefix or "") in name]
        if len(fitting) > 1:
            raise UsageError(
                f"There are {len(fitting)} deployments: {', '.join(fitting)}.",
                remedy="Choose one with --resource-prefix.",
            )
        return fitting[0] if fitting else None

    def benchmark(self, name: str, function_name: str | None) -> Benchmark:
        """Return a benchmark as it is built for the platform; call it before connecting.

        Args:
            name: The benchmark's name.
            function_name: What the function shall be called; ``None`` stands for the default.

        Raises:
            UsageError: There is none of that name, or the platform does not run its language.
            LimitExceededError: Memory or timeout is out of range.
            UnsupportedVariantError: The platform does not deploy the variant.
        """
        from sebs.faas.deploy import check_request

        benchmark = self.client.get_benchmark(name, self.system, self.experiment)
        check_request(self.system, benchmark, function_name)
        return benchmark


def load_configuration(
    config_file: Path | None,
    options: Mapping[str, Any],
    remembered: Mapping[str, Any] | None = None,
) -> Configuration:
    """Return the effective configuration: defaults, file, environment, command line.

    Args:
        config_file: The configuration file.
        options: The command's options; those that override the configuration count.
        remembered: A configuration that holds where the file says nothing.

    Raises:
        ConfigurationError: All problems at once.
    """
    from sebs import config
    from sebs.faas.registry import known_systems, section_problems

    overrides = {_OVERRIDES[key]: value for key, value in options.items() if key in _OVERRIDES}
    if language := options.get("language"):
        # A version in the file belongs to the language in the file.
        runtime = {"language": language, "version": options.get("language_version")}
        overrides["experiments.runtime"] = runtime
    else:
        overrides["experiments.runtime.version"] = options.get("language_version")
    return config.load(
        config_file,
        environment=os.environ,
        overrides=overrides,
        platforms=known_systems(),
        check_section=section_problems,
        remembered=remembered,
    )


@contextmanager
def open_session(
    *,
    config_file: Path | None = None,
    cache_dir: Path | None = None,
    output_dir: Path | None = None,
    verbose: bool = False,
    benchmarks_dirs: Sequence[Path] = (),
    data_dir: Path | None = None,
    remembered: Mapping[str, Any] | None = None,
    **options: Any,
) -> Iterator[Session]:
    """Make what a command works with, and shut it down again.

    Args:
        config_file: The configuration file.
        cache_dir: Directory of the cache.
        output_dir: Directory for results.
        verbose: Whether infos are logged.
        benchmarks_dirs: Directories with further benchmarks.
        data_dir: Directory with input data.
        remembered: A configuration that holds where the file says nothing.
        options: The command's other options; those that override the configuration count.

    Raises:
        UsageError: Something that was asked for makes no sense.
    """
    from sebs import log
    from sebs.experiments.config import ExperimentConfig
    from sebs.sebs import SeBS, default_cache_dir

    log.set_up(verbose)
    configuration = load_configuration(config_file, options, remembered)
    with SeBS(
        cache_dir or default_cache_dir(),
        output_dir or Path.cwd(),
        benchmarks_dirs=benchmarks_dirs,
        data_dir=data_dir,
    ) as client:
        yield Session(
            configuration,
            client,
            client.get_deployment(configuration.deployment),
            ExperimentConfig.deserialize(configuration.experiments),
        )


@contextmanager
def open_cache(cache_dir: Path | None) -> Iterator[Cache]:
    """Open the cache, and close it again.

    Args:
        cache_dir: Its directory; ``None`` is the default one.
    """
    from sebs.cache import Cache
    from sebs.sebs import default_cache_dir

    with Cache(cache_dir or default_cache_dir()) as cache:
        yield cache
