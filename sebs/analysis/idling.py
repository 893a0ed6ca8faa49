"""What a run of the eviction experiment showed: the model by memory size, and where it misleads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sebs.analysis.conclusion import Conclusion
from sebs.analysis.eviction import AfterIdling, EvictionModel, Idling, after_idling, fit_eviction
from sebs.analysis.report.figure import percent
from sebs.errors import InvalidSampleError

if TYPE_CHECKING:
    from sebs.results.results import Results

#: R² from which on a half-life describes what was observed, whatever else does.
_DESCRIBED = 0.99

_COLUMNS = ("memory [MB]", "idle [s]", "trials", "environments", "warm", "model")


def conclude_eviction(results: Results) -> Conclusion:
    """Return the period with which idle environments are evicted, by memory size.

    Args:
        results: Of one run of the experiment.

    Raises:
        InvalidSampleError: No trial came to its end, or none let its environments idle.
        ResultFormatError: The results cannot be read.
    """
    models: list[dict[str, Any]] = []
    words: list[str] = []
    rows: list[list[str | None]] = []
    for memory, model, observed in models_by_memory(results):
        at = "" if memory is None else f"With {memory} MB, "
        models.append({"memory": memory, **model.serialize(), **_bounds(observed)})
        words.append(f"{at}n = {model.n}: {told(model, observed)}")
        rows += [_row(memory, each, model) for each in observed]
    words += disagreed(results)
    document = {"models": models, "disagreeing": _disagreeing(results)}
    return Conclusion(words, document, _COLUMNS, rows)


def models_by_memory(
    results: Results,
) -> list[tuple[int | None, EvictionModel, list[AfterIdling]]]:
    """Return each memory size, MB, the model, and what was observed; ``None`` where nobody says.

    Raises:
        InvalidSampleError: No trial came to its end, or none let its environments idle.
        ResultFormatError: The results cannot be read.
    """
    from sebs.analysis.samples import idlings_of, values_of

    sizes: list[int | None] = values_of(results, "memory") or [None]
    found = {memory: idlings_of(results, memory) for memory in sizes}
    measured = {memory: trials for memory, trials in found.items() if trials}
    if not measured:
        raise InvalidSampleError("Not a single trial came to its end.")
    return [
        (memory, fit_eviction(trials), after_idling(trials)) for memory, trials in measured.items()
    ]


def common_model(models: Sequence[EvictionModel], trials: Sequence[Idling]) -> EvictionModel | None:
    """Return the model of all memory sizes; nothing where no period fits each as well as its own.

    Args:
        models: Of each memory size.
        trials: Of all of them.
    """
    every, inf = fit_eviction(trials), float("inf")
    inside = (
        each.period_low_s <= every.period_low_s
        and (every.period_high_s or inf) <= (each.period_high_s or inf)
        for each in models
    )
    return every if all(inside) else None


def _bounds(observed: Sequence[AfterIdling]) -> dict[str, float | None]:
    """Return until when all environments were warm, and from when on none was."""
    all_warm = none_warm = None
    for each in observed:
        if each.warm < each.started:
            break
        all_warm = each.seconds
    for each in reversed(observed):
        if each.warm:
            break
        none_warm = each.seconds
    return {"all_warm_until_s": all_warm, "none_warm_from_s": none_warm}


def told(model: EvictionModel, observed: Sequence[AfterIdling]) -> str:
    """Return what a model says, and what was seen where it does not describe that."""
    together = evicted_together(model, observed)
    if together is None:
        return model.told()
    last, first = together
    return (
        f"{model.told()} That is no half-life, though: all were warm after up to {last:g} s, and "
        f"none from {first:g} s on. They are evicted together, after a fixed time between the two."
    )


def evicted_together(
    model: EvictionModel, observed: Sequence[AfterIdling]
) -> tuple[float, float] | None:
    """Return between which times all environments went at once, which refutes a half-life.

    Returns:
        Until when all were warm, and from when on none was, seconds; ``None`` where the model
        describes what was observed, or some were warm and some were not.
    """
    last, first = (_bounds(observed)[name] for name in ("all_warm_until_s", "none_warm_from_s"))
    if last is None or first is None or any(last < each.seconds < first for each in observed):
        return None
    if model.r2 is None or model.r2 > _DESCRIBED:
        return None
    return last, first


def _row(memory: int | None, each: AfterIdling, model: EvictionModel) -> list[str | None]:
    return [
        None if memory is None else f"{memory}",
        f"{each.seconds:g}",
        f"{each.trials}",
        f"{each.started}",
        percent(each.share),
        percent(model.warm_share(each.seconds)),
    ]


def disagreed(results: Results) -> list[str]:
    """Say where the start of invocations and the environment that served them contradict."""
    count = _disagreeing(results)
    if not count:
        return []
    return [
        f"{count} invocations began otherwise than the environment that served them says: cold in "
        "one that was there before, or warm in another one. The environment is what counts."
    ]


def _disagreeing(results: Results) -> int:
    import polars as pl

    table = results.wanted()
    if "kept" not in table.collect_schema().names():
        return 0
    differs = pl.col("kept") != (pl.col("start") == "warm")
    return int(table.select(differs.sum()).collect().item() or 0)
