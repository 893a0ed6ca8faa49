"""How a run is shown: one row an invocation, cold and warm apart, each with its medians."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sebs.cli import output
from sebs.results.manifest import Manifest
from sebs.results.summary import QUANTITIES, Group, Quantity, Shown, Summary

if TYPE_CHECKING:
    from sebs.results.results import Results

#: Unit to what a person reads instead, and how many of the one are in the other.
_SHOWN = {"µs": ("ms", 1000), "MB": ("MB", 1)}

_LANGUAGE = ("language", "language_version")


def show(results: Results, *, as_json: bool) -> None:
    """Print results, as a table or as their document."""
    if as_json:
        from sebs.results.document import Overview

        output.print_json(Overview(results).serialize())
        return
    manifest, summary = results.manifest, results.summary()
    click.echo(_headline(manifest))
    if summary.total:
        _show_table(summary)
    findings = getattr(results, "findings", manifest.findings)
    for line in (*_remarks(manifest, summary, findings), *_verdicts(summary)):
        click.echo(line)
    if function := manifest.details.get("function"):
        click.echo(f"Function: {function['name']}")
    directory: Path | None = getattr(results, "directory", None)
    if directory is not None:
        click.echo(f"Results: {_short(directory)}")


def _headline(manifest: Manifest) -> str:
    """Return what was run, as far as it is the same for all."""
    fixed = manifest.fixed
    size = f" ({manifest.size})" if manifest.size else ""
    what = f"{manifest.benchmark or manifest.experiment}{size} on {manifest.deployment}"
    language = " ".join(str(fixed[key]) for key in _LANGUAGE if fixed.get(key))
    known = [language, fixed.get("architecture")] if fixed.get("memory") else []
    memory = [f"{fixed['memory']} MB"] if known else []
    trigger = [f"{fixed['trigger']} trigger"] if fixed.get("trigger") else []
    told = ", ".join(str(part) for part in (*known, *memory, *trigger) if part)
    return f"{what}: {told}" if told else what


def _show_table(summary: Summary) -> None:
    from rich.text import Text

    titles = [f"{quantity.title}\n[{_SHOWN[quantity.unit][0]}]" for quantity in QUANTITIES]
    table = output.make_table(["start", "#", *titles, "state"], numbers=["#", *titles])
    for group in summary.groups:
        if not group.first:
            continue
        for each in group.first:
            state = Text("failed", style="red") if each.failure else Text("ok")
            table.add_row(group.kind, str(each.number), *_figures(each), state)
        if more := group.n + group.failures - len(group.first):
            table.add_row(group.kind, "...", *("" for _ in QUANTITIES), Text(f"{more} more"))
        medians = [_figure(quantity, group.spreads[quantity.key].median) for quantity in QUANTITIES]
        cells = [Text(cell, style="bold") for cell in (group.kind, "median", *medians)]
        table.add_row(*cells, Text(f"n = {group.n}", style="bold"), end_section=True)
    output.show_table(table)


def _short(path: Path) -> Path:
    """Return a path as one would type it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _figures(shown: Shown) -> list[str]:
    return [_figure(*pair) for pair in zip(QUANTITIES, shown.values, strict=True)]


def _figure(quantity: Quantity, value: float | None) -> str:
    if value is None:
        return "-"
    shown = value / _SHOWN[quantity.unit][1]
    return f"{shown:.2f}" if shown < 100 else f"{shown:.0f}"


def _remarks(manifest: Manifest, summary: Summary, findings: Mapping[str, Any]) -> Iterable[str]:
    """Tell what is not as it was planned."""
    if manifest.missing(summary.total):
        yield f"Interrupted: {summary.total} of {manifest.planned} invocations were made."
    if summary.unwanted:
        failed = f", {summary.unwanted_failed} of them failed" if summary.unwanted_failed else ""
        yield (
            f"{summary.unwanted} further invocations are in no figure: they did not become what "
            f"was asked for{failed}, and were made again."
        )
    groups = {group.kind: group for group in summary.groups}
    if manifest.details.get("forced_cold") and _first_succeeded(groups["warm"]):
        yield "The first invocation was not cold, although a cold start was forced."
    if unknown := groups["unknown"].n:
        yield f"Whether {unknown} invocations were cold is not known."
    if missing := findings.get("missing"):
        yield f"The platform's log has nothing of {len(missing)} invocations."


def _first_succeeded(group: Group) -> bool:
    """Whether the first invocation of all is of this group, and did not fail."""
    return any(each.number == 1 and not each.failure for each in group.first)


def _verdicts(summary: Summary) -> Iterable[str]:
    """Tell what failed, and what was wrong."""
    total, failed = summary.total, summary.failed
    if failed:
        yield f"{failed} of {total} invocations failed:"
        yield from (f"  {reason}" for reason in summary.reasons)
    if total == failed:
        return
    if not summary.judged:
        yield "Outputs were not validated."
    elif summary.rejected:
        yield f"{summary.rejected} outputs are wrong:"
        yield from (f"  {reason}" for reason in summary.rejections)
    else:
        yield (
            f"The other {total - failed} outputs are valid." if failed else "All outputs are valid."
        )
