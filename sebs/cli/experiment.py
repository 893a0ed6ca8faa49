"""``sebs experiment``: list, invoke."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sebs.cli import measuring, options

if TYPE_CHECKING:
    from sebs.faas.result import ExecutionResult
    from sebs.results.run import Run


@click.group("experiment")
def command() -> None:
    """List and run experiments; resume interrupted ones."""


@command.command("list")
@options.as_json
def list_experiments(as_json: bool) -> None:
    """List the experiments."""
    from sebs.cli import output
    from sebs.experiments import registry

    rows = sorted(registry.known().items())
    if as_json:
        output.print_json([{"name": name, "summary": summary} for name, summary in rows])
    else:
        output.print_table(["experiment", "what it measures"], rows)


@command.command("invoke")
@click.argument("name")
@options.place_options
@options.benchmarks_dirs
@options.output_dir
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Go on with an interrupted run (its directory), with the same configuration.",
)
@options.as_json
def invoke(name: str, resume: Path | None, as_json: bool, **given: Any) -> int:
    """Run the experiment NAME, which the configuration has a section of.

    Exits with 1 where an invocation failed or the platform's metrics could not be fetched.
    """
    from sebs.cli import report
    from sebs.cli.session import open_session
    from sebs.results.run import Run

    resumed = Run.load(resume) if resume else None
    with open_session(**given) as session:
        section = session.configuration.experiments
        experiment = session.client.get_experiment(name, section)
        experiment.prepare(session.client, session.system)
        session.initialize()
        run = experiment.run(
            session.system,
            session.client.output_dir,
            resumed=resumed,
            configuration=session.configuration.as_dict(),
            begun=_tell,
            watch=_watch,
        )
        unfetched = measuring.fetch_metrics(run, session.system)
        run.finish()
    report.show(run, as_json=as_json)
    return measuring.outcome(run, unfetched)


def _tell(run: Run) -> None:
    kept = shlex.quote(str(run.directory))
    click.echo(f"Kept in {kept}; where it is interrupted, go on with --resume {kept}", err=True)


def _watch(results: Iterable[ExecutionResult], total: int) -> Iterable[ExecutionResult]:
    from sebs.progress import progress

    return progress(results, "Invoking", total)
