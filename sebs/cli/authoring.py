"""``sebs benchmark new`` and ``sebs benchmark validate``: for those who write benchmarks."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path

import click

from sebs.cli import options


@click.command("new")
@click.argument("name")
@click.option(
    "--directory",
    type=click.Path(path_type=Path),
    default=Path(),
    show_default="the working directory",
    help="Where the benchmark's own directory is made.",
)
@click.option("--languages", default="python,nodejs", show_default=True, metavar="NAMES")
@options.as_json
def new(name: str, directory: Path, languages: str, as_json: bool) -> None:
    """Write a new benchmark NAME, such as 911.my-function, that builds, runs and is judged."""
    from sebs.benchmark.new import is_bundled, write_skeleton
    from sebs.cli import output
    from sebs.sebs_types import Language

    keys = dict.fromkeys(key.strip() for key in languages.split(","))
    wanted = [Language.deserialize(key) for key in keys]
    path = write_skeleton(directory, name, wanted)
    bundled_too = is_bundled(name)
    if as_json:
        document = {"benchmark": name, "path": str(path), "languages": wanted}
        output.print_json({**document, "bundled_too": bundled_too})
        return
    if bundled_too:
        click.echo(f"There is a bundled {name}, too: with --benchmarks-dir this one is used.")
    click.echo(f"{path} is written. Try it:")
    click.echo(f"  sebs benchmark validate {shlex.quote(str(path))}")
    parent = shlex.quote(str(path.parent))
    click.echo(f"  sebs benchmark invoke {name} test --benchmarks-dir {parent}")


@click.command("validate")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--size", "sizes", multiple=True, help="Input size to generate.  [default: all]")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Directory with its own input data.  [default: an empty one]",
)
@options.as_json
def validate(directory: Path, sizes: tuple[str, ...], data_dir: Path | None, as_json: bool) -> int:
    """Look over the benchmark in DIRECTORY, and show everything that is wrong with it.

    Its code is read, its inputs are generated, and its validator is shown outputs that are wrong;
    nothing is deployed. It ends with the languages in which the benchmark can be used. Exits with 1
    where there is a problem; notes are none.
    """
    from sebs.checking.check import check, usable_languages
    from sebs.cli import output
    from sebs.errors import UsageError

    for path, what in (
        (directory, "is the benchmark's own, the one with its config.json"),
        (data_dir, "has the benchmark's own input data"),
    ):
        if path is not None and not path.is_dir():
            raise UsageError(
                f"There is no directory {str(path)!r}.", remedy=f"Name the directory that {what}."
            )
    found = check(directory, sizes=sizes, data_dir=data_dir)
    problems = [finding for finding in found if finding.problem]
    languages = usable_languages(directory, found)
    if as_json:
        output.print_json(
            {
                "benchmark": directory.absolute().name,
                "path": str(directory.absolute()),
                "valid": not problems,
                "languages": languages,
                "findings": [asdict(finding) for finding in found],
            }
        )
        return 1 if problems else 0
    if found:
        rows = [
            (each.where, "problem" if each.problem else "note", each.what, each.remedy)
            for each in found
        ]
        output.print_table(["where", "is", "what", "what to do"], rows)
    click.echo(_verdict(directory.absolute().name, languages))
    return 1 if problems else 0


def _verdict(name: str, languages: dict[str, bool]) -> str:
    """Return in which languages a benchmark can be used, in a sentence."""
    usable = [language for language, can in languages.items() if can]
    others = [language for language, can in languages.items() if not can]
    if not usable:
        return f"{name} cannot be used."
    but = f", not in {', '.join(others)}" if others else ""
    return f"{name} can be used in {', '.join(usable)}{but}."
