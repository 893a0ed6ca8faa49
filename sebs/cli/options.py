"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document and nothing else."
)
verbose = click.option("--verbose", "-v", is_flag=True, help="Log what is done, to standard error.")
config_file = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="Configuration file, JSON or TOML; options given here win over it.",
)
cache_dir = click.option(
    "--cache",
    "cache_dir",
    type=click.Path(path_type=Path),
    help="Directory of the cache.  [default: $SEBS_CACHE_DIR or ~/.cache/sebs]",
)
deployment = click.option(
    "--deployment", metavar="NAME", help="Platform; see `sebs systems`.  [default: local]"
)
resource_prefix = click.option(
    "--resource-prefix", metavar="PREFIX", help="Deployment to take up, or how to name a new one."
)
output_dir = click.option(
    "--output-dir",
    type=click.Path(path_type=Path),
    default=Path("sebs-results"),
    show_default=True,
    help="Where the run is kept.",
)
peer_address = click.option(
    "--peer-address",
    metavar="HOST[:PORT]",
    help="Where functions reach this machine, for benchmarks that exchange messages with it."
    "  [default: as the platform is configured]",
)
benchmarks_dirs = click.option(
    "--benchmarks-dir",
    "benchmarks_dirs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Directory with further benchmarks; may be given several times.",
)

_CODE = (
    click.option("--language", metavar="NAME", help="python, nodejs.  [default: python]"),
    click.option(
        "--language-version", metavar="V", help="[default: the one that the platform prefers]"
    ),
    click.option("--architecture", metavar="NAME", help="x64 or arm64.  [default: x64]"),
    click.option("--memory", type=int, metavar="MB", help="[default: the benchmark's]"),
    click.option("--timeout", type=int, metavar="S", help="[default: the benchmark's]"),
    click.option("--system-variant", metavar="NAME", help="[default: package]"),
    click.option("--language-variant", metavar="NAME", help="[default: default]"),
    click.option("--update-code", is_flag=True, default=None, help="Build and deploy anew."),
    click.option("--function-name", metavar="NAME", help="[default: derived from the benchmark]"),
)

_PLACE = (config_file, deployment, resource_prefix, cache_dir, benchmarks_dirs, verbose)


def assigned(like: str) -> Callable[..., dict[str, str]]:
    """Return what reads an option that may be repeated, each time ``NAME=VALUE``.

    Args:
        like: An example, for who writes something else.
    """

    def read(
        _context: click.Context, _option: click.Parameter, given: tuple[str, ...]
    ) -> dict[str, str]:
        for each in given:
            if "=" not in each:
                raise click.BadParameter(f"{each!r} is not like {like}.")
        return dict(each.split("=", 1) for each in given)

    return read


def code_options(function: CommandT) -> CommandT:
    """Add the options that say what code is deployed, and where."""
    for option in reversed((*_PLACE, *_CODE)):
        function = option(function)
    return function


def place_options(function: CommandT) -> CommandT:
    """Add the options that say which deployment is meant."""
    for option in reversed((config_file, deployment, resource_prefix, cache_dir, verbose)):
        function = option(function)
    return function
