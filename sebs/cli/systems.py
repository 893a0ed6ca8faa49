"""``sebs systems``: the platforms."""

from __future__ import annotations

import dataclasses

import click

from sebs.cli import options


@click.command("systems")
@options.as_json
def command(as_json: bool) -> None:
    """List the platforms, and how to get those that are missing."""
    from sebs.cli import output
    from sebs.faas.registry import list_systems

    systems = list_systems()
    if as_json:
        output.print_json([dataclasses.asdict(info) for info in systems])
        return
    output.print_table(
        ["platform", "what", "state", "how to get it"],
        [(info.name, info.summary, info.state, info.remedy) for info in systems],
    )
