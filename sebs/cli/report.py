"""How a run is shown: by how invocations began, and by everything else in which they differ.

Where they differ in nothing else each is a row; where they do, each group is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sebs.cli import output
from sebs.results.caveats import caveats
from sebs.results.levels import level_columns
from sebs.results.manifest import Manifest
from sebs.results.summary import QUANTITIES, Group, Quantity, Shown, Summary
from sebs.results.trials import Trials, are_trials, counted, trials_in

if TYPE_CHECKING:
    from sebs.analysis.quantiles import Quantile
    from sebs.results.results import Results

#: Unit to what a person reads instead, and how many of the one are in the other.
_SHOWN = {"µs": ("ms", 1000), "MB": ("MB", 1)}

#: So many functions are named.
_FUNCTIONS = 5

#: So many groups, and so many reasons, are shown; nobody reads more than that.
_GROUPS, _REASONS = 100, 10

_LANGUAGE = ("language", "language_version")


def show(results: Results, *, as_json: bool) -> None:
    """Print results, as a table or as their document."""
    if as_json:
        output.print_json(document_of(results))
        return
    manifest, summary = results.manifest, results.summary()
    click.echo(_headline(manifest))
    if trials := trials_in(results.rows(), manifest) if are_trials(manifest) else []:
        _show_trials(trials)
        told = list(caveats(results))
    else:
        (_show_groups if summary.levels else _show_invocations)(results, summary)
        told = [*_remarks(manifest, summary), *caveats(results), *_verdicts(summary)]
    for line in told:
        click.echo(line)
    if functions := _functions(results):
        shown = ", ".join(functions[:_FUNCTIONS])
        more = f" and {len(functions) - _FUNCTIONS} more" if len(functions) > _FUNCTIONS else ""
        click.echo(f"Function{'s' * (len(functions) > 1)}: {shown}{more}")
    directory: Path | None = getattr(results, "directory", None)
    if directory is not None:
        click.echo(f"Results: {_short(directory)}")


def _functions(results: Results) -> list[str]:
    """Return the names of the functions that were measured, or of the one that was to be."""
    manifest = results.manifest
    constant = manifest.constants.get("function")
    named = [constant] if constant else [row.get("function") for row in results.rows()]
    found = sorted({str(name) for name in named if name})
    planned = manifest.details.get("function") or {}
    return found or ([planned["name"]] if planned else [])


def document_of(results: Results) -> dict[str, Any]:
    """Return results as one document; where polars is installed, with what the groups estimate."""
    from sebs.results.document import Overview
    from sebs.results.table import has_polars

    document = Overview(results).serialize()
    if has_polars():
        from sebs.analysis.medians import described_clients

        groups = document["groups"]
        estimates = described_clients(results, list(groups[0]["levels"]) if groups else [])
        for group in groups:
            key = (group["start"], *group["levels"].values())
            group["client_estimate"] = estimates.get(key)
    return document


def _headline(manifest: Manifest) -> str:
    """Return what was run, as far as it is the same for all."""
    fixed = manifest.fixed
    size = f" ({manifest.size})" if manifest.size else ""
    where = f" on {manifest.deployment}" if manifest.deployment else ""
    what = f"{manifest.benchmark or manifest.experiment or 'invocations'}{size}{where}"
    language = " ".join(str(fixed[key]) for key in _LANGUAGE if fixed.get(key))
    known = [language, fixed.get("architecture")] if fixed.get("memory") else []
    memory = [f"{fixed['memory']} MB"] if known else []
    trigger = [f"{fixed['trigger']} trigger"] if fixed.get("trigger") else []
    told = ", ".join(str(part) for part in (*known, *memory, *trigger) if part)
    return f"{what}: {told}" if told else what


def _show_groups(results: Results, summary: Summary) -> None:
    units = {column.name: column.unit for column in level_columns(results.manifest)}
    levels = [_titled(name.replace("_", " "), units[name]) for name in summary.levels]
    titles = [_titled(quantity.title, _SHOWN[quantity.unit][0]) for quantity in QUANTITIES]
    columns = ["start", *levels, "n", "failed", titles[0], "95 % interval\n[ms]", *titles[1:]]
    intervals = _intervals(results, summary)
    rows = [_group_row(group, intervals) for group in summary.groups[:_GROUPS]]
    output.print_table(columns, rows, numbers=columns[1 + len(levels) :])
    if len(summary.groups) > _GROUPS:
        more = len(summary.groups) - _GROUPS
        click.echo(f"{more} further groups are not shown; --json has all of them.")


def _titled(title: str, unit: str) -> str:
    return f"{title}\n[{unit}]" if unit else title


def _group_row(
    group: Group, intervals: Mapping[tuple[Any, ...], Quantile]
) -> list[str | int | None]:
    client, *others = (
        _figure(quantity, group.spreads[quantity.key].median) for quantity in QUANTITIES
    )
    levels = [None if value is None else str(value) for value in group.levels.values()]
    interval = _interval(intervals.get(group.key))
    return [group.start, *levels, group.n, group.failures, client, interval, *others]


def _intervals(results: Results, summary: Summary) -> Mapping[tuple[Any, ...], Quantile]:
    """Return the median client time of each group with its interval, where polars is installed."""
    from sebs.results.table import has_polars

    if not has_polars():
        return {}
    from sebs.analysis.medians import median_clients

    return median_clients(results, summary.levels)


def _interval(median: Quantile | None) -> str:
    if median is None or median.low is None or median.high is None:
        return "-"
    return " to ".join(_figure(QUANTITIES[0], end) for end in (median.low, median.high))


def _show_trials(trials: Sequence[Trials]) -> None:
    levels = list(trials[0].level)
    columns = [*(name.replace("_", " ") for name in levels), "idle [s]", "trials", "environments"]
    rows = [
        [
            *(None if value is None else str(value) for value in each.level.values()),
            f"{each.delta_t:,.12g}",
            each.n,
            each.environments,
            each.warm,
        ]
        for each in trials
    ]
    output.print_table(
        [*columns, "still warm"], rows, numbers=[*columns[len(levels) :], "still warm"]
    )
    every = counted(trials)
    click.echo(
        f"{every['n']} trials of {every['environments']} environments in all: {every['warm']} were "
        "still warm. `sebs analyze eviction` fits a model to them."
    )


def _show_invocations(results: Results, summary: Summary) -> None:
    from rich.text import Text

    if not summary.total:
        return
    titles = [f"{quantity.title}\n[{_SHOWN[quantity.unit][0]}]" for quantity in QUANTITIES]
    table = output.make_table(["start", "#", *titles, "state"], numbers=["#", *titles])
    for group in summary.groups:
        for each in group.first:
            state = Text("failed", style="red") if each.failure else Text("ok")
            table.add_row(group.start, str(each.number), *_figures(each), state)
        if more := group.n + group.failures - len(group.first):
            table.add_row(group.start, "...", *("" for _ in QUANTITIES), Text(f"{more} more"))
        medians = [_figure(quantity, group.spreads[quantity.key].median) for quantity in QUANTITIES]
        cells = [Text(cell, style="bold") for cell in (group.start, "median", *medians)]
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


def _remarks(manifest: Manifest, summary: Summary) -> Iterable[str]:
    """Tell what is not as it was planned."""
    if manifest.missing(summary.made):
        yield f"Interrupted: {summary.made} of {manifest.planned} invocations were made."
    if summary.unwanted:
        yield (
            f"{summary.unwanted} further invocations are in no figure: they are none of those that "
            "were asked for."
        )
    yield from _starts(manifest, summary)
    if unknown := sum(group.n for group in summary.groups if group.start == "unknown"):
        yield f"Whether {unknown} invocations were cold is not known."


def _starts(manifest: Manifest, summary: Summary) -> Iterable[str]:
    """Tell what began otherwise than one would expect."""
    from sebs.invoke.run import EXPERIMENT

    warm = [each for group in summary.groups if group.start == "warm" for each in group.first]
    forced = manifest.experiment == EXPERIMENT and manifest.details.get("forced_cold")
    if forced and any(each.number == 1 and not each.failure for each in warm):
        yield "The first invocation was not cold, although a cold start was forced."
    for group in summary.groups:
        if group.levels.get("kind") == "sequential" and group.start == "cold" and group.n:
            yield (
                f"{group.n} of the invocations in sequence{_at(group)} began cold: a group of "
                "their own."
            )


def _at(group: Group) -> str:
    others = [f"{k.replace('_', ' ')} {v}" for k, v in group.levels.items() if k != "kind"]
    return f" ({', '.join(others)})" if others else ""


def _verdicts(summary: Summary) -> Iterable[str]:
    """Tell what failed, and what was wrong."""
    total, failed = summary.total, summary.failed
    if failed:
        again = f"; {summary.retried} of them were made again, or given up" * bool(summary.retried)
        yield f"{failed} of {total} invocations failed{again}:"
        yield from _listed(summary.reasons)
    if total == failed:
        return
    if not summary.judged:
        yield "Outputs were not validated."
    elif summary.rejected:
        yield f"{summary.rejected} outputs are wrong:"
        yield from _listed(summary.rejections)
    else:
        yield (
            f"The other {total - failed} outputs are valid." if failed else "All outputs are valid."
        )


def _listed(reasons: Mapping[str, int]) -> Iterable[str]:
    """Return the commonest reasons, a line each, with how often each occurs."""
    for reason, number in list(reasons.items())[:_REASONS]:
        yield f"  {number}: {reason}"
    if len(reasons) > _REASONS:
        yield f"  and {len(reasons) - _REASONS} other reasons"
