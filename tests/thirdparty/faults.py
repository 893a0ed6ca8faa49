"""Faults that a provider may have, each with the tests of the contract that find it.

Every fault is put into the toy, which has none.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
from sebs_toy import Toy
from sebs_toy.cloud import Cloud
from sebs_toy.function import HTTPTrigger, LibraryTrigger, ToyFunction

from sebs.errors import FunctionGoneError
from sebs.faas import deploy
from sebs.faas.function import Trigger
from sebs.sebs_types import SystemVariant
from sebs.testing import Capability, SystemRig

Change = Callable[..., Any]


@dataclass(frozen=True)
class Fault:
    """How to put it into the toy, which tests find it, and which it keeps from finding others."""

    inject: Callable[[Breaker], None]
    found_by: frozenset[str]
    hides: frozenset[str] = frozenset()

    @property
    def touches(self) -> frozenset[str]:
        return self.found_by | self.hides


FAULTS: dict[str, Fault] = {}


class Breaker:
    """Replaces methods of the toy for the duration of one test."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        self.undeclared: set[Capability] = set()

    def __call__(self, owner: type, method: str) -> Callable[[Change], Change]:
        """Let the decorated function, which gets the original one first, take its place."""

        def replace_by(change: Change) -> Change:
            original = getattr(owner, method)

            @functools.wraps(original)
            def changed(*args: Any, **kwargs: Any) -> Any:
                return change(original, *args, **kwargs)

            self.patch.setattr(owner, method, changed)
            return change

        return replace_by


def fault(
    *found_by: str, hides: tuple[str, ...] = ()
) -> Callable[[Callable[[Breaker], None]], Callable[[Breaker], None]]:
    def register(inject: Callable[[Breaker], None]) -> Callable[[Breaker], None]:
        finding, hidden = (
            frozenset(f"test_{name}" for name in names) for names in (found_by, hides)
        )
        FAULTS[inject.__name__] = Fault(inject, finding, hidden)
        return inject

    return register


def broken(names: list[str], rig: SystemRig, patch: pytest.MonkeyPatch) -> SystemRig:
    """Return the rig of a toy that has these faults."""
    breaker = Breaker(patch)
    for name in names:
        FAULTS[name].inject(breaker)
    return replace(rig, capabilities=rig.capabilities - breaker.undeclared)


def groups(count: int) -> list[list[str]]:
    """Return the faults in so many groups, each of which is put into the toy at once.

    That saves time. No test of the contract finds two of a group, so every test that fails points
    at one fault.
    """
    grouped: list[list[str]] = [[] for _ in range(count)]
    for name in sorted(FAULTS, key=lambda name: -len(FAULTS[name].touches)):
        free = (group for group in grouped if not any(clash(name, other) for other in group))
        min(free, key=len).append(name)
    return grouped


def clash(one: str, other: str) -> bool:
    """Return whether a test has to do with both faults."""
    return bool(FAULTS[one].touches & FAULTS[other].touches)


def found_by(names: list[str]) -> frozenset[str]:
    """Return the tests that find these faults."""
    return frozenset().union(*(FAULTS[name].found_by for name in names))


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
    "a_forced_cold_start_uploads_no_code",
    "changed_code_is_deployed_once",
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


# --- names ---


@fault("names_are_valid_and_unique")
def forgets_the_architecture_in_names(breaks: Breaker) -> None:
    @breaks(Toy, "default_function_name")
    def _(original: Change, self: Toy, code_package: Any, resources: Any = None) -> str:
        if isinstance(code_package, SimpleNamespace):
            code_package.architecture = "any"
        return original(self, code_package, resources)


# --- invocations ---


@fault("every_trigger_measures_and_identifies_the_invocation")
def measures_milliseconds(breaks: Breaker) -> None:
    @breaks(LibraryTrigger, "sync_invoke")
    def _(original: Change, self: Any, payload: Any) -> Any:
        result = original(self, payload)
        result.times.client //= 1000
        return result


@fault("triggers_agree")
def sends_ascii_only(breaks: Breaker) -> None:
    @breaks(LibraryTrigger, "sync_invoke")
    def _(original: Change, self: Any, payload: Any) -> Any:
        echo = payload.get("echo")
        if isinstance(echo, str):
            payload = {**payload, "echo": echo.encode("ascii", "replace").decode()}
        return original(self, payload)


@fault(
    "one_invocation_is_one_request",
    "invocations_at_the_same_time_are_kept_apart",
    "what_fails_is_not_sent_again",
)
def sends_everything_twice(breaks: Breaker) -> None:
    @breaks(LibraryTrigger, "sync_invoke")
    def _(original: Change, self: Any, payload: Any) -> Any:
        original(self, payload)
        return original(self, payload)


@fault("what_fails_is_not_sent_again")
def sends_failures_again(breaks: Breaker) -> None:
    @breaks(HTTPTrigger, "sync_invoke")
    def _(original: Change, self: Any, payload: Any) -> Any:
        result = original(self, payload)
        return original(self, payload) if result.stats.failure else result


