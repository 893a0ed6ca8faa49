"""The platform of a session: started with its first function, put away with the session."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.cli.session import load_configuration
from sebs.errors import FunctionGoneError, SystemUnavailableError, UsageError
from sebs.faas.config import new_resources_id
from sebs.pytest_plugin.measured import (
    MeasuredAttached,
    MeasuredBenchmark,
    MeasuredFunction,
    Place,
)
from sebs.pytest_plugin.plain import plainly

if TYPE_CHECKING:
    from sebs.faas.system import System
    from sebs.sebs import SeBS

#: What a benchmark is deployed with; the same as options of ``sebs benchmark invoke``.
_BENCHMARK_OPTIONS = {
    "architecture",
    "language",
    "language_variant",
    "language_version",
    "memory",
    "peer_address",
    "system_variant",
    "timeout",
    "trigger",
}

#: The prefix of a session's own deployment, by which what a killed session left is found.
_PREFIX = "pytest"


@dataclass(frozen=True, slots=True)
class Settings:
    """How a session wants it.

    Attributes:
        deployment: The platform's key; ``None`` leaves it to the configuration.
        config_file: The configuration; ``None`` where there is no file.
        output_dir: Where runs are kept.
        cache_dir: Where what is built and deployed stays; ``None``: nowhere, all is deleted.
        root: What paths of functions are relative to.
        lock: File whose lock the processes of the session hold while they measure.
    """

    deployment: str | None
    config_file: Path | None
    output_dir: Path
    cache_dir: Path | None
    root: Path
    lock: Path


class Platform:
    """Deploys functions, and puts everything away at the end: a context manager.

    Args:
        settings: How the session wants it.
        tell: Called with a line for each sample.
    """

    def __init__(self, settings: Settings, tell: Callable[[str], None]) -> None:
        self._settings = settings
        self._tell = tell
        self._stack = ExitStack()
        self._made: dict[Any, MeasuredFunction] = {}

    def __enter__(self) -> Platform:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    @plainly
    def __call__(
        self, target: str | Path, *, size: str = "test", force_cold: bool = False, **options: Any
    ) -> MeasuredFunction:
        """Deploy a function, unless that was done before in this session.

        Args:
            target: A directory with a benchmark, the name of a bundled one, or what the platform
                attaches functions by: on the local platform a directory or zip with a function as
                Lambda takes it, on AWS the name or ARN of a function that exists. Paths are
                relative to pytest's root directory.
            size: Of a benchmark's input.
            force_cold: Whether cold starts of a function that is not ours may be forced.
            options: For a benchmark those of ``sebs benchmark invoke``, such as ``memory`` and
                ``timeout``; else those of the platform's ``attach_function``, and ``trigger``.

        Raises:
            UsageError: There is no such function, or no such option.
            SystemUnavailableError: Something is not installed.
            PlatformError: The platform refused.
        """
        key = (str(target), size, force_cold, repr(sorted(options.items())))
        if key not in self._made:
            _require_statistics()
            path = self._settings.root / target
            if (path / "config.json").is_file() and (path / "input.py").is_file():
                self._made[key] = self._benchmark(path.name, (path.parent,), size, options)
            elif not path.exists() and _is_bundled(str(target)):
                self._made[key] = self._benchmark(str(target), (), size, options)
            else:
                name = str(path.resolve()) if path.exists() else str(target)
                self._made[key] = self._attached(name, force_cold, options, path.exists())
        return self._made[key]

    @cached_property
    def system(self) -> System:
        """The platform, connected."""
        system = self._client.get_deployment(self._configuration.deployment)
        wanted = self._configuration.deployment.get("resource_prefix")
        resources = system.config.resources
        if self._settings.cache_dir is None and not wanted and not resources.has_resources_id:
            # A deployment of the session's own.
            resources.resources_id = new_resources_id(_PREFIX)
            self._stack.callback(_delete_all, system)
        system.initialize(resource_prefix=wanted, quiet=True)
        return system

    # --- inside ---

    @cached_property
    def _configuration(self) -> Any:
        return self._configured({})

    def _configured(self, options: dict[str, Any]) -> Any:
        settings = self._settings
        given = {**options, "deployment": settings.deployment}
        return load_configuration(settings.config_file, given)

    @cached_property
    def _client(self) -> SeBS:
        from sebs.sebs import SeBS

        cache_dir = self._settings.cache_dir
        if cache_dir is None:
            temporary = tempfile.TemporaryDirectory(prefix="sebs-pytest-")
            cache_dir = Path(self._stack.enter_context(temporary))
        return self._stack.enter_context(SeBS(cache_dir, self._settings.output_dir))

    def _benchmark(
        self, name: str, directories: tuple[Path, ...], size: str, options: dict[str, Any]
    ) -> MeasuredFunction:
        from sebs.experiments.config import ExperimentConfig
        from sebs.faas.deploy import check_request
        from sebs.faas.function import Trigger
        from sebs.invoke.peering import peer_event

        if unknown := sorted(options.keys() - _BENCHMARK_OPTIONS):
            raise UsageError(
                f"A benchmark is not deployed with {', '.join(unknown)}.",
                remedy=f"Known options: {', '.join(sorted(_BENCHMARK_OPTIONS))}.",
            )
        configuration = self._configured(options)
        experiment = ExperimentConfig.deserialize(configuration.experiments)
        package = self._client.get_benchmark(
            name, self.system, experiment, benchmarks_dirs=directories
        )
        check_request(self.system, package, None)
        package.input_module.require_size(size)
        peer = peer_event(package, self.system, experiment.peer_address)
        event = self._stack.enter_context(peer)
        trigger_type = Trigger.TriggerType.get(experiment.trigger)
        return MeasuredBenchmark(self._place(configuration), package, size, trigger_type, event)

    def _attached(
        self, target: str, force_cold: bool, options: dict[str, Any], exists: bool
    ) -> MeasuredFunction:
        trigger = options.pop("trigger", None)
        # The local platform runs a copy, which belongs to nobody else.
        may_force = force_cold or self.system.name() == "local"
        place = self._place(self._configuration)
        try:
            return MeasuredAttached(place, target, options, trigger, may_force)
        except (UsageError, FunctionGoneError) as error:
            if not exists and (near := _near_bundled(target)):
                raise UsageError(error.message, remedy=f"{near}{error.remedy or ''}") from error
            raise

    def _place(self, configuration: Any) -> Place:
        output_dir = self._client.output_dir
        return Place(self.system, configuration, output_dir, self._alone, self._tell)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep the other processes of the session from measuring: they would share the machine."""
        with self._settings.lock.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _require_statistics() -> None:
    if missing := [name for name in ("numpy", "scipy") if find_spec(name) is None]:
        raise SystemUnavailableError(
            f"Intervals of what was measured need {' and '.join(missing)}.",
            remedy="Install them: pip install 'sebs-faas[analysis]'.",
        )


def _near_bundled(name: str) -> str:
    """Return the question whether a bundled benchmark was meant; empty where none is near."""
    from sebs.benchmark.source import list_benchmarks
    from sebs.utils import did_you_mean

    return did_you_mean(name, [source.name for source in list_benchmarks()])


def _is_bundled(name: str) -> bool:
    from sebs.benchmark.source import find_benchmark
    from sebs.errors import UnknownBenchmarkError

    try:
        find_benchmark(name)
    except UnknownBenchmarkError:
        return False
    return True


def _delete_all(system: System) -> None:
    """Delete everything that the session's own deployment allocated."""
    system.cleanup_functions(False)
    system.cleanup_resources(False)
