"""A process that is killed in the middle of its work; started by ``kill_points``.

``victim.py deploy DIR`` creates functions and brings them up to date: new code, new memory.
``victim.py run DIR`` measures. ``victim.py settle DIR`` makes one deployment after the other, each
with a cache of its own. Both print a line when the work
begins; ``run`` also prints the request id of every result that it was told is kept.
"""

from __future__ import annotations

import itertools
import sys
import uuid
from pathlib import Path

from sebs import SeBS
from sebs.faas.function import Trigger
from sebs.invoke.run import invoke_sequentially, start_run

BENCHMARK = "900.victim"
MEMORIES = (128, 256)
CONFIG = '{"timeout": 10, "memory": 128, "languages": ["python"], "modules": []}'
INPUT = """
size_generators = {'test': 1}
def generate_input(data_dir, size, bucket, inputs, outputs, upload, nosql):
    return {}
"""
HANDLER = "def handler(event):\n    return {{'result': {marker!r}}}\n"


def write_source(root: Path, marker: str) -> None:
    """Write the benchmark whose function answers with the marker."""
    directory = root / "benchmarks" / BENCHMARK
    if not directory.exists():
        (directory / "python").mkdir(parents=True)
        (directory / "config.json").write_text(CONFIG)
        (directory / "input.py").write_text(INPUT)
    # As an editor saves: a reader sees the old source or the new one.
    changed = directory / "python" / ".function.py"
    changed.write_text(HANDLER.format(marker=marker))
    changed.rename(directory / "python" / "function.py")


def make_client(root: Path, cache: str = "cache") -> SeBS:
    return SeBS(root / cache, root / "results", benchmarks_dirs=[root / "benchmarks"])


def make_benchmark(client: SeBS, system, memory: int):
    config = client.get_experiment_config({"runtime": {"language": "python"}, "memory": memory})
    return client.get_benchmark(BENCHMARK, system, config)


def deploy(root: Path) -> None:
    with make_client(root) as client:
        system = client.get_deployment({"name": "local"})
        system.initialize(quiet=True)
        print("begin", flush=True)
        for turn in itertools.count():
            write_source(root, f"turn {turn}")
            benchmark = make_benchmark(client, system, MEMORIES[turn % 2])
            system.get_function(benchmark, f"victim-{turn // 3}")


def settle(root: Path) -> None:
    (root / "caches").mkdir(exist_ok=True)
    home = str(root / "cache" / "local")
    print("begin", flush=True)
    while True:
        with make_client(root, f"caches/{uuid.uuid4().hex}") as client:
            system = client.get_deployment({"name": "local", "local": {"home": home}})
            system.initialize(quiet=True)


def run(root: Path) -> None:
    with make_client(root) as client:
        system = client.get_deployment({"name": "local"})
        system.initialize(quiet=True)
        benchmark = make_benchmark(client, system, MEMORIES[0])
        function = system.get_function(benchmark)
        trigger = system.create_trigger(function, Trigger.TriggerType.HTTP)
        print("begin", flush=True)
        while True:
            started = start_run(
                root / "results",
                system,
                benchmark,
                function,
                size="test",
                trigger_type=trigger.trigger_type(),
                repetitions=20,
            )
            for result in invoke_sequentially(started, trigger, {}, 20):
                print(started.directory.name, result.request_id, flush=True)
            started.finish()


if __name__ == "__main__":
    {"deploy": deploy, "run": run, "settle": settle}[sys.argv[1]](Path(sys.argv[2]))
