"""``sebs plan``: the decision of a deployment, printed instead of applied."""

from __future__ import annotations

from typing import Any

import click

from sebs.cli import options


@click.command("plan")
@click.argument("benchmark")
@options.code_options
@options.as_json
def command(benchmark: str, function_name: str | None, as_json: bool, **given: Any) -> None:
    """Say what deploying BENCHMARK would do, and why; builds, but changes nothing else."""
    from sebs.cli import output
    from sebs.cli.session import open_session

    with open_session(**given) as session:
        package = session.benchmark(benchmark, function_name)
        with session.looking() as exists:
            plan = session.system.plan_function(package, function_name)
    if as_json:
        steps = [{"action": step.action.name.lower(), "reason": step.reason} for step in plan.steps]
        document = {"function": plan.function_name, "new_deployment": not exists, "steps": steps}
        output.print_json(document)
    else:
        if not exists:
            click.echo("There is no deployment: one would be made, and the name would differ.")
        click.echo(plan.explain())
