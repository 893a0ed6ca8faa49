"""The provider: every hook of the hierarchy, on a platform in memory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

from sebs.benchmark import Benchmark
from sebs.benchmark.package import write_zip
from sebs.cache import Cache
from sebs.config import SeBSConfig
from sebs.errors import (
    FunctionGoneError,
    FunctionNameTakenError,
    UnsupportedTriggerError,
    UnsupportedVariantError,
)
from sebs.faas.config import Config, Resources
from sebs.faas.function import ExecutionResult, Function, FunctionConfig, Trigger
from sebs.faas.names import NameRules
from sebs.faas.system import System
from sebs.sebs_types import Language, SystemVariant
from sebs_toy.cloud import Cloud
from sebs_toy.function import TRIGGERS, ToyFunction, ToyTrigger
from sebs_toy.storage import ToyResources


class Toy(System):
    """A platform in memory. Nothing outlives the process, and nothing is isolated from it."""

    name_rules: ClassVar[NameRules] = NameRules(max_length=48, lowercase=True)

    def __init__(
        self,
        system_config: SeBSConfig,
        config: Config,
        cache_client: Cache,
        docker_client: Any,
        logging_handlers: Any = None,
    ) -> None:
        self.cloud = Cloud.region(config.region)
        resources = ToyResources(self.cloud, config, cache_client)
        super().__init__(system_config, cache_client, docker_client, resources)
        self._config = config

    @property
    def config(self) -> Config:
        return self._config

    @staticmethod
    def name() -> str:
        return "toy"

    @staticmethod
    def function_type() -> type[Function]:
        return ToyFunction

    @classmethod
    def supported_languages(cls) -> dict[str, dict[str, list[str]]]:
        """Handlers run in this process: its version, on whatever machine it runs."""
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return {"python": {"x64": [version], "arm64": [version]}}

    def initialize(
        self,
        config: dict[str, str] = {},  # noqa: B006 - the contract's signature; never written to
        resource_prefix: str | None = None,
        quiet: bool = False,
    ) -> None:
        self.initialize_resources(resource_prefix, quiet)

    def package_code(
        self,
        directory: str,
        language: Language,
        language_version: str,
        architecture: str,
        benchmark: str,
        is_cached: bool,
    ) -> tuple[str, int]:
        package = Path(directory).parent / "package.zip"
        return str(package), write_zip(directory, package)

    def create_function(
        self,
        code_package: Benchmark,
        func_name: str,
        system_variant: SystemVariant,
        container_uri: str | None,
    ) -> Function:
        self.name_rules.check(func_name)
        existing = self.cloud.functions.get(func_name)
        if existing is not None and existing.owner != self.config.resources.resources_id:
            raise FunctionNameTakenError(f"The function {func_name} belongs to {existing.owner}.")
        config = FunctionConfig.from_benchmark(code_package)
        function = ToyFunction(code_package.benchmark, func_name, code_package.hash, config)
        self._put(function, code_package, system_variant)
        for kind in TRIGGERS:
            self.create_trigger(function, Trigger.TriggerType.get(kind))
        return function

    def cached_function(self, function: Function) -> None:
        if function.name not in self.cloud.functions:
            raise FunctionGoneError(f"There is no function {function.name}.")
        for trigger in function.triggers_all():
            assert isinstance(trigger, ToyTrigger)
            trigger.attach(self.cloud, function.config.timeout)

    def update_function(
        self,
        function: Function,
        code_package: Benchmark,
        system_variant: SystemVariant,
        container_uri: str | None,
    ) -> None:
        self._put(function, code_package, system_variant)

    def update_function_configuration(
        self, cached_function: Function, benchmark: Benchmark
    ) -> None:
        self.cloud.put_settings(cached_function.name, settings_of(cached_function))

    def default_function_name(
        self, code_package: Benchmark, resources: Resources | None = None
    ) -> str:
        return super().default_function_name(code_package, resources)

    def enforce_cold_start(self, functions: list[Function], code_package: Benchmark) -> None:
        self.cold_start_counter += 1
        for function in functions:
            self.cloud.put_settings(function.name, {"cold_start": self.cold_start_counter})

    def download_metrics(
        self,
        function_name: str,
        start_time: int,
        end_time: int,
        requests: dict[str, ExecutionResult],
        metrics: dict[str, Any],
    ) -> None:
        log = [record for record in self.cloud.log if record["function"] == function_name]
        known = {r["request_id"]: r for r in log if start_time <= r["begin"] <= end_time}
        for request_id in requests.keys() & known.keys():
            result, record = requests[request_id], known[request_id]
            result.provider_times.execution = record["execution"]
            result.provider_times.initialization = record["initialization"]
            billing = result.billing
            billing.memory = record["memory"]
            billing.billed_time = -(-record["execution"] // 1000)
            billing.gb_seconds = billing.memory / 1024 * billing.billed_time / 1000
        metrics["missing"] = sorted(requests.keys() - known.keys())

    def create_trigger(self, function: Function, trigger_type: Trigger.TriggerType) -> Trigger:
        if trigger_type.value not in TRIGGERS:
            raise UnsupportedTriggerError(f"The toy has no {trigger_type.value} triggers.")
        trigger = TRIGGERS[trigger_type.value](function.name)
        trigger.attach(self.cloud, function.config.timeout)
        function.add_trigger(trigger)
        return trigger

    def delete_function(self, func_name: str, function: dict[str, Any]) -> None:
        if func_name not in self.cloud.functions:
            raise FunctionGoneError(f"There is no function {func_name}.")
        self.cloud.delete_function(func_name)

    def cleanup_resources(self, dry_run: bool = False) -> dict[str, list[str]]:
        ours = self.config.resources.resources_id
        functions = [name for name, each in self.cloud.functions.items() if each.owner == ours]
        buckets = [name for name in self.cloud.buckets if name.endswith(f"-{ours}")]
        if not dry_run:
            for name in functions:
                self.cloud.delete_function(name)
            for name in buckets:
                self.cloud.delete_bucket(name)
        return {"functions": functions, "buckets": buckets}

    def shutdown(self) -> None:
        super().shutdown()

    def _put(self, function: Function, code_package: Benchmark, variant: SystemVariant) -> None:
        if variant != SystemVariant.PACKAGE:
            raise UnsupportedVariantError(f"The toy does not deploy the variant {variant}.")
        location = code_package.code_location
        assert location is not None
        owner = self.config.resources.resources_id
        code = Path(location).read_bytes()
        self.cloud.put_function(function.name, owner, code, settings_of(function))


def settings_of(function: Function) -> dict[str, Any]:
    """Return what the platform is told of a function's configuration."""
    return {"timeout": function.config.timeout, "memory": function.config.memory}
