"""Faults in what is invoked, measured and shown."""

from __future__ import annotations

import time
from typing import Any

from fault_kit import Breaker, Change, fault
from sebs_toy import Toy
from sebs_toy.cloud import Cloud
from sebs_toy.function import HTTPTrigger, LibraryTrigger

from sebs.faas.function import Trigger

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
            if not result.provider_times.execution:
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
