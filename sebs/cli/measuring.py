"""What every command that invokes does with a run: show progress, fetch metrics, judge."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sebs.faas.function import Trigger
    from sebs.faas.system import System
    from sebs.results.run import Run


def measure(run: Run, trigger: Trigger, payload: dict[str, Any]) -> bool:
    """Invoke with a progress bar; return whether the user interrupted it."""
    from sebs.invoke.run import invoke_sequentially
    from sebs.invoke.watching import watched
    from sebs.progress import progress

    total = run.manifest.planned or 0
    results = invoke_sequentially(run, trigger, payload, total)
    interrupted = False
    try:
        with watched(run):
            for _ in progress(results, "Invoking", total):
                pass
    except KeyboardInterrupt:
        interrupted = True
    return interrupted


def fetch_metrics(run: Run, system: System) -> bool:
    """Fetch the platform's metrics; return whether that failed, which loses no measurement."""
    from sebs.errors import PlatformError, UnsupportedOperationError
    from sebs.invoke import evaluate
    from sebs.invoke.run import EXPERIMENT
    from sebs.progress import status

    try:
        with status("Waiting for the platform's log"):
            evaluate.fetch_metrics(run, system, run.manifest.details["function"]["name"])
    except UnsupportedOperationError as error:
        click.echo(f"There are no metrics of the platform's own: {error}", err=True)
    except PlatformError as error:
        what = "benchmark" if run.manifest.experiment == EXPERIMENT else "experiment"
        click.echo(
            f"The platform's metrics could not be fetched: {error} "
            f"Try again: sebs {what} process {shlex.quote(str(run.directory))}",
            err=True,
        )
        return True
    return False


def fetch_again(run: Run, **given: Any) -> bool:
    """Connect to where a run was made, and fetch its metrics; return whether that failed.

    Args:
        run: The run.
        given: The command's options; what they leave open is as it was when the run was made.

    Raises:
        PlatformError: It cannot be connected to.
    """
    from sebs.cli.resuming import place_of
    from sebs.cli.session import open_session

    made = run.manifest
    with open_session(deployment=made.deployment, remembered=place_of(made), **given) as session:
        with session.visiting(made.resources_id):
            unfetched = fetch_metrics(run, session.system)
        run.finish()
    return unfetched


def outcome(run: Run, unfetched: bool) -> int:
    """Return the exit code: 1 where an invocation failed, an output is wrong or metrics lack."""
    summary = run.summary()
    return 1 if summary.failed or summary.rejected or unfetched else 0
