"""``sebs experiment``: list, invoke, process, report."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sebs.cli import measuring, options, reporting

if TYPE_CHECKING:
    from sebs.experiments.experiment import Experiment
    from sebs.faas.result import ExecutionResult
    from sebs.results.run import Run


@click.group("experiment")
def command() -> None:
    """List and run experiments, resume interrupted ones, and conclude from them."""


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
@options.peer_address
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

    Exits with 1 where an invocation failed, even if it was made again, an output is wrong, or the
    platform's metrics could not be fetched.
    """
    from sebs.cli.session import open_session
    from sebs.errors import PlatformError
    from sebs.results.run import Run

    resumed = Run.load(resume) if resume else None
    begun: list[Run] = []
    with open_session(**given) as session:
        section = session.configuration.experiments
        _require_section(name, section)
        experiment = session.client.get_experiment(name, section)
        experiment.prepare(session.client, session.system)
        session.initialize()

        def tell(run: Run) -> None:
            begun.append(run)
            _tell(run, experiment)

        try:
            run = experiment.run(
                session.system,
                session.client.output_dir,
                resumed=resumed,
                configuration=session.configuration.as_dict(),
                begun=tell,
                watch=_watch,
            )
        except (KeyboardInterrupt, PlatformError):
            for interrupted in begun:
                _tell_interrupted(interrupted, experiment)
            raise
        unfetched = measuring.fetch_metrics(run, session.system)
        run.finish()
    _conclude(type(experiment), run, {}, as_json=as_json)
    return measuring.outcome(run, unfetched)


@command.command("process")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--offline", is_flag=True, help="Take what is there; ask the platform for nothing.")
@click.option(
    "--set",
    "others",
    multiple=True,
    callback=options.assigned("objective=cost"),
    metavar="NAME=VALUE",
    help="Judge by another parameter than the run's, such as objective=cost; may be repeated.",
)
@options.config_file
@options.cache_dir
@options.verbose
@options.as_json
def process(run: Path, offline: bool, others: dict[str, str], as_json: bool, **given: Any) -> int:
    """Fetch the platform's metrics for RUN (its directory), and conclude from it again."""
    from sebs.experiments import registry
    from sebs.results.run import Run

    loaded = Run.load(run)
    experiment = registry.load(loaded.manifest.experiment)
    judged_by = {name: _value(text) for name, text in others.items()}
    # Before the platform is asked for anything.
    experiment.judged_by(loaded, judged_by)
    unfetched = not offline and measuring.fetch_again(loaded, **given)
    _conclude(experiment, loaded, judged_by, as_json=as_json)
    return measuring.outcome(loaded, unfetched)


command.add_command(reporting.command)


def _value(text: str) -> Any:
    """Return a value as JSON has it; what is no JSON is a text."""
    import json

    try:
        return json.loads(text)
    except ValueError:
        return text


def _conclude(
    experiment: type[Experiment], run: Run, judged_by: Mapping[str, Any], *, as_json: bool
) -> None:
    """Print a run, and what follows from it, judged by other parameters where there are any."""
    from sebs.cli import output, report
    from sebs.errors import AnalysisError

    if not as_json:
        report.show(run, as_json=False)
    try:
        conclusion = experiment.process(experiment.judged_by(run, judged_by))
    except AnalysisError as error:
        click.echo(f"Nothing can be concluded: {error}", err=as_json)
        conclusion = None
    if as_json:
        document = None if conclusion is None else conclusion.document
        output.print_json({**report.document_of(run), "conclusion": document})
    elif conclusion is not None:
        if conclusion.rows:
            output.print_measured(conclusion.columns, conclusion.rows)
        for sentence in (*run.remarks, *conclusion.words):
            click.echo(sentence)


def _require_section(name: str, experiments: Mapping[str, Any]) -> None:
    """Refuse to run an experiment that nobody configured: its defaults may take an hour.

    Raises:
        UnknownExperimentError: There is no such experiment.
        ConfigurationError: The configuration has no section of it.
    """
    import json

    from sebs.errors import ConfigurationError
    from sebs.experiments import registry

    example = {"experiments": {name: registry.load(name).EXAMPLE}}
    if name not in experiments:
        raise ConfigurationError(
            f"The configuration has no section experiments.{name}.",
            remedy=f"Name a file that has one with --config, such as {json.dumps(example)}; what "
            "it leaves out has the defaults of docs/experiments.md.",
        )


def _tell(run: Run, experiment: Experiment) -> None:
    kept = shlex.quote(str(run.directory))
    click.echo(experiment.announcement(run), err=True)
    click.echo(f"Kept in {kept}; where it is interrupted, go on with --resume {kept}", err=True)


def _tell_interrupted(run: Run, experiment: Experiment) -> None:
    lacking, kept = experiment.lacking(run), shlex.quote(str(run.directory))
    click.echo(
        f"{lacking:,} invocations were not made; the others are kept. Go on with the same command "
        f"and --resume {kept}",
        err=True,
    )


def _watch(results: Iterable[ExecutionResult], total: int) -> Iterable[ExecutionResult]:
    from sebs.progress import progress

    return progress(results, "Invoking", total)
