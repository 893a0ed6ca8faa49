"""Functions that are not ours: no hook changes one, unless the caller says so for that call."""

from __future__ import annotations

import inspect
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from sebs.errors import AttachedFunctionError, UnsupportedOperationError, UsageError
from sebs.faas.attached import Attached, Change
from sebs.faas.function import Function, FunctionConfig, Runtime, Trigger
from sebs.faas.system import System
from sebs.sebs_types import Language

CONFIG = FunctionConfig(10, 128, Runtime(Language.PYTHON, "3.11"))


class Ours(Function):
    @staticmethod
    def deserialize(cached_config: dict[str, Any]) -> Ours:
        return Ours(cached_config["benchmark"], cached_config["name"], "", CONFIG)


class Theirs(Attached, Ours):
    @property
    def target(self) -> str:
        return self.name


class Platform(System):
    """Notes which hooks were reached."""

    def __init__(self) -> None:
        super().__init__(SimpleNamespace(), SimpleNamespace(), None, None)
        self.reached: list[str] = []

    @staticmethod
    def name() -> str:
        return "toy"

    @staticmethod
    def function_type() -> type[Function]:
        return Ours

    @property
    def config(self) -> Any:
        raise AssertionError

    def update_function(self, function, code_package, system_variant, container_uri):
        self.reached.append("update_function")

    def update_function_configuration(self, cached_function, benchmark):
        self.reached.append("update_function_configuration")

    def enforce_cold_start(self, functions, code_package):
        self.reached.append("enforce_cold_start")

    def create_trigger(self, function, trigger_type):
        self.reached.append("create_trigger")

    def delete_function(self, func_name, function):
        self.reached.append("delete_function")

    def unused(self, *args: Any) -> Any:
        raise AssertionError

    package_code = create_function = cached_function = default_function_name = unused
    download_metrics = shutdown = unused


class Descendant(Platform):
    """Overrides a hook and calls the one above, as a plug-in may."""

    def enforce_cold_start(self, functions, code_package):
        super().enforce_cold_start(functions, code_package)
        self.reached.append("descendant")


CALLS = {
    "update_function": ("new code", lambda s, f: s.update_function(f, None, None, None)),
    "update_function_configuration": (
        "configuration",
        lambda s, f: s.update_function_configuration(cached_function=f, benchmark=None),
    ),
    "enforce_cold_start": ("cold start", lambda s, f: s.enforce_cold_start([f], None)),
    "create_trigger": (
        "trigger",
        lambda s, f: s.create_trigger(f, trigger_type=Trigger.TriggerType.HTTP),
    ),
    "delete_function": ("deletion", lambda s, f: s.delete_function(f.name, f.serialize())),
}


def theirs(name: str = "foreign") -> Theirs:
    return Theirs("label", name, "", CONFIG)


@pytest.mark.parametrize("hook", CALLS)
def test_a_hook_that_changes_functions_refuses_one_that_is_not_ours(hook) -> None:
    change, call = CALLS[hook]
    system = Platform()
    with pytest.raises(AttachedFunctionError, match="foreign") as caught:
        call(system, theirs())
    assert f"permitting({change!r})" in str(caught.value.remedy)
    assert system.reached == []


@pytest.mark.parametrize("hook", CALLS)
def test_it_is_reached_where_this_change_was_permitted_and_no_longer_afterwards(hook) -> None:
    change, call = CALLS[hook]
    system, function = Platform(), theirs()
    with function.permitting(change):
        call(system, function)
    assert system.reached == [hook]
    with pytest.raises(AttachedFunctionError):
        call(system, function)
    others = [other for other in Change if other.value != change]
    with function.permitting(*others), pytest.raises(AttachedFunctionError):
        call(system, function)
    assert system.reached == [hook]


@pytest.mark.parametrize("hook", CALLS)
def test_a_function_of_ours_needs_no_permission(hook) -> None:
    system = Platform()
    CALLS[hook][1](system, Ours("benchmark", "mine", "", CONFIG))
    assert system.reached == [hook]


def test_the_permission_ends_with_the_block_however_it_ends() -> None:
    system, function = Platform(), theirs()
    with pytest.raises(KeyError), function.permitting("cold start"):
        raise KeyError
    with pytest.raises(AttachedFunctionError):
        system.enforce_cold_start([function], None)


def test_a_permission_inside_of_another_adds_to_it() -> None:
    system, function = Platform(), theirs()
    with function.permitting("deletion"), function.permitting("cold start"):
        system.enforce_cold_start([function], None)
        system.delete_function(function.name, function.serialize())
    assert system.reached == ["enforce_cold_start", "delete_function"]


def test_a_permission_is_for_one_function() -> None:
    system, permitted = Platform(), theirs()
    with permitted.permitting("cold start"), pytest.raises(AttachedFunctionError, match="another"):
        system.enforce_cold_start([permitted, theirs("another")], None)
    assert system.reached == []


def test_one_that_is_not_ours_among_ours_stops_all() -> None:
    system = Platform()
    with pytest.raises(AttachedFunctionError):
        system.enforce_cold_start([Ours("benchmark", "mine", "", CONFIG), theirs()], None)
    assert system.reached == []


def test_a_permission_of_one_thread_is_none_of_another() -> None:
    system, function = Platform(), theirs()
    outcomes: list[type[BaseException] | None] = []

    def attempt() -> None:
        try:
            system.enforce_cold_start([function], None)
        except AttachedFunctionError as error:
            outcomes.append(type(error))
        else:
            outcomes.append(None)

    with function.permitting("cold start"):
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
        attempt()
    assert outcomes == [AttachedFunctionError, None]


def test_an_overridden_hook_is_guarded_as_well() -> None:
    system, function = Descendant(), theirs()
    with pytest.raises(AttachedFunctionError):
        system.enforce_cold_start([function], None)
    with function.permitting(Change.COLD_START):
        system.enforce_cold_start([function], None)
    assert system.reached == ["enforce_cold_start", "descendant"]


def test_guarded_hooks_keep_their_signatures_and_stay_abstract() -> None:
    parameters = list(inspect.signature(Platform.enforce_cold_start).parameters)
    assert parameters == ["self", "functions", "code_package"]
    assert "enforce_cold_start" in System.__abstractmethods__
    assert not Platform.__abstractmethods__


def test_what_cannot_be_permitted_is_said_with_what_can() -> None:
    with pytest.raises(UsageError, match="'cold start'"), theirs().permitting("everything"):
        raise AssertionError


class Rigid(Theirs):
    permissible = frozenset({Change.COLD_START})


def test_what_the_platform_does_not_do_to_it_cannot_be_permitted() -> None:
    function = Rigid("label", "rigid", "", CONFIG)
    with (
        pytest.raises(UnsupportedOperationError, match="'deletion'") as caught,
        function.permitting("cold start", "deletion"),
    ):
        raise AssertionError
    assert "'cold start'" in str(caught.value.remedy)
    with function.permitting("cold start"):
        Platform().enforce_cold_start([function], None)


def test_it_says_of_itself_that_it_is_not_ours_and_ours_does_not() -> None:
    assert theirs().attached
    assert theirs().serialize()["attached"] is True
    mine = Ours("benchmark", "mine", "", CONFIG)
    assert not mine.attached
    assert "attached" not in mine.serialize()


def test_a_platform_that_cannot_attach_says_so() -> None:
    with pytest.raises(UnsupportedOperationError, match="toy"):
        Platform().attach_function("something")
