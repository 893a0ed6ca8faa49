"""``sebs regression``: every benchmark in every form that a platform runs."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sebs.cli import options

if TYPE_CHECKING:
    from sebs.cli.session import Session
    from sebs.regression.cases import Case
    from sebs.regression.outcome import Outcome
    from sebs.regression.record import Record

_OUTPUT_DIR = Path("sebs-results")


def _names(help_text: str) -> Any:
    return {"multiple": True, "metavar": "NAMES", "help": f"{help_text}; separated by commas."}


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
    help="Take up a regression: what passed is not run again.",
)
@click.option("--junit", type=click.Path(path_type=Path), help="[default: in the directory]")
@options.as_json
def command(
    benchmarks: tuple[str, ...],
    languages: tuple[str, ...],
    language_versions: tuple[str, ...],
    architectures: tuple[str, ...],
    variants: tuple[str, ...],
    size: str,
    jobs: int,
    resume: Path | None,
    junit: Path | None,
    as_json: bool,
    **given: Any,
) -> int:
    """Run every benchmark in every language, architecture and variant of a platform.

    Each is deployed, invoked cold and warm, and its outputs are judged. Exits with 1 where a case
    does not pass, with 2 where there is none to run.
    """
    from sebs.cli.session import open_session
    from sebs.regression.cases import Selection
    from sebs.regression.record import load_record

    earlier = load_record(resume) if resume is not None else None
    if earlier is not None:
        given = {**given, "deployment": earlier.manifest["deployment"]}
        given["trigger"] = earlier.manifest["trigger"]
    with open_session(**given) as session:
        record = earlier
        if record is None:
            selection = Selection(
                _split(languages),
                _split(architectures),
                _split(variants),
                _split(language_versions),
            )
            record = _begin(session, _split(benchmarks), selection, size, given)
        session.initialize()
        interrupted = _run(session, record, jobs)
    _report(record, junit or record.junit_path, as_json)
    if interrupted:
        raise KeyboardInterrupt
    return 0 if record.succeeded else 1


def _begin(
    session: Session,
    benchmarks: list[str],
    selection: Any,
    size: str,
    given: dict[str, Any],
) -> Record:
    from sebs.benchmark.source import find_benchmark, list_benchmarks
    from sebs.regression.cases import cases_of, require_cases
    from sebs.regression.record import new_record

    directories = given["benchmarks_dirs"]
    if benchmarks:
        sources = [find_benchmark(name, directories) for name in benchmarks]
    else:
        sources = list_benchmarks(directories)
    cases = cases_of(session.system, sources, selection)
    require_cases(cases, session.system)
    trigger = session.experiment.trigger
    return new_record(session.client.output_dir, session.system.name(), size, trigger, cases)


def _run(session: Session, record: Record, jobs: int) -> bool:
    """Run what has not passed yet, with a progress bar; return whether the user interrupted it."""
    from sebs.faas.function import Trigger
    from sebs.progress import progress
    from sebs.regression.runner import Setting, run_cases

    setting = Setting(
        session.system,
        lambda name, experiment: session.client.get_benchmark(name, session.system, experiment),
        record.manifest["size"],
        Trigger.TriggerType.get(record.manifest["trigger"]),
        session.experiment.peer_address,
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


def _report(record: Record, junit: Path, as_json: bool) -> None:
    from sebs.cli import output
    from sebs.regression.junit import write_junit

    outcomes = record.outcomes
    junit.parent.mkdir(parents=True, exist_ok=True)
    write_junit(junit, record.manifest["deployment"], outcomes)
    if as_json:
        output.print_json(record.document())
        return
    columns = ["benchmark", "form", "state", "cold [ms]", "warm [ms]", "took [s]"]
    known = {outcome.case.key: outcome for outcome in outcomes}
    rows = [_row(case, known.get(case.key)) for case in record.cases]
    output.print_table(columns, rows, numbers=columns[3:])
    for outcome in outcomes:
        if not outcome.passed:
            click.echo(f"{outcome.case.key}: {outcome.reason}")
    passed, total = sum(outcome.passed for outcome in outcomes), len(record.cases)
    click.echo(f"{passed} of {total} passed.")
    click.echo(f"JUnit: {junit}")
    if not record.succeeded:
        directory = shlex.quote(str(record.directory))
        click.echo(f"Run again what did not pass: sebs regression --resume {directory}")


def _row(case: Case, outcome: Outcome | None) -> list[Any]:
    if outcome is None:
        return [case.benchmark, case.form, "not run", None, None, None]
    times = [
        None if time is None else f"{time / 1000:.2f}" for time in (outcome.cold, outcome.warm)
    ]
    return [case.benchmark, case.form, outcome.state.value, *times, f"{outcome.seconds:.1f}"]


def _split(values: tuple[str, ...]) -> list[str]:
    """Return the names in options that hold several each."""
    names = (name.strip() for value in values for name in value.split(","))
    return list(dict.fromkeys(name for name in names if name))
