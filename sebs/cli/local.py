"""``sebs local``: the platform on this machine, where it shall outlive a script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sebs.cli import options

if TYPE_CHECKING:
    from sebs.local.service import Status


@click.group("local")
def command() -> None:
    """Start, stop and look at the platform on this machine.

    It starts by itself when it is first used, and ends with its last user. One that was started
    here stays until it is stopped.
    """


def _home_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which local platform is meant; the function gets its home."""

    @wraps(function)
    def wrapped(config_file: Path | None, cache_dir: Path | None, **given: Any) -> Any:
        from sebs.cli.session import load_configuration
        from sebs.sebs import default_cache_dir

        section = load_configuration(config_file, {}).deployment.get("local") or {}
        home = section.get("home") or (cache_dir or default_cache_dir()) / "local"
        return function(home=Path(home).absolute(), **given)

    return options.config_file(options.cache_dir(wrapped))


@command.command("start")
@_home_options
@options.as_json
def start(home: Path, as_json: bool) -> None:
    """Start it, and let it run until it is stopped."""
    from sebs.local import service

    _show(service.start(home), as_json)


@command.command("stop")
@_home_options
@options.as_json
def stop(home: Path, as_json: bool) -> None:
    """Stop it, whoever uses it; its functions, their metrics and its storage stay."""
    from sebs.local import service

    stopped = service.stop(home)
    if as_json:
        _show(service.status(home), as_json)
    else:
        click.echo(f"The local platform in {home} {'was stopped' if stopped else 'did not run'}.")


@command.command("status")
@_home_options
@options.as_json
def status(home: Path, as_json: bool) -> None:
    """Say whether it runs, and what it has."""
    from sebs.local import service

    _show(service.status(home), as_json)


@command.command("logs")
@click.argument("function")
@click.option("--follow", "-f", is_flag=True, help="Go on until interrupted.")
@_home_options
def logs(home: Path, function: str, follow: bool) -> None:
    """Print what FUNCTION wrote to its standard output and error."""
    from sebs.errors import FunctionGoneError, UsageError
    from sebs.local import service

    try:
        lines = service.logs(home, function, follow=follow)
    except FunctionGoneError as error:
        raise UsageError(error.message, remedy=error.remedy) from error
    for line in lines:
        click.echo(line)


def _show(found: Status, as_json: bool) -> None:
    from sebs.cli import output

    if as_json:
        output.print_json(asdict(found))
        return
    if not found.running:
        comes_back = "; its next use starts it until it is stopped" if found.pinned else ""
        click.echo(f"The local platform in {found.home} does not run{comes_back}.")
        return
    stays = "until it is stopped" if found.pinned else "as long as it is used"
    since = "" if found.started is None else f"{datetime.fromtimestamp(found.started):%F %T}, "
    click.echo(
        f"The local platform in {found.home} runs: process {found.pid}, "
        f"http://127.0.0.1:{found.port}, since {since}{stays}; memory limit: {found.memory_limit}."
    )
    if found.functions:
        columns = ["function", "environments", "busy", "queued", "memory [MB]"]
        output.print_table(
            columns,
            [
                (f.name, f.environments, f.busy, f.queued, f"{f.memory:.1f}")
                for f in found.functions
            ],
            numbers=columns[1:],
        )
