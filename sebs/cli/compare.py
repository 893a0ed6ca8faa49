"""``sebs compare``: whether one run is slower than another, for people and for CI."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sebs.cli import options

if TYPE_CHECKING:
    from sebs.analysis.comparison import Comparison, Verdict
    from sebs.analysis.failures import Failures
    from sebs.analysis.runs import Group, RunComparison

_NOT_WORSE, _WORSE, _NOT_JUDGED = 0, 1, 2


def _share(_context: click.Context, _option: click.Parameter, value: str) -> float:
    matched = re.fullmatch(r"slower=(\d+(?:\.\d+)?)%", value.replace(" ", ""))
    if matched is None:
        raise click.BadParameter(f"{value!r} is not like slower=5%.")
    return float(matched[1]) / 100


@click.command("compare")
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("head", type=click.Path(path_type=Path))
@click.option(
    "--metric",
    type=click.Choice(["client", "provider", "benchmark"]),
    default="client",
    show_default=True,
    help="Which time is compared.",
)
@click.option(
    "--fail-if",
    "tolerated",
    default="slower=0%",
    show_default=True,
    callback=_share,
    metavar="slower=N%",
    help="Fail where HEAD is shown to be slower by more than that.",
)
@click.option(
    "--force", is_flag=True, help="Compare runs of other code, input, memory or parameters, too."
)
@options.as_json
def command(
    base: Path, head: Path, metric: str, tolerated: float, force: bool, as_json: bool
) -> int:
    """Compare the run HEAD with the run BASE, cold and warm invocations apart.

    BASE and HEAD are runs' directories, or files that SeBS wrote. A difference is shown where a
    rank test and the interval of the ratio of medians agree. Failed invocations are in no time:
    whether HEAD has more of them is told by Fisher's exact test.

    \b
    Exit codes:
      0  HEAD is not shown to be slower, nor to fail more often: it is faster, or no
         difference is shown.
      1  HEAD is shown to fail more often, or to be slower by more than --fail-if
         tolerates.
      2  Nothing can be said: too little data, none in HEAD of a kind that BASE has,
         runs that are not comparable (see --force) or cannot be read, or wrong options.
    """  # noqa: D301 - click wants the character, which keeps lines apart
    from sebs.cli import output
    from sebs.errors import AnalysisError, ResultFormatError, UsageError

    try:
        compared = _compare(base, head, metric, force)
    except (ResultFormatError, AnalysisError, OSError) as error:
        # With 1 it would look as if the head were worse.
        raise UsageError(str(error)) from error
    verdict = compared.verdict(tolerated)
    if as_json:
        output.print_json(
            {
                "verdict": verdict.value,
                "time_verdict": compared.time_verdict(tolerated).value,
                "tolerated": tolerated,
                "base": str(base),
                "head": str(head),
                **compared.serialize(),
            }
        )
    else:
        _show(compared, compared.time_verdict(tolerated).value, tolerated)
    return _exit_code(verdict.value)


def _compare(base: Path, head: Path, metric: str, force: bool) -> RunComparison:
    from sebs.analysis.runs import compare_runs
    from sebs.results.reading import read_results

    return compare_runs(read_results(base), read_results(head), metric, force=force)


def _exit_code(verdict: str) -> int:
    from sebs.analysis.comparison import Verdict

    known = {
        Verdict.FAILS_MORE.value: _WORSE,
        Verdict.SLOWER.value: _WORSE,
        Verdict.TOO_LITTLE_DATA.value: _NOT_JUDGED,
    }
    return known.get(verdict, _NOT_WORSE)


def _show(compared: RunComparison, verdict: str, tolerated: float) -> None:
    for difference in compared.differences:
        click.echo(f"The runs differ in {difference}.")
    if compared.groups:
        _show_groups(compared, verdict)
    else:
        click.echo(
            "Neither run has an invocation that succeeded and whose "
            f"{compared.metric} time is known: there is nothing to compare."
        )
    limit = f" (up to {tolerated * 100:.3g} % slower is tolerated)" if tolerated else ""
    click.echo(f"{compared.metric.capitalize()} time of the head: {verdict}{limit}.")
    if compared.failures.failed_base or compared.failures.failed_head:
        click.echo(_failed(compared.failures))


def _show_groups(compared: RunComparison, verdict: str) -> None:
    from sebs.analysis.comparison import Verdict
    from sebs.cli import output

    levels = list(dict.fromkeys(name for group in compared.groups for name in group.levels))
    told = ["start", *(name.replace("_", " ") for name in levels)]
    columns = ["memory\n[MB]", "n", "base\n[ms]", "head\n[ms]", "change", "interval"]
    rows = [
        (group.start, *(_told(group.levels[name]) for name in levels), *_row(group))
        for group in compared.groups
    ]
    output.print_table([*told, *columns, "verdict"], rows, numbers=columns)
    for group in compared.groups:
        if group.comparison and group.comparison.warning:
            click.echo(f"{_named(group)}: {group.comparison.warning}.")
    for group in compared.groups:
        if group.only_in == "base":
            click.echo(f"{_named(group)}: the head has none, so it is not shown to be no slower.")
    judged = [group.comparison.verdict for group in compared.groups if group.comparison]
    if Verdict.TOO_LITTLE_DATA in judged or not judged:
        click.echo(
            f"Fewer than {compared.fewest} invocations on either side say nothing: measure more."
        )
    if verdict != Verdict.TOO_LITTLE_DATA.value:
        click.echo("Intervals and tests of all groups hold together at 95 %.")


def _failed(found: Failures) -> str:
    shown = "more often" if found.more_often else "not shown to be more often"
    chance = "p < 0.001" if found.p_value < 0.001 else f"p = {found.p_value:.2g}"
    return (
        f"Failed: {found.failed_base} of {found.n_base} invocations of the base, "
        f"{found.failed_head} of {found.n_head} of the head: {shown} ({chance})."
    )


def _named(group: Group) -> str:
    memory = [] if group.memory is None else [f"{group.memory} MB"]
    levels = (f"{name.replace('_', ' ')} {value}" for name, value in group.levels.items())
    return ", ".join([group.start.capitalize(), *memory, *levels])


def _row(group: Group) -> tuple[Any, ...]:
    found = group.comparison
    if found is None:
        return group.memory, None, None, None, None, None, f"in {group.only_in} only"
    sizes = f"{found.n_base}, {found.n_head}"
    medians = [_milliseconds(median) for median in (found.median_base, found.median_head)]
    return group.memory, sizes, *medians, *_change(found), _short(found.verdict)


def _told(value: Any) -> str | None:
    return None if value is None else str(value)


def _change(found: Comparison) -> tuple[str | None, str | None]:
    if found.ratio is None or found.ratio_low is None or found.ratio_high is None:
        return None, None
    ends = f"{found.ratio_low - 1:+.1%}, {found.ratio_high - 1:+.1%}"
    return f"{found.ratio - 1:+.1%}", ends


def _milliseconds(microseconds: float) -> str:
    shown = microseconds / 1000
    return f"{shown:.2f}" if shown < 100 else f"{shown:.0f}"


def _short(verdict: Verdict) -> str:
    """Return a verdict in a column's width."""
    return {"no difference shown": "none shown"}.get(verdict.value, verdict.value)
