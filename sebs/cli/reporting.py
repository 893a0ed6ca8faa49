"""``sebs report``: what runs showed, for people: in the terminal, or as a page with figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sebs.cli import output

if TYPE_CHECKING:
    import polars as pl

    from sebs.analysis.report.figure import Table
    from sebs.analysis.report.page import Drawing
    from sebs.analysis.report.section import Section

#: Heights of a sketch, and how many of them stand beside each other.
_BLOCKS, _SKETCH = "▁▂▃▄▅▆▇█", 16

#: Title of the sketches.
_SHAPE = "1st to 99th\npercentile"

#: What a narrow terminal goes without, the first one first.
_SPARE = ("coverage", "variation", "mean\n[ms]")

#: Columns of texts, beside the first one.
_TEXTS = frozenset({"start", "invocations", "kind", "phase", "value"})


@click.command("report")
@click.argument("runs", type=click.Path(path_type=Path), metavar="RUNS...", nargs=-1, required=True)
@click.option(
    "--output",
    "-o",
    "page_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a page (.html) that needs nothing else, and works offline.",
)
@click.option(
    "--figures",
    "figures_dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write every figure as SVG and PNG.",
)
@click.option("--provider", metavar="NAME", help="Whose prices.  [default: the run's platform]")
@click.option("--region", metavar="NAME", help="[default: the run's]")
@click.option(
    "--architecture", type=click.Choice(["x64", "arm64"]), help="[default: the run's, else x64]"
)
def command(
    runs: tuple[Path, ...],
    page_file: Path | None,
    figures_dir: Path | None,
    provider: str | None,
    region: str | None,
    architecture: str | None,
) -> None:
    """Tell what RUNS showed: how fast, how cold, how it went, and what it cost.

    A run is a directory, or a file that SeBS wrote. Runs of the same function with several memory
    sizes are compared by latency and cost. Without -o and --figures it is told in the terminal.

    Where nobody charges for the run's platform, such as local, the report says so; --provider and
    --region say what it would have cost elsewhere. Exits with 2 where prices are asked for that
    nobody knows.
    """
    from sebs.analysis.report.report import make_report, title_of
    from sebs.analysis.samples import values_of
    from sebs.cli.pricing import tariff_of
    from sebs.results.reading import read_results
    from sebs.results.table import require_polars

    require_polars()
    place = {
        "provider": provider,
        "region": region,
        "architecture": architecture,
        "plan": None,
    }
    if page_file is not None:
        _check_page_file(page_file)
    opened = [(_name(path), read_results(path)) for path in runs]
    if any(place.values()):
        # What nobody asked for may lack a price, and the report says so; this was asked for.
        for _, results in opened:
            for of in values_of(results, "architecture") or [None]:
                tariff_of(results, {**place, "architecture": architecture or of})
    sections = make_report(
        opened,
        lambda results, of: tariff_of(results, {**place, "architecture": architecture or of}),
    )
    if page_file is None and figures_dir is None:
        _show(sections)
        return
    _write(title_of(opened), sections, page_file, figures_dir)


def _check_page_file(page_file: Path) -> None:
    """Refuse a page that cannot be made, or that would be no HTML, before anything is computed."""
    from sebs.errors import UsageError

    if not page_file.is_dir() and page_file.suffix.lower() not in (".html", ".htm"):
        raise UsageError(
            f"A report is an HTML page, and {str(page_file)!r} does not end in .html.",
            remedy="Pictures of the figures, SVG and PNG, are written with --figures DIR.",
        )
    output.require_file(page_file)


def _name(path: Path) -> str:
    """Return how a run is called: its directory, or the file that was read."""
    whole = path.resolve()
    return whole.parent.name if whole.name == "manifest.json" else whole.name


def _write(
    title: str, sections: Sequence[Section], page_file: Path | None, figures_dir: Path | None
) -> None:
    from sebs.analysis.report.drawing import require_drawing
    from sebs.analysis.report.page import draw, page

    require_drawing()
    if figures_dir is not None:
        output.make_directory(figures_dir)
    drawings = {
        (section.name, figure.name): draw(figure)
        for section in sections
        for figure in section.figures
    }
    if figures_dir is not None:
        _write_figures(sections, drawings, figures_dir)
        click.echo(f"Figures: {figures_dir} ({len(drawings)}, each as SVG and PNG)")
    if page_file is not None:
        text = page(title, sections, drawings)
        output.write_file(page_file, text.encode())
        click.echo(f"Report: {page_file}")


def _write_figures(
    sections: Sequence[Section], drawings: dict[tuple[str, str], Drawing], directory: Path
) -> None:
    from sebs.analysis.report.drawing import alone, png_of

    for section in sections:
        for figure in section.figures:
            wide = drawings[section.name, figure.name].wide
            svg = alone(wide, figure.title, section.title)
            path = directory / f"{section.name}-{figure.name}"
            output.write_file(path.with_suffix(".svg"), svg.encode())
            output.write_file(path.with_suffix(".png"), png_of(svg))


def _show(sections: Sequence[Section]) -> None:
    for number, section in enumerate(sections):
        click.echo(("\n" if number else "") + section.title)
        _show_answer(section)
        for sentence in section.words:
            click.echo(sentence)
        if section.summary is not None:
            _show_summary(section.summary, section.samples)
        for figure in section.figures:
            click.echo(f"\n{figure.title}")
            _show_table(figure.table)
        if section.method is not None:
            click.echo("\nHow this was measured")
            _show_table(section.method)


def _show_answer(section: Section) -> None:
    """Print what follows from a run, apart from everything that it rests on."""
    for sentence in section.answer:
        click.echo(sentence)
    if section.answers is not None:
        output.print_measured(section.answers.columns, section.answers.rows)
    if section.answer or section.answers is not None:
        click.echo("\nWhat was measured")


def _show_summary(table: Table, samples: Sequence[pl.Series]) -> None:
    """Print the table of a run, and beside each row what its times look like."""
    from itertools import zip_longest

    columns = output.stacked(table.columns)
    rows = [
        [*row, None if times is None else _sketch(times)]
        for row, times in zip_longest(table.rows, samples)
    ]
    numbers = [title for title in columns[1:] if title not in _TEXTS]
    output.print_table([*columns, _SHAPE], rows, numbers=numbers, spare=_SPARE)


def _show_table(table: Table) -> None:
    columns = output.stacked(table.columns)
    numbers = [title for title in columns[1:] if title not in _TEXTS]
    output.print_table(columns, table.rows, numbers=numbers)


def _sketch(ordered: pl.Series) -> str:
    """Return a histogram of times in a few letters, without the outermost hundredths."""
    import numpy as np

    least, most = (float(ordered[round(q * (len(ordered) - 1))]) for q in (0.01, 0.99))
    counts, _ = np.histogram(ordered.to_numpy(), _SKETCH, (least, most))
    heights = -(-counts * len(_BLOCKS) // counts.max())
    return "".join(_BLOCKS[height - 1] if height else " " for height in heights)
