"""Calling ``generate_input`` and ``validate_output``, whichever convention they were written to.

``generate_input`` exists in two generations:

* ``(data_dir, size, input_buckets, output_buckets, upload_func)``: every input and every output has
  a bucket of its own.
* ``(data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func[, nosql_func])``: one
  bucket, and a prefix for each.

``validate_output`` takes ``input_config`` and ``output``, which may be called anything, perhaps
``data_dir`` before them, and those of ``language``, ``architecture`` and ``storage`` that it names.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter
from typing import Any

_SECOND_GENERATION = 6

#: What is passed by position where a validator's own names say nothing, by their number; with five
#: it is what SeBS itself passes, whatever the names.
_VALIDATORS: Mapping[int, Sequence[str]] = {
    3: ("input_config", "output", "storage"),
    4: ("input_config", "output", "language", "storage"),
}
_NEWEST_VALIDATOR = ("data_dir", "input_config", "output", "language", "storage")

_BY_POSITION = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def is_second_generation(generator: Callable[..., Any]) -> bool:
    """Return whether a ``generate_input`` takes one bucket and prefixes.

    It does where it takes six positional arguments or more, or any number of them.
    """
    return _takes(generator, _SECOND_GENERATION) == _SECOND_GENERATION


def generator_arguments(
    generator: Callable[..., Any],
    *,
    data_dir: str,
    size: str,
    bucket: str | None,
    inputs: list[str],
    outputs: list[str],
    upload: Any,
    nosql_upload: Any,
) -> list[Any]:
    """Return the positional arguments that a ``generate_input`` wants."""
    if not is_second_generation(generator):
        return [data_dir, size, inputs, outputs, upload]
    arguments = [data_dir, size, bucket, inputs, outputs, upload, nosql_upload]
    return arguments[: _takes(generator, len(arguments))]


def call_validator(validator: Callable[..., Any], known: Mapping[str, Any]) -> Any:
    """Call a ``validate_output``.

    Args:
        validator: The function.
        known: All that it may ask for: ``data_dir``, ``input_config``, ``output``, ``language``,
            ``architecture`` and ``storage``.
    """
    parameters = list(inspect.signature(validator).parameters.values())
    positional = [p for p in parameters if p.kind in _BY_POSITION]
    kinds = {p.kind for p in parameters}
    if not positional and Parameter.VAR_POSITIONAL in kinds:
        return _call_variadic(validator, known, keywords=Parameter.VAR_KEYWORD in kinds)
    leading = _leading(positional)
    rest = positional[len(leading) :]
    if any(p.name not in known and p.default is Parameter.empty for p in rest):
        return validator(*(known[name] for name in _by_number(positional)))
    wanted = {p.name for p in [*rest, *parameters] if p.kind is not Parameter.POSITIONAL_ONLY}
    if Parameter.VAR_KEYWORD in kinds:
        wanted |= set(known)
    wanted -= {*leading, *(p.name for p in positional[: len(leading)])}
    arguments = [known[name] for name in leading]
    return validator(*arguments, **{name: known[name] for name in wanted & set(known)})


def _leading(positional: Sequence[Parameter]) -> Sequence[str]:
    """Return what a validator takes first, whatever it calls its input and its output."""
    if not positional:
        return ()
    return _NEWEST_VALIDATOR[:3] if positional[0].name == "data_dir" else _NEWEST_VALIDATOR[1:3]


def _by_number(positional: Sequence[Parameter]) -> Sequence[str]:
    """Return what a validator takes whose names say nothing."""
    if positional[0].name == "data_dir":
        return _NEWEST_VALIDATOR[: len(positional)]
    return _VALIDATORS.get(len(positional), _NEWEST_VALIDATOR)


def _call_variadic(
    validator: Callable[..., Any], known: Mapping[str, Any], *, keywords: bool
) -> Any:
    """Call a validator that takes anything as the newest convention does."""
    values = [known[name] for name in _NEWEST_VALIDATOR]
    if keywords:
        return validator(*values[:-1], **{_NEWEST_VALIDATOR[-1]: values[-1]})
    return validator(*values)


def _takes(function: Callable[..., Any], most: int) -> int:
    """Return how many positional arguments a function takes, at most ``most``."""
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is Parameter.VAR_POSITIONAL for p in parameters):
        return most
    return min(most, sum(p.kind in _BY_POSITION for p in parameters))
