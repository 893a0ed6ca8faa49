"""Faults in what is created, updated, refused and deleted."""

from __future__ import annotations

import time
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any
from unittest import mock

from fault_kit import Breaker, Change, fault
from sebs_toy import Toy
from sebs_toy.cloud import Cloud
from sebs_toy.function import ToyFunction

from sebs.cache import Cache
from sebs.errors import FunctionGoneError
from sebs.faas import deploy, deployments
from sebs.faas.function import Trigger
from sebs.sebs_types import SystemVariant
from sebs.testing import Capability
from sebs.testing.metrics import MetricsContract

# --- life cycle ---


@fault("hooks_have_the_signatures_of_the_contract")
def has_a_signature_of_its_own(breaks: Breaker) -> None:
    original = Toy.enforce_cold_start

    def enforce_cold_start(self: Toy, functions: Any, package: Any) -> None:
        original(self, functions, package)

    breaks.patch.setattr(Toy, "enforce_cold_start", enforce_cold_start)


@fault("a_new_function_is_created_and_cached")
def returns_what_it_did_not_cache(breaks: Breaker) -> None:
    @breaks(Toy, "get_function")
    def _(original: Change, self: Toy, *args: Any) -> Any:
        function = original(self, *args)
        function.code_package_hash = f"not {function.code_package_hash}"
        return function


@fault(
    "a_function_that_is_up_to_date_is_reused",
    "a_changed_configuration_never_uploads_code",
    "a_crash_before_the_cache_knows_of_an_update_repeats_it",
    "a_deployment_outlives_a_program_that_dies",
    "a_forced_cold_start_uploads_no_code",
    "changed_code_is_deployed_once",
    "of_programs_that_deploy_at_once_one_creates",
)
def uploads_on_reuse(breaks: Breaker) -> None:
    @breaks(Toy, "cached_function")
    def _(original: Change, self: Toy, function: Any) -> None:
        original(self, function)
        deployed = self.cloud.functions[function.name]
        self.cloud.put_function(function.name, deployed.owner, deployed.code, deployed.settings)


@fault("a_changed_configuration_never_uploads_code")
def uploads_with_the_configuration(breaks: Breaker) -> None:
    @breaks(Toy, "update_function_configuration")
    def _(original: Change, self: Toy, cached_function: Any, benchmark: Any) -> None:
        original(self, cached_function, benchmark)
        self.cloud.calls.append(f"put_object code/{cached_function.name}")


@fault("the_code_that_was_deployed_last_answers")
def keeps_the_old_code(breaks: Breaker) -> None:
    @breaks(Toy, "update_function")
    def _(original: Change, self: Toy, function: Any, *args: Any) -> None:
        code = self.cloud.functions[function.name].code
        original(self, function, *args)
        self.cloud.functions[function.name].code = code


@fault("the_code_that_was_deployed_last_answers")
def keeps_the_old_environments(breaks: Breaker) -> None:
    @breaks(Cloud, "put_function")
    def _(original: Change, self: Cloud, name: str, *args: Any) -> None:
        idle = self.functions[name].idle if name in self.functions else []
        original(self, name, *args)
        self.functions[name].idle = idle


@fault(
    "a_function_deleted_behind_our_back_is_created_again",
    "a_deployment_can_be_built_again_after_it_was_deleted",
)
def believes_the_cache(breaks: Breaker) -> None:
    @breaks(Toy, "cached_function")
    def _(original: Change, self: Toy, function: Any) -> None:
        try:
            original(self, function)
        except FunctionGoneError:
            for trigger in function.triggers_all():
                trigger.attach(self.cloud, function.config.timeout)


@fault(
    "a_cached_function_is_the_function",
    "a_function_that_is_up_to_date_is_reused",
    "a_function_of_an_earlier_program_works_at_once",
    "of_programs_that_deploy_at_once_one_creates",
)
def forgets_triggers(breaks: Breaker) -> None:
    @breaks(ToyFunction, "deserialize")
    def _(original: Change, cached_config: Any) -> Any:
        return original({**cached_config, "triggers": []})


@fault("an_adopted_function_runs_the_code_at_hand")
def adopts_without_updating(breaks: Breaker) -> None:
    @breaks(Toy, "create_function")
    def _(original: Change, self: Toy, code_package: Any, func_name: str, *args: Any) -> Any:
        kept = self.cloud.functions.get(func_name)
        function = original(self, code_package, func_name, *args)
        if kept is not None:
            self.cloud.functions[func_name] = kept
        return function


