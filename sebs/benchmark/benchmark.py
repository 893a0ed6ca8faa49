"""A benchmark in one language for one platform: its hash, its package, its input, its verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.benchmark.code_variants import DEFAULT_VARIANT
from sebs.benchmark.config import BenchmarkConfig
from sebs.benchmark.dependencies import Target
from sebs.benchmark.recipe import Recipe
from sebs.benchmark.source import find_benchmark
from sebs.errors import InvalidBenchmarkError, UnsupportedVariantError
from sebs.sebs_types import Language, SystemVariant
from sebs.utils import LoggingBase

if TYPE_CHECKING:
    from sebs.benchmark.inputs import InputModule
    from sebs.cache import Cache
    from sebs.config import SeBSConfig
    from sebs.experiments.config import ExperimentConfig
    from sebs.faas.container import DockerContainer
    from sebs.faas.resources import SystemResources

#: ``package_code`` of a platform: directory, language, version, architecture, benchmark, is_cached.
PackageStep = Callable[[str, Language, str, str, str, bool], tuple[str, int]]


class Benchmark(LoggingBase):
    """What a platform deploys, and what is needed to invoke it and to judge the answer.

    Nothing is built or hashed before it is needed. One object is used by one thread at a time.

    Args:
        benchmark: Name, such as ``110.dynamic-html``.
        deployment_name: The platform's key.
        config: Language, version, architecture, variants, and whether to build anew.
        system_config: What each platform runs.
        output_dir: Kept for scripts written for SeBS; builds are made in the cache.
        cache_client: The cache.
        docker_client: A Docker client, a factory of one, or ``None``.
        benchmarks_dirs: Directories with further benchmarks.
        data_dir: Directory of input data, one directory a benchmark; by default in the cache.
        wrappers: Directories of the platform's files that join the code.

    Raises:
        UnknownBenchmarkError: No such benchmark.
        InvalidBenchmarkError: Its directory is no benchmark's.
        UnsupportedLanguageError: It is not written in that language, or has no such variant.
    """

    def __init__(
        self,
        benchmark: str,
        deployment_name: str,
        config: ExperimentConfig,
        system_config: SeBSConfig,
        output_dir: str,
        cache_client: Cache,
        docker_client: Any = None,
        *,
        benchmarks_dirs: Iterable[str | Path] = (),
        data_dir: str | Path | None = None,
        wrappers: Sequence[Path] = (),
    ) -> None:
        super().__init__()
        source = find_benchmark(benchmark, benchmarks_dirs)
        self._benchmark = source.name
        self._benchmark_path = source.path
        self._benchmark_config = source.config
        self._deployment_name = deployment_name
        self._experiment_config = config
        self._system_config = system_config
        self._cache_client = cache_client
        self._output_dir = output_dir
        self._docker_client = docker_client
        self._data_dir = source.data_dir(Path(data_dir or Path(cache_client.cache_dir, "data")))
        self._target = Target(
            config.runtime.language, config.runtime.version, str(config.architecture)
        )
        variant = getattr(config, "language_variant", None) or DEFAULT_VARIANT
        how = (config.system_variant.is_container, getattr(config, "build_image", None))
        self._recipe = Recipe(source, deployment_name, self._target, variant, wrappers, *how)
        self._hash: str | None = None
        self._fixed_hash: str | None = None
        self._inputs: InputModule | None = None
        self._build_anew = bool(config.update_code)
        self._built: tuple[str, int] | None = None
        self._built_uri: str | None = None
        self.query_cache()

    # --- what it is ---

    @property
    def benchmark(self) -> str:
        """Its name."""
        return self._benchmark

    @property
    def benchmark_path(self) -> Path:
        """Its directory."""
        return self._benchmark_path

    @property
    def benchmark_config(self) -> BenchmarkConfig:
        """What it asks for; the timeout and the memory may be set."""
        return self._benchmark_config

    @property
    def language(self) -> Language:
        """Language of the code."""
        return self._target.language

    @property
    def language_name(self) -> str:
        """Key of the language."""
        return self._target.language.value

    @property
    def language_version(self) -> str:
        """Version of the language."""
        return self._target.version

    @property
    def language_variant(self) -> str:
        """Variant of the code; ``default`` is the plain one."""
        return self._recipe.variant

    @property
    def architecture(self) -> str:
        """``x64`` or ``arm64``."""
        return self._target.architecture

    @property
    def system_variant(self) -> SystemVariant:
        """How it is deployed."""
        return self._experiment_config.system_variant

    @property
    def uses_storage(self) -> bool:
        """Whether it keeps inputs or outputs in object storage."""
        return "storage" in self._benchmark_config.modules or any(self.input_module.buckets_count())

    @property
    def uses_nosql(self) -> bool:
        """Whether it keeps data in NoSQL tables."""
        return "nosql" in self._benchmark_config.modules or bool(self.input_module.allocate_nosql())

    # --- what the cache knows of it ---

    @property
    def hash(self) -> str:
        """Hash of everything that ends in the package, and of what it is built for."""
        if self._fixed_hash is not None:
            return self._fixed_hash
        if self._hash is None:
            self._hash = self._recipe.hash(self._cache_client)
        return self._hash

    @hash.setter
    def hash(self, val: str) -> None:
        self._fixed_hash = val

    @property
    def functions(self) -> Mapping[str, dict[str, Any]]:
        """Its functions that the cache knows, by name; read on each look-up."""
        return self._functions

    @property
    def code_package(self) -> dict[str, Any] | None:
        """The cached package, or ``None``."""
        return self._code_package

    @property
    def code_location(self) -> str | None:
        """Path of the package; ``None`` where there is none."""
        if self._built is not None:
            return self._built[0]
        return self._code_package["location"] if self._code_package else None

    @property
    def code_size(self) -> int:
        """Size of the package in bytes; 0 where there is none."""
        if self._built is not None:
            return self._built[1]
        return int(self._code_package["size"]) if self._code_package else 0

    @property
    def container_uri(self) -> str | None:
        """URI of the image; ``None`` where there is none."""
        if self._built_uri is not None:
            return self._built_uri
        return self._container["uri"] if self._container else None

    @property
    def is_cached(self) -> bool:
        """Whether the cache has a package, or an image, of any hash."""
        return self._cached_hash is not None

    @property
    def is_cached_valid(self) -> bool:
        """Whether what the cache has was built from the sources as they are, and may be used."""
        return self.is_cached and self._cached_hash == self.hash and not self._build_anew

    def query_cache(self) -> None:
        """Read again what the cache knows."""
        key: dict[str, Any] = {
            "deployment": self._deployment_name,
            "benchmark": self._benchmark,
            "language": self.language_name,
        }
        self._functions = self._cache_client.get_functions(**key)
        key |= {
            "language_version": self.language_version,
            "architecture": self.architecture,
            "system_variant": str(self.system_variant),
        }
        self._code_package = self._cache_client.get_code_package(**key)
        self._container = None
        if self.system_variant.is_container:
            self._container = self._cache_client.get_container(**key)

    def serialize(self) -> dict[str, Any]:
        """Return size and hash as plain JSON values."""
        return {"size": self.code_size, "hash": self.hash}

    # --- building ---

    def build(
        self,
        package_step: PackageStep,
        container_client: DockerContainer | None = None,
        container_build_step: PackageStep | None = None,
    ) -> tuple[bool, str | None, SystemVariant, str | None]:
        """Build the package or image, unless the cache has it for the sources as they are.

        Args:
            package_step: The platform's ``package_code``.
            container_client: Builds the platform's images.
            container_build_step: Makes the package of a platform that deploys one with an image.

        Returns:
            Whether it was built, the package's path, the variant, and the image's URI.

        Raises:
            BenchmarkError: It could not be built; the cache is as it was.
            UnsupportedVariantError: An image is wanted, and the platform deploys none.
            DockerUnavailableError: A Docker engine is needed.
        """
        self._hash = None
        self.query_cache()
        if self.is_cached_valid and self._is_in_place(container_client):
            self.logging.info("Using the cached package of %s.", self._benchmark)
            return False, self.code_location, self.system_variant, self.container_uri
        if self.system_variant.is_container and container_client is None:
            raise UnsupportedVariantError(
                f"{self._deployment_name} deploys no container images, as the variant "
                f"{str(self.system_variant)!r} asks for.",
                remedy="Use the system variant 'package'.",
            )
        self._build_in_staging(package_step, container_client, container_build_step)
        self.query_cache()
        self.logging.info(
            "Built %s: %s, %d bytes.", self._benchmark, self.code_location, self.code_size
        )
        return True, self.code_location, self.system_variant, self.container_uri

    def _build_in_staging(
        self,
        package_step: PackageStep,
        container_client: DockerContainer | None,
        container_build_step: PackageStep | None,
    ) -> None:
        from sebs.cache.staging import Staging

        # The cache's own, where it sweeps away what a killed process left when it is opened.
        staging = Staging(Path(self._cache_client.cache_dir, "staging"))
        with staging.directory() as temporary:
            # One level down, so that a package may be written beside what is packed.
            directory = temporary / "code"
            directory.mkdir()
            before = self._recipe.hash(self._cache_client)
            self._recipe.assemble(directory, self._docker_client)
            # What was hashed must be what was copied.
            if self._recipe.hash(self._cache_client) != before:
                raise InvalidBenchmarkError(
                    f"The sources of {self._benchmark} changed while it was built.",
                    remedy="Build again when they are written.",
                )
            if not self.system_variant.is_container:
                self._package(package_step, directory)
            else:
                assert container_client is not None
                self._build_image(container_client, directory)
                if container_build_step is not None:
                    self._package(container_build_step, directory)

    def _step_arguments(self, directory: Path) -> tuple[str, Language, str, str, str, bool]:
        return (
            str(directory),
            self.language,
            self.language_version,
            self.architecture,
            self._benchmark,
            self.is_cached,
        )

    def _package(self, step: PackageStep, directory: Path) -> None:
        self._built = step(*self._step_arguments(directory))
        try:
            if self._code_package is None:
                self._cache_client.add_code_package(self._deployment_name, self)
            else:
                self._cache_client.update_code_package(self._deployment_name, self)
        finally:
            self._built = None

    def _build_image(self, container_client: DockerContainer, directory: Path) -> None:
        _, self._built_uri, _ = container_client.build_base_image(
            *self._step_arguments(directory)[:-1], is_cached=not self._build_anew
        )
        try:
            self._cache_client.add_container(self._deployment_name, self)
        finally:
            self._built_uri = None

    # --- feeding and judging ---

    @property
    def input_module(self) -> InputModule:
        """Its ``input.py``, loaded on first use."""
        if self._inputs is None:
            from sebs.benchmark.inputs import InputModule

            self._inputs = InputModule(self._benchmark_path)
        return self._inputs

    def prepare_input(
        self, system_resources: SystemResources, size: str, replace_existing: bool = False
    ) -> dict[str, Any]:
        """Upload the input data, and return the event for an invocation.

        Args:
            system_resources: The platform's storage services; only asked where it uses them.
            size: Such as ``test``, ``small`` or ``large``.
            replace_existing: Whether data that is there is uploaded again.

        Raises:
            UnknownInputSizeError: The benchmark has no such size.
            InputGenerationError: Its ``input.py`` raised; its own error is the cause.
            StorageError: The data could not be uploaded.
        """
        from sebs.benchmark.feeding import prepare

        return prepare(
            self._benchmark,
            self.input_module,
            self._data_dir,
            size,
            system_resources,
            replace_existing=replace_existing or self._experiment_config.update_storage,
        )

    def validate_output(
        self, input_config: dict[str, Any], output: Any, storage: Any = None
    ) -> str | None:
        """Return ``None`` where an output is right, else the reason why not.

        Args:
            input_config: The event that was sent.
            output: What the handler returned.
            storage: The platform's object storage, for benchmarks that leave their output there.
        """
        return self.input_module.validate(
            self._data_dir,
            input_config,
            output,
            language=self.language_name,
            architecture=self.architecture,
            storage=storage,
        )

    # --- inside ---

    def _is_in_place(self, container_client: DockerContainer | None) -> bool:
        """Return whether what the cache has is where this deployment takes it from."""
        if not self.system_variant.is_container or container_client is None:
            return True
        return self.container_uri is not None and container_client.keeps(self.container_uri)

    @property
    def _cached_hash(self) -> str | None:
        if self.system_variant.is_container:
            usable = self._container is not None and self._container["uri"] is not None
            return self._container["hash"] if self._container and usable else None
        return self._code_package["hash"] if self._code_package else None
