"""``sebs regression``: every benchmark in every form that a platform runs."""

from __future__ import annotations

import errno
import os
import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from sebs.cli import options

if TYPE_CHECKING:
    from sebs.cli.session import Session
    from sebs.regression.outcome import Outcome
    from sebs.regression.record import Record
    from sebs.regression.runner import MakeBenchmark

#: Options that may be others when a regression is taken up again.
_CHANGEABLE = ("jobs", "junit")

_OUTPUT_DIR = Path("sebs-results")


def _names(help_text: str) -> Any:
    return {
        "multiple": True,
        "metavar": "NAMES",
        "help": f"{help_text}; separated by commas.",
        "callback": _require_names,
    }


def _require_names(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> tuple[str, ...]:
    """Refuse an option that was given and names nothing: without it everything is run.

    Raises:
        UsageError: It does.
    """
    from sebs.cli.resuming import split
    from sebs.errors import UsageError

    if given and not split(given):
        raise UsageError(
            f"{parameter.opts[0]} names nothing: {','.join(given)!r}.",
            remedy="Leave it out for everything that there is.",
        )
    return given


@click.command("regression")
@options.place_options
@options.benchmarks_dirs
@click.option("--benchmarks", **_names("Benchmarks"))
@click.option("--languages", **_names("Languages"))
@click.option("--language-versions", **_names("Versions of the languages"))
@click.option("--architectures", **_names("Architectures"))
@click.option("--variants", **_names("System variants, such as package and container"))
@click.option("--size", default="test", show_default=True, help="Input size.")
@click.option("--trigger", type=click.Choice(["http", "library"]), help="[default: http]")
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    metavar="N",
    help="Cases that run at once.  [default: number of processors]",
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="Directory with input data.")
@options.peer_address
@click.option(
    "--output-dir",
    type=click.Path(path_type=Path),
    default=_OUTPUT_DIR,
    show_default=True,
    help="Where the regression is kept.",
)
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Take up a regression with the options that it has: what passed is not run again.",
)
@click.option("--junit", type=click.Path(path_type=Path), help="[default: in the directory]")
@options.as_json
@click.pass_context
def command(
    context: click.Context,
    /,
    resume: Path | None,
    junit: Path | None,
    as_json: bool,
    verbose: bool,
    **given: Any,
) -> int:
    """Run every benchmark in every language, architecture and variant of a platform.

    Each is deployed, invoked cold and warm, and its outputs are judged. Exits with 1 where a case
    fails, with 2 where there is none to run or something that was named cannot run. What --resume
    takes up goes on with the options that it was begun with.
    """
    from sebs.cli import resuming
    from sebs.cli.session import open_session

    if resume is None:
        with open_session(**given, verbose=verbose) as session:
            record = _begin(session, {**given, "junit": junit})
            interrupted = _run(session, record, given["jobs"])
    else:
        record, given = _take_up(context, resume)
        junit = junit or given["junit"]
        _require_writable(junit)
        with open_session(**given, verbose=verbose) as session:
            resuming.require_same(session.configuration, record.manifest["configuration"])
            interrupted = _run(session, record, given["jobs"])
    reported = _report(record, junit or record.junit_path, as_json)
    if interrupted:
        raise KeyboardInterrupt
    return 0 if record.succeeded and reported else 1


def _take_up(context: click.Context, directory: Path) -> tuple[Record, dict[str, Any]]:
    """Return a regression that exists, and the options that it goes on with."""
    from sebs.cli import resuming
    from sebs.regression.record import load_record

    record = load_record(directory)
    kept = record.manifest["options"]
    resuming.refuse_contradictions(context, kept, _CHANGEABLE)
    given = resuming.options_of(kept)
    if context.get_parameter_source("jobs") is ParameterSource.COMMANDLINE:
        given["jobs"] = context.params["jobs"]
    # Where it is, rather than where it was begun: the directory may have been moved.
    given["output_dir"] = directory.absolute().parent
    given["remembered"] = record.manifest["configuration"]
    return record, given


def _require_writable(junit: Path | None) -> None:
    """Make sure that a JUnit file can be written, before what goes into it is run.

    Raises:
        UsageError: It cannot.
    """
    from sebs.errors import UsageError

    if junit is None:
        return
    try:
        junit.parent.mkdir(parents=True, exist_ok=True)
        if junit.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with tempfile.TemporaryFile(dir=junit.parent):
            pass
    except OSError as error:
        raise UsageError(
            f"No JUnit file can be written at {str(junit)!r}: {error.strerror}.",
            remedy="Name a file in a directory that can be written.",
        ) from error


