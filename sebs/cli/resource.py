"""``sebs resource``: what a deployment allocated."""

from __future__ import annotations

from typing import Any

import click

from sebs.cli import options


@click.group("resource")
def command() -> None:
    """List and delete what a deployment allocated."""


@command.command("list")
@options.place_options
@options.as_json
def list_resources(as_json: bool, **given: Any) -> None:
    """List the deployment's resources, by kind; nothing is changed."""
    _clean(True, as_json, given)


@command.command("clean")
@click.option("--dry-run", is_flag=True, help="Delete nothing, only list.")
@options.place_options
@options.as_json
def clean(dry_run: bool, as_json: bool, **given: Any) -> None:
    """Delete everything that the deployment allocated, and forget its functions."""
    _clean(dry_run, as_json, given)


def _clean(dry_run: bool, as_json: bool, given: dict[str, Any]) -> None:
    from sebs.cli.session import open_session

    with open_session(**given) as session, session.looking() as exists:
        if exists:
            found = session.system.cleanup_resources(dry_run)
            resources_id = session.system.config.resources.resources_id
            _show(resources_id, found, "has" if dry_run else "had; it is deleted", as_json)
        else:
            _show(None, {}, "has", as_json)


def _show(
    resources_id: str | None, resources: dict[str, list[str]], verb: str, as_json: bool
) -> None:
    from sebs.cli import output

    if as_json:
        output.print_json({"resources_id": resources_id, "resources": resources})
        return
    rows = [(kind, name) for kind, names in resources.items() for name in names]
    if not rows:
        click.echo("Nothing is allocated.")
        return
    click.echo(f"What the deployment {resources_id} {verb}:")
    output.print_table(["kind", "name"], rows)
