"""``get_function`` on every combination of facts, with doubles of the contract's members only."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest

from sebs.errors import FunctionGoneError, UnsupportedLanguageError
from sebs.faas.function import Function, FunctionConfig, Runtime
from sebs.faas.system import System
from sebs.sebs_types import Language, SystemVariant

NAME = "the-function"


class ToyFunction(Function):
    @staticmethod
    def deserialize(cached_config: dict[str, Any]) -> ToyFunction:
        if cached_config.get("broken"):
            raise RuntimeError("an entry of another age")
        return ToyFunction(
            cached_config["benchmark"],
            cached_config["name"],
            cached_config["hash"],
            FunctionConfig.deserialize(cached_config["config"]),
        )


class Cache:
    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.fail = False

    def add_function(self, *, deployment_name, language_name, code_package, function) -> None:
        if self.fail:
            raise OSError("disk full")
        self.log.append("add_function")

    def update_function(self, function: Function) -> None:
        assert function.config.memory == 512
        self.log.append("cache.update_function")


class Package:
    """A double of ``Benchmark`` with the members of the contract."""

    def __init__(self, log: list[str], functions: dict[str, Any], *, rebuilt: bool) -> None:
        self.log = log
        self.benchmark = "010.sleep"
        self.language = Language.PYTHON
        self.language_name = "python"
        self.language_version = "3.11"
        self.language_variant = "default"
        self.architecture = "x64"
        self.hash = "new"
        self.functions = functions
        self.code_location = "/nowhere"
        self.code_size = 1
        self.container_uri = None
        self.system_variant = SystemVariant.PACKAGE
        self.benchmark_config = SimpleNamespace(timeout=10, memory=512)
        self._rebuilt = rebuilt

    def build(self, *steps: Any) -> tuple[bool, str, SystemVariant, None]:
        self.log.append("build")
        return self._rebuilt, self.code_location, self.system_variant, None

    def query_cache(self) -> None:
        self.log.append("query_cache")


class Toy(System):
    """Records the hooks that are called."""

    def __init__(self, log: list[str], *, reusable: bool = True, gone: bool = False) -> None:
        versions = SimpleNamespace(supported_language_versions=lambda *_: ["3.11"])
        self.log = log
        self.cache = Cache(log)
        super().__init__(versions, self.cache, None, None)
        self.reusable = reusable
        self.gone = gone
        self.failing = ""

    @property
    def config(self):
        raise AssertionError("not needed for a decision")

    @staticmethod
    def name() -> str:
        return "toy"

    @staticmethod
    def function_type() -> type[Function]:
        return ToyFunction

    def _call(self, hook: str) -> None:
        if hook == self.failing:
            raise ConnectionError(hook)
        self.log.append(hook)

    def package_code(self, *args):
        raise AssertionError("the double builds")

    def create_function(self, code_package, func_name, system_variant, container_uri):
        self._call("create_function")
        config = FunctionConfig(10, 512, Runtime(Language.PYTHON, "3.11"))
        return ToyFunction(code_package.benchmark, func_name, code_package.hash, config)

    def cached_function(self, function):
        if self.gone:
            raise FunctionGoneError(f"{function.name} is gone.")
        self._call("cached_function")

    def update_function(self, function, code_package, system_variant, container_uri):
        assert function.code_package_hash != code_package.hash or code_package._rebuilt
        self._call("update_function")

    def update_function_configuration(self, cached_function, benchmark):
        assert cached_function.config.memory == benchmark.benchmark_config.memory
        self._call("update_function_configuration")

    def is_configuration_changed(self, cached_function, benchmark) -> bool:
        changed = super().is_configuration_changed(cached_function, benchmark)
        # Providers written for SeBS write here; the function in use must not notice.
        cached_function.config.memory = 1
        return changed

    def can_reuse_cached_function(self, cached_function, benchmark):
        return None if self.reusable else "it has another network"

    def default_function_name(self, code_package, resources=None) -> str:
        return NAME

    def enforce_cold_start(self, functions, code_package):
        raise AssertionError

    def download_metrics(self, function_name, start_time, end_time, requests, metrics):
        raise AssertionError

    def create_trigger(self, function, trigger_type):
        raise AssertionError

    def shutdown(self) -> None:
        pass


def entry(*, decodable: bool, changed: bool, differs: bool) -> dict[str, Any]:
    config = FunctionConfig(10, 256 if changed else 512, Runtime(Language.PYTHON, "3.11"))
    stored = ToyFunction("010.sleep", NAME, "old" if differs else "new", config).serialize()
    return stored if decodable else {**stored, "broken": True}


def expected(cached, decodable, reusable, changed, differs, rebuilt) -> list[str]:
    """The table of the contract, row by row."""
    if not (cached and decodable and reusable):
        return ["create_function", "add_function", "query_cache"]
    calls = ["cached_function"]
    if changed:
        calls += ["update_function_configuration", "cache.update_function", "query_cache"]
    if differs or rebuilt:
        calls += ["update_function", "add_function", "query_cache"]
    return calls


COMBINATIONS = list(itertools.product([False, True], repeat=6))


@pytest.mark.parametrize("facts", COMBINATIONS, ids=lambda f: "".join("01"[bit] for bit in f))
def test_every_combination_of_facts(facts) -> None:
    cached, decodable, reusable, changed, differs, rebuilt = facts
    log: list[str] = []
    functions = (
        {NAME: entry(decodable=decodable, changed=changed, differs=differs)} if cached else {}
    )
    package = Package(log, functions, rebuilt=rebuilt)

    function = Toy(log, reusable=reusable).get_function(package)

    assert log == ["build", *expected(*facts)]
    assert function.config.memory == 512
    assert function.code_package_hash == "new"
    usable = cached and decodable and reusable
    assert function.updated_code is (usable and (differs or rebuilt))


def test_there_are_64_combinations() -> None:
    assert len(set(COMBINATIONS)) == 64


@pytest.mark.parametrize("facts", COMBINATIONS, ids=lambda f: "".join("01"[bit] for bit in f))
def test_the_dry_run_says_what_the_real_run_does(facts) -> None:
    cached, decodable, reusable, changed, differs, rebuilt = facts
    functions = (
        {NAME: entry(decodable=decodable, changed=changed, differs=differs)} if cached else {}
    )
    log: list[str] = []
    plan = Toy(log, reusable=reusable).plan_function(Package(log, functions, rebuilt=rebuilt))
    assert log == ["build"]
    hooks = {
        "CREATE": "create_function",
        "UPDATE_CONFIGURATION": "update_function_configuration",
        "UPDATE_CODE": "update_function",
    }
    wanted = [call for call in expected(*facts) if call in hooks.values()]
    assert [hooks[step.action.name] for step in plan.steps] == wanted
    assert all(step.reason for step in plan.steps)


@pytest.mark.parametrize("facts", list(itertools.product([False, True], repeat=3)))
def test_a_function_that_is_gone_is_created_again_whatever_else_is_true(facts) -> None:
    changed, differs, rebuilt = facts
    log: list[str] = []
    functions = {NAME: entry(decodable=True, changed=changed, differs=differs)}
    Toy(log, gone=True).get_function(Package(log, functions, rebuilt=rebuilt))
    assert log == ["build", "create_function", "add_function", "query_cache"]


@pytest.mark.parametrize(
    ("failing", "functions"),
    [
        ("create_function", {}),
        (
            "update_function_configuration",
            {NAME: entry(decodable=True, changed=True, differs=True)},
        ),
        ("update_function", {NAME: entry(decodable=True, changed=False, differs=True)}),
    ],
)
def test_a_hook_that_fails_leaves_the_cache_as_it_was(failing, functions) -> None:
    log: list[str] = []
    toy = Toy(log)
    toy.failing = failing
    with pytest.raises(ConnectionError, match=failing):
        toy.get_function(Package(log, functions, rebuilt=False))
    assert not {"add_function", "cache.update_function", "query_cache"} & set(log)


def test_an_unsupported_version_is_refused_before_anything_is_built() -> None:
    log: list[str] = []
    package = Package(log, {}, rebuilt=False)
    package.language_version = "2.7"
    with pytest.raises(UnsupportedLanguageError) as caught:
        Toy(log).get_function(package)
    for word in ("toy", "python", "2.7", "x64", "3.11"):
        assert word in str(caught.value)
    assert log == []


def test_many_functions_report_every_success_and_every_failure_in_order() -> None:
    log: list[str] = []
    toy = Toy(log)
    bad = Package(log, {}, rebuilt=False)
    bad.language_version = "2.7"
    good = [Package(log, {}, rebuilt=False) for _ in range(3)]
    report = toy.get_functions([(good[0], "a"), (bad, "b"), (good[1], "c"), (good[2], None)])
    assert [function.name for function in report.functions] == ["a", "c", NAME]
    assert [failure.function_name for failure in report.failures] == ["b"]
    assert isinstance(report.failures[0].error, UnsupportedLanguageError)
    assert not report.ok
