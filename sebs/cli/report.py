"""How a run is shown: one row an invocation, cold and warm apart, each with its medians."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sebs.cli import output
from sebs.results.rows import start_of
from sebs.results.summary import QUANTITIES, summarize

if TYPE_CHECKING:
    from sebs.faas.result import ExecutionResult
    from sebs.invoke.run import Run
    from sebs.results.summary import Quantity


#: Unit to what a person reads instead, and how many of the one are in the other.
_SHOWN = {"µs": ("ms", 1000), "MB": ("MB", 1)}


def show(run: Run, *, as_json: bool) -> None:
    """Print a run, as a table or as its document."""
    if as_json:
        output.print_json(run.document())
        return
    function = run.manifest["function"]
    click.echo(_headline(run))
    if run.invocations:
        _show_table(run)
    for line in _verdicts(run):
        click.echo(line)
    click.echo(f"Function: {function['name']}")
    click.echo(f"Results: {_short(run.directory)}")


def _headline(run: Run) -> str:
    """Return what was run; of a function that is not ours, what is known of it."""
    function, runtime = run.manifest["function"], run.manifest["function"]["runtime"]
    what = f"{run.manifest['benchmark']} ({run.manifest['size']}) on {run.manifest['deployment']}"
    if not function["memory"]:
        return f"{what}: {run.manifest['trigger']} trigger"
    return (
        f"{what}: {runtime['language']} {runtime['version']}, {function['architecture']}, "
        f"{function['memory']} MB, {run.manifest['trigger']} trigger"
    )


def _show_table(run: Run) -> None:
    from rich.text import Text

    titles = [f"{quantity.title}\n[{_SHOWN[quantity.unit][0]}]" for quantity in QUANTITIES]
    table = output.make_table(["start", "#", *titles, "state"], numbers=["#", *titles])
    for group in summarize(run.invocations):
        rows = [
            (number, result)
            for number, result in enumerate(run.invocations, start=1)
            if start_of(result) == group.kind
        ]
        if not rows:
            continue
        for number, result in rows:
            figures = [_figure(quantity, quantity.value(result)) for quantity in QUANTITIES]
            state = Text("failed", style="red") if result.stats.failure else Text("ok")
            table.add_row(group.kind, str(number), *figures, state)
        medians = [_figure(quantity, group.spreads[quantity.key].median) for quantity in QUANTITIES]
        cells = [Text(cell, style="bold") for cell in (group.kind, "median", *medians)]
        table.add_row(*cells, Text(f"n = {group.n}", style="bold"), end_section=True)
    output.show_table(table)


def _short(path: Path) -> Path:
    """Return a path as one would type it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _figure(quantity: Quantity, value: float | None) -> str:
    if value is None:
        return "-"
    shown = value / _SHOWN[quantity.unit][1]
    return f"{shown:.2f}" if shown < 100 else f"{shown:.0f}"


def _verdicts(run: Run) -> Iterable[str]:
    total, failed = len(run.invocations), len(run.failures)
    wanted = run.manifest["repetitions"]
    if total < wanted:
        yield f"Interrupted: {total} of {wanted} invocations were made."
    forced = total and run.manifest.get("forced_cold", True)
    if forced and start_of(run.invocations[0]) == "warm" and not run.invocations[0].stats.failure:
        yield "The first invocation was not cold, although a cold start was forced."
    unknown = sum(start_of(result) == "unknown" for result in run.invocations)
    if unknown:
        yield f"Whether {unknown} invocations were cold is not known."
    if missing := run.metrics.get("missing"):
        yield f"The platform's log has nothing of {len(missing)} invocations."
    if failed:
        yield f"{failed} of {total} invocations failed:"
        yield from (f"  {reason}" for reason in sorted(set(map(_reason, run.failures))))
    if total == failed:
        return
    if not run.validated:
        yield "Outputs were not validated."
    elif run.invalid:
        yield f"{len(run.invalid)} outputs are wrong:"
        yield from (f"  {reason}" for reason in sorted(set(run.invalid.values())))
    else:
        yield (
            f"The other {total - failed} outputs are valid." if failed else "All outputs are valid."
        )


def _reason(result: ExecutionResult) -> str:
    return result.error or "no reason was given"