@fault("a_crash_before_the_cache_knows_of_a_function_leaves_no_second_one")
def leaves_things_behind(breaks: Breaker) -> None:
    @breaks(Toy, "create_function")
    def _(original: Change, self: Toy, *args: Any) -> Any:
        function = original(self, *args)
        role = f"role-{time.monotonic_ns()}-{self.config.resources.resources_id}"
        self.cloud.create_bucket(role)
        return function


@fault("a_crash_before_the_cache_knows_of_an_update_repeats_it")
def updates_only_what_it_remembers(breaks: Breaker) -> None:
    updated: set[tuple[str, int]] = set()

    @breaks(Toy, "update_function_configuration")
    def _(original: Change, self: Toy, cached_function: Any, benchmark: Any) -> None:
        key = (cached_function.name, cached_function.config.memory)
        if key not in updated:
            original(self, cached_function, benchmark)
        updated.add(key)


@fault("many_functions_are_deployed_at_once")
def deploys_one_at_a_time(breaks: Breaker) -> None:
    @breaks(Toy, "create_function")
    def _(original: Change, self: Toy, code_package: Any, func_name: str, *args: Any) -> Any:
        self.wanted = func_name
        time.sleep(0.02)
        return original(self, code_package, self.wanted, *args)


@fault("the_function_of_another_deployment_is_never_touched")
def takes_what_is_not_its_own(breaks: Breaker) -> None:
    @breaks(Toy, "create_function")
    def _(original: Change, self: Toy, code_package: Any, func_name: str, *args: Any) -> Any:
        if func_name in self.cloud.functions:
            self.cloud.functions[func_name].owner = self.config.resources.resources_id
        return original(self, code_package, func_name, *args)


@fault(
    "plans_and_builds_change_nothing",
    "of_programs_that_deploy_at_once_one_creates",
    "an_unsupported_variant_is_refused",
    "the_function_of_another_deployment_is_never_touched",
)
def uploads_what_it_builds(breaks: Breaker) -> None:
    @breaks(Toy, "package_code")
    def _(original: Change, self: Toy, *args: Any) -> Any:
        self.cloud.calls.append("put_object code/package")
        return original(self, *args)


@fault("the_configuration_is_cached")
def forgets_the_configuration(breaks: Breaker) -> None:
    @breaks(Toy, "shutdown")
    def _(original: Change, self: Toy) -> None:
        """Write nothing."""


@fault("a_new_deployment_is_found_by_its_prefix")
def finds_no_deployments(breaks: Breaker) -> None:
    @breaks(Toy, "find_deployments")
    def _(original: Change, self: Toy) -> list[str]:
        return []


# --- deployments ---


@fault(
    "a_deployment_outlives_a_program_that_dies",
    "nothing_is_allocated_before_the_deployment_is_kept",
    "programs_that_begin_at_once_share_a_deployment",
)
def keeps_its_deployment_only_at_the_end(breaks: Breaker) -> None:
    @breaks(Toy, "initialize_resources")
    def _(original: Change, self: Toy, *args: Any) -> None:
        with mock.patch.object(self.cache_client, "update_config"):
            original(self, *args)


@fault("nothing_is_allocated_before_the_deployment_is_kept")
def allocates_before_it_keeps(breaks: Breaker) -> None:
    @breaks(Toy, "initialize_resources")
    def _(original: Change, self: Toy, *args: Any) -> None:
        if not self.config.resources.has_resources_id:
            self.cloud.calls.append("create_role sebs")
        original(self, *args)


@fault("programs_that_begin_at_once_share_a_deployment")
def settles_without_the_lock(breaks: Breaker) -> None:
    @breaks(Toy, "initialize_resources")
    def _(original: Change, self: Toy, *args: Any) -> None:
        with mock.patch.multiple(self.cache_client, lock=mock.DEFAULT, unlock=mock.DEFAULT):
            original(self, *args)

    @breaks(deployments, "new_resources_id")
    def _(original: Change, prefix: str | None) -> str:
        time.sleep(0.2)  # meanwhile another program finds none either
        return original(prefix)


