"""``sebs function``: functions that exist already and are not ours are measured, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from sebs.cli import measuring, options, targets

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark
    from sebs.cli.session import Session
    from sebs.faas.attached import Attached
    from sebs.results.run import Run


@click.group("function")
def command() -> None:
    """Measure functions that exist already and are not ours.

    They are invoked, and their metrics fetched. They are never updated or deleted, and a cold start
    is forced only where --force-cold says so.
    """


@command.command("attach")
@click.argument("name")
@click.option("--as", "alias", metavar="ALIAS", help="[default: the function's own name]")
@targets.place_options
@targets.how_options
@options.as_json
def attach(name: str, alias: str | None, as_json: bool, **given: Any) -> None:
    """Remember the function NAME under an alias, once it is certain that it can be used.

    NAME is what the platform knows it by: on aws its name, ARN or URL; on the local platform the
    path of a directory, or of a zip, with a function that was written for Lambda.
    """
    from sebs.cli import output
    from sebs.cli.session import open_session

    place, how = targets.split(given)
    targets.check_rememberable(how)
    with open_session(**place) as session, session.apart():
        cache, system = session.client.cache_client, session.system
        with cache.function_lock(system.name(), targets.Target(name, None).lock):
            function = _attach(session, name, how)
        chosen = alias or function.label
        targets.check_alias(chosen, function.target, cache.get_attached(system.name()))
        entry = {"target": function.target, "options": how}
        if place["config_file"] is not None:
            # What it says may be secret, where it is is not.
            entry["config_file"] = str(place["config_file"].absolute())
        section = session.configuration.deployment.get(system.name(), {})
        if unsaid := system.config_type().left_to_environment(section):
            entry["section"] = unsaid
        cache.remember_attached(system.name(), chosen, entry)
        shown = {"alias": chosen, "deployment": system.name(), **_describe(function)}
    if as_json:
        output.print_json(shown)
    else:
        output.print_table(["", ""], list(shown.items()))


@command.command("list")
@options.config_file
@options.deployment
@options.cache_dir
@options.as_json
def list_functions(
    config_file: Path | None, deployment: str | None, cache_dir: Path | None, as_json: bool
) -> None:
    """List the functions that are remembered, of one platform where one is named."""
    from sebs.cli import output
    from sebs.cli.session import open_cache

    with open_cache(cache_dir) as cache:
        found = cache.get_attached(targets.chosen_platform(deployment, config_file))
    if as_json:
        output.print_json(found)
        return
    rows = [
        (entry["alias"], entry["deployment"], entry["target"], _words(entry["options"]))
        for entry in found
    ]
    output.print_table(["alias", "deployment", "target", "options"], rows)


@command.command("detach")
@click.argument("name")
@targets.place_options
def detach(name: str, **given: Any) -> None:
    """Forget the function NAME, an alias or what it was attached by; it stays as it is."""
    from sebs.cli.session import open_session
    from sebs.errors import UsageError

    target = _target(name, given)
    if not target.aliases:
        raise UsageError(
            f"No function {name!r} is attached.", remedy="See them with `sebs function list`."
        )
    with open_session(**given, **target.place) as session:
        cache, system = session.client.cache_client, session.system
        system.detach_function(target.name)
        for alias in target.aliases:
            cache.forget_attached(system.name(), alias)
    click.echo(f"Forgot {', '.join(target.aliases)}. {target.name} stays as it is.")


@command.command("invoke")
@click.argument("name")
@click.option("--event", default="{}", metavar="JSON", help="An object, or @FILE.  [default: {}]")
@click.option("--repetitions", "-n", type=click.IntRange(min=1), metavar="N", help="[default: 5]")
@click.option("--trigger", type=click.Choice(["http", "library"]), help="[default: library]")
@click.option("--force-cold", is_flag=True, help="Permit a forced cold start before the first.")
@options.output_dir
@targets.place_options
@targets.how_options
@options.as_json
def invoke(name: str, event: str, as_json: bool, **given: Any) -> int:
    """Invoke the function NAME, and show what was measured.

    NAME is an alias of `sebs function attach`, or anything that can be attached. Exits with 1 where
    an invocation failed.
    """
    from sebs.cli import report
    from sebs.cli.session import open_session

    wanted = Wanted(targets.read_event(event), given.pop("trigger"), given.pop("force_cold"))
    target = _target(name, given)
    place, how = targets.split(given)
    with open_session(**place, **target.place) as session, session.apart():
        cache, system = session.client.cache_client, session.system
        # Another run of the same function would share its environments.
        with cache.function_lock(system.name(), target.lock):
            function = _attach(session, target.name, {**target.options, **how})
            try:
                run, interrupted, unfetched = _run(session, function, wanted)
            finally:
                if not target.aliases:
                    system.detach_function(function.target)
    report.show(run, as_json=as_json)
    if interrupted:
        raise KeyboardInterrupt
    return measuring.outcome(run, unfetched)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a function is to be invoked: with what, by what, and whether cold at first."""

    event: dict[str, Any]
    trigger: str | None
    force_cold: bool


def _target(name: str, given: dict[str, Any]) -> targets.Target:
    """Return what is meant; the options that say where it is are taken out."""
    where = (given.pop("deployment"), given["cache_dir"], given.pop("config_file"))
    return targets.find_target(name, *where)


def _attach(session: Session, name: str, how: dict[str, Any]) -> Attached:
    from sebs.faas.attached import Attached

    function = session.system.attach_function(name, **how)
    assert isinstance(function, Attached), f"{function!r} is not attached"
    return function


def _run(session: Session, function: Attached, wanted: Wanted) -> tuple[Run, bool, bool]:
    """Measure; return the run, whether it was interrupted, and whether it lacks metrics."""
    from sebs.faas.attached import Change, ForeignCode
    from sebs.invoke.run import start_run
    from sebs.invoke.triggers import present_trigger

    system, code = session.system, ForeignCode(function.benchmark)
    trigger = present_trigger(function, wanted.trigger)
    if wanted.force_cold:
        with function.permitting(Change.COLD_START):
            # No benchmark is at hand, and what is ours of one is not needed for it.
            system.enforce_cold_start([function], cast("Benchmark", code))
    run = start_run(
        session.client.output_dir,
        system,
        code,
        function,
        size="attached",
        trigger_type=trigger.trigger_type(),
        repetitions=session.experiment.repetitions,
        forced_cold=wanted.force_cold,
        configuration=session.configuration.as_dict(),
    )
    interrupted = measuring.measure(run, trigger, wanted.event)
    unfetched = measuring.fetch_metrics(run, system)
    run.finish()
    return run, interrupted, unfetched


def _describe(function: Attached) -> dict[str, Any]:
    config = function.config
    # In the platform's own words: it may have languages that are never deployed here.
    runtime = config.serialize()["runtime"]
    return {
        "target": function.target,
        "function": function.name,
        "language": runtime["language"],
        "version": runtime["version"] or None,
        "memory": config.memory or None,
        "timeout": config.timeout,
        "triggers": [trigger.trigger_type().value for trigger in function.triggers_all()],
    }


def _words(given: dict[str, Any]) -> str | None:
    return ", ".join(f"{key}={value}" for key, value in given.items()) or None
