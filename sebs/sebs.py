"""The entry point for scripts: makes platforms, benchmarks and experiments, and closes them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.config import SeBSConfig
from sebs.errors import ConfigurationError, UnsupportedLanguageError, UsageError
from sebs.sebs_types import Architecture, Language
from sebs.utils import LoggingBase, make_directory

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark
    from sebs.cache import Cache
    from sebs.experiments.config import ExperimentConfig
    from sebs.faas.config import Config
    from sebs.faas.system import System


def default_cache_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Return ``$SEBS_CACHE_DIR``, else ``$XDG_CACHE_HOME/sebs``, else ``~/.cache/sebs``."""
    if configured := environment.get("SEBS_CACHE_DIR"):
        return Path(configured)
    base = environment.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "sebs"


class SeBS(LoggingBase):
    """Makes what a script works with, and shuts all of it down again.

    A context manager: leaving it shuts down every platform that it made, and the cache. Safe to use
    from several threads once it is made.

    Args:
        cache_dir: Directory of the cache; made where it does not exist.
        output_dir: Directory for results; made where it does not exist.
        verbose: Whether infos are logged.
        logging_filename: File that receives every log line.
        benchmarks_dirs: Directories with further benchmarks.
        data_dir: Directory with input data, one directory a benchmark; by default in the cache.

    Raises:
        UsageError: The directory with input data does not exist.
        OSError: The output directory cannot be made.
    """

    def __init__(
        self,
        cache_dir: str | Path,
        output_dir: str | Path,
        verbose: bool = False,
        logging_filename: str | None = None,
        *,
        benchmarks_dirs: Sequence[str | Path] = (),
        data_dir: str | Path | None = None,
    ) -> None:
        super().__init__()
        from sebs import log
        from sebs.cache import Cache
        from sebs.faas.container import docker_from_environment

        if data_dir is not None and not Path(data_dir).is_dir():
            raise UsageError(
                f"There is no directory with input data at {str(data_dir)!r}.",
                remedy="Correct it, make it, or leave it out: data is then made in the cache.",
            )
        if verbose or logging_filename is not None:
            log.set_up(verbose, logging_filename)
        self._docker_client = docker_from_environment
        self._cache_client = Cache(Path(cache_dir).absolute(), self._docker_client)
        self._config = SeBSConfig()
        self._output_dir = Path(output_dir).absolute()
        make_directory(self._output_dir)
        self._verbose = verbose
        self._logging_filename = logging_filename
        self._benchmarks_dirs = tuple(Path(entry).absolute() for entry in benchmarks_dirs)
        self._data_dir = None if data_dir is None else Path(data_dir).absolute()
        self._systems: list[System] = []

    @property
    def cache_client(self) -> Cache:
        """The cache."""
        return self._cache_client

    @property
    def config(self) -> SeBSConfig:
        """What each loaded platform runs."""
        return self._config

    @property
    def docker_client(self) -> Any:
        """A factory of a Docker client; nothing is connected before an operation needs it."""
        return self._docker_client

    @property
    def output_dir(self) -> Path:
        """Directory for results and builds."""
        return self._output_dir

    @property
    def verbose(self) -> bool:
        """Whether infos are logged."""
        return self._verbose

    @property
    def logging_filename(self) -> str | None:
        """File that receives every log line."""
        return self._logging_filename

    def get_deployment(
        self,
        config: Mapping[str, Any],
        logging_filename: str | None = None,
        deployment_config: Config | None = None,
    ) -> System:
        """Return a platform, connected to nothing yet: call its ``initialize``.

        Args:
            config: The section ``deployment`` of a configuration: ``name``, and the platform's own
                section under its name; or a whole configuration, of which that section is taken.
            logging_filename: File that receives every log line from now on.
            deployment_config: A configuration object, which stands in for the platform's section.

        Raises:
            ConfigurationError: The section cannot be used.
            UnknownSystemError: No such platform.
            SystemUnavailableError: What it needs is not installed.
        """
        from sebs import config as configuration
        from sebs.faas.registry import load_system

        if logging_filename is not None:
            from sebs import log

            log.set_up(self._verbose, logging_filename)
        if not isinstance(config, Mapping):
            raise ConfigurationError(
                f"The deployment's configuration must be an object, is {config!r}.",
                remedy='The smallest is {"name": "local"}.',
            )
        section = config.get("deployment", config)
        name = str(section.get("name", "local")) if isinstance(section, Mapping) else ""
        checked = configuration.merge([("", {"deployment": section})], platforms=[name])
        system_type = load_system(name)
        collaborators = (self._cache_client, self._docker_client, None)
        if deployment_config is None:
            own = checked.deployment.get(name) or {}
            system = system_type.from_config(self._config, own, *collaborators)
        else:
            constructor: Any = system_type
            system = constructor(self._config, deployment_config, *collaborators)
        self._systems.append(system)
        return system

    def get_experiment_config(self, config: Mapping[str, Any]) -> ExperimentConfig:
        """Return what is run, from the section ``experiments`` of a configuration.

        Raises:
            ConfigurationError: The section cannot be used; all problems at once.
        """
        from sebs import config as configuration
        from sebs.experiments.config import ExperimentConfig

        checked = configuration.merge([("", {"experiments": config})])
        return ExperimentConfig.deserialize(checked.experiments)

    def get_benchmark(
        self,
        name: str,
        deployment: System,
        config: ExperimentConfig,
        logging_filename: str | None = None,
        *,
        benchmarks_dirs: Sequence[str | Path] = (),
    ) -> Benchmark:
        """Return a benchmark as it is built for a platform.

        Args:
            name: Such as ``110.dynamic-html``.
            deployment: The platform.
            config: Language, architecture, variant; an empty language version becomes the one
                that the platform prefers.
            logging_filename: Not used; kept for scripts written for SeBS.
            benchmarks_dirs: Directories with further benchmarks, which come first.

        Raises:
            UnknownBenchmarkError: No such benchmark.
            UnsupportedLanguageError: The benchmark, or the platform, does not have the language.
        """
        from sebs.benchmark import Benchmark

        if not config.runtime.version:
            config.runtime.version = self._preferred_version(deployment, config)
        benchmark = Benchmark(
            name,
            deployment.name(),
            config,
            self._config,
            str(self._output_dir),
            self._cache_client,
            self._docker_client,
            benchmarks_dirs=(*benchmarks_dirs, *self._benchmarks_dirs),
            data_dir=self._data_dir,
            wrappers=deployment.wrappers(config.runtime.language),
        )
        if config.memory is not None:
            benchmark.benchmark_config.memory = config.memory
        if config.timeout is not None:
            benchmark.benchmark_config.timeout = config.timeout
        return benchmark

    def get_experiment(
        self, experiment_type: str, config: Mapping[str, Any], logging_filename: str | None = None
    ) -> Any:
        """Return an experiment, ours or one of the entry-point group ``sebs.experiments``.

        Raises:
            UnknownExperimentError: No such experiment; the message lists those that exist.
            ConfigurationError: The configuration cannot be used.
        """
        from sebs.experiments import registry

        return registry.load(experiment_type)(self.get_experiment_config(config))

    def shutdown(self) -> None:
        """Shut down every platform that was made here, and the cache; safe to call twice."""
        with ExitStack() as stack:
            # Whatever one of them raises, the others are shut down as well.
            stack.callback(self._cache_client.shutdown)
            while self._systems:
                stack.callback(self._systems.pop(0).shutdown)

    def __enter__(self) -> SeBS:
        return self

    def __exit__(self, *exception: object) -> None:
        self.shutdown()

    def _preferred_version(self, deployment: System, config: ExperimentConfig) -> str:
        language = config.runtime.language.value
        versions = self._config.supported_language_versions(
            deployment.name(), language, config.architecture
        )
        if not versions:
            raise UnsupportedLanguageError(
                f"{deployment.name()} does not run {language} on {config.architecture}.",
                remedy=f"It runs: {', '.join(self._runnable(deployment)) or 'nothing'}.",
            )
        return versions[0]

    def _runnable(self, deployment: System) -> list[str]:
        languages = (language.value for language in Language)
        return [
            f"{language} on {architecture.value}"
            for language in languages
            for architecture in Architecture
            if self._config.supported_language_versions(
                deployment.name(), language, architecture.value
            )
        ]