def _begin(session: Session, given: dict[str, Any]) -> Record:
    """Settle what is run, and keep that with everything that it takes to go on with it."""
    from sebs.benchmark.source import find_benchmark, list_benchmarks
    from sebs.cli import resuming
    from sebs.regression.asked import require_asked, require_size, require_variants
    from sebs.regression.cases import Selection, cases_of
    from sebs.regression.record import new_record
    from sebs.sebs import default_cache_dir

    selection = Selection(
        benchmarks=resuming.split(given["benchmarks"]),
        languages=resuming.split(given["languages"]),
        architectures=resuming.split(given["architectures"]),
        system_variants=resuming.split(given["variants"]),
        versions=resuming.split(given["language_versions"]),
    )
    directories = given["benchmarks_dirs"]
    if selection.benchmarks:
        sources = [find_benchmark(name, directories) for name in selection.benchmarks]
    else:
        sources = list_benchmarks(directories)
    cases = cases_of(session.system, sources, selection)
    require_asked(session.system, sources, selection, cases)
    require_variants(session.system, _maker(session), selection, cases)
    run = {case.benchmark for case in cases}
    require_size([source for source in sources if source.name in run], given["size"])
    _require_writable(given["junit"])
    trigger = session.experiment.trigger
    settled = {
        "deployment": session.system.name(),
        "trigger": trigger,
        "cache_dir": given["cache_dir"] or default_cache_dir(),
    }
    kept = resuming.kept_options({**given, **settled})
    return new_record(
        session.client.output_dir,
        session.system.name(),
        given["size"],
        trigger,
        cases,
        options=kept,
        configuration=resuming.plain_configuration(session.configuration),
    )


def _maker(session: Session) -> MakeBenchmark:
    return lambda name, experiment: session.client.get_benchmark(name, session.system, experiment)


def _run(session: Session, record: Record, jobs: int) -> bool:
    """Run what is not done yet, with a progress bar; return whether the user interrupted it."""
    from sebs.faas.function import Trigger
    from sebs.progress import progress
    from sebs.regression.runner import Setting, run_cases

    session.initialize()
    setting = Setting(
        session.system,
        _maker(session),
        record.manifest["size"],
        Trigger.TriggerType.get(record.manifest["trigger"]),
        session.experiment.peer_address,
        session.experiment.build_image,
    )
    remaining = record.remaining
    outcomes = run_cases(setting, remaining, jobs)
    try:
        with record.journal() as journal:
            for outcome in progress(outcomes, "Running", len(remaining)):
                record.add(journal, outcome)
    except KeyboardInterrupt:
        return True
    return False


def _report(record: Record, junit: Path, as_json: bool) -> bool:
    """Show what became of the cases, then write the JUnit file; return whether that worked."""
    from sebs.cli import output
    from sebs.regression.junit import write_junit

    if as_json:
        output.print_json(record.document())
    else:
        _show(record)
    try:
        write_junit(junit, record.manifest["deployment"], record.all_outcomes)
    except OSError as error:
        click.echo(f"Error: the JUnit file cannot be written: {error}", err=True)
        return False
    if as_json:
        return True
    click.echo(f"JUnit: {junit}")
    if not record.succeeded:
        directory = shlex.quote(str(record.directory))
        click.echo(f"Run again what did not pass: sebs regression --resume {directory}")
    return True


def _show(record: Record) -> None:
    from sebs.cli import output

    columns = ["benchmark", "form", "state", "cold [ms]", "warm [ms]", "took [s]"]
    rows = [_row(outcome) for outcome in record.all_outcomes]
    output.print_table(columns, rows, numbers=columns[3:])
    for outcome in record.outcomes:
        if not outcome.passed:
            click.echo(f"{outcome.case.key}: {outcome.reason}")
    click.echo(_summary(record))


def _summary(record: Record) -> str:
    document = record.document()
    passed, unjudged, total = (document[key] for key in ("passed", "not_judged", "total"))
    if not unjudged:
        return f"{passed} of {total} passed."
    return f"{passed} of {total} passed; {unjudged} ran, and nothing says whether they are right."


def _row(outcome: Outcome) -> list[Any]:
    from sebs.regression.outcome import State

    case, state = outcome.case, outcome.state
    times = [
        None if time is None else f"{time / 1000:.2f}" for time in (outcome.cold, outcome.warm)
    ]
    took = None if state is State.NOT_RUN else f"{outcome.seconds:.1f}"
    return [case.benchmark, case.form, state.value, *times, took]
