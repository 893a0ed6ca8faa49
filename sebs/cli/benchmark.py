"""``sebs benchmark``: list, build, invoke, process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sebs.cli import options

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark
    from sebs.cli.session import Session
    from sebs.faas.function import Function, Trigger
    from sebs.invoke.run import Run

DEFAULT_OUTPUT_DIR = Path("sebs-results")


@click.group("benchmark")
def command() -> None:
    """List, build and invoke benchmarks; process saved runs."""


@command.command("list")
@options.benchmarks_dirs
@options.as_json
def list_benchmarks(benchmarks_dirs: tuple[Path, ...], as_json: bool) -> None:
    """List the bundled benchmarks, and those of further directories."""
    from sebs.benchmark.source import list_benchmarks
    from sebs.cli import output

    found = list_benchmarks(benchmarks_dirs)
    rows = [
        {
            "name": source.name,
            "languages": [language.value for language in source.config.languages],
            "memory": source.config.memory,
            "timeout": source.config.timeout,
            "path": str(source.path),
        }
        for source in found
    ]
    if as_json:
        output.print_json(rows)
        return
    output.print_table(
        ["benchmark", "languages", "memory [MB]", "timeout [s]", "path"],
        [
            (r["name"], ", ".join(r["languages"]), r["memory"], r["timeout"], r["path"])
            for r in rows
        ],
        numbers=["memory [MB]", "timeout [s]"],
    )


@command.command("build")
@click.argument("benchmark")
@options.code_options
@options.as_json
def build(benchmark: str, function_name: str | None, as_json: bool, **given: Any) -> None:
    """Build the code package of BENCHMARK; deploy nothing."""
    from sebs.cli import output
    from sebs.cli.session import open_session

    with open_session(**given) as session:
        session.initialize()
        package = session.benchmark(benchmark)
        session.system.build_function(package, function_name)
        built = {
            "benchmark": package.benchmark,
            "package": package.code_location,
            "size": package.code_size,
            "hash": package.hash,
            "container_uri": package.container_uri,
        }
    if as_json:
        output.print_json(built)
    else:
        output.print_table(["", ""], [(key, value) for key, value in built.items() if value])


@command.command("invoke")
@click.argument("benchmark")
@click.argument("size")
@options.code_options
@click.option("--repetitions", type=int, metavar="N", help="Invocations.  [default: 5]")
@click.option("--trigger", type=click.Choice(["http", "library"]), help="[default: http]")
@click.option("--update-storage", is_flag=True, default=None, help="Upload the inputs anew.")
@click.option("--no-validate", is_flag=True, help="Accept any output.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Directory with input data.  [default: cache]",
)
@click.option(
    "--output-dir",
    type=click.Path(path_type=Path),
    default=DEFAULT_OUTPUT_DIR,
    show_default=True,
    help="Where the run is kept.",
)
@options.as_json
def invoke(
    benchmark: str,
    size: str,
    function_name: str | None,
    no_validate: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Deploy BENCHMARK, invoke it with input SIZE, and show what was measured.

    The first invocation follows a forced cold start. Exits with 1 where an invocation failed or an
    output is wrong.
    """
    from sebs.cli import report
    from sebs.cli.session import open_session
    from sebs.faas.function import Trigger

    with open_session(**given) as session:
        session.initialize()
        package = session.benchmark(benchmark)
        payload = package.prepare_input(
            session.system.system_resources, size, session.experiment.update_storage
        )
        function = session.system.get_function(package, function_name)
        trigger = _trigger(session, function, Trigger.TriggerType.get(session.experiment.trigger))
        run = _start(session, package, function, trigger, size)
        session.system.enforce_cold_start([function], package)
        interrupted = _measure(run, trigger, payload, session.experiment.repetitions)
        _fetch_metrics(session, run, function.name)
        if not no_validate:
            _validate(session, run, package, payload)
        run.save()
    report.show(run, validated=not no_validate, as_json=as_json)
    if interrupted:
        raise KeyboardInterrupt
    return 1 if run.failures or run.invalid else 0


@command.command("process")
@click.argument("run", type=click.Path(path_type=Path))
@options.config_file
@options.cache_dir
@options.verbose
@options.as_json
def process(run: Path, as_json: bool, **given: Any) -> int:
    """Fetch the platform's metrics for the saved RUN (its directory), and show it again."""
    from sebs.cli import report
    from sebs.cli.session import open_session
    from sebs.invoke.run import load_run

    loaded = load_run(run)
    with open_session(deployment=loaded.manifest["deployment"], **given) as session:
        session.system.config.resources.resources_id = loaded.manifest["resources_id"]
        _fetch_metrics(session, loaded, loaded.manifest["function"]["name"])
        loaded.save()
    report.show(loaded, validated=True, as_json=as_json)
    return 1 if loaded.failures or loaded.invalid else 0


def _trigger(session: Session, function: Function, kind: Trigger.TriggerType) -> Trigger:
    existing = function.triggers(kind)
    return existing[0] if existing else session.system.create_trigger(function, kind)


def _start(
    session: Session, package: Benchmark, function: Function, trigger: Trigger, size: str
) -> Run:
    from sebs.invoke.run import start_run

    return start_run(
        session.client.output_dir,
        session.system,
        package,
        function,
        size=size,
        trigger_type=trigger.trigger_type(),
        repetitions=session.experiment.repetitions,
    )


def _measure(run: Run, trigger: Trigger, payload: dict[str, Any], repetitions: int) -> bool:
    """Invoke with a progress bar; return whether the user interrupted it."""
    from sebs.cli import output
    from sebs.invoke.run import invoke_sequentially

    console = output.console(stderr=True)
    try:
        if not console.is_terminal:
            for _ in invoke_sequentially(run, trigger, payload, repetitions):
                pass
            return False
        from rich.progress import track

        results = invoke_sequentially(run, trigger, payload, repetitions)
        for _ in track(results, "Invoking", total=repetitions, console=console, transient=True):
            pass
    except KeyboardInterrupt:
        return True
    return False


def _fetch_metrics(session: Session, run: Run, function_name: str) -> None:
    requests = {result.request_id: result for result in run.invocations if result.request_id}
    begin, end = run.interval
    session.system.download_metrics(function_name, begin, end, requests, run.metrics)


def _validate(session: Session, run: Run, package: Benchmark, payload: dict[str, Any]) -> None:
    storage = session.system.system_resources.get_storage() if package.uses_storage else None
    for number, result in enumerate(run.invocations, start=1):
        if result.stats.failure:
            continue
        reason = package.validate_output(payload, result.output, storage)
        if reason is not None:
            run.invalid[result.request_id or str(number)] = reason
