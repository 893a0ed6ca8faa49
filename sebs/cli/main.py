"""The ``sebs`` command: finds the command group, runs it, turns errors into exit codes.

Exit codes: 0 done; 1 it was asked for rightly and failed; 2 something was named or asked for
wrongly (:class:`~sebs.errors.UsageError`), and nothing was done; 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import click

from sebs import __version__
from sebs.errors import SebsError, UsageError

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130

#: Command to the module that has it, and what it does. The summaries stand here so that
#: ``sebs --help`` imports none of the modules.
COMMANDS = {
    "benchmark": ("sebs.cli.benchmark", "List, build and invoke benchmarks; process saved runs."),
    "experiment": ("sebs.cli.experiment", "List and run experiments; resume interrupted ones."),
    "regression": (
        "sebs.cli.regression",
        "Run every benchmark in every form that a platform supports.",
    ),
    "function": ("sebs.cli.function", "Measure functions that exist already and are not ours."),
    "analyze": ("sebs.cli.analyze", "Fit the published models to results; say what they cost."),
    "compare": ("sebs.cli.compare", "Say whether one run is slower than another; for CI, too."),
    "report": ("sebs.cli.reporting", "Tell what runs showed, in the terminal or as a page."),
    "prices": ("sebs.cli.prices", "Show and check what the platforms charge."),
    "results": ("sebs.cli.results", "List, show and convert what was measured."),
    "plan": ("sebs.cli.plan", "Say what deploying a benchmark would do, and why."),
    "systems": ("sebs.cli.systems", "List the platforms, and how to get those that are missing."),
    "local": ("sebs.cli.local", "Start, stop and look at the platform on this machine."),
    "resource": ("sebs.cli.resource", "List and delete what a deployment allocated."),
    "cache": ("sebs.cli.cache", "List, show, export, import and clean the cache."),
    "config": ("sebs.cli.config", "Show the effective configuration, and where it came from."),
    "doctor": ("sebs.cli.doctor", "Say what works on this machine, and how to get the rest."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which they are listed."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command's module; its command is called ``command`` there."""
        if cmd_name not in COMMANDS:
            return None
        loaded: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return loaded

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sebs")
@click.option("--debug", is_flag=True, help="Show the traceback of an error. Works anywhere.")
def main(debug: bool) -> None:
    """Deploy functions to FaaS platforms, measure them, and say what they cost."""


def run(arguments: Sequence[str]) -> int:
    """Run a command line; return its exit code."""
    debug = "--debug" in arguments or bool(os.environ.get("SEBS_DEBUG"))
    as_json = "--json" in arguments
    remaining = [argument for argument in arguments if argument != "--debug"]
    try:
        result = main.main(remaining, prog_name="sebs", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        if as_json:
            _print_document(error, error.format_message())
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader went away; what Python still holds for it goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (SebsError, OSError) as error:
        if debug:
            raise
        _report(error, as_json)
        return WRONG_USAGE if isinstance(error, UsageError) else FAILED
    except Exception as error:  # the last resort: a bug, which must not print a traceback
        if debug:
            raise
        _report(error, as_json)
        click.echo("This is a bug in sebs; run again with --debug and report it.", err=True)
        return FAILED
    return result if isinstance(result, int) else DONE


def entry() -> None:
    """Run the command line of this process, and exit.

    A termination is an interruption: what was measured is kept, what was started is ended.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(sys.argv[1:]))


def _report(error: Exception, as_json: bool) -> None:
    from sebs.log import redact

    known = isinstance(error, (SebsError, OSError))
    text = redact(str(error) if known else f"{type(error).__name__}: {error}")
    click.echo(f"Error: {text}", err=True)
    if as_json:
        _print_document(error, text)


def _print_document(error: Exception, text: str) -> None:
    import json

    details: dict[str, Any] = {"type": type(error).__name__, "message": text}
    click.echo(json.dumps({"error": details}, indent=1))
