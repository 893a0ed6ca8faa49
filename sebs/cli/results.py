"""``sebs results``: list, show, export, import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sebs.cli import options

if TYPE_CHECKING:
    from sebs.results.manifest import Manifest
    from sebs.results.results import Results

#: What is a run's directory, or a file of results.
_SOURCE = click.Path(path_type=Path)


@click.group("results")
def command() -> None:
    """List, show and convert what was measured."""


@command.command("list")
@click.argument("directory", type=click.Path(path_type=Path), default="sebs-results")
@options.as_json
def list_runs(directory: Path, as_json: bool) -> None:
    """List the runs in DIRECTORY, the oldest first; by default those in sebs-results.

    A run is finished, running, or interrupted: not finished, and nobody records it.
    """
    from sebs.cli import output
    from sebs.results.reading import survey

    manifests, faults = survey(directory)
    for fault in faults:
        click.echo(f"Left out: {fault}", err=True)
    if as_json:
        documents = [
            {"run_directory": str(path), **manifest.serialize()} for path, manifest in manifests
        ]
        output.print_json(documents)
        return
    rows = [
        (
            path.name,
            manifest.experiment or None,
            manifest.benchmark or None,
            manifest.deployment or None,
            _begun(manifest),
            manifest.state,
        )
        for path, manifest in manifests
    ]
    columns = ["run", "experiment", "benchmark", "platform", "begun [UTC]", "state"]
    # A run's name begins with these, and has the time.
    spare = ["platform", "experiment", "benchmark", "begun [UTC]"]
    output.print_table(columns, rows, spare=spare)


def _begun(manifest: Manifest) -> str | None:
    """Return when a run began; nothing where nobody knows."""
    from datetime import datetime, timezone

    from sebs.results.completing import BEGUN_FROM

    if not manifest.begun:
        return None
    begun = f"{datetime.fromtimestamp(manifest.begun, tz=timezone.utc):%Y-%m-%d %H:%M:%S}"
    return f"{begun} (file)" if BEGUN_FROM in manifest.details else begun


@command.command("show")
@click.argument("source", type=_SOURCE)
@options.as_json
def show(source: Path, as_json: bool) -> None:
    """Show a run, or a file of results that SeBS wrote."""
    from sebs.cli import report

    results = _read(source)
    report.show(results, as_json=as_json)
    if not as_json:
        _tell(results.manifest)


@command.command("export")
@click.argument("source", type=_SOURCE)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["json", "csv", "parquet"]),
    default="json",
    show_default=True,
)
@click.option(
    "--output", "-o", "target", type=click.Path(path_type=Path), help="[default: standard output]"
)
@click.option("--force", is_flag=True, help="Replace the file of --output where there is one.")
def export(source: Path, kind: str, target: Path | None, force: bool) -> None:
    """Write results as JSON, or their table as CSV or Parquet."""
    from sebs.cli import output
    from sebs.cli.report import document_of
    from sebs.results.export import as_bytes, exported

    if target is not None:
        output.require_new(target, force)
    results = _read(source)
    data = as_bytes(document_of(results)) if kind == "json" else exported(results, kind)
    if target is None:
        click.echo(data, nl=False)
    else:
        output.write_file(target, data)
        click.echo(f"Written: {target}")


@command.command("import")
@click.argument("source", type=_SOURCE)
@click.option("--platform", metavar="NAME", help="Where it was measured; see `sebs systems`.")
@click.option("--region", metavar="NAME", help="The platform's region.")
@click.option("--benchmark", metavar="NAME", help="What was invoked.")
@click.option("--size", metavar="NAME", help="Size of the benchmark's input.")
@click.option("--language", metavar="NAME", help="python, nodejs.")
@click.option("--language-version", metavar="V", help="Of the language.")
@click.option("--architecture", type=click.Choice(["x64", "arm64"]))
@click.option("--memory", type=click.IntRange(min=1), metavar="MB", help="Of the function.")
@options.output_dir
@options.as_json
def import_file(source: Path, output_dir: Path, as_json: bool, **told: str | int | None) -> None:
    """Make a run of a file of results that SeBS, or an older sebs, wrote; it is known by content.

    What the file does not say is told by the options. Where it does not say when it was measured
    either, the run begins when the file was written, and is marked so. The file stays as it is.
    """
    from sebs.cli import output
    from sebs.faas.registry import require_known
    from sebs.results.reading import import_results

    given = {column: value for column, value in told.items() if value is not None}
    if "platform" in given:
        require_known(str(given["platform"]))
    run = import_results(_read(source), output_dir, given)
    if as_json:
        output.print_json({"run_directory": str(run.directory)})
    else:
        _tell(run.manifest)
        click.echo(f"Results: {run.directory}")


def _tell(manifest: Manifest) -> None:
    """Print how it went, and what was taken for what."""
    for sentence in manifest.remarks:
        click.echo(sentence)


def _read(source: Path) -> Results:
    from sebs.results.reading import read_results

    return read_results(source)
