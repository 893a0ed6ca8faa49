"""The contract of secrets: in no log line, no representation, no cache file, no result."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sebs.faas.function import ExecutionResult
from sebs.testing.metrics import download
from sebs.testing.probe import MEMORY
from sebs.testing.rig import Capability
from sebs.testing.workbench import Topic, Workbench


class SecrecyContract(Topic):
    """Where secrets must not be, whatever was done with the platform."""

    def test_no_secret_is_logged(self, bench: Workbench) -> None:
        """Not even at the finest level, and not even where sebs would mask it."""
        with log_lines() as lines:
            live(bench)
        assert lines
        assert_hidden(bench, "\n".join(lines))

    def test_no_secret_is_cached(self, bench: Workbench) -> None:
        """No file in the cache directory holds one, whatever its format."""
        live(bench)
        files = [path for path in bench.cache.cache_dir.rglob("*") if path.is_file()]
        assert files
        for path in files:
            assert_hidden(bench, path.read_bytes().decode("utf-8", errors="replace"))

    def test_no_secret_is_represented(self, bench: Workbench) -> None:
        """What a person may print, a traceback may show or a file may keep holds none."""
        results = live(bench)
        system = bench.system()
        function = bench.deploy(system)
        config = system.config
        shown = [
            system,
            config,
            config.credentials,
            config.resources,
            system.system_resources,
            function,
            *function.triggers_all(),
            *results,
        ]
        stored = [config.serialize(), function.serialize(), *(each.serialize() for each in results)]
        texts = [*map(repr, shown), *map(str, shown), *map(json.dumps, stored)]
        assert_hidden(bench, "\n".join(texts))


def live(bench: Workbench) -> list[ExecutionResult]:
    """Do everything that the platform can do; return the results of invocations."""
    system = bench.system()
    begin = time.time()
    function = bench.deploy(system)
    results: list[ExecutionResult] = []
    for kind in bench.callable_triggers():
        bench.trigger(system, function, kind)
    if Capability.EXECUTES in bench.rig.capabilities:
        for kind in bench.callable_triggers():
            trigger = bench.trigger(system, function, kind)
            results += [
                trigger.sync_invoke(event) for event in ({"echo": 1}, {"fail": "on purpose"})
            ]
    if Capability.COLD_START in bench.rig.capabilities:
        system.enforce_cold_start([function], bench.benchmark(system))
    if results and Capability.METRICS in bench.rig.capabilities:
        download(system, function, begin, results)
    bench.deploy(system, revision=2)
    bench.deploy(bench.restart(), revision=2, memory=2 * MEMORY)
    bench.close()
    return results


def assert_hidden(bench: Workbench, text: str) -> None:
    """Make sure that a text holds no secret; the failure does not show it either."""
    secrets = bench.rig.secrets()
    if not secrets:
        pytest.skip("the rig has no secrets")
    leaked = [number for number, secret in enumerate(secrets) if secret in text]
    assert leaked == [], "secrets of these numbers, in the rig's order, are not hidden"


@contextmanager
def log_lines() -> Iterator[list[str]]:
    """Collect every line that loggers below ``sebs`` write, at any level and unmasked."""
    lines: list[str] = []
    formatter = logging.Formatter("%(name)s %(message)s")

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(formatter.format(record))

    logger, collector = logging.getLogger("sebs"), Collector()
    level = logger.level
    logger.addHandler(collector)
    logger.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        logger.setLevel(level)
        logger.removeHandler(collector)
