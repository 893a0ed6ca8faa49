"""``sebs benchmark``: new, validate, list, build, invoke, process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sebs.cli import authoring, measuring, options

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark
    from sebs.cli.session import Session
    from sebs.results.run import Run


@click.group("benchmark")
def command() -> None:
    """List, build and invoke benchmarks; process saved runs."""


@command.command("list")
@options.benchmarks_dirs
@options.as_json
def list_benchmarks(benchmarks_dirs: tuple[Path, ...], as_json: bool) -> None:
    """List the bundled benchmarks, and those of further directories."""
    from sebs.benchmark.source import survey
    from sebs.cli import output

    found, faults = survey(benchmarks_dirs)
    for fault in faults:
        click.echo(f"Left out: {fault}", err=True)
    rows = [
        (
            source.name,
            [language.value for language in source.config.languages],
            source.config.memory,
            source.config.timeout,
            str(source.path),
        )
        for source in found
    ]
    if as_json:
        keys = ("name", "languages", "memory", "timeout", "path")
        output.print_json([dict(zip(keys, row, strict=True)) for row in rows])
        return
    columns = ["benchmark", "languages", "memory [MB]", "timeout [s]", "path"]
    output.print_table(columns, rows, numbers=columns[2:4], spare=["path"])


@command.command("build")
@click.argument("benchmark")
@options.code_options
@options.as_json
def build(benchmark: str, function_name: str | None, as_json: bool, **given: Any) -> None:
    """Build the code package of BENCHMARK; deploy nothing."""
    from sebs.cli import output
    from sebs.cli.session import open_session

    with open_session(**given) as session:
        package = session.benchmark(benchmark, function_name)
        session.initialize()
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
@click.option(
    "--trigger", type=click.Choice(["http", "library", "storage"]), help="[default: http]"
)
@click.option("--update-storage", is_flag=True, default=None, help="Upload the inputs anew.")
@click.option("--no-validate", is_flag=True, help="Accept any output.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Directory with input data.  [default: cache]",
)
@options.peer_address
@options.output_dir
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
    from sebs.invoke.peering import peer_event

    with open_session(**given) as session:
        package = session.benchmark(benchmark, function_name)
        package.input_module.require_size(size)
        session.initialize()
        system = session.system
        name = function_name or system.default_function_name(package)
        # Another run of the same function would change it, and share its environments.
        with (
            peer_event(package, system, session.experiment.peer_address) as peer,
            session.client.cache_client.function_lock(system.name(), name),
        ):
            run, interrupted, unfetched = _run(session, package, name, size, peer, not no_validate)
    report.show(run, as_json=as_json)
    if interrupted:
        raise KeyboardInterrupt
    return measuring.outcome(run, unfetched)


def _run(
    session: Session,
    package: Benchmark,
    name: str,
    size: str,
    peer: dict[str, Any],
    validate: bool,
) -> tuple[Run, bool, bool]:
    """Deploy, measure and judge; return the run, whether it was interrupted, and lacks metrics."""
    from sebs.faas.function import Trigger
    from sebs.invoke.evaluate import validate_outputs
    from sebs.invoke.run import start_run
    from sebs.invoke.triggers import trigger_of

    system, experiment = session.system, session.experiment
    payload = package.prepare_input(system.system_resources, size, experiment.update_storage)
    payload |= peer
    function = system.get_function(package, name)
    trigger = trigger_of(system, function, Trigger.TriggerType.get(experiment.trigger))
    system.enforce_cold_start([function], package)
    run = start_run(
        session.client.output_dir,
        system,
        package,
        function,
        size=size,
        trigger_type=trigger.trigger_type(),
        repetitions=experiment.repetitions,
        configuration=session.configuration.as_dict(),
    )
    interrupted = measuring.measure(run, trigger, payload)
    unfetched = measuring.fetch_metrics(run, system)
    if validate:
        validate_outputs(run, system, package, payload)
    run.finish()
    return run, interrupted, unfetched


@command.command("process")
@click.argument("run", type=click.Path(path_type=Path))
@options.config_file
@options.cache_dir
@options.verbose
@options.as_json
def process(run: Path, as_json: bool, **given: Any) -> int:
    """Fetch the platform's metrics for the saved RUN (its directory), and show it again."""
    from sebs.cli import report
    from sebs.results.run import Run

    loaded = Run.load(run)
    unfetched = measuring.fetch_again(loaded, **given)
    report.show(loaded, as_json=as_json)
    return measuring.outcome(loaded, unfetched)


command.add_command(authoring.new)
command.add_command(authoring.validate)