@fault("of_programs_that_deploy_at_once_one_creates")
def deploys_without_the_lock(breaks: Breaker) -> None:
    @breaks(Cache, "function_lock")
    def _(original: Change, self: Cache, *args: str) -> Any:
        return nullcontext()

    @breaks(Toy, "create_function")
    def _(original: Change, self: Toy, *args: Any) -> Any:
        time.sleep(0.05)  # meanwhile another program finds none either
        return original(self, *args)


# --- names ---


@fault("names_are_valid_and_unique")
def forgets_the_architecture_in_names(breaks: Breaker) -> None:
    @breaks(Toy, "default_function_name")
    def _(original: Change, self: Toy, code_package: Any, resources: Any = None) -> str:
        if isinstance(code_package, SimpleNamespace):
            code_package.architecture = "any"
        return original(self, code_package, resources)


# --- refusals ---


@fault("an_unsupported_language_version_is_refused")
def builds_before_it_checks(breaks: Breaker) -> None:
    @breaks(Toy, "get_function")
    def _(original: Change, self: Toy, code_package: Any, func_name: str | None = None) -> Any:
        deploy.build(self, code_package)
        return original(self, code_package, func_name)


@fault("an_unsupported_variant_is_refused")
def deploys_any_variant(breaks: Breaker) -> None:
    @breaks(Toy, "_put")
    def _(original: Change, self: Toy, function: Any, code_package: Any, variant: Any) -> None:
        original(self, function, code_package, SystemVariant.PACKAGE)


@fault("an_undeclared_trigger_is_refused")
def makes_any_trigger(breaks: Breaker) -> None:
    @breaks(Toy, "create_trigger")
    def _(original: Change, self: Toy, function: Any, trigger_type: Any) -> Any:
        if trigger_type not in (Trigger.TriggerType.HTTP, Trigger.TriggerType.LIBRARY):
            trigger_type = Trigger.TriggerType.HTTP
        return original(self, function, trigger_type)


@fault(
    "what_cannot_be_deleted_is_refused",
    hides=("a_deleted_function_is_gone", "the_functions_of_the_cache_are_deleted_and_forgotten"),
)
def deletes_what_it_does_not_declare(breaks: Breaker) -> None:
    breaks.undeclared.add(Capability.DELETE)


@fault(
    "what_the_platform_lacks_is_refused",
    hides=("a_new_deployment_is_found_by_its_prefix", "everything_that_is_ours_is_deleted"),
)
def has_storage_that_it_does_not_declare(breaks: Breaker) -> None:
    breaks.undeclared.add(Capability.STORAGE)


@fault(
    "what_the_platform_lacks_is_refused",
    hides=tuple(name[5:] for name in dir(MetricsContract) if name.startswith("test_")),
)
def has_a_log_that_it_does_not_declare(breaks: Breaker) -> None:
    breaks.undeclared.add(Capability.METRICS)


# --- cleaning up ---


@fault("a_deleted_function_is_gone", "the_functions_of_the_cache_are_deleted_and_forgotten")
def deletes_nothing(breaks: Breaker) -> None:
    @breaks(Toy, "delete_function")
    def _(original: Change, self: Toy, func_name: str, function: Any) -> None:
        """Say that it was done."""


@fault("the_functions_of_the_cache_are_deleted_and_forgotten")
def ignores_the_dry_run_of_functions(breaks: Breaker) -> None:
    @breaks(Toy, "cleanup_functions")
    def _(original: Change, self: Toy, dry_run: bool) -> list[str]:
        return original(self, False)


@fault("everything_that_is_ours_is_deleted")
def ignores_the_dry_run_of_resources(breaks: Breaker) -> None:
    @breaks(Toy, "cleanup_resources")
    def _(original: Change, self: Toy, dry_run: bool = False) -> dict[str, list[str]]:
        return original(self, False)


@fault("everything_that_is_ours_is_deleted")
def deletes_what_is_not_its_own(breaks: Breaker) -> None:
    @breaks(Toy, "cleanup_resources")
    def _(original: Change, self: Toy, dry_run: bool = False) -> dict[str, list[str]]:
        found = original(self, dry_run)
        if not dry_run:
            self.cloud.functions.clear()
        return found


@fault("everything_that_is_ours_is_deleted")
def forgets_buckets(breaks: Breaker) -> None:
    @breaks(Cloud, "delete_bucket")
    def _(original: Change, self: Cloud, name: str) -> None:
        """Keep it."""
