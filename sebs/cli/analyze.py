"""``sebs analyze``: models and costs out of results, ours and those that SeBS wrote."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sebs.cli import options, output, pricing

if TYPE_CHECKING:
    from sebs.analysis.cost import MemoryCost
    from sebs.analysis.idling import Fitted
    from sebs.analysis.overhead import Line
    from sebs.analysis.prices import Tariff
    from sebs.analysis.samples import LeftOut
    from sebs.errors import InvalidSampleError
    from sebs.results.results import Results

_BARS = 20

_results = click.argument("results", type=click.Path(path_type=Path), metavar="RESULTS")


_where = click.option(
    "--where",
    "only",
    multiple=True,
    callback=options.assigned("payload=large"),
    metavar="COLUMN=VALUE",
    help="Only invocations that have it, such as payload=large; may be repeated.",
)


@click.group("analyze")
def command() -> None:
    """Fit the published models to RESULTS, and say what invocations cost.

    RESULTS is a run's directory, or a file that SeBS wrote.
    """


@command.command("cost")
@_results
@click.option("--provider", metavar="NAME", help="aws, azure, gcp.  [default: the run's platform]")
@click.option("--region", metavar="NAME", help="[default: the run's]")
@click.option(
    "--architecture", type=click.Choice(["x64", "arm64"]), help="[default: the run's, else x64]"
)
@click.option("--plan", metavar="NAME", help="See `sebs prices show`.")
@click.option("--price-per-gb-second", type=float, metavar="USD", help="Instead of a provider.")
@click.option("--price-per-request", type=float, metavar="USD", help="[default: 0]")
@click.option("--rounding-ms", type=float, metavar="MS", help="Billing step.  [default: 1]")
@_where
@click.option("--vm-hourly", type=float, metavar="USD", help="A machine that would do the same.")
@options.as_json
def cost(
    results: Path,
    provider: str | None,
    region: str | None,
    architecture: str | None,
    plan: str | None,
    price_per_gb_second: float | None,
    price_per_request: float | None,
    rounding_ms: float | None,
    only: dict[str, str],
    vm_hourly: float | None,
    as_json: bool,
) -> None:
    """Say what a million warm invocations cost at each memory size.

    Prices are of the book, or those given. The median provider time is rounded up to the billing
    step; free tiers are left out. A memory size that the provider does not sell is told beside the
    others. Exits with 2 where nobody knows the prices that were asked for.
    """
    from sebs.analysis.cost import cost_by_memory, not_priced
    from sebs.analysis.samples import values_of, warm_usages

    found = _read(results)
    place = {"provider": provider, "region": region, "architecture": architecture, "plan": plan}
    given = (price_per_gb_second, price_per_request, rounding_ms)
    tariff = pricing.tariff_of(found, place, given)
    several = len(values_of(found, "architecture")) > 1
    usages, left_out = warm_usages(found, architecture if several else None, only)
    if not usages:
        raise _nothing_to_price(left_out)
    costs, without = cost_by_memory(usages, tariff, vm_hourly), not_priced(usages, tariff)
    if as_json:
        output.print_json(
            {
                "prices": tariff.serialize(),
                "vm_hourly": vm_hourly,
                "left_out": left_out.serialize(),
                "by_memory": [each.serialize() for each in costs],
                "not_priced": [each.serialize() for each in without],
            }
        )
        return
    _show_costs(costs)
    for each in without:
        click.echo(f"Not priced, n = {each.n}: {each.reason}")
    click.echo(_origin(tariff))
    if str(left_out):
        click.echo(f"Left out: {left_out}.")


def _nothing_to_price(left_out: LeftOut) -> InvalidSampleError:
    from sebs.errors import InvalidSampleError

    others = f"left out: {left_out}" if str(left_out) else "there are no invocations at all"
    return InvalidSampleError(
        f"There is not a single warm invocation whose provider time is known; {others}.",
        remedy="Fetch the platform's metrics first: sebs benchmark process RUN."
        if left_out.unmeasured
        else "A price is that of warm invocations: measure some.",
    )


def _show_costs(costs: Sequence[MemoryCost]) -> None:
    columns = [
        "memory\n[MB]",
        "n",
        "median\n[ms]",
        "95 % interval\n[ms]",
        "billed\n[ms]",
        "a million\n[USD]",
        "break-even\n[1/h]",
    ]
    rows = [
        (
            f"{each.memory:g}",
            each.n,
            f"{each.median_provider_s * 1000:.2f}",
            _interval(each.median_provider_low_s, each.median_provider_high_s),
            f"{each.billed_ms:g}",
            f"{each.cost_per_million:.4f}",
            None if each.break_even_per_hour is None else f"{each.break_even_per_hour:,.0f}",
        )
        for each in costs
    ]
    output.print_table(columns, rows, numbers=columns)


def _origin(tariff: Tariff) -> str:
    plan = tariff.plan
    if tariff.source is None:
        return "Prices as given; free tiers are left out."
    return (
        f"Prices of {plan.title} in {tariff.region} for {tariff.architecture}, as of "
        f"{tariff.source.date}, without free tiers: {tariff.source.url}"
    )


@command.command("eviction")
@_results
@click.option("--memory", type=int, metavar="MB", help="Only trials with this memory size.")
@_where
@options.as_json
def eviction(results: Path, memory: int | None, only: dict[str, str], as_json: bool) -> None:
    """Fit the period after which half of the idle environments are evicted.

    Every period of the interval fits equally well. Trials that differ in what was asked for, such
    as the memory size, are fitted apart.
    """
    from sebs.analysis.idling import document_of, models_of, together_told

    if memory is not None:
        only = {**only, "memory": str(memory)}
    found = models_of(_read(results), only)
    if as_json:
        output.print_json(document_of(found))
        return
    for each in found:
        if len(found) > 1:
            click.echo(f"\n{each.part.name}")
        _show_trials(each)
        click.echo(each.told)
    if len(found) > 1:
        click.echo(together_told(found))


def _show_trials(fitted: Fitted) -> None:
    rows = [
        (
            f"{each.seconds:g}",
            each.trials,
            f"{each.share:.0%}",
            None if (share := fitted.warm_share(each.seconds)) is None else f"{share:.0%}",
            "█" * round(each.share * _BARS),
        )
        for each in fitted.observed
    ]
    columns = ["idle [s]", "trials", "warm", "model", ""]
    output.print_table(columns, rows, numbers=columns[:4])


def _finite(_context: click.Context, _option: click.Parameter, value: float | None) -> float | None:
    if value is not None and not isfinite(value):
        raise click.BadParameter(f"{value} is no finite number.")
    return value


@command.command("overhead")
@_results
@click.option(
    "--offset",
    type=float,
    callback=_finite,
    metavar="S",
    help="By how much the function's clock is ahead.  [default: the results', else 0]",
)
@_where
@options.as_json
def overhead(results: Path, offset: float | None, only: dict[str, str], as_json: bool) -> None:
    """Fit how long an invocation takes to reach its function, by the size of its payload.

    Cold and warm invocations are fitted apart, and so are those that differ in what was asked for,
    such as the memory size.
    """
    from sebs.analysis.invocation_overhead import document_of, lines_of

    found = lines_of(_read(results), offset, only)
    if as_json:
        output.print_json(document_of(found))
        return
    columns = ["start", "n", "intercept [ms]", "slope [ms/MB]", "R²"]
    for each in found:
        if len(found) > 1:
            click.echo(f"\n{each.part.name}")
        rows = [(start, *_line(line)) for start, line in each.known.items()]
        output.print_table(columns, rows, numbers=columns[1:])


@command.command("iaas")
@_results
@click.argument("machine", type=click.Path(path_type=Path))
@click.option("--architecture", type=click.Choice(["x64", "arm64"]), help="Only those on it.")
@click.option("--force", is_flag=True, help="Of another benchmark or input size, too.")
@options.as_json
def iaas(
    results: Path, machine: Path, architecture: str | None, force: bool, as_json: bool
) -> None:
    """Say how much longer RESULTS of a platform take than MACHINE does for the same.

    MACHINE is a run of the same benchmark on a machine, such as one on the local platform there.
    The ratio is that of the median provider time of warm invocations to the median time on the
    machine; above 1 the machine is faster.
    """
    from sebs.analysis.against_machine import against_machine
    from sebs.analysis.quantiles import each_of, fewest

    found = _read(results)
    architecture = pricing.one_architecture(found, architecture)
    compared = against_machine(found, _read(machine), architecture, force=force)
    if as_json:
        output.print_json(compared.serialize())
        return
    columns = ["memory\n[MB]", "n", "median\n[ms]", "platform /\nmachine", "95 % interval"]
    rows = [
        (
            f"{each.memory:g}",
            each.n,
            f"{each.median_provider_s * 1000:.2f}",
            None if each.ratio is None else f"{each.ratio:.3f}",
            None
            if each.ratio_low is None or each.ratio_high is None
            else f"{each.ratio_low:.3f} to {each.ratio_high:.3f}",
        )
        for each in compared.by_memory
    ]
    output.print_table(columns, rows, numbers=columns)
    click.echo(
        f"The machine: median {compared.machine_time} time of {compared.n_machine} warm "
        f"invocations {compared.median_machine_s * 1000:.2f} ms. Intervals hold together."
    )
    if any(each.ratio is None for each in compared.by_memory):
        needed = fewest(confidence=each_of(len(compared.by_memory)))
        click.echo(f"Fewer than {needed} invocations on either side say nothing: measure more.")


def _line(line: Line) -> tuple[Any, ...]:
    slope = None if line.slope_s_per_mb is None else f"{line.slope_s_per_mb * 1000:.3f}"
    r2 = None if line.r2 is None else f"{line.r2:.4f}"
    return line.n, f"{line.intercept_s * 1000:.3f}", slope, r2


def _interval(low_s: float | None, high_s: float | None) -> str | None:
    if low_s is None or high_s is None:
        return None
    return f"{low_s * 1000:.2f} to {high_s * 1000:.2f}"


def _read(path: Path) -> Results:
    from sebs.results.reading import read_results

    return read_results(path)
