"""How a run is shown: one row an invocation, cold and warm apart, each with its medians."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sebs.cli import output

if TYPE_CHECKING:
    from sebs.faas.result import ExecutionResult
    from sebs.invoke.run import Run


def show(run: Run, *, as_json: bool) -> None:
    """Print a run, as a table or as its document."""
    if as_json:
        output.print_json(run.document())
        return
    function = run.manifest["function"]
    runtime = function["runtime"]
    click.echo(
        f"{run.manifest['benchmark']} ({run.manifest['size']}) on {run.manifest['deployment']}: "
        f"{runtime['language']} {runtime['version']}, {function['architecture']}, "
        f"{function['memory']} MB, {run.manifest['trigger']} trigger"
    )
    _show_table(run)
    for line in _verdicts(run):
        click.echo(line)
    click.echo(f"Results: {_short(run.directory)}")


def _show_table(run: Run) -> None:
    from rich.text import Text

    from sebs.invoke.summary import QUANTITIES, summarize

    titles = [f"{quantity.title}\n[{quantity.unit}]" for quantity in QUANTITIES]
    table = output.make_table(["start", "#", *titles, "state"], numbers=["#", *titles])
    for group in summarize(run.invocations):
        rows = [
            (number, result)
            for number, result in enumerate(run.invocations, start=1)
            if result.stats.cold_start == (group.kind == "cold")
        ]
        if not rows:
            continue
        for number, result in rows:
            figures = [_figure(quantity.value(result)) for quantity in QUANTITIES]
            state = Text("failed", style="red") if result.stats.failure else Text("ok")
            table.add_row(group.kind, str(number), *figures, state)
        medians = [_figure(group.spreads[quantity.key].median) for quantity in QUANTITIES]
        cells = [Text(cell, style="bold") for cell in (group.kind, "median", *medians)]
        table.add_row(*cells, Text(f"n = {group.n}", style="bold"), end_section=True)
    output.show_table(table)


def _short(path: Path) -> Path:
    """Return a path as one would type it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _verdicts(run: Run) -> Iterable[str]:
    total = len(run.invocations)
    wanted = run.manifest["repetitions"]
    if total < wanted:
        yield f"Interrupted: {total} of {wanted} invocations were made."
    if total and not run.invocations[0].stats.cold_start and not run.invocations[0].stats.failure:
        yield "The first invocation was not cold, although a cold start was forced."
    if run.failures:
        yield f"{len(run.failures)} of {total} invocations failed:"
        yield from (f"  {reason}" for reason in sorted(set(map(_reason, run.failures))))
    if not run.validated:
        yield "Outputs were not validated."
    elif run.invalid:
        yield f"{len(run.invalid)} outputs are wrong:"
        yield from (f"  {reason}" for reason in sorted(set(run.invalid.values())))
    elif total > len(run.failures):
        yield "All outputs are valid."


def _reason(result: ExecutionResult) -> str:
    return result.error or "no reason was given"
