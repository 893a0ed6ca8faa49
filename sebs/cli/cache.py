"""``sebs cache``: what earlier runs built and deployed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from sebs.cli import options
from sebs.cli.session import open_cache

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def _filters(function: CommandT) -> CommandT:
    for option in (
        click.option("--benchmark", metavar="NAME", help="Only what belongs to this benchmark."),
        click.option("--deployment", metavar="NAME", help="Only what belongs to this platform."),
        options.cache_dir,
    ):
        function = option(function)
    return function


@click.group("cache")
def command() -> None:
    """List, show, export, import and clean the cache."""


@command.command("list")
@_filters
@options.as_json
def list_entries(
    cache_dir: Path | None, deployment: str | None, benchmark: str | None, as_json: bool
) -> None:
    """List what the cache holds, one line a thing."""
    from sebs.cli import output

    with open_cache(cache_dir) as cache:
        entries = [dataclasses.asdict(entry) for entry in cache.entries(deployment, benchmark)]
    if as_json:
        output.print_json(entries)
        return
    columns = ["kind", "deployment", "benchmark", "name", "modified", "size"]
    rows = [[entry[column] for column in columns] for entry in entries]
    output.print_table(columns, rows, numbers=["size"])


@command.command("show")
@_filters
@options.as_json
def show(
    cache_dir: Path | None, deployment: str | None, benchmark: str | None, as_json: bool
) -> None:
    """Print what the cache holds, whole, as one JSON document, with --json or without."""
    from sebs.cli import output

    with open_cache(cache_dir) as cache:
        output.print_json(cache.show(deployment, benchmark))


@command.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@options.cache_dir
def export(file: Path, cache_dir: Path | None) -> None:
    """Write the whole cache to FILE, as one JSON document."""
    from sebs.cli import output

    output.require_directory(file)
    with open_cache(cache_dir) as cache:
        cache.export(file)
    click.echo(f"Wrote {file}.")


@command.command("import")
@click.argument("source", type=click.Path(path_type=Path))
@options.cache_dir
@options.as_json
def import_(source: Path, cache_dir: Path | None, as_json: bool) -> int:
    """Read SOURCE, an exported document or a cache directory of SeBS.

    Exits with 1 where a part of it could not be read; the rest is imported.
    """
    from sebs.cli import output
    from sebs.errors import UsageError

    if not source.exists():
        raise UsageError(f"There is no {str(source)!r}.", remedy="Name a file of `cache export`.")
    with open_cache(cache_dir) as cache:
        read = cache.import_sebs_cache if source.is_dir() else cache.import_
        report = read(source)
    if as_json:
        output.print_json(dataclasses.asdict(report))
    else:
        for kind, count in report.imported.items():
            click.echo(f"Imported {count} {kind}.")
        for problem in report.problems:
            click.echo(str(problem), err=True)
    return 1 if report.problems else 0


@command.command("clean")
@click.option("--dry-run", is_flag=True, help="Forget nothing, only list.")
@_filters
@options.as_json
def clean(
    cache_dir: Path | None,
    deployment: str | None,
    benchmark: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Forget entries and remove their packages; platforms are not told."""
    from sebs.cli import output

    with open_cache(cache_dir) as cache:
        report = cache.clean(deployment=deployment, benchmark=benchmark, dry_run=dry_run)
    if as_json:
        output.print_json(dataclasses.asdict(report))
        return
    verb = "Would forget" if dry_run else "Forgot"
    click.echo(
        f"{verb} {len(report.entries)} entries, {len(report.packages)} packages "
        f"({report.freed} bytes), {len(report.temporaries)} leftovers."
    )
