"""The contract of invocations: what a trigger returns, once, and what a failure looks like."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pytest

from sebs.faas.function import ExecutionResult
from sebs.testing.probe import Answer, read_answer
from sebs.testing.rig import Capability, requires
from sebs.testing.workbench import Topic, Workbench

EVENTS: list[Any] = [
    None,
    0.1,
    "quote ' \" backslash \\ newline \n umlaut ä emoji \U0001f600",
    {"nested": [{"deep": [[], {}, None, True]}], "": -1, "2**53": 2**53},
    "x" * 50_000,
]


class InvocationContract(Topic):
    """What invocations return, and what they do to execution environments."""

    @requires(Capability.EXECUTES)
    def test_every_trigger_measures_and_identifies_the_invocation(self, bench: Workbench) -> None:
        """A result says how long it took on the client and in the function, and which it was."""
        system = bench.system()
        function = bench.deploy(system)
        seen = set()
        for kind in bench.callable_triggers():
            trigger = bench.trigger(system, function, kind)
            for _ in range(2):
                result = trigger.sync_invoke({"sleep": 0.02})
                times = result.times
                assert read_answer(result).echo is None
                assert times.client >= times.benchmark >= 15_000
                assert times.client_begin is not None
                assert times.client_end is not None
                assert times.client_begin < times.client_end
                seen.add(result.request_id)
        assert "" not in seen
        assert len(seen) == 2 * len(bench.callable_triggers())

    @requires(Capability.EXECUTES)
    @pytest.mark.parametrize("event", EVENTS, ids=range(len(EVENTS)))
    def test_triggers_agree(self, bench: Workbench, event: Any) -> None:
        """The handler gets what was sent, and the caller what was returned, by each trigger."""
        system = bench.system()
        function = bench.deploy(system)
        for kind in bench.callable_triggers():
            result = bench.trigger(system, function, kind).sync_invoke({"echo": event})
            assert read_answer(result).echo == event, kind

    @requires(Capability.EXECUTES)
    def test_one_invocation_is_one_request(self, bench: Workbench) -> None:
        """Nothing is sent twice, by any trigger: the environments count what they served."""
        system = bench.system()
        function = bench.deploy(system)
        answers = [
            read_answer(bench.trigger(system, function, kind).sync_invoke({"echo": number}))
            for kind in bench.callable_triggers()
            for number in range(4)
        ]
        assert served(answers) == len(answers)

    @requires(Capability.EXECUTES)
    def test_invocations_at_the_same_time_are_kept_apart(self, bench: Workbench) -> None:
        """Each gets its own answer, and each is sent once."""
        system = bench.system()
        function = bench.deploy(system)
        answers: list[Answer] = []
        for kind in bench.callable_triggers():
            trigger = bench.trigger(system, function, kind)
            futures = [trigger.async_invoke({"echo": n, "sleep": 0.05}) for n in range(6)]
            answers += [read_answer(future.result()) for future in futures]
            assert [answer.echo for answer in answers[-6:]] == list(range(6)), kind
        assert served(answers) == len(answers)

    @requires(Capability.EXECUTES)
    def test_a_handler_that_raises_is_a_failed_invocation(self, bench: Workbench) -> None:
        """The result says so, with the reason; nothing is raised, and the next one succeeds."""
        system = bench.system()
        function = bench.deploy(system)
        for kind in bench.callable_triggers():
            trigger = bench.trigger(system, function, kind)
            result = trigger.sync_invoke({"fail": "as it was told"})
            assert result.stats.failure, kind
            assert "as it was told" in (result.error or ""), kind
            assert result.request_id, kind
            assert read_answer(trigger.sync_invoke({"echo": "again"})).echo == "again", kind

    @requires(Capability.EXECUTES)
    def test_a_handler_that_runs_too_long_is_a_failed_invocation(self, bench: Workbench) -> None:
        """It is ended when its time is over, and the next one succeeds."""
        system = bench.system()
        function = bench.deploy(system, timeout=1)
        bench.ask(system, function)
        result = bench.invoke(system, function, sleep=3)
        assert result.stats.failure
        assert result.error
        assert 900_000 <= result.times.client < 3_000_000
        assert bench.ask(system, function, echo="again").echo == "again"

    @requires(Capability.EXECUTES)
    def test_what_fails_is_not_sent_again(self, bench: Workbench) -> None:
        """A handler that raised, or ran too long, ran once."""
        count = bench.rig.count_invocations
        if count is None:
            pytest.skip("the rig does not count invocations")
        system = bench.system()
        function = bench.deploy(system, timeout=1)
        events: list[dict[str, Any]] = [{"fail": "once"}, {"sleep": 3}, {}]
        for kind in bench.callable_triggers():
            trigger = bench.trigger(system, function, kind)
            before = count(function.name)
            for number, event in enumerate(events, start=1):
                trigger.sync_invoke(event)
                assert count(function.name) == before + number, (kind, event)

    @requires(Capability.EXECUTES)
    def test_the_first_invocation_is_cold_and_the_next_is_warm(self, bench: Workbench) -> None:
        """An environment is started by the first and serves the second."""
        system = bench.system()
        function = bench.deploy(system)
        cold, warm = (bench.invoke(system, function) for _ in range(2))
        assert cold.stats.cold_start
        assert not warm.stats.cold_start
        assert read_answer(cold).environment == read_answer(warm).environment
        assert read_answer(warm).calls == read_answer(cold).calls + 1

    @requires(Capability.EXECUTES)
    def test_the_code_that_was_deployed_last_answers(self, bench: Workbench) -> None:
        """New code replaces the old in every environment; a new configuration keeps it."""
        system = bench.system()
        assert bench.ask(system, bench.deploy(system)).revision == 1
        assert bench.ask(system, bench.deploy(system, revision=2)).revision == 2
        function = bench.deploy(system, revision=2, timeout=20)
        assert bench.ask(system, function).revision == 2

    @requires(Capability.EXECUTES)
    def test_an_adopted_function_runs_the_code_at_hand(self, bench: Workbench) -> None:
        """What a crash left behind does not answer for what is deployed now."""
        system = bench.system()
        with bench.power_cut("add_function"):
            bench.deploy(system)
        system = bench.restart()
        assert bench.ask(system, bench.deploy(system, revision=2)).revision == 2

    @requires(Capability.EXECUTES)
    def test_a_function_of_an_earlier_program_works_at_once(self, bench: Workbench) -> None:
        """Its triggers come from the cache and need not be created."""
        system = bench.system()
        function = bench.deploy(system)
        for kind in bench.callable_triggers():
            bench.trigger(system, function, kind)
        system = bench.restart()
        function = bench.deploy(system)
        for kind in bench.callable_triggers():
            (trigger,) = function.triggers(kind)
            assert read_answer(trigger.sync_invoke({"echo": "later"})).echo == "later", kind


class ColdStartContract(Topic):
    """What forced cold starts do."""

    @requires(Capability.EXECUTES, Capability.COLD_START)
    def test_a_forced_cold_start_makes_a_new_environment(self, bench: Workbench) -> None:
        """Each time it is asked for, and once each time: the invocation after it is warm."""
        system = bench.system()
        function = bench.deploy(system)
        environments = {bench.ask(system, function).environment}
        for _ in range(2):
            system.enforce_cold_start([function], bench.benchmark(system))
            cold, warm = (bench.invoke(system, function) for _ in range(2))
            assert cold.stats.cold_start
            assert read_answer(cold).environment not in environments
            assert not warm.stats.cold_start
            assert read_answer(warm).environment == read_answer(cold).environment
            environments.add(read_answer(cold).environment)

    @requires(Capability.EXECUTES, Capability.COLD_START)
    def test_many_functions_are_forced_at_once(self, bench: Workbench) -> None:
        """Every one of them, and no function that was not named."""
        system = bench.system()
        names = [bench.name(system, word) for word in ("cold", "colder", "warm")]
        functions = [bench.deploy(system, name) for name in names]
        before = [bench.ask(system, function).environment for function in functions]
        system.enforce_cold_start(functions[:2], bench.benchmark(system))
        results: list[ExecutionResult] = [bench.invoke(system, function) for function in functions]
        assert [result.stats.cold_start for result in results] == [True, True, False]
        after = [read_answer(result).environment for result in results]
        same = [old == new for old, new in zip(before, after, strict=True)]
        assert same == [False, False, True]

    @requires(Capability.EXECUTES, Capability.COLD_START)
    def test_a_forced_cold_start_uploads_no_code(self, bench: Workbench) -> None:
        """And the next program sees no difference that it would have to update."""
        system = bench.system()
        function = bench.deploy(system)
        with bench.recording() as calls:
            system.enforce_cold_start([function], bench.benchmark(system))
        assert not any(bench.rig.is_upload(call) for call in calls), calls
        system = bench.restart()
        with bench.recording() as calls:
            bench.deploy(system)
        assert calls == []


def served(answers: Iterable[Answer]) -> int:
    """Return how many invocations the environments of these answers counted."""
    most: dict[str, int] = defaultdict(int)
    for answer in answers:
        most[answer.environment] = max(most[answer.environment], answer.calls)
    return sum(most.values())