@fault("invocations_at_the_same_time_are_kept_apart")
def shares_a_buffer(breaks: Breaker) -> None:
    @breaks(LibraryTrigger, "sync_invoke")
    def _(original: Change, self: Any, payload: Any) -> Any:
        self.buffer = payload
        time.sleep(0.01)
        return original(self, self.buffer)


@fault("a_handler_that_raises_is_a_failed_invocation")
def loses_failures(breaks: Breaker) -> None:
    @breaks(LibraryTrigger, "sync_invoke")
    def _(original: Change, self: Any, payload: Any) -> Any:
        result = original(self, payload)
        result.stats.failure, result.error = False, None
        return result


@fault("a_handler_that_runs_too_long_is_a_failed_invocation")
def never_times_out(breaks: Breaker) -> None:
    @breaks(Cloud, "put_function")
    def _(original: Change, self: Cloud, name: str, owner: str, code: bytes, settings: Any) -> None:
        original(self, name, owner, code, {**settings, "timeout": 60})


@fault(
    "the_first_invocation_is_cold_and_the_next_is_warm",
    "a_forced_cold_start_makes_a_new_environment",
    "many_functions_are_forced_at_once",
)
def calls_everything_warm(breaks: Breaker) -> None:
    @breaks(HTTPTrigger, "sync_invoke")
    def _(original: Change, self: Any, payload: Any) -> Any:
        result = original(self, payload)
        result.stats.cold_start = False
        return result


@fault("a_function_of_an_earlier_program_works_at_once")
def does_not_attach_cached_triggers(breaks: Breaker) -> None:
    @breaks(Toy, "cached_function")
    def _(original: Change, self: Toy, function: Any) -> None:
        original(self, function)
        for trigger in function.triggers(Trigger.TriggerType.LIBRARY):
            trigger.cloud = None


# --- cold starts ---


@fault("a_forced_cold_start_makes_a_new_environment", "many_functions_are_forced_at_once")
def forgets_cold_starts(breaks: Breaker) -> None:
    @breaks(Toy, "enforce_cold_start")
    def _(original: Change, self: Toy, functions: Any, code_package: Any) -> None:
        """Do nothing."""


@fault("many_functions_are_forced_at_once")
def forces_only_the_first(breaks: Breaker) -> None:
    @breaks(Toy, "enforce_cold_start")
    def _(original: Change, self: Toy, functions: Any, code_package: Any) -> None:
        original(self, functions[:1], code_package)


@fault("a_forced_cold_start_uploads_no_code")
def deploys_again_for_a_cold_start(breaks: Breaker) -> None:
    @breaks(Toy, "enforce_cold_start")
    def _(original: Change, self: Toy, functions: Any, code_package: Any) -> None:
        original(self, functions, code_package)
        self.cloud.calls.append("put_object code/package")


# --- metrics ---


@fault("the_log_fills_in_what_the_client_cannot_know")
def bills_seconds(breaks: Breaker) -> None:
    @breaks(Toy, "download_metrics")
    def _(original: Change, self: Toy, *args: Any) -> None:
        original(self, *args)
        for result in args[3].values():
            if result.billing.billed_time is not None:
                result.billing.billed_time //= 1000


@fault("what_the_client_measured_stays")
def replaces_measured_times(breaks: Breaker) -> None:
    @breaks(Toy, "download_metrics")
    def _(original: Change, self: Toy, *args: Any) -> None:
        original(self, *args)
        for result in args[3].values():
            result.times.client = result.provider_times.execution


@fault("what_the_log_does_not_know_is_left_alone")
def fills_in_by_position(breaks: Breaker) -> None:
    @breaks(Toy, "download_metrics")
    def _(original: Change, self: Toy, *args: Any) -> None:
        original(self, *args)
        for result in args[3].values():
            result.provider_times.execution = self.cloud.log[-1]["execution"]


@fault("a_later_program_reads_the_same_numbers")
def empties_the_log(breaks: Breaker) -> None:
    @breaks(Toy, "download_metrics")
    def _(original: Change, self: Toy, *args: Any) -> None:
        original(self, *args)
        self.cloud.log.clear()


@fault("failed_invocations_are_in_the_log_too")
def logs_only_successes(breaks: Breaker) -> None:
    @breaks(Toy, "download_metrics")
    def _(original: Change, self: Toy, name: str, start: int, end: int, requests: Any, m: Any):
        original(
            self, name, start, end, {k: r for k, r in requests.items() if not r.stats.failure}, m
        )


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


# --- secrets ---


@fault("no_secret_is_logged")
def logs_its_key(breaks: Breaker) -> None:
    @breaks(Toy, "initialize")
    def _(original: Change, self: Toy, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.logging.debug("Signed in with %s.", self.cloud.key)


@fault("no_secret_is_cached")
def caches_its_key(breaks: Breaker) -> None:
    @breaks(Toy, "enforce_cold_start")
    def _(original: Change, self: Toy, *args: Any) -> None:
        original(self, *args)
        note = f"signed in with {self.cloud.key}"
        self.cache_client.update_config(val=note, keys=["toy", "note"])


@fault("no_secret_is_represented")
def shows_its_key(breaks: Breaker) -> None:
    @breaks(Toy, "__repr__")
    def _(original: Change, self: Toy) -> str:
        return f"<Toy with {self.cloud.key}>"
