"""What a run of the eviction experiment showed: the model by level, and where it misleads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sebs.analysis.conclusion import Conclusion
from sebs.analysis.eviction import AfterIdling, EvictionModel, Idling, after_idling, fit_eviction
from sebs.analysis.levels import Part, differing, titles_of
from sebs.analysis.report.figure import percent
from sebs.errors import InvalidSampleError

if TYPE_CHECKING:
    from sebs.results.results import Results

#: R² from which on a half-life describes what was observed, whatever else does.
_DESCRIBED = 0.99

_COLUMNS = ("idle [s]", "trials", "environments", "warm", "model")


@dataclass(frozen=True, slots=True)
class Fitted:
    """The model of trials that differ in nothing else that was asked for.

    Attributes:
        part: What tells them from others, and the trials.
        model: What fits.
        observed: The same trials, by how long they idled.
    """

    part: Part[Idling]
    model: EvictionModel
    observed: list[AfterIdling]

    @property
    def together(self) -> tuple[float, float] | None:
        """Between which times all environments went at once, which refutes a half-life.

        Until when all were warm, and from when on none was, seconds; ``None`` where the model
        describes what was observed, or some were warm and some were not.
        """
        bounds = _bounds(self.observed)
        last, first = bounds["all_warm_until_s"], bounds["none_warm_from_s"]
        if last is None or first is None or any(last < e.seconds < first for e in self.observed):
            return None
        if self.model.r2 is None or self.model.r2 > _DESCRIBED:
            return None
        return last, first

    @property
    def told(self) -> str:
        """What the model says, or, where that is refuted, what was seen instead."""
        if self.together is None:
            return self.model.told()
        last, first = self.together
        return (
            f"No half-life describes the eviction (the best one has R² = {self.model.r2:.4f}): all "
            f"were warm after up to {last:g} s, and none from {first:g} s on. They are evicted "
            "together, after a fixed time between the two."
        )

    def warm_share(self, seconds: float) -> float | None:
        """Return which share is still warm, as the model says; ``None`` where it is refuted."""
        return None if self.together else self.model.warm_share(seconds)

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values: what it is of, and the model, refuted or not."""
        refuted = self.together is not None
        return {**self.part.level, **self.model.serialize(), "refuted": refuted}


def conclude_eviction(results: Results) -> Conclusion:
    """Return the period with which idle environments are evicted, by what was asked for.

    Args:
        results: Of one run of the experiment.

    Raises:
        InvalidSampleError: No trial came to its end, or none let its environments idle.
        ResultFormatError: The results cannot be read.
    """
    found = models_of(results)
    words = [*map(_sentence, found), *disagreed(results)]
    document = {
        "models": [{**each.serialize(), **_bounds(each.observed)} for each in found],
        "disagreeing": _disagreeing(results),
    }
    rows = [_row(each, after) for each in found for after in each.observed]
    columns = [*titles_of(found[0].part.level, results.manifest), *_COLUMNS]
    return Conclusion(words, document, columns, rows)


def models_of(results: Results, only: Mapping[str, str] | None = None) -> list[Fitted]:
    """Return the model of each part of an eviction experiment; different ones are never pooled.

    Args:
        results: Of one run of the experiment, or of a file.
        only: Only trials that have these values, as texts, in these columns.

    Raises:
        InvalidSampleError: No trial came to its end, or none let its environments idle.
        UsageError: No invocation has such a value, or there is no such column.
        ResultFormatError: The results cannot be read.
    """
    from sebs.analysis.samples import idlings_of

    parts = idlings_of(results, only)
    if not parts:
        raise InvalidSampleError("Not a single trial came to its end.")
    return [Fitted(part, fit_eviction(part.sample), after_idling(part.sample)) for part in parts]


def common_model(parts: Sequence[Fitted]) -> EvictionModel | None:
    """Return the model of all parts; nothing where no period fits each as well as its own.

    That is so where that of a part is refuted, too.
    """
    if any(each.together for each in parts):
        return None
    trials = [trial for each in parts for trial in each.part.sample]
    every, inf = fit_eviction(trials), float("inf")
    inside = (
        each.model.period_low_s <= every.period_low_s
        and (every.period_high_s or inf) <= (each.model.period_high_s or inf)
        for each in parts
    )
    return every if all(inside) else None


def document_of(found: Sequence[Fitted]) -> dict[str, Any]:
    """Return the models as plain JSON values.

    Of several parts ``models`` has each. The other keys are then those of the common model, or
    null where there is none; ``reason`` says why. ``refuted`` says whether the model of any is.
    """
    refuted = any(each.together for each in found)
    if len(found) == 1:
        return {**found[0].model.serialize(), "refuted": refuted}
    models = [each.serialize() for each in found]
    if (common := common_model(found)) is not None:
        return {**common.serialize(), "refuted": refuted, "models": models}
    apart = " and ".join(differing([each.part for each in found]))
    why = (
        f"Trials differ in {apart}, and a half-life does not describe all of them"
        if refuted
        else f"No one period fits trials that differ in {apart} as well as their own"
    )
    return {
        **{each.name: None for each in fields(EvictionModel)},
        "refuted": refuted,
        "reason": f"{why}: see models.",
        "models": models,
    }


def together_told(found: Sequence[Fitted]) -> str:
    """Return what is to be said of several parts as a whole."""
    if (common := common_model(found)) is not None:
        return f"All of them: {common.told()}"
    if any(each.together for each in found):
        return "They have no period in common: not all of them are half-lives."
    return "No one period fits all of them as well as their own."


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


def _sentence(fitted: Fitted) -> str:
    at = f"With {fitted.part.name}, " if fitted.part.name else ""
    return f"{at}n = {fitted.model.n}: {fitted.told}"


def _row(fitted: Fitted, after: AfterIdling) -> list[str | None]:
    share = fitted.warm_share(after.seconds)
    return [
        *(None if value is None else f"{value}" for value in fitted.part.level.values()),
        f"{after.seconds:g}",
        f"{after.trials}",
        f"{after.started}",
        percent(after.share),
        None if share is None else percent(share),
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
