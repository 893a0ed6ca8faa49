"""``sebs resource``: what a deployment allocated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from sebs.cli import options

if TYPE_CHECKING:
    from sebs.faas.system import System


@click.group("resource")
def command() -> None:
    """List and delete what a deployment allocated."""


@command.command("list")
@options.place_options
@options.as_json
def list_resources(as_json: bool, **given: Any) -> None:
    """List the deployment's resources, by kind; nothing is changed."""
    with _existing_deployment(**given) as system:
        _show(system, {} if system is None else system.cleanup_resources(dry_run=True), as_json)


@command.command("clean")
@click.option("--dry-run", is_flag=True, help="Delete nothing, only list.")
@options.place_options
@options.as_json
def clean(dry_run: bool, as_json: bool, **given: Any) -> None:
    """Delete everything that the deployment allocated, and forget its functions."""
    with _existing_deployment(**given) as system:
        _show(system, {} if system is None else system.cleanup_resources(dry_run), as_json)


@contextmanager
def _existing_deployment(**given: Any) -> Iterator[System | None]:
    """Yield the platform with an existing deployment selected; none is made where there is none."""
    from sebs.cli.session import open_session

    with open_session(**given) as session:
        system = session.system
        prefix = session.configuration.deployment.get("resource_prefix")
        found = system.find_deployments()
        resources = system.config.resources
        if not resources.has_resources_id:
            selected = [name for name in found if prefix is None or prefix in name]
            if len(selected) > 1:
                raise click.UsageError(
                    f"There are {len(selected)} deployments ({', '.join(selected)}): "
                    "choose one with --resource-prefix."
                )
            if not selected:
                yield None
                return
            resources.resources_id = selected[0]
        session.initialize()
        yield system


def _show(system: System | None, resources: dict[str, list[str]], as_json: bool) -> None:
    from sebs.cli import output

    resources_id = None if system is None else system.config.resources.resources_id
    if as_json:
        output.print_json({"resources_id": resources_id, "resources": resources})
        return
    rows = [(kind, name) for kind, names in resources.items() for name in names]
    if not rows:
        click.echo("Nothing is allocated.")
        return
    click.echo(f"Deployment {resources_id}:")
    output.print_table(["kind", "name"], rows)
