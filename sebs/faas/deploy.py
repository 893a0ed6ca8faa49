"""Brings a function up to date: gathers facts, lets the plan decide, applies its steps.

This is the only writer of functions to the cache. Each step is one call of a mutating hook followed
by one cache transaction, so a crash in between leaves a cache that claims less than the platform
has, never more; the next run adopts what is there.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sebs.errors import FunctionGoneError, UnsupportedLanguageError
from sebs.faas.plan import Action, Facts, Plan, decide
from sebs.progress import progress

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark
    from sebs.faas.function import Function
    from sebs.faas.system import System
    from sebs.sebs_types import SystemVariant

#: How many functions are deployed at once, unless the caller asks for another number.
DEFAULT_CONCURRENCY = 16

#: Benchmarks to the locks under which they are built.
_building: WeakKeyDictionary[Any, threading.Lock] = WeakKeyDictionary()
_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class Build:
    """What ``Benchmark.build`` returned."""

    rebuilt: bool
    location: str | None
    system_variant: SystemVariant
    container_uri: str | None


@dataclass(frozen=True, slots=True)
class DeploymentFailure:
    """A function that could not be deployed, and why."""

    code_package: Benchmark
    function_name: str | None
    error: Exception


@dataclass(frozen=True, slots=True)
class DeploymentReport:
    """What became of many functions.

    Attributes:
        functions: Those that are deployed, in the order in which they were asked for.
        failures: Those that are not, in the same order.
    """

    functions: tuple[Function, ...]
    failures: tuple[DeploymentFailure, ...]

    @property
    def ok(self) -> bool:
        """Whether every function is deployed."""
        return not self.failures


def build(system: System, code_package: Benchmark) -> Build:
    """Build a code package for a platform; no remote call.

    Functions that are deployed at once may share a benchmark: one builds it, the others wait.

    Raises:
        BenchmarkError: It could not be built.
    """
    with _guard:
        building = _building.setdefault(code_package, threading.Lock())
    with building:
        return Build(
            *code_package.build(
                system.package_code, system.container_client, system.finalize_container_build()
            )
        )


def check_language(system: System, code_package: Benchmark) -> None:
    """Make sure that a platform runs a benchmark's language version.

    Raises:
        UnsupportedLanguageError: It does not; the message lists what it runs.
    """
    language = code_package.language_name
    version = code_package.language_version
    architecture = code_package.architecture
    supported = list(
        system.system_config.supported_language_versions(system.name(), language, architecture)
    )
    if version in supported:
        return
    raise UnsupportedLanguageError(
        f"Unsupported {language} version {version}: {system.name()} does not run it on "
        f"{architecture}.",
        remedy=f"Supported versions: {', '.join(supported) or 'none'}.",
    )


def check_request(system: System, code_package: Benchmark, func_name: str | None) -> None:
    """Refuse what the platform cannot deploy; nothing is built or called.

    Raises:
        UnsupportedLanguageError: The platform does not run the language version.
        InvalidNameError: The name is outside the platform's rules.
        LimitExceededError: Memory or timeout is out of range.
        UnsupportedVariantError: The platform does not deploy the variant.
    """
    check_language(system, code_package)
    system.check_limits(code_package, func_name)


def _checked_name(system: System, code_package: Benchmark, func_name: str | None) -> str:
    check_request(system, code_package, func_name)
    return system.default_function_name(code_package) if func_name is None else func_name


def plan_function(system: System, code_package: Benchmark, func_name: str | None) -> Plan:
    """Return what :func:`deploy_function` would do, and do nothing but build.

    Raises:
        SebsError: What :func:`check_request` raises.
        BenchmarkError: It could not be built.
    """
    name = _checked_name(system, code_package, func_name)
    built = build(system, code_package)
    return _Candidate(system, code_package, name, built).plan()


def deploy_function(system: System, code_package: Benchmark, func_name: str | None) -> Function:
    """Create, update or reuse a function, whichever brings it up to date.

    Raises:
        SebsError: What :func:`check_request` raises; nothing was built or called.
        BenchmarkError: It could not be built.
        PlatformError: The platform refused a step; the cache tells what is there.
    """
    name = _checked_name(system, code_package, func_name)
    # The build is part of it: who waited for another process finds what that one has built.
    with _exclusive(system.cache_client, system.name(), name):
        built = build(system, code_package)
        candidate = _Candidate(system, code_package, name, built)
        candidate.ask_platform()
        return candidate.apply(candidate.plan())


def deploy_functions(
    system: System,
    code_packages: Iterable[Benchmark | tuple[Benchmark, str | None]],
    max_workers: int = DEFAULT_CONCURRENCY,
) -> DeploymentReport:
    """Deploy many functions, so many at a time; one that fails does not stop the others.

    A bar on a terminal shows how many are done, unless the system shows none.

    Args:
        system: The platform.
        code_packages: Benchmarks, or pairs of a benchmark and a function name.
        max_workers: How many are deployed at once.
    """
    requests = [entry if isinstance(entry, tuple) else (entry, None) for entry in code_packages]
    with ThreadPoolExecutor(max_workers=max_workers, thread_name_prefix="sebs-deploy") as executor:
        futures = [executor.submit(system.get_function, *request) for request in requests]
        _wait(futures, shown=system.shows_progress)
    functions: list[Function] = []
    failures: list[DeploymentFailure] = []
    for (code_package, name), future in zip(requests, futures, strict=True):
        error = future.exception()
        if error is None:
            functions.append(future.result())
        elif isinstance(error, Exception):
            failures.append(DeploymentFailure(code_package, name, error))
        else:
            raise error
    return DeploymentReport(tuple(functions), tuple(failures))


def _wait(futures: Sequence[Future[Function]], *, shown: bool) -> None:
    """Wait for all; an interrupt stops those that have not begun."""
    done = as_completed(futures)
    try:
        for _ in progress(done, "Deploying", len(futures)) if shown else done:
            pass
    except BaseException:
        for future in futures:
            future.cancel()
        raise


@contextmanager
def _exclusive(cache: Any, deployment: str, name: str) -> Iterator[None]:
    """Keep other processes from deploying the same function meanwhile.

    A cache that several processes share hands out a lock for each function. One that stands in
    for it where there is a single process need not.
    """
    lock = getattr(cache, "function_lock", None)
    if lock is None:
        yield
        return
    with lock(deployment, name):
        yield


class _Candidate:
    """The function of one name: what the cache says of it, and what is wanted of it."""

    def __init__(self, system: System, code_package: Benchmark, name: str, built: Build) -> None:
        self._system = system
        self._code_package = code_package
        self._name = name
        self._built = built
        self._gone = False
        self._not_reusable: str | None = None
        functions = code_package.functions
        # One look-up, of one entry: how many there are shall not matter.
        self._entry = None if functions is None else functions.get(name)
        self._function = self._decode(self._entry) if self._entry is not None else None
        if self._function is not None:
            self._not_reusable = system.can_reuse_cached_function(self._function, code_package)

    def ask_platform(self) -> None:
        """Let the platform prepare the cached function, and learn whether it still exists."""
        if self._function is None or self._not_reusable is not None:
            return
        try:
            self._system.cached_function(self._function)
        except FunctionGoneError as error:
            self._system.logging.warning("Function %s is gone: %s", self._name, error)
            self._gone = True

    def plan(self) -> Plan:
        function = self._function
        usable = function is not None and self._not_reusable is None and not self._gone
        return decide(
            self._name,
            Facts(
                cached=self._entry is not None,
                decodable=self._entry is None or function is not None,
                not_reusable=self._not_reusable,
                gone=self._gone,
                configuration_changes=self._configuration_changes() if usable else (),
                hash_differs=function is not None
                and function.code_package_hash != self._code_package.hash,
                rebuilt=self._built.rebuilt,
            ),
        )

    def apply(self, plan: Plan) -> Function:
        log = self._system.logging
        if not plan.steps:
            log.info("Function %s is up to date.", self._name)
        for step in plan.steps:
            log.info("Function %s: %s: %s.", self._name, step.action.value, step.reason)
            self._take(step.action)
            self._code_package.query_cache()
        assert self._function is not None
        return self._function

    def _take(self, action: Action) -> None:
        if action is Action.CREATE:
            self._create()
        elif action is Action.UPDATE_CONFIGURATION:
            self._update_configuration()
        else:
            self._update_code()

    def _create(self) -> None:
        self._function = self._system.create_function(
            self._code_package, self._name, self._built.system_variant, self._built.container_uri
        )
        self._add_to_cache()

    def _update_configuration(self) -> None:
        function, wanted = self._function, self._code_package
        assert function is not None
        function.config.timeout = wanted.benchmark_config.timeout
        function.config.memory = wanted.benchmark_config.memory
        function.config.runtime.language = wanted.language
        function.config.runtime.version = wanted.language_version
        self._system.update_function_configuration(function, wanted)
        self._system.cache_client.update_function(function)

    def _update_code(self) -> None:
        function = self._function
        assert function is not None
        self._system.update_function(
            function, self._code_package, self._built.system_variant, self._built.container_uri
        )
        function.code_package_hash = self._code_package.hash
        function.updated_code = True
        self._add_to_cache()

    def _add_to_cache(self) -> None:
        assert self._function is not None
        self._system.cache_client.add_function(
            deployment_name=self._system.name(),
            language_name=self._code_package.language_name,
            code_package=self._code_package,
            function=self._function,
        )

    def _configuration_changes(self) -> tuple[str, ...]:
        """Ask the platform on a copy: providers may write to the function that they compare."""
        assert self._function is not None
        description = copy.deepcopy(self._function.serialize())
        duplicate = self._system.function_type().deserialize(description)
        changes = tuple(differences(duplicate, self._code_package))
        if not self._system.is_configuration_changed(duplicate, self._code_package):
            return ()
        return changes or ("the platform's own settings differ",)

    def _decode(self, entry: Any) -> Function | None:
        try:
            return self._system.function_type().deserialize(copy.deepcopy(entry))
        except RuntimeError as error:
            self._system.logging.error(
                "The cached function %s cannot be used: %s", self._name, error
            )
            return None


def differences(function: Function, wanted: Benchmark) -> list[str]:
    """Return in words what differs between a function's configuration and what is wanted."""
    config = function.config
    pairs = [
        ("timeout", config.timeout, wanted.benchmark_config.timeout),
        ("memory", config.memory, wanted.benchmark_config.memory),
        ("language", config.runtime.language, wanted.language),
        ("language version", config.runtime.version, wanted.language_version),
    ]
    return [f"{what} is {old}, wanted is {new}" for what, old, new in pairs if old != new]
