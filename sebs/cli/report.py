"""How a run is shown: one row an invocation, cold and warm apart, each with its medians."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sebs.cli import output
from sebs.results.document import Overview
from sebs.results.rows import start_of
from sebs.results.summary import QUANTITIES, summarize

if TYPE_CHECKING:
    from sebs.faas.result import ExecutionResult
    from sebs.results.results import Results
    from sebs.results.summary import Quantity


#: Unit to what a person reads instead, and how many of the one are in the other.
_SHOWN = {"µs": ("ms", 1000), "MB": ("MB", 1)}

_LANGUAGE = ("language", "language_version")


def show(results: Results, *, as_json: bool) -> None:
    """Print results, as a table or as their document."""
    run = Overview(results)
    if as_json:
        output.print_json(run.serialize())
        return
    click.echo(_headline(run))
    if run.invocations:
        _show_table(run)
    for line in _verdicts(run):
        click.echo(line)
    if function := run.manifest.details.get("function"):
        click.echo(f"Function: {function['name']}")
    if run.directory is not None:
        click.echo(f"Results: {_short(run.directory)}")


def _headline(run: Overview) -> str:
    """Return what was run, as far as it is the same for all."""
    manifest, fixed = run.manifest, run.manifest.fixed
    size = f" ({manifest.size})" if manifest.size else ""
    what = f"{manifest.benchmark or manifest.experiment}{size} on {manifest.deployment}"
    language = " ".join(str(fixed[key]) for key in _LANGUAGE if fixed.get(key))
    known = [language, fixed.get("architecture")] if fixed.get("memory") else []
    memory = [f"{fixed['memory']} MB"] if known else []
    trigger = [f"{fixed['trigger']} trigger"] if fixed.get("trigger") else []
    told = ", ".join(str(part) for part in (*known, *memory, *trigger) if part)
    return f"{what}: {told}" if told else what


def _show_table(run: Overview) -> None:
    from rich.text import Text

    titles = [f"{quantity.title}\n[{_SHOWN[quantity.unit][0]}]" for quantity in QUANTITIES]
    table = output.make_table(["start", "#", *titles, "state"], numbers=["#", *titles])
    for group in summarize(run.results):
        rows = [
            (number, result)
            for number, result in enumerate(run.results, start=1)
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


def _verdicts(run: Overview) -> Iterable[str]:
    total, failed = len(run.invocations), len(run.failures)
    if run.missing:
        yield f"Interrupted: {total} of {run.manifest.planned} invocations were made."
    forced = total and run.manifest.details.get("forced_cold", False)
    if forced and start_of(run.results[0]) == "warm" and not run.results[0].stats.failure:
        yield "The first invocation was not cold, although a cold start was forced."
    unknown = sum(start_of(result) == "unknown" for result in run.results)
    if unknown:
        yield f"Whether {unknown} invocations were cold is not known."
    if missing := run.findings.get("missing"):
        yield f"The platform's log has nothing of {len(missing)} invocations."
    if failed:
        yield f"{failed} of {total} invocations failed:"
        yield from (f"  {reason}" for reason in sorted(set(map(_reason, run.failures))))
    if total == failed:
        return
    if not run.validated:
        yield "Outputs were not validated."
    elif run.rejections:
        yield f"{len(run.rejections)} outputs are wrong:"
        yield from (f"  {reason}" for reason in sorted(set(run.rejections.values())))
    else:
        yield (
            f"The other {total - failed} outputs are valid." if failed else "All outputs are valid."
        )


def _reason(result: ExecutionResult) -> str:
    return result.error or "no reason was given"
