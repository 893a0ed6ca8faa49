"""``sebs config``: the effective configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from sebs.cli import options


@click.group("config")
def command() -> None:
    """Show the effective configuration, and where it came from."""


@command.command("show")
@options.config_file
@options.deployment
@options.as_json
def show(config_file: Path | None, as_json: bool, **given: Any) -> None:
    """Print every value with where it came from; secrets are masked."""
    from sebs.cli import output
    from sebs.cli.session import load_configuration
    from sebs.config_schema import mask

    configuration = load_configuration(config_file, given)
    masked = mask(configuration.as_dict())
    if as_json:
        output.print_json({**masked, "origins": configuration.origins})
        return
    rows = [
        (path, value, configuration.origins.get(path, "default"))
        for path, value in _flatten(masked)
    ]
    output.print_table(["setting", "value", "from"], rows)


def _flatten(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flatten(inner, f"{path}.{key}" if path else str(key))
    else:
        yield path, value
